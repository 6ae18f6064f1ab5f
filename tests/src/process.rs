//! The binary as a child process, run to its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use postgres_fixture::TestServer;
use serde_json::Value;
use tempfile::TempDir;

use crate::database::{Databases, OwnDatabase};
use crate::server::Server;

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
    /// The command and all that it said, as snapshots keep it.
    #[must_use]
    pub fn transcript(&self, args: &[&str]) -> String {
        let Self { code, stdout, stderr } = self;
        let code = code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        format!(
            "$ sentinel {}\nexit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}",
            args.join(" ")
        )
    }

    /// The object on the last line of standard output, as `--json` prints it.
    ///
    /// # Errors
    /// When there is none, with all that the command said.
    pub fn json(&self) -> anyhow::Result<Value> {
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

    /// The object that a command prints with `--json`.
    ///
    /// # Errors
    /// When the command does not end with this exit code, or prints none.
    pub fn object(&self, code: i32, args: &[&str]) -> anyhow::Result<Value> {
        let done = self.run([&["--json"], args].concat())?;
        ensure!(done.code == Some(code), "{args:?} did not end with {code}: {done:?}");
        done.json()
    }

    /// Checks every rule of the store, and gives the hash of its content, stamps and numbers of runs aside.
    ///
    /// # Errors
    /// When a rule is broken.
    pub fn fingerprint(&self) -> anyhow::Result<String> {
        let told = self.object(0, &["verify"])?;
        let hash = told.get("fingerprint").and_then(Value::as_str);
        Ok(hash.with_context(|| format!("no fingerprint in {told}"))?.to_owned())
    }

    /// All bars of a series, as CSV without its header.
    ///
    /// # Errors
    /// When they cannot be exported.
    pub fn bars(&self, symbol: &str, interval: &str) -> anyhow::Result<Vec<String>> {
        let done = self.run(["export", symbol, "--interval", interval, "--format", "csv"])?;
        ensure!(done.code == Some(0), "no bars of {symbol}: {done:?}");
        Ok(done.stdout.lines().skip(1).map(str::to_owned).collect())
    }

    /// Writes the configuration of all commands to come.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn configure(&self, toml: &str) -> anyhow::Result<()> {
        fs::write(self.home().join("sentinel.toml"), toml).context("writing sentinel.toml")
    }

    /// Starts a command that serves, and waits until it says where.
    ///
    /// # Errors
    /// When it ends before, with what it logged.
    pub fn serve<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Server> {
        Server::start(self.command(args))
    }
}
