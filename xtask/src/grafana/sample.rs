//! A PostgreSQL database as a busy installation has it, filled by the real commands: the demo's bars, a restatement, a
//! discrepancy, rows in quarantine, and a run in each state.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio_postgres::Client;

use crate::terminal;
use crate::workspace::{cargo, members, run as run_command};

const HEADER: &str = "timestamp,open,high,low,close,volume\n";
/// Bars of Apple in the demo, with other volumes or closes; examples, from no recording.
const RESTATED: &str = "2014-06-10T00:00:00Z,94.64,95.05,93.57,94.2,60833699\n2018-08-01T00:00:00Z,199.13,201.76,197.31,201.55,67935716\n\
                        2020-09-01T00:00:00Z,132.76,134.8,130.53,134.18,152470142\n";
const DISPUTED: &str =
    "2014-06-11T00:00:00Z,94.13,94.76,93.47,93.9,45681114\n2020-09-02T00:00:00Z,137.59,137.98,127,131.5,200119000\n";
/// A bar, and rows that make none.
const REFUSED: &str = "2021-04-01T00:00:00Z,133.76,133.93,132.27,133.23,4074161\n2021-04-02T00:00:00Z,123.66,122.18,122.49,123,75089134\n\
                       2021-04-05T00:00:00Z,abc,136,133,135.93,5471616\n2021-04-06T00:00:00Z,124,125,123,-1,5\n";
/// Longer than the command needs to record its runs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program of this workspace, and a folder that it may fill.
pub(super) struct Sentinel {
    binary: PathBuf,
    home: TempDir,
    database: String,
}

