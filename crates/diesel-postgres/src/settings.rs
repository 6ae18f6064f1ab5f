//! How to reach a server: the URL, taken apart, and the patience of the connections.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::{Host, SslMode};
use url::Url;

use crate::OpenError;

/// How to reach a server, and how long to wait for it.
#[derive(Clone, Debug)]
pub struct PostgresSettings {
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with the parameters that
    /// [`tokio_postgres::Config`](https://docs.rs/tokio-postgres/latest/tokio_postgres/config/struct.Config.html) knows
    /// and libpq's `sslrootcert`. Without `sslmode` the connection is not encrypted; `prefer` takes TLS when the server
    /// has it, `require`, `verify-ca` and `verify-full` insist. Wherever TLS is used, the certificate is verified.
    pub url: SecretString,
    /// A server that follows the first one and answers queries; `None` asks the first one for everything.
    pub replica_url: Option<SecretString>,
    /// The most connections to one server.
    pub connections: usize,
    /// How long to wait for a connection to be free.
    pub acquire_timeout: Duration,
    /// How long to wait for a new connection.
    pub connect_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
}

impl PostgresSettings {
    /// A server, with the usual patience.
    #[must_use]
    pub fn new(url: impl Into<SecretString>) -> Self {
        Self {
            url: url.into(),
            replica_url: None,
            connections: 8,
            acquire_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(60),
        }
    }

    /// Whether the URLs can be used, without asking a server.
    ///
    /// # Errors
    /// [`OpenError::Url`].
    pub fn check(&self) -> Result<(), OpenError> {
        Server::of_url(&self.url)?;
        self.replica_url
            .as_ref()
            .map_or(Ok(()), |url| Server::of_url(url).map(drop))
    }

    /// `postgres://HOST:PORT/DATABASE`: which database it is, without user, password and parameters.
    #[must_use]
    pub fn location(&self) -> String {
        match Server::of_url(&self.url) {
            Ok(server) => format!("postgres://{}/{}", server.name(), server.database()),
            Err(_unusable) => "postgres:".to_owned(),
        }
    }
}

/// How long bytes may stay unacknowledged before the network counts as gone, unless the URL says otherwise. A server that
/// works on a long statement acknowledges; a machine that is gone without a word does not (Linux only).
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// A URL, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) config: tokio_postgres::Config,
    /// A file with certificates to trust beside those of the system.
    pub(crate) root_certificate: Option<PathBuf>,
}

impl Server {
    pub(crate) fn of_url(secret: &SecretString) -> Result<Self, OpenError> {
        let refused = |reason: String| OpenError::Url { reason };
        // Its own message would repeat the text, and the text holds the password.
        let mut url =
            Url::parse(secret.expose_secret()).map_err(|error| refused(format!("{error}; write {EXAMPLE}")))?;
        if !["postgres", "postgresql"].contains(&url.scheme()) {
            return Err(refused(format!("its scheme is {}; write {EXAMPLE}", url.scheme())));
        }
        let mut root_certificate = None;
        let mut names_mode = false;
        // What is not ours goes on as it is written.
        let mut kept = Vec::new();
        for pair in url
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
        {
            let value = url::form_urlencoded::parse(pair.as_bytes()).next();
            match value.as_ref().map(|(name, value)| (name.as_ref(), value.as_ref())) {
                Some(("sslrootcert", path)) => root_certificate = Some(PathBuf::from(path)),
                Some(("sslmode", mode)) => {
                    names_mode = true;
                    kept.push(format!("sslmode={}", ssl_mode(mode).map_err(refused)?));
                }
                _ => kept.push(pair.to_owned()),
            }
        }
        url.set_query(
            Some(&kept.join("&"))
                .filter(|query| !query.is_empty())
                .map(|query| query.as_str()),
        );
        let mut config: tokio_postgres::Config = url
            .as_str()
            .parse()
            .map_err(|error: tokio_postgres::Error| refused(format!("{}; write {EXAMPLE}", cause_of(&error))))?;
        if !names_mode {
            config.ssl_mode(SslMode::Disable);
        }
        if config.get_hosts().is_empty() {
            return Err(refused(format!("it names no host; write {EXAMPLE}")));
        }
        if config.get_dbname().is_none() {
            return Err(refused(format!("it names no database; write {EXAMPLE}")));
        }
        config.application_name("sentinel");
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(UNACKNOWLEDGED);
        }
        Ok(Self {
            config,
            root_certificate,
        })
    }

    /// Host and port, for messages.
    pub(crate) fn name(&self) -> String {
        let hosts = self.config.get_hosts().iter().enumerate().map(|(index, host)| {
            let ports = self.config.get_ports();
            let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(host) => format!("{host}:{port}"),
                #[cfg(unix)]
                Host::Unix(path) => format!("{}:{port}", path.display()),
            }
        });
        hosts.collect::<Vec<_>>().join(",")
    }

    /// The database, for messages.
    pub(crate) fn database(&self) -> String {
        self.config.get_dbname().unwrap_or_default().to_owned()
    }

    /// The role, for messages.
    pub(crate) fn user(&self) -> String {
        self.config.get_user().unwrap_or("of this system").to_owned()
    }
}

