//! Where data are kept: the scheme of the database URL picks the adapter.

use std::path::PathBuf;

use secrecy::SecretString;

use super::mistake::{Mistake, Mistakes};
use super::reader::Reader;
use super::setting;

/// Where data are kept.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// The URL as given.
    pub url: SecretString,
    /// What its scheme picks.
    pub adapter: Adapter,
}

/// Which persistence adapter answers, and what it needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// The embedded database in one file.
    Sqlite(PathBuf),
}

impl DatabaseConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let (url, adapter) = reader.secret(&setting::DATABASE_URL, Adapter::of_url)?;
        Some(Self { url, adapter })
    }

    /// A database beside the configured one, named by a flag of a command.
    ///
    /// # Errors
    /// As the setting `database.url`, with the flag's name.
    pub fn of_flag(flag: &'static str, url: &str) -> Result<Self, Mistakes> {
        match Adapter::of_url(url.trim()) {
            Ok(adapter) => Ok(Self {
                url: SecretString::from(url),
                adapter,
            }),
            Err(problem) => Err(Mistakes(vec![Mistake {
                setting: flag.to_owned(),
                value: Some(setting::DATABASE_URL.shown(url)),
                origin: "command line".to_owned(),
                problem,
            }])),
        }
    }

    /// The URL as it may be shown: a password is masked.
    #[must_use]
    pub fn shown(&self) -> String {
        setting::DATABASE_URL.shown(&self.adapter.location())
    }
}

impl Adapter {
    /// The URL in its plain form.
    #[must_use]
    pub fn location(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
        }
    }

    /// Whether both are the same database, as far as can be told without opening them.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sqlite(one), Self::Sqlite(other)) => match (one.canonicalize(), other.canonicalize()) {
                (Ok(one), Ok(other)) => one == other,
                // What is not there yet has no other name.
                _ => one == other,
            },
        }
    }

    /// `sqlite:FILE`, also written `sqlite://FILE` (`sqlite:///var/x.db` is the absolute path `/var/x.db`).
    fn of_url(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url
            .split_once(':')
            .ok_or_else(|| format!("a database URL begins with its scheme; write sqlite:{url} for that file"))?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                match path {
                    "" => Err("the file is missing; write sqlite:./sentinel.db".to_owned()),
                    ":memory:" => Err(
                        "a database in memory is gone with each command; name a file: sqlite:./sentinel.db".to_owned(),
                    ),
                    _ if path.contains('?') => {
                        Err("options behind `?` are not known; write the file alone: sqlite:./sentinel.db".to_owned())
                    }
                    _ => Ok(Self::Sqlite(PathBuf::from(path))),
                }
            }
            scheme @ ("postgres" | "postgresql" | "mysql") => Err(format!(
                "this build has no adapter for {scheme}; it has sqlite, such as sqlite:./sentinel.db"
            )),
            scheme => Err(format!(
                "{scheme} is not a database this program knows; write sqlite:FILE, such as sqlite:./sentinel.db"
            )),
        }
    }
}
