//! Where data are kept: the scheme of the database URL picks the adapter.

use std::path::PathBuf;

use diesel_postgres::PostgresSettings;
use secrecy::SecretString;

use super::mistake::{Mistake, Mistakes};
use super::reader::Reader;
use super::setting;

/// Where data are kept.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// What the scheme of the URL picks.
    pub adapter: Adapter,
    /// Whether commands that need the schema bring it up to date first.
    pub migrate: bool,
}

/// Which persistence adapter answers, and what it needs to know.
#[derive(Clone, Debug)]
pub enum Adapter {
    /// The embedded database in one file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Box<PostgresSettings>),
}

impl DatabaseConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let adapter = reader.secret(&setting::DATABASE_URL, Adapter::of_url);
        let replica_url = reader.secret(&setting::DATABASE_REPLICA_URL, |url| match url {
            "" => Ok(None),
            url => postgres(url).map(|_usable| Some(SecretString::from(url))),
        });
        let connections = reader.whole(&setting::DATABASE_CONNECTIONS);
        let acquire_timeout = reader.seconds(&setting::DATABASE_ACQUIRE_TIMEOUT);
        let connect_timeout = reader.seconds(&setting::DATABASE_CONNECT_TIMEOUT);
        let statement_timeout = reader.seconds(&setting::DATABASE_STATEMENT_TIMEOUT);
        let migrate = reader.word(&setting::DATABASE_MIGRATE, |word| match word {
            "always" => Some(Some(true)),
            "never" => Some(Some(false)),
            "auto" => Some(None),
            _ => None,
        });

        let (_secret, mut adapter) = adapter?;
        if let Adapter::Postgres(settings) = &mut adapter {
            settings.replica_url = replica_url?.1;
            settings.connections = connections?;
            settings.acquire_timeout = acquire_timeout?;
            settings.connect_timeout = connect_timeout?;
            settings.statement_timeout = statement_timeout?;
        }
        Some(Self {
            migrate: migrate?.unwrap_or(matches!(adapter, Adapter::Sqlite(_))),
            adapter,
        })
    }

    /// A database beside the configured one, named by a flag of a command; its schema is brought up to date when it is
    /// opened to be written to.
    ///
    /// # Errors
    /// As the setting `database.url`, with the flag's name.
    pub fn of_flag(flag: &'static str, url: &str) -> Result<Self, Mistakes> {
        match Adapter::of_url(url.trim()) {
            Ok(adapter) => Ok(Self { adapter, migrate: true }),
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
    /// Where it keeps its data, as it may be shown: without user and password.
    #[must_use]
    pub fn location(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(settings) => settings.location(),
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
            (Self::Postgres(one), Self::Postgres(other)) => one.location() == other.location(),
            _ => false,
        }
    }

    /// `sqlite:FILE`, also written `sqlite://FILE` (`sqlite:///var/x.db` is the absolute path `/var/x.db`), or
    /// `postgres://…`, also written `postgresql://…`.
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
            "postgres" | "postgresql" => Ok(Self::Postgres(Box::new(postgres(url)?))),
            "mysql" => Err(
                "this build has no adapter for mysql; it has sqlite and postgres, such as sqlite:./sentinel.db"
                    .to_owned(),
            ),
            scheme => Err(format!(
                "{scheme} is not a database this program knows; write sqlite:FILE, such as sqlite:./sentinel.db, or \
                 postgres://USER:PASSWORD@HOST/DATABASE"
            )),
        }
    }
}

/// A server with the usual patience, when the URL is one.
fn postgres(url: &str) -> Result<PostgresSettings, String> {
    let settings = PostgresSettings::new(url);
    settings.check().map_err(|error| error.to_string())?;
    Ok(settings)
}
