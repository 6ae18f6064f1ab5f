//! One layer of the configuration: a file, `.env`, the environment or the flags, checked for keys that do not exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::group::GroupName;
use super::mistake::Mistake;
use super::setting::{PREFIX, SETTINGS, Setting};

/// What one origin sets.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    origin: String,
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// As the origin spells the setting.
    spelled: String,
    value: Value,
}

impl Layer {
    /// Nothing yet, from this origin.
    pub(super) fn new(origin: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            entries: BTreeMap::new(),
        }
    }

    pub(super) fn set(&mut self, key: impl Into<String>, spelled: impl Into<String>, value: impl Into<Value>) {
        let entry = Entry {
            spelled: spelled.into(),
            value: value.into(),
        };
        self.entries.insert(key.into(), entry);
    }

    /// A TOML file; each key that is none of ours is a mistake.
    pub(super) fn of_file(path: &Path, mistakes: &mut Vec<Mistake>) -> Self {
        let mut layer = Self::new(path.display().to_string());
        let parsed = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot be read: {error}"))
            .and_then(|text| {
                Toml::string(&text)
                    .data()
                    .map_err(|error| without_excerpt(&error.kind.to_string()))
            });
        let sections = match parsed {
            Ok(mut profiles) => profiles.remove(&Profile::Default).unwrap_or_default(),
            Err(problem) => {
                mistakes.push(layer.mistake("the file", problem));
                return layer;
            }
        };
        let mut files = Vec::new();
        layer.take_table("", sections, &mut files, mistakes);
        layer.read_files(files, mistakes);
        layer
    }

    /// The settings of a table and of the tables in it.
    fn take_table(&mut self, above: &str, table: Dict, files: &mut Vec<SecretFile>, mistakes: &mut Vec<Mistake>) {
        for (name, value) in table {
            let key = if above.is_empty() {
                name
            } else {
                format!("{above}.{name}")
            };
            match (Named::find(&key), value) {
                (Some(Named::Value(named)), value) => self.set(named, key, value),
                (Some(Named::File(setting)), value) => files.push(SecretFile {
                    setting,
                    spelled: key,
                    path: text_of(&value).unwrap_or_default(),
                }),
                (None, Value::Dict(_, below)) => self.take_table(&key, below, files, mistakes),
                (None, _) => mistakes.push(self.unknown(&key, &key)),
            }
        }
    }

    /// Environment variables, of the process or of `.env`: ours by prefix, and the well-known aliases. All others are
    /// somebody else's, and so are those that Kubernetes sets for a service called `sentinel`.
    pub(super) fn of_variables(
        origin: &str,
        variables: impl IntoIterator<Item = (String, String)>,
        mistakes: &mut Vec<Mistake>,
    ) -> Self {
        let mut layer = Self::new(origin);
        let (mut files, mut aliased) = (Vec::new(), Vec::new());
        for (variable, value) in variables {
            let Some(rest) = variable.strip_prefix(PREFIX) else {
                aliased.extend(Named::find_alias(&variable).map(|named| (named, variable, value)));
                continue;
            };
            let key = rest.to_ascii_lowercase().replace("__", ".");
            match Named::find(&key) {
                Some(Named::Value(named)) => layer.set(named, variable, value),
                Some(Named::File(setting)) => files.push(SecretFile {
                    setting,
                    spelled: variable,
                    path: value,
                }),
                None if is_service_link(rest) => {}
                None => {
                    mistakes.push(layer.unknown(&variable, &key.replacen('_', ".", usize::from(!key.contains('.')))))
                }
            }
        }
        // Our own name of a setting is more specific than the alias, which other programs read too.
        let of_files = files.iter().map(|file| file.setting.key.to_owned());
        let ours: BTreeSet<String> = layer.entries.keys().cloned().chain(of_files).collect();
        for (named, variable, value) in aliased {
            match named {
                Named::Value(key) if !ours.contains(&key) => layer.set(key, variable, value),
                Named::File(setting) if !ours.contains(setting.key) => files.push(SecretFile {
                    setting,
                    spelled: variable,
                    path: value,
                }),
                _ => {}
            }
        }
        layer.read_files(files, mistakes);
        layer
    }

    /// Secrets that are kept in files, as Docker and Kubernetes mount them; white space at the end is not part of them.
    fn read_files(&mut self, files: Vec<SecretFile>, mistakes: &mut Vec<Mistake>) {
        for SecretFile { setting, spelled, path } in files {
            if let Some(other) = self.entries.get(setting.key) {
                let problem = format!("{} is set here too; keep one of them", other.spelled);
                mistakes.push(self.mistake(&spelled, problem));
                continue;
            }
            let problem = match std::fs::read_to_string(&path) {
                _ if path.is_empty() => "it names no file: write its path, or take this away".to_owned(),
                // Whoever mounts a secret means to have one.
                Ok(text) if text.trim().is_empty() => "the file is empty".to_owned(),
                Ok(text) => {
                    self.set(setting.key, spelled, text.trim_end());
                    continue;
                }
                Err(error) => format!("the file cannot be read: {error}"),
            };
            mistakes.push(Mistake {
                value: Some(path),
                ..self.mistake(&spelled, problem)
            });
        }
    }

    fn mistake(&self, spelled: &str, problem: String) -> Mistake {
        Mistake {
            setting: spelled.to_owned(),
            value: None,
            origin: self.origin.clone(),
            problem,
        }
    }

    /// A key that does not exist, with the nearest that does, spelled as this origin would.
    fn unknown(&self, spelled: &str, key: &str) -> Mistake {
        if let Some(Err(error)) = key.strip_prefix(GroupName::SECTION).map(str::parse::<GroupName>) {
            return self.mistake(spelled, error.to_string());
        }
        let nearest = SETTINGS
            .iter()
            .map(|setting| (strsim::jaro_winkler(setting.key, key), setting))
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .filter(|(likeness, _)| *likeness > 0.7);
        let problem = match nearest {
            Some((_, setting)) if spelled.starts_with(PREFIX) => {
                format!("there is no such setting; did you mean {}?", setting.variable())
            }
            Some((_, setting)) => {
                let (section, name) = setting.path();
                format!("there is no such setting; did you mean {name} in [{section}]?")
            }
            None => "there is no such setting; `sentinel config show` lists all".to_owned(),
        };
        self.mistake(spelled, problem)
    }
}

