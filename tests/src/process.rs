//! The binary as a child process: run to its end, or serving until it is stopped.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use postgres_fixture::TestServer;
use tempfile::TempDir;

use crate::database::{Databases, OwnDatabase};

/// A `sentinel` binary and a folder of its own to run in; the folder goes with it.
pub struct Sentinel {
    binary: PathBuf,
    home: TempDir,
    /// Unless it is the file that the binary makes in its folder.
    database: Option<OwnDatabase>,
}

/// What a command left behind.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it logged.
    pub stderr: String,
}

impl Finished {
    /// The object on the last line of standard output, as `--json` prints it.
    ///
    /// # Errors
    /// When there is none, with all that the command said.
    pub fn json(&self) -> anyhow::Result<serde_json::Value> {
        let last = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(last).with_context(|| format!("no JSON at the end of {self:?}"))
    }
}

impl Sentinel {
    /// The binary that the same build made, beside this test's own.
    ///
    /// # Errors
    /// When it was not built.
    pub fn of_this_build() -> anyhow::Result<Self> {
        let own = std::env::current_exe()?;
        let beside = own
            .ancestors()
            .skip(1)
            .take(2)
            .map(|folder| folder.join("sentinel"))
            .find(|path| path.exists());
        match beside {
            Some(binary) => Self::at(&binary),
            None => bail!(
                "`sentinel` is not built beside {}: build with --workspace",
                own.display()
            ),
        }
    }

    /// The same, with a fresh database of the tests' PostgreSQL server.
    ///
    /// # Errors
    /// When the binary was not built or the server does not answer, with what to run.
    pub fn on_postgres() -> anyhow::Result<Self> {
        let server = Databases::Server(TestServer::of_environment()?);
        Ok(Self {
            database: Some(server.fresh()?),
            ..Self::of_this_build()?
        })
    }

    /// A binary elsewhere.
    ///
    /// # Errors
    /// When there is none, or no folder can be made.
    pub fn at(binary: &Path) -> anyhow::Result<Self> {
        let binary = binary
            .canonicalize()
            .with_context(|| format!("no binary at {}", binary.display()))?;
        Ok(Self {
            binary,
            home: tempfile::tempdir()?,
            database: None,
        })
    }

    /// The folder it runs in.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A command with nothing of this machine's configuration in its environment; where coverage is measured, its share
    /// counts too.
    pub fn command<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(args)
            .env_clear()
            .current_dir(self.home())
            .stdin(Stdio::null());
        if let Some(database) = &self.database {
            command.env("SENTINEL_DATABASE__URL", database.url());
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "no setting of the product: where LLVM puts its profile"
        )]
        if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", profile);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// When it cannot be started or prints what is not UTF-8.
    pub fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Finished> {
        Self::finish(&mut self.command(args))
    }

    /// Runs a prepared command to its end.
    ///
    /// # Errors
    /// When it cannot be started or prints what is not UTF-8.
    pub fn finish(command: &mut Command) -> anyhow::Result<Finished> {
        let output = command.output().context("cannot start sentinel")?;
        let code = output.status.code();
        Ok(Finished {
            code,
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// Starts a command that serves, and waits until it says where.
    ///
    /// # Errors
    /// When it ends before, with what it logged.
    pub fn serve<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Server> {
        Server::start(self.command(args))
    }
}

/// A serving process; killed when dropped.
pub struct Server {
    child: Child,
    address: String,
    said: std::thread::JoinHandle<String>,
}

impl Server {
    fn start(mut command: Command) -> anyhow::Result<Self> {
        // The whole workspace shares one reqwest, whose TLS wants its provider of cryptography before the first client.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut child = command.spawn().context("cannot start sentinel")?;
        let mut logged = child.stderr.take().context("standard error is piped")?;
        let logs = std::thread::spawn(move || {
            let mut text = String::new();
            logged.read_to_string(&mut text).map(|_| text).unwrap_or_default()
        });
        let mut printed = BufReader::new(child.stdout.take().context("standard output is piped")?);
        let mut line = String::new();
        let address = loop {
            line.clear();
            if printed.read_line(&mut line)? == 0 {
                let status = child.wait()?;
                bail!(
                    "sentinel ended with {status} before it listened: {}",
                    logs.join().unwrap_or_default()
                );
            }
            if let Some((_, address)) = line.split_once("listening on ") {
                break address.trim().to_owned();
            }
        };
        let said = std::thread::spawn(move || {
            let mut rest = String::new();
            printed.read_to_string(&mut rest).map(|_| rest).unwrap_or_default()
        });
        Ok(Self { child, address, said })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Asks it to stop as an operator does, with SIGTERM, and gives its exit code and what else it printed.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn terminate(mut self) -> anyhow::Result<(Option<i32>, String)> {
        let process = self.child.id().to_string();
        Command::new("kill")
            .args(["-TERM", &process])
            .status()
            .context("cannot send SIGTERM")?;
        let status = self.child.wait()?;
        let said = std::mem::replace(&mut self.said, std::thread::spawn(String::new));
        Ok((status.code(), said.join().unwrap_or_default()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