/// The modes that tokio-postgres knows: where TLS is used, every certificate is verified here, which is what libpq calls
/// `verify-full`.
fn ssl_mode(mode: &str) -> Result<&str, String> {
    match mode {
        "verify-ca" | "verify-full" => Ok("require"),
        "disable" | "prefer" | "require" => Ok(mode),
        _ => Err(format!(
            "sslmode={mode} is not known; say disable, prefer, require or verify-full"
        )),
    }
}

const EXAMPLE: &str = "postgres://USER:PASSWORD@HOST:5432/DATABASE";

fn cause_of(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Result<Server, OpenError> {
        Server::of_url(&SecretString::from(url))
    }

    #[test]
    fn a_url_names_host_database_and_user() {
        let server = server("postgresql://quant:s3cret@db.example:6432/market").unwrap();
        assert_eq!(
            (server.name(), server.database(), server.user()),
            ("db.example:6432".to_owned(), "market".to_owned(), "quant".to_owned())
        );
        assert_eq!(server.config.get_ssl_mode(), SslMode::Disable);
    }

    #[test]
    fn a_network_that_takes_nothing_counts_as_gone_after_seconds_unless_the_url_says_otherwise() {
        let limit = |url: &str| server(url).unwrap().config.get_tcp_user_timeout().copied();
        assert_eq!(limit("postgres://u@h/d"), Some(UNACKNOWLEDGED));
        let own = "postgres://u@h/d?tcp_user_timeout=90";
        assert_eq!(limit(own), Some(Duration::from_secs(90)));
    }

    #[test]
    fn what_libpq_calls_verification_is_what_require_means_here() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let server = server(&format!("postgres://u@h/d?sslmode={mode}&sslrootcert=/etc/ca.pem")).unwrap();
            assert_eq!(server.config.get_ssl_mode(), SslMode::Require);
            assert_eq!(server.root_certificate, Some(PathBuf::from("/etc/ca.pem")));
        }
    }

    #[test]
    fn a_wrong_url_is_told_without_its_password() {
        for (url, told) in [
            ("mysql://u:s3cret@h/d", "its scheme is mysql"),
            ("postgres://u:s3cret@h/d?sslmode=allow", "sslmode=allow is not known"),
            ("postgres://u:s3cret@h/d?sslmod=require", "sslmod"),
            ("postgres://u:s3cret@h:99999/d", "port"),
            ("postgres://u:s3cret@h", "names no database"),
            ("postgres:///d", "names no host"),
        ] {
            let error = server(url).unwrap_err().to_string();
            assert!(error.contains(told), "{url}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
