//! The PostgreSQL server that tests need: found running, or started for them and gone afterwards.

mod connection;
mod container;
mod search;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use postgres_cluster::{Binaries, Cluster, Durability, Guardian};

use crate::terminal;

/// How tests are told of the server.
const VARIABLE: &str = "TEST_DATABASE_URL";

/// Where PostgreSQL is by default, with the superuser that it has by default.
const DEFAULT_URL: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// Which server, where the usual order is not meant.
#[derive(clap::Args, Default)]
pub(crate) struct Choice {
    /// Start a throw-away PostgreSQL from the programs in this folder, such as /usr/lib/postgresql/17/bin.
    ///
    /// Otherwise the server of `TEST_DATABASE_URL` is used, else the one at 127.0.0.1:5432 when it lets `postgres` in and
    /// make databases, else a throw-away one from installed programs, else one in a container.
    #[arg(long, value_name = "BIN_DIR")]
    postgres: Option<PathBuf>,
}

/// A server that answers, for as long as this value lives.
pub(crate) struct Server {
    /// Unless the environment tells it already.
    url: Option<String>,
    /// What a person is told.
    described: String,
    _kept: Kept,
}

/// What must not go before the tests have ended.
enum Kept {
    /// The server is somebody else's.
    Nothing,
    Cluster {
        _stopped_with_it: Cluster,
    },
    Container {
        _removed_with_it: Guardian,
    },
}

impl Server {
    /// Where the server is, for the user who may make databases.
    ///
    /// # Errors
    /// When the environment named it and does not any more.
    pub(crate) fn url(&self) -> anyhow::Result<String> {
        self.url
            .clone()
            .or_else(configured)
            .with_context(|| format!("{VARIABLE} is not set any more"))
    }

    /// Tells a command where the server is.
    pub(crate) fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        // What the environment holds may have a password in it, and commands are printed.
        match &self.url {
            Some(url) => command.env(VARIABLE, url),
            None => command,
        }
    }
}

/// Finds or starts a server, and says in one line which.
///
/// # Errors
/// When the one that was named does not answer, or there is none and none can be started; with what to install.
pub(crate) fn provide(choice: &Choice) -> anyhow::Result<Server> {
    let server = match (&choice.postgres, configured()) {
        (Some(folder), _) => thrown_away(&Binaries::in_folder(folder).context("--postgres")?)?,
        (None, Some(url)) => given(&url)?,
        (None, None) => search::first([
            ("the server at 127.0.0.1:5432", &default_server),
            ("installed programs", &installed),
            ("a container", &container::started),
        ])?,
    };
    terminal::warn(format_args!("database: {}", server.described));
    Ok(server)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own variable, no setting of the product"
)]
fn configured() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|url| !url.is_empty())
}

fn given(url: &str) -> anyhow::Result<Server> {
    let answer =
        connection::ask(url).with_context(|| format!("{VARIABLE}: start that server, or unset the variable"))?;
    Ok(Server {
        url: None,
        described: format!("PostgreSQL {} of {VARIABLE}, at {}", answer.version, answer.address),
        _kept: Kept::Nothing,
    })
}

fn default_server() -> anyhow::Result<Server> {
    let answer = connection::ask(DEFAULT_URL)?;
    Ok(Server {
        url: Some(DEFAULT_URL.to_owned()),
        described: format!("PostgreSQL {}, which runs at {}", answer.version, answer.address),
        _kept: Kept::Nothing,
    })
}

fn installed() -> anyhow::Result<Server> {
    let binaries = Binaries::installed().context("no initdb, pg_ctl and postgres in PATH or in the usual folders")?;
    thrown_away(&binaries)
}

fn thrown_away(binaries: &Binaries) -> anyhow::Result<Server> {
    let cluster = Cluster::start(binaries, Durability::None)?;
    let url = cluster.url();
    let answer = connection::ask(&url)?;
    Ok(Server {
        url: Some(url),
        described: format!(
            "PostgreSQL {}, started from {} until the end of this command",
            answer.version,
            binaries.folder().display()
        ),
        _kept: Kept::Cluster {
            _stopped_with_it: cluster,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: Option<&str>) -> Server {
        Server {
            url: url.map(str::to_owned),
            described: String::new(),
            _kept: Kept::Nothing,
        }
    }

    #[test]
    fn a_server_of_our_own_is_told_by_the_environment() {
        let mut command = Command::new("cargo");
        at(Some(DEFAULT_URL)).tell(&mut command);
        let told: Vec<_> = command.get_envs().collect();
        assert_eq!(told, [(VARIABLE.as_ref(), Some(DEFAULT_URL.as_ref()))]);
    }

    #[test]
    fn what_the_environment_holds_is_not_repeated_and_so_not_printed() {
        let mut command = Command::new("cargo");
        at(None).tell(&mut command);
        assert_eq!(command.get_envs().count(), 0);
    }

    #[test]
    fn a_named_folder_without_the_programs_is_an_error_and_nothing_else_is_tried() {
        let folder = tempfile::tempdir().unwrap();
        let choice = Choice {
            postgres: Some(folder.path().to_owned()),
        };
        let error = format!("{:#}", provide(&choice).map(drop).unwrap_err());
        assert!(
            error.starts_with("--postgres: ") && error.contains("has no initdb"),
            "{error}"
        );
    }

    #[test]
    fn a_named_server_that_does_not_answer_is_an_error_that_says_so() {
        // Nothing listens on port 1.
        let error = format!(
            "{:#}",
            given("postgres://me:secret@127.0.0.1:1/x").map(drop).unwrap_err()
        );
        assert!(error.starts_with("TEST_DATABASE_URL: start that server"), "{error}");
        assert!(error.contains("127.0.0.1:1") && !error.contains("secret"), "{error}");
    }
}
