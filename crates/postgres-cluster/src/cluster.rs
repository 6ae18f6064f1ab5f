//! A server of one's own, from `initdb` to its removal.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, bail};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::cpu;
use crate::guardian::Guardian;

/// Another process may take the free port before the server does.
const ATTEMPTS: u32 = 5;

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Everything, as PostgreSQL does by itself: for trials of crashes.
    Full,
    /// Nothing but an orderly end: quicker, for tests.
    None,
}

/// A PostgreSQL server that belongs to this process, with a superuser `postgres` whom it asks for no password.
///
/// It listens on the loopback address only. When it is dropped, or this process ends in whatever way, it is stopped and
/// its folder removed.
#[derive(Debug)]
pub struct Cluster {
    binaries: Binaries,
    folder: PathBuf,
    account: Option<Account>,
    port: u16,
    guardian: Option<Guardian>,
}

impl Cluster {
    /// Makes a cluster in a temporary folder and starts its server.
    ///
    /// # Errors
    /// When one of the programs fails, with what it said.
    pub fn start(binaries: &Binaries, durability: Durability) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("sentinel-postgres-").tempdir();
        let folder = folder.context("cannot make a folder for PostgreSQL")?.keep();
        let mut cluster = Self {
            binaries: binaries.clone(),
            folder,
            account: None,
            port: 0,
            guardian: None,
        };
        cluster.account = Account::for_server_in(&cluster.folder)?;
        if let Some(account) = cluster.account {
            account.take(&cluster.folder)?;
        }
        // Before the server is there, so that no moment is without someone to stop it.
        let (pg_ctl, data) = (cluster.binaries.program("pg_ctl"), cluster.data());
        cluster.guardian = Some(Guardian::will_do(
            "\"$1\" stop -D \"$2\" -m immediate; rm -rf \"$3\"",
            [pg_ctl.as_os_str(), data.as_os_str(), cluster.folder.as_os_str()],
            cluster.account,
        )?);
        cluster.make(durability)?;
        cluster.listen()?;
        Ok(cluster)
    }

    /// The URL of its database `postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}:{}/postgres", Ipv4Addr::LOCALHOST, self.port)
    }

    /// Kills every process of the server at once, as a power cut would, and starts it again; returns when it has
    /// recovered.
    ///
    /// # Errors
    /// When it does not come back, with the end of its log.
    pub fn crash_and_restart(&self) -> anyhow::Result<()> {
        self.pg_ctl(&["restart", "-m", "immediate"])
    }

    /// CPU time in seconds that the server, this process and the programs it ran have taken so far: for benches.
    ///
    /// # Errors
    /// Where the kernel keeps no account in `/proc`, or the server is gone.
    pub fn cpu_seconds_with_client(&self) -> anyhow::Result<f64> {
        let told = fs::read_to_string(self.data().join("postmaster.pid")).context("the server is gone")?;
        let pid = told.lines().next().unwrap_or_default().trim().parse()?;
        cpu::of_server_and_client(pid)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn make(&self, durability: Durability) -> anyhow::Result<()> {
        let mut initdb = self.command("initdb");
        initdb.arg("-D").arg(self.data());
        initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        run(&mut initdb).map(drop)?;
        self.configure(&settings(durability, &self.folder))
    }

    /// Starts the server on a port that is free, or was a moment ago.
    fn listen(&mut self) -> anyhow::Result<()> {
        for attempt in 1.. {
            self.port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            self.configure(&format!("port = {}\n", self.port))?;
            match self.pg_ctl(&["start"]) {
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(_) => {}
                Ok(()) => break,
            }
        }
        Ok(())
    }

    /// Adds settings; of two values for one, the later counts.
    fn configure(&self, settings: &str) -> anyhow::Result<()> {
        let path = self.data().join("postgresql.conf");
        let file = fs::OpenOptions::new().append(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(settings.as_bytes()));
        written.with_context(|| format!("cannot write {}", path.display()))
    }

    fn pg_ctl(&self, action: &[&str]) -> anyhow::Result<()> {
        let mut pg_ctl = self.command("pg_ctl");
        pg_ctl.args(action).args(["-w", "-t", "120"]);
        pg_ctl.arg("-D").arg(self.data()).arg("-l").arg(self.log());
        run(&mut pg_ctl).map(drop).with_context(|| {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let end = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
            format!(
                "PostgreSQL {} did not start; its log ends with:\n{}",
                self.binaries.version(),
                end.join("\n")
            )
        })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.program(program));
        // A folder that its user may enter, and messages that a program can read.
        command
            .current_dir(&self.folder)
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        if let Some(account) = self.account {
            account.run(&mut command);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guardian.take());
        // Where the server's user may not remove its own folder, we may.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn settings(durability: Durability, sockets: &Path) -> String {
    let sockets = sockets.display().to_string().replace('\'', "''");
    let kept = match durability {
        Durability::Full => "",
        Durability::None => "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n",
    };
    // Tests run side by side, each with a pool.
    format!("listen_addresses = '127.0.0.1'\nunix_socket_directories = '{sockets}'\nmax_connections = 300\n{kept}")
}

/// Runs a program to its end.
///
/// # Errors
/// When it fails, with its line and what it said.
fn run(command: &mut Command) -> anyhow::Result<Output> {
    let line = std::iter::once(command.get_program()).chain(command.get_args());
    let line = line.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ");
    let output = command.output().with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        bail!(
            "`{line}` failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&said).trim()
        );
    }
    Ok(output)
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