/// The parser shows the line at fault, which may hold a password: only its place and the reason are kept.
fn without_excerpt(problem: &str) -> String {
    let told: Vec<&str> = problem
        .lines()
        .filter(|line| !line.contains('|') && !line.trim().is_empty())
        .collect();
    told.join(": ")
}

/// A secret that is kept in a file.
struct SecretFile {
    setting: &'static Setting,
    /// As the origin spells the setting of the file.
    spelled: String,
    path: String,
}

/// What a key names: a setting by its own key, or the file that holds one.
enum Named {
    Value(String),
    File(&'static Setting),
}

impl Named {
    fn find(key: &str) -> Option<Self> {
        if let Some(name) = key.strip_prefix(GroupName::SECTION) {
            return name.parse::<GroupName>().ok().map(|name| Self::Value(name.key()));
        }
        SETTINGS.into_iter().find_map(|setting| {
            if setting.key == key {
                return Some(Self::Value(key.to_owned()));
            }
            let file = setting.is_secret() && key.strip_suffix("_file") == Some(setting.key);
            file.then_some(Self::File(setting))
        })
    }

    fn find_alias(variable: &str) -> Option<Self> {
        SETTINGS.into_iter().find_map(|setting| {
            let alias = setting.alias?;
            if alias == variable {
                return Some(Self::Value(setting.key.to_owned()));
            }
            let file = setting.is_secret() && variable.strip_suffix("_FILE") == Some(alias);
            file.then_some(Self::File(setting))
        })
    }
}

/// Kubernetes sets such variables for each service of a namespace; for one called `sentinel` or `sentinel-api` they
/// begin like ours: `SENTINEL_SERVICE_HOST`, `SENTINEL_API_PORT_8000_TCP_ADDR`.
fn is_service_link(rest: &str) -> bool {
    if rest.contains("__") {
        return false;
    }
    let rest = format!("_{rest}");
    let protocol = |part: &str| ["_TCP", "_UDP", "_SCTP"].iter().any(|name| part.contains(name));
    rest.ends_with("_SERVICE_HOST")
        || rest.contains("_SERVICE_PORT")
        || rest.ends_with("_PORT")
        || rest.split_once("_PORT_").is_some_and(|(_, part)| protocol(part))
}

/// A scalar as text; `None` for lists and tables.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Char(_, character) => Some(character.to_string()),
        Value::Bool(_, truth) => Some(truth.to_string()),
        Value::Num(_, number) => match number.to_actual() {
            figment::error::Actual::Signed(number) => Some(number.to_string()),
            figment::error::Actual::Unsigned(number) => Some(number.to_string()),
            figment::error::Actual::Float(number) => Some(number.to_string()),
            _ => None,
        },
        Value::Empty(..) | Value::Dict(..) | Value::Array(..) => None,
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        let entries = self.entries.clone();
        Metadata::named(self.origin.clone()).interpolater(move |_profile, path| {
            let key = path.join(".");
            entries.get(key.as_str()).map_or(key, |entry| entry.spelled.clone())
        })
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut sections = Dict::new();
        for (key, entry) in &self.entries {
            nest(&mut sections, key, entry.value.clone());
        }
        Ok(Map::from([(Profile::Default, sections)]))
    }
}

/// Puts a value into the table that its key names, one part after the other.
fn nest(table: &mut Dict, key: &str, value: Value) {
    let Some((section, rest)) = key.split_once('.') else {
        table.insert(key.to_owned(), value);
        return;
    };
    let below = table.entry(section.to_owned()).or_insert_with(|| Dict::new().into());
    if let Value::Dict(_, below) = below {
        nest(below, rest, value);
    }
}
