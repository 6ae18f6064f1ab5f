//! The configuration: typed, complete before anything starts, and the only place that reads the environment.
//!
//! Defaults ← `sentinel.toml` ← `.env` ← environment ← flags. The structs are filled by a reader of our own instead of
//! serde, which stops at the first mistake.

mod database;
mod group;
mod layer;
mod logging;
mod mistake;
mod providers;
mod reader;
mod reference;
mod setting;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::{InstrumentReference, Precedence, SourceName};
use figment::Figment;
use http_providers::ProvidersSettings;

pub use database::{Adapter, DatabaseConfig};
pub use group::{GroupName, GroupNameError};
use layer::Layer;
pub use logging::{LogConfig, LogFormat, LogRotation};
pub use mistake::{Mistake, Mistakes};
pub use reader::EffectiveSetting;
use reader::Reader;
pub use reference::reference;
pub use setting::{SETTINGS, Secrecy, Setting, Values, variable_of};
use sha2::{Digest, Sha256};

/// The file that is read when it is there and no other is named.
const FILE: &str = "sentinel.toml";
const MEBIBYTE: u64 = 1_024 * 1_024;

/// Everything this program can be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where data are kept.
    pub database: DatabaseConfig,
    /// How they are served.
    pub server: ServerConfig,
    /// What is logged, and where to.
    pub log: LogConfig,
    /// Whom to believe, and how much at once.
    pub ingest: IngestConfig,
    /// How the sources over HTTP are reached.
    pub providers: ProvidersSettings,
    /// How much `/metrics` tells.
    pub metrics: MetricsConfig,
    /// Instruments that are ingested together.
    pub groups: BTreeMap<GroupName, Vec<InstrumentReference>>,
    /// All of it once more, as it may be shown.
    pub effective: Vec<EffectiveSetting>,
}

/// How data are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Address and port; port 0 picks a free one.
    pub listen: SocketAddr,
    /// How long requests in hand may take to finish after a stop signal.
    pub shutdown_timeout: Duration,
    /// The largest body of bars, in bytes after decompression.
    pub body_limit: usize,
    /// How much disk temporary files may take together, in bytes.
    pub spool_limit: u64,
}

/// How much `/metrics` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricsConfig {
    /// Of how many series the age is told.
    pub series_limit: usize,
}

/// How bars are taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestConfig {
    /// The order in which sources are believed.
    pub precedence: Precedence,
    /// How many runs are executed at once.
    pub concurrency: usize,
}

/// Where a configuration is read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A file named on the command line; it must exist.
    pub file: Option<PathBuf>,
    /// Where `sentinel.toml` and `.env` are looked for; `None` for nowhere.
    pub directory: Option<PathBuf>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// Settings by flag: key, flag as written, value.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

