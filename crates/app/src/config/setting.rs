//! The table of all settings: what the command line, the files and the environment may set.

mod providers;
mod secrecy;
mod values;

pub(super) use providers::*;
pub use secrecy::Secrecy;
pub use values::Values;

/// One setting: a key of two or three parts, `section.name` or `providers.yahoo.name`.
#[derive(Debug)]
pub struct Setting {
    /// Its key in files: `[section]`, then `name`.
    pub key: &'static str,
    /// Its value when nobody says otherwise; empty for none.
    pub default: &'static str,
    /// Another environment variable that sets it, well known beyond this program.
    pub alias: Option<&'static str>,
    /// What of it is masked wherever it is shown.
    pub secrecy: Secrecy,
    /// What it does.
    pub about: &'static str,
    /// What it takes.
    pub values: Values,
}

const fn setting(key: &'static str, default: &'static str, values: Values, about: &'static str) -> Setting {
    Setting {
        key,
        default,
        alias: None,
        secrecy: Secrecy::Open,
        about,
        values,
    }
}

/// A whole number of these, both ends included.
const fn whole(least: u64, most: u64, unit: &'static str) -> Values {
    Values::Whole { least, most, unit }
}

/// `database.url`
pub(super) const DATABASE_URL: Setting = Setting {
    alias: Some("DATABASE_URL"),
    secrecy: Secrecy::Login,
    ..setting(
        "database.url",
        "sqlite:./sentinel.db",
        Values::Text("sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE"),
        "where the data are kept",
    )
};
/// `database.replica_url`
pub(super) const DATABASE_REPLICA_URL: Setting = Setting {
    secrecy: Secrecy::Login,
    ..setting(
        "database.replica_url",
        "",
        Values::Text("postgres://USER:PASSWORD@HOST:PORT/DATABASE, or empty for none"),
        "a PostgreSQL that follows the first one and answers the API's queries; it may lag",
    )
};
/// `database.connections`
pub(super) const DATABASE_CONNECTIONS: Setting = setting(
    "database.connections",
    "8",
    whole(1, 1_000, "connections"),
    "most connections to PostgreSQL, 2 to 4 times its cores",
);
/// `database.acquire_timeout_s`
pub(super) const DATABASE_ACQUIRE_TIMEOUT: Setting = setting(
    "database.acquire_timeout_s",
    "10",
    whole(1, 600, "seconds"),
    "seconds to wait for one of those connections to be free",
);
/// `database.connect_timeout_s`
pub(super) const DATABASE_CONNECT_TIMEOUT: Setting = setting(
    "database.connect_timeout_s",
    "5",
    whole(1, 600, "seconds"),
    "seconds to wait for PostgreSQL to take a new connection",
);
/// `database.statement_timeout_s`
pub(super) const DATABASE_STATEMENT_TIMEOUT: Setting = setting(
    "database.statement_timeout_s",
    "60",
    whole(1, 3_600, "seconds"),
    "seconds that one statement may take in PostgreSQL",
);
/// `database.migrate`
pub(super) const DATABASE_MIGRATE: Setting = setting(
    "database.migrate",
    "auto",
    Values::Words(&["always", "never", "auto"]),
    "whether serve, import and the like bring the schema up to date first; auto does on SQLite only",
);
/// `server.listen`
pub(super) const SERVER_LISTEN: Setting = setting(
    "server.listen",
    "127.0.0.1:8000",
    Values::Text("an address and a port, such as 127.0.0.1:8000, 0.0.0.0:8000 for all addresses, or [::1]:8000"),
    "address and port to serve on; port 0 picks a free one",
);
/// `server.shutdown_timeout_s`
pub(super) const SERVER_SHUTDOWN_TIMEOUT: Setting = setting(
    "server.shutdown_timeout_s",
    "20",
    whole(0, 3_600, "seconds"),
    "seconds that requests in hand may take to finish after a stop signal",
);
/// `server.body_limit_mib`
pub(super) const SERVER_BODY_LIMIT: Setting = setting(
    "server.body_limit_mib",
    "64",
    whole(1, 4_096, "MiB"),
    "largest body of bars that is taken, in MiB after decompression",
);
/// `server.spool_limit_mib`
pub(super) const SERVER_SPOOL_LIMIT: Setting = setting(
    "server.spool_limit_mib",
    "1024",
    whole(1, 1_048_576, "MiB"),
    "disk that the temporary files behind HEAD and Range may take together, in MiB",
);
/// `log.level`
pub(super) const LOG_LEVEL: Setting = Setting {
    alias: Some("LOG_LEVEL"),
    ..setting(
        "log.level",
        "info",
        Values::Text("off, error, warn, info, debug or trace, or one per module: info,diesel_sqlite=debug"),
        "how much is logged",
    )
};
/// `log.format`
pub(super) const LOG_FORMAT: Setting = setting(
    "log.format",
    "auto",
    Values::Words(&["auto", "human", "json"]),
    "how a line looks; auto is human on a terminal and JSON elsewhere",
);
/// `log.file`
pub(super) const LOG_FILE: Setting = setting(
    "log.file",
    "",
    Values::Text("a path, or empty for standard error"),
    "file that logs are appended to, instead of standard error",
);
/// `log.rotation`
pub(super) const LOG_ROTATION: Setting = setting(
    "log.rotation",
    "daily",
    Values::Words(&["never", "hourly", "daily"]),
    "when a new log file is begun, in UTC",
);
/// `log.keep_files`
pub(super) const LOG_KEEP_FILES: Setting = setting(
    "log.keep_files",
    "14",
    whole(1, 1_000, "files"),
    "how many rotated log files are kept, the one in use among them",
);
/// `ingest.precedence`
pub(super) const INGEST_PRECEDENCE: Setting = setting(
    "ingest.precedence",
    "",
    Values::Text("names of sources, comma-separated, or empty"),
    "sources from the most trusted to the least; those not listed are equal and lowest",
);

