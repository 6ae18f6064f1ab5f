//! A database of the check's own, and the role that Grafana reads it with.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use tokio_postgres::{Client, Config, NoTls};

use crate::terminal;

/// A database that is dropped, with the role, by [`Database::remove`].
pub(super) struct Database {
    server: Config,
    name: String,
    has_role: bool,
}

/// Where it is reached as whom.
pub(super) async fn connect(config: &Config) -> anyhow::Result<Client> {
    let (client, connection) = config.connect(NoTls).await.context("cannot connect to PostgreSQL")?;
    // Ends with the client; what breaks it, the next query tells.
    tokio::spawn(connection);
    Ok(client)
}

impl Database {
    /// Makes one on the server of this URL.
    ///
    /// # Errors
    /// When the server does not answer, or its user may not make databases.
    pub(super) async fn create(url: &str) -> anyhow::Result<Self> {
        let server: Config = url.parse().context("no URL of a PostgreSQL")?;
        let name = format!("sentinel_grafana_check_{}", std::process::id());
        let client = connect(&server).await?;
        client
            .batch_execute(&format!(
                r#"CREATE DATABASE "{name}" TEMPLATE template0 ENCODING 'UTF8'"#
            ))
            .await
            .with_context(|| format!("cannot make the database {name}"))?;
        Ok(Self {
            server,
            name,
            has_role: false,
        })
    }

    /// As the user who made it.
    pub(super) async fn owner(&self) -> anyhow::Result<Client> {
        connect(self.server.clone().dbname(&self.name)).await
    }

    /// The URL for `sentinel`, in which the server's URL had a database.
    pub(super) fn url(&self, server: &str) -> anyhow::Result<String> {
        let (place, parameters) = server
            .split_once('?')
            .map_or((server, None), |(place, rest)| (place, Some(rest)));
        let behind_scheme = place
            .find("://")
            .map(|at| at + 3)
            .context("the server's URL has no scheme")?;
        let end = place
            .get(behind_scheme..)
            .and_then(|rest| rest.find('/'))
            .map_or(place.len(), |at| at + behind_scheme);
        let host = place.get(..end).unwrap_or(place);
        let parameters = parameters.map(|rest| format!("?{rest}")).unwrap_or_default();
        Ok(format!("{host}/{}{parameters}", self.name))
    }

    /// Makes the read-only role by its script, twice, since it may be run again; connects as it. Without psql, as the owner.
    ///
    /// # Errors
    /// When the script fails, or the role may do more than it should.
    pub(super) async fn reader(&mut self, url: &str, script: &Path) -> anyhow::Result<Client> {
        let has_psql = Command::new("psql")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !has_psql {
            terminal::warn(
                "not run: grafana/read-only-role.sql needs psql, which is not installed; queries run as the owner",
            );
            return self.owner().await;
        }
        let role = self.name.clone();
        self.has_role = true;
        for _turn in 0..2 {
            let mut psql = Command::new("psql");
            psql.arg(url)
                .args(["--no-psqlrc", "--quiet", "--set"])
                .arg(format!("role={role}"));
            psql.args(["--set", "password=it's a \"password\"", "--file"])
                .arg(script)
                .stdin(Stdio::null());
            let done = psql.output().context("cannot start psql")?;
            if !done.status.success() {
                bail!("{} failed: {}", script.display(), String::from_utf8_lossy(&done.stderr));
            }
        }
        let mut config = self.server.clone();
        config.dbname(&self.name).user(&role).password("it's a \"password\"");
        let client = connect(&config).await?;
        for (what, sql) in [
            ("read a table", "SELECT count(*) FROM public.bars"),
            ("write", "CREATE TABLE market_views.mine (id int)"),
            (
                "write in a transaction of its choice",
                "BEGIN READ WRITE; CREATE TABLE public.mine (id int)",
            ),
        ] {
            if client.batch_execute(sql).await.is_ok() {
                bail!("the read-only role may {what}");
            }
            client.batch_execute("ROLLBACK").await?;
        }
        terminal::warn("role: made twice by grafana/read-only-role.sql; reads views, no table, and writes nothing");
        Ok(client)
    }

    /// Drops the database and the role.
    ///
    /// # Errors
    /// When the server does not.
    pub(super) async fn remove(self) -> anyhow::Result<()> {
        let client = connect(&self.server).await?;
        client
            .batch_execute(&format!(r#"DROP DATABASE IF EXISTS "{}" WITH (FORCE)"#, self.name))
            .await?;
        if self.has_role {
            client
                .batch_execute(&format!(r#"DROP ROLE IF EXISTS "{}""#, self.name))
                .await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_takes_the_place_of_the_servers() {
        let database = Database {
            server: Config::new(),
            name: "mine".to_owned(),
            has_role: false,
        };
        for (server, expected) in [
            ("postgres://me@host:5432/postgres", "postgres://me@host:5432/mine"),
            ("postgres://me@host", "postgres://me@host/mine"),
            (
                "postgres://me@host/x?sslmode=disable",
                "postgres://me@host/mine?sslmode=disable",
            ),
        ] {
            assert_eq!(database.url(server).unwrap(), expected);
        }
    }
}