impl Sources {
    /// The working directory and the environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            file: None,
            directory: Some(PathBuf::from(".")),
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the one place that reads the environment"
            )]
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            flags: Vec::new(),
        }
    }

    /// With a setting from the command line, which outranks all others.
    #[must_use]
    pub fn with_flag(mut self, key: &'static str, flag: &'static str, value: impl Into<String>) -> Self {
        self.flags.push((key, flag, value.into()));
        self
    }
}

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// [`Mistakes`], all of them at once.
    pub fn load(sources: &Sources) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let mut figment = Figment::new();
        for layer in layers(sources, &mut mistakes) {
            figment = figment.merge(layer);
        }
        let mut reader = Reader::new(figment, mistakes);
        let database = DatabaseConfig::read(&mut reader);
        let server = ServerConfig::read(&mut reader);
        let log = LogConfig::read(&mut reader);
        let ingest = IngestConfig::read(&mut reader);
        let metrics = MetricsConfig::read(&mut reader);
        let providers = providers::read(&mut reader);
        let groups = group::read(&mut reader);
        let Reader {
            effective, mistakes, ..
        } = reader;
        match (database, server, log, ingest, metrics, providers, groups) {
            (Some(database), Some(server), Some(log), Some(ingest), Some(metrics), Some(providers), Some(groups))
                if mistakes.is_empty() =>
            {
                Ok(Self {
                    database,
                    server,
                    log,
                    ingest,
                    metrics,
                    providers,
                    groups,
                    effective,
                })
            }
            _ => Err(Mistakes(mistakes)),
        }
    }

    /// A short fingerprint of the effective settings, passwords aside: the same for processes configured alike.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for setting in &self.effective {
            hash.update(format!("{}={}\n", setting.key, setting.value));
        }
        hash.finalize()
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// From the weakest to the strongest.
fn layers(sources: &Sources, mistakes: &mut Vec<Mistake>) -> Vec<Layer> {
    let mut defaults = Layer::new("default");
    for setting in SETTINGS {
        defaults.set(setting.key, setting.key, setting.default);
    }
    let mut layers = vec![defaults];
    let beside = |name: &str| {
        let path = sources.directory.as_ref()?.join(name);
        path.exists().then_some(path)
    };
    if let Some(path) = sources.file.clone().or_else(|| beside(FILE)) {
        layers.push(Layer::of_file(tidy(&path), mistakes));
    }
    if let Some(path) = beside(".env") {
        match dotenvy::from_path_iter(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(variables) => layers.push(Layer::of_variables(".env", variables, mistakes)),
            Err(error) => mistakes.push(Mistake {
                setting: "the file".to_owned(),
                value: None,
                origin: ".env".to_owned(),
                problem: format!("cannot be read: {error}"),
            }),
        }
    }
    layers.push(Layer::of_variables(
        "environment",
        sources.environment.clone(),
        mistakes,
    ));
    let mut flags = Layer::new("command line");
    for (key, flag, value) in &sources.flags {
        flags.set(*key, *flag, value.as_str());
    }
    layers.push(flags);
    layers
}

/// Without the `./` in front, which nobody wrote.
fn tidy(path: &Path) -> &Path {
    path.strip_prefix(".").unwrap_or(path)
}

impl ServerConfig {
    fn read(reader: &mut Reader) -> Option<Self> {
        let listen = reader.value(&setting::SERVER_LISTEN, |text| {
            text.parse()
                .map_err(|_not_an_address: std::net::AddrParseError| listen_problem(text))
        });
        let shutdown_timeout = reader.seconds(&setting::SERVER_SHUTDOWN_TIMEOUT);
        let body_limit = reader.value(&setting::SERVER_BODY_LIMIT, |text| {
            let bytes = setting::SERVER_BODY_LIMIT.values.whole(text)? * MEBIBYTE;
            usize::try_from(bytes).map_err(|error| error.to_string())
        });
        let spool_limit: Option<u64> = reader.whole(&setting::SERVER_SPOOL_LIMIT);
        Some(Self {
            listen: listen?,
            shutdown_timeout: shutdown_timeout?,
            body_limit: body_limit?,
            spool_limit: spool_limit? * MEBIBYTE,
        })
    }
}

fn listen_problem(text: &str) -> String {
    let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
    if host == "localhost" {
        return "a name is not taken here; write the address and a port, such as 127.0.0.1:8000".to_owned();
    }
    setting::SERVER_LISTEN.values.remedy()
}

impl MetricsConfig {
    fn read(reader: &mut Reader) -> Option<Self> {
        Some(Self {
            series_limit: reader.whole(&setting::METRICS_SERIES_LIMIT)?,
        })
    }
}

impl IngestConfig {
    fn read(reader: &mut Reader) -> Option<Self> {
        let sources = reader.list(&setting::INGEST_PRECEDENCE, |text| {
            text.parse::<SourceName>().map_err(|error| error.to_string())
        });
        let concurrency = reader.whole(&setting::INGEST_CONCURRENCY);
        Some(Self {
            precedence: Precedence::new(sources?),
            concurrency: concurrency?,
        })
    }
}
