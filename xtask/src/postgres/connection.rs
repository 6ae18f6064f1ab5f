//! Whether a server answers, is new enough, and lets us make databases.

use std::time::Duration;

use anyhow::{Context, bail};
use postgres_cluster::OLDEST;
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};

/// A server on this machine answers at once or not at all; one in the network a little later.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a server says of itself.
#[derive(Debug)]
pub(super) struct Answer {
    /// `15.20 (Debian 15.20-0+deb12u1)`, without what is in parentheses.
    pub(super) version: String,
    /// Host and port, without user and password.
    pub(super) address: String,
}

/// Connects and asks.
///
/// # Errors
/// When it does not answer, is too old, or its user may not make databases; names the address, never the password.
pub(super) fn ask(url: &str) -> anyhow::Result<Answer> {
    let config: Config = url
        .parse()
        .context("no URL of a PostgreSQL, such as postgres://postgres@127.0.0.1/postgres")?;
    let address = address_of(&config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(async { tokio::time::timeout(PATIENCE, rights(&config)).await });
    let (version, number, may_make_databases) = answer
        .with_context(|| format!("{address} did not answer within {} s", PATIENCE.as_secs()))?
        .with_context(|| format!("{address} lets us not in"))?;
    let version = version.split_whitespace().next().unwrap_or_default().to_owned();
    if number / 10_000 < i64::from(OLDEST) {
        bail!("{address} is PostgreSQL {version}; {OLDEST} or newer is needed");
    }
    if !may_make_databases {
        let user = config.get_user().unwrap_or_default();
        bail!("{address} does not let {user} make databases: `ALTER ROLE {user} CREATEDB` does");
    }
    Ok(Answer { version, address })
}

/// The version as text and as a number, and whether the user may make databases.
async fn rights(config: &Config) -> Result<(String, i64, bool), tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    // Ends with the client; what breaks it the query tells.
    tokio::spawn(connection);
    let sql = "SELECT current_setting('server_version'), current_setting('server_version_num')::bigint, \
               rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user";
    let row = client.query_one(sql, &[]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
}

fn address_of(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("{host}:{port}")
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn addresses_hold_neither_user_nor_password() {
        for (url, expected) in [
            ("postgres://me:secret@db.example:6000/x", "db.example:6000"),
            ("postgres://me@127.0.0.1/x", "127.0.0.1:5432"),
            ("postgres:///x?host=/run/postgresql", "/run/postgresql:5432"),
            ("postgres:///x", "localhost:5432"),
        ] {
            assert_eq!(address_of(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn something_else_that_listens_is_no_server() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let other = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read(&mut [0; 8]).unwrap()
        });
        let error = ask(&format!("postgres://postgres@127.0.0.1:{port}/postgres")).unwrap_err();
        assert_eq!(error.to_string(), format!("127.0.0.1:{port} lets us not in"));
        assert_eq!(other.join().unwrap(), 8);
    }

    #[test]
    fn what_is_no_url_is_told_with_an_example() {
        let error = ask("sqlite:./x.db").unwrap_err();
        assert!(error.to_string().contains("such as postgres://"), "{error}");
    }
}