impl Sentinel {
    /// Builds the program.
    ///
    /// # Errors
    /// When it does not build.
    pub(super) fn built(database: &str) -> anyhow::Result<Self> {
        run_command(&mut cargo(["build", "--workspace", "--bin", "sentinel"]))?;
        let target = members()?.target_directory.into_std_path_buf();
        Ok(Self {
            binary: target
                .join("debug")
                .join(format!("sentinel{}", std::env::consts::EXE_SUFFIX)),
            home: tempfile::tempdir()?,
            database: database.to_owned(),
        })
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// When `sentinel migrate up` fails.
    pub(super) fn migrate(&self) -> anyhow::Result<()> {
        self.run(&["migrate", "up"], 0)
    }

    /// Fills the database.
    ///
    /// # Errors
    /// When a command does not end as it should, or does not leave behind what it should.
    pub(super) async fn fill(&self, client: &Client) -> anyhow::Result<()> {
        self.run(&["demo", "--no-serve", "--database", "demo.db"], 0)?;
        self.run(&["copy", "--from", "sqlite:demo.db", "--to", &self.database], 0)?;
        let apple = ["--symbol", "AAPL", "--exchange", "XNAS", "--interval", "1d"];
        let ibm = [
            "--symbol",
            "IBM",
            "--exchange",
            "XNYS",
            "--interval",
            "1d",
            "--source",
            "vendor",
        ];
        self.import(
            "restated.csv",
            RESTATED,
            &[apple.as_slice(), &["--source", "lean"]].concat(),
            0,
        )?;
        self.import(
            "disputed.csv",
            DISPUTED,
            &[apple.as_slice(), &["--source", "vendor"]].concat(),
            0,
        )?;
        self.import("refused.csv", REFUSED, &ibm, 3)?;
        self.failed_run()?;
        self.waiting_runs(client).await?;
        let last: i64 = client
            .query_one("SELECT max(id) FROM ingest_runs WHERE state = 'queued'", &[])
            .await?
            .get(0);
        self.run(&["runs", "cancel", &last.to_string()], 0)?;
        self.require(client).await
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(args).current_dir(self.home.path()).stdin(Stdio::null());
        for (name, value) in [
            ("SENTINEL_DATABASE__URL", self.database.as_str()),
            // So that another source disputes a bar and does not replace it.
            ("SENTINEL_INGEST__PRECEDENCE", "lean"),
            ("SENTINEL_INGEST__CONCURRENCY", "1"),
            ("SENTINEL_PROVIDERS__RETRY_TIMES", "0"),
        ] {
            command.env(name, value);
        }
        command
    }

    fn run(&self, args: &[&str], code: i32) -> anyhow::Result<()> {
        let done = self
            .command(args)
            .output()
            .with_context(|| format!("cannot start {}", self.binary.display()))?;
        if done.status.code() != Some(code) {
            bail!(
                "`sentinel {}` ended with {} instead of {code}:\n{}{}",
                args.join(" "),
                done.status,
                String::from_utf8_lossy(&done.stdout),
                String::from_utf8_lossy(&done.stderr)
            );
        }
        Ok(())
    }

    fn import(&self, name: &str, rows: &str, args: &[&str], code: i32) -> anyhow::Result<()> {
        fs::write(self.home.path().join(name), format!("{HEADER}{rows}"))
            .with_context(|| format!("cannot write {name}"))?;
        self.run(&[["import", name].as_slice(), args].concat(), code)
    }

    /// A provider that nothing listens for.
    fn failed_run(&self) -> anyhow::Result<()> {
        let args = [
            "ingest",
            "yahoo",
            "XNYS:AIG",
            "--interval",
            "1d",
            "--start",
            "2021-04-01",
            "--end",
            "2021-05-01",
        ];
        let mut command = self.command(&args);
        let done = command
            .env("SENTINEL_PROVIDERS__YAHOO__BASE_URL", "http://127.0.0.1:1")
            .output()?;
        if done.status.code() != Some(1) {
            bail!("a run without a provider ended with {}", done.status);
        }
        Ok(())
    }

    /// A provider that takes calls and never answers, and a process that is killed meanwhile: one run stays at work, those
    /// behind it wait.
    async fn waiting_runs(&self, client: &Client) -> anyhow::Result<()> {
        let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let args = [
            "ingest",
            "yahoo",
            "XNAS:AAPL",
            "XNYS:BAC",
            "XNYS:IBM",
            "--interval",
            "1d",
            "--start",
            "2021-04-01",
            "--end",
            "2021-05-01",
        ];
        let mut command = self.command(&args);
        command.env(
            "SENTINEL_PROVIDERS__YAHOO__BASE_URL",
            format!("http://{}", silent.local_addr()?),
        );
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let waited = Instant::now();
        let both = "SELECT count(DISTINCT state) = 2 FROM ingest_runs WHERE state IN ('queued', 'running')";
        let outcome = loop {
            let there: Result<bool, _> = client.query_one(both, &[]).await.map(|row| row.get(0));
            match there {
                Ok(false) if waited.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(50)).await,
                Ok(true) => break Ok(()),
                Ok(false) => break Err(anyhow::anyhow!("no run waits behind one that is at work")),
                Err(error) => break Err(error.into()),
            }
        };
        child.kill().context("cannot end `sentinel ingest`")?;
        child.wait()?;
        outcome
    }

    /// Without one of these, a panel would be empty for want of data and not for want of a good query.
    async fn require(&self, client: &Client) -> anyhow::Result<()> {
        for (what, sql) in [
            (
                "a bar that was restated",
                "SELECT EXISTS (SELECT FROM bar_revisions WHERE kind = 'restated')",
            ),
            (
                "an open discrepancy",
                "SELECT EXISTS (SELECT FROM discrepancies WHERE closed_at IS NULL)",
            ),
            ("three rows in quarantine", "SELECT count(*) = 3 FROM quarantine"),
            (
                "a run in each state",
                "SELECT count(DISTINCT state) = 6 FROM ingest_runs",
            ),
            (
                "splits and dividends",
                "SELECT count(DISTINCT kind) = 2 FROM corporate_actions",
            ),
        ] {
            if !client.query_one(sql, &[]).await?.get::<_, bool>(0) {
                bail!("the sample lacks {what}");
            }
        }
        terminal::warn("sample: the demo's bars, a restatement, discrepancies, quarantine, a run in each state");
        Ok(())
    }
}