/// `ingest.concurrency`
pub(super) const INGEST_CONCURRENCY: Setting = setting(
    "ingest.concurrency",
    "4",
    whole(1, 64, "runs"),
    "how many runs are executed at once",
);

/// `metrics.series_limit`
pub(super) const METRICS_SERIES_LIMIT: Setting = setting(
    "metrics.series_limit",
    "1000",
    whole(0, 100_000, "series"),
    "of how many series at most GET /metrics tells the age, the oldest instruments first; 0 for none",
);

/// All of them, in the order in which they are shown.
pub const SETTINGS: [&Setting; 44] = [
    &DATABASE_URL,
    &DATABASE_REPLICA_URL,
    &DATABASE_CONNECTIONS,
    &DATABASE_ACQUIRE_TIMEOUT,
    &DATABASE_CONNECT_TIMEOUT,
    &DATABASE_STATEMENT_TIMEOUT,
    &DATABASE_MIGRATE,
    &SERVER_LISTEN,
    &SERVER_SHUTDOWN_TIMEOUT,
    &SERVER_BODY_LIMIT,
    &SERVER_SPOOL_LIMIT,
    &LOG_LEVEL,
    &LOG_FORMAT,
    &LOG_FILE,
    &LOG_ROTATION,
    &LOG_KEEP_FILES,
    &INGEST_PRECEDENCE,
    &INGEST_CONCURRENCY,
    &METRICS_SERIES_LIMIT,
    &PROVIDERS_RETRY_TIMES,
    &PROVIDERS_RETRY_FIRST_PAUSE,
    &PROVIDERS_RETRY_LONGEST_PAUSE,
    &PROVIDERS_LONGEST_WAIT,
    &YAHOO.base_url,
    &YAHOO.timeout,
    &YAHOO.max_response_bytes,
    &YAHOO.user_agent,
    &YAHOO_CALLS_PER_MINUTE,
    &YAHOO_CALLS_PER_DAY,
    &BINANCE.base_url,
    &BINANCE.timeout,
    &BINANCE.max_response_bytes,
    &BINANCE.user_agent,
    &BINANCE_WEIGHT_PER_MINUTE,
    &BINANCE_WEIGHT_PER_DAY,
    &ALPHA_VANTAGE_API_KEY,
    &ALPHA_VANTAGE_PLAN,
    &ALPHA_VANTAGE_FORMAT,
    &ALPHA_VANTAGE.base_url,
    &ALPHA_VANTAGE.timeout,
    &ALPHA_VANTAGE.max_response_bytes,
    &ALPHA_VANTAGE.user_agent,
    &ALPHA_VANTAGE_CALLS_PER_MINUTE,
    &ALPHA_VANTAGE_CALLS_PER_DAY,
];

/// Before each variable of ours.
pub(super) const PREFIX: &str = "SENTINEL_";

/// The environment variable that sets a key.
#[must_use]
pub fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace('.', "__"))
}

impl Setting {
    /// The environment variable that sets it: `SENTINEL_SERVER__LISTEN`.
    #[must_use]
    pub fn variable(&self) -> String {
        variable_of(self.key)
    }

    /// Section and name.
    #[must_use]
    pub fn path(&self) -> (&'static str, &'static str) {
        self.key.rsplit_once('.').unwrap_or(("", self.key))
    }

    /// What it does and takes, in one line.
    #[must_use]
    pub fn told(&self) -> String {
        format!("{}: {}", self.about, self.values)
    }

    /// A value as it may be shown.
    #[must_use]
    pub fn shown(&self, value: &str) -> String {
        self.secrecy.shown(value)
    }

    /// Whether it can come from a file of its own, `…_FILE`, as Docker and Kubernetes mount secrets.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.secrecy != Secrecy::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_a_section_and_a_variable() {
        for setting in SETTINGS {
            assert!(
                !setting.path().0.is_empty() && !setting.about.is_empty(),
                "{}",
                setting.key
            );
        }
        assert_eq!(LOG_LEVEL.variable(), "SENTINEL_LOG__LEVEL");
    }
}
