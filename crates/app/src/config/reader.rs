//! Reads settings from the merged layers and gathers every mistake on the way.

use std::time::Duration;

use figment::Figment;
use figment::value::Value;
use secrecy::SecretString;

use super::layer::text_of;
use super::mistake::Mistake;
use super::setting::{Secrecy, Setting};

/// A setting as it came out, for `config show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveSetting {
    /// Its key.
    pub key: String,
    /// Its value, masked when secret; empty when it has none.
    pub value: String,
    /// Where it was set: `default`, a file, `.env`, `environment` or `command line`.
    pub origin: String,
    /// What it does and takes.
    pub about: String,
}

pub(super) struct Reader {
    figment: Figment,
    pub(super) effective: Vec<EffectiveSetting>,
    pub(super) mistakes: Vec<Mistake>,
}

impl Reader {
    pub(super) fn new(figment: Figment, mistakes: Vec<Mistake>) -> Self {
        Self {
            figment,
            effective: Vec::new(),
            mistakes,
        }
    }

    /// One value; `parse` says what would be right. `None` after a mistake.
    pub(super) fn value<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self
            .figment
            .find_value(setting.key)
            .unwrap_or_else(|_absent| Value::from(""));
        let read = match text_of(&value) {
            Some(text) => parse(text.trim()).map_err(|problem| (text, problem)),
            None => Err((
                String::new(),
                "one value is expected here, not a list or a table".to_owned(),
            )),
        };
        self.settle(setting.into(), text_of(&value).unwrap_or_default(), read)
    }

    /// A whole number in the range that the table says.
    pub(super) fn whole<T: TryFrom<u64>>(&mut self, setting: &'static Setting) -> Option<T> {
        self.value(setting, |text| {
            let number = setting.values.whole(text)?;
            // A type that is too narrow for the table takes less.
            T::try_from(number).map_err(|_too_large| setting.values.remedy())
        })
    }

    /// A number of seconds in the range that the table says.
    pub(super) fn seconds(&mut self, setting: &'static Setting) -> Option<Duration> {
        self.whole(setting).map(Duration::from_secs)
    }

    /// One of the words that the table says; `meaning` knows each of them.
    pub(super) fn word<T>(&mut self, setting: &'static Setting, meaning: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.value(setting, |text| meaning(text).ok_or_else(|| setting.values.remedy()))
    }

    /// The names below a section that holds any number of them.
    pub(super) fn names_in(&self, section: &str) -> Vec<String> {
        match self.figment.find_value(section) {
            Ok(Value::Dict(_, names)) => names.into_keys().collect(),
            _ => Vec::new(),
        }
    }

    /// A secret, beside what it parses to.
    pub(super) fn secret<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<(SecretString, T)> {
        self.value(setting, |text| Ok((SecretString::from(text), parse(text)?)))
    }

    /// A list: of a file's array, or of text with commas.
    pub(super) fn list<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        self.list_at(setting.key, &setting.told(), parse)
    }

    /// A list under a key that is in no table of settings.
    pub(super) fn list_at<T>(
        &mut self,
        key: &str,
        about: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let value = self.figment.find_value(key).unwrap_or_else(|_absent| Value::from(""));
        let texts: Option<Vec<String>> = match &value {
            Value::Array(_, values) => values.iter().map(text_of).collect(),
            other => text_of(other).map(|text| text.split(',').map(str::to_owned).collect()),
        };
        let read = match &texts {
            Some(texts) => texts
                .iter()
                .map(|text| text.trim())
                .filter(|text| !text.is_empty())
                .map(|text| parse(text).map_err(|problem| (text.to_owned(), problem)))
                .collect(),
            None => Err((String::new(), "a list of single values is expected here".to_owned())),
        };
        let about = About {
            key,
            secrecy: Secrecy::Open,
            about: about.to_owned(),
        };
        self.settle(about, texts.unwrap_or_default().join(","), read)
    }

    fn settle<T>(&mut self, about: About<'_>, text: String, read: Result<T, (String, String)>) -> Option<T> {
        let About { key, secrecy, about } = about;
        let metadata = self.figment.find_metadata(key);
        let origin = metadata.map_or_else(|| "default".to_owned(), |metadata| metadata.name.to_string());
        match read {
            Ok(value) => {
                self.effective.push(EffectiveSetting {
                    key: key.to_owned(),
                    value: secrecy.shown(&text),
                    origin,
                    about,
                });
                Some(value)
            }
            Err((text, problem)) => {
                let path: Vec<&str> = key.split('.').collect();
                let spelled = metadata.map_or_else(
                    || key.to_owned(),
                    |metadata| metadata.interpolate(self.figment.profile(), &path),
                );
                self.mistakes.push(Mistake {
                    setting: spelled,
                    value: Some(secrecy.shown(&text)),
                    origin,
                    problem,
                });
                None
            }
        }
    }
}

/// What is told of a setting, whether it came out well or not.
struct About<'a> {
    key: &'a str,
    secrecy: Secrecy,
    about: String,
}

impl From<&'static Setting> for About<'static> {
    fn from(setting: &'static Setting) -> Self {
        Self {
            key: setting.key,
            secrecy: setting.secrecy,
            about: setting.told(),
        }
    }
}
