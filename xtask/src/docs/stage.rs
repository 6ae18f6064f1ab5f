//! What the blocks of all pages share: the built binaries, the demo's database, and providers that are played.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::terminal;
use crate::workspace::{cargo, members, run as run_command};

/// Binaries, and where data for the blocks come from.
pub(crate) struct Stage {
    binaries: PathBuf,
    folder: TempDir,
    replay: Replay,
    demo: OnceCell<PathBuf>,
}

/// The providers' servers, played by a process that ends with its standard input.
struct Replay {
    process: Child,
    address: String,
}

/// A process that serves; it ends with this value.
pub(crate) struct Server {
    process: Child,
    address: String,
}

impl Stage {
    /// Builds the binaries, unless a folder has them, and plays the providers.
    ///
    /// # Errors
    /// When something does not build or start, or a program that the documents call is not installed.
    pub(crate) fn set(binaries: Option<&Path>) -> anyhow::Result<Self> {
        for program in ["bash", "curl"] {
            require(program)?;
        }
        let binaries = match binaries {
            Some(folder) => folder
                .canonicalize()
                .with_context(|| format!("--binaries {}", folder.display()))?,
            None => built()?,
        };
        let replay = Replay::start(&binaries)?;
        Ok(Self {
            binaries,
            folder: tempfile::tempdir()?,
            replay,
            demo: OnceCell::new(),
        })
    }

    /// The environment of a block in that folder: the binaries first in `PATH`, and no way to a provider but the recordings.
    pub(crate) fn environment(&self, home: &Path, programs: &[&Path]) -> anyhow::Result<Vec<(&'static str, OsString)>> {
        let folders = [self.binaries.as_path()].into_iter().chain(programs.iter().copied());
        let system = path();
        let folders = folders.map(Path::to_owned).chain(std::env::split_paths(&system));
        let played = OsString::from(&self.replay.address);
        Ok(vec![
            ("PATH", std::env::join_paths(folders)?),
            ("HOME", home.into()),
            ("LANG", "C.UTF-8".into()),
            ("TERM", "dumb".into()),
            // On a terminal, logs would stand between the lines that pages show.
            ("SENTINEL_LOG__LEVEL", "warn".into()),
            ("SENTINEL_PROVIDERS__YAHOO__BASE_URL", played.clone()),
            ("SENTINEL_PROVIDERS__BINANCE__BASE_URL", played.clone()),
            ("SENTINEL_PROVIDERS__ALPHA_VANTAGE__BASE_URL", played),
        ])
    }

    /// Puts a copy of the demo's database at that path.
    ///
    /// # Errors
    /// When the demo cannot be imported or copied.
    pub(crate) fn copy_demo(&self, to: &Path) -> anyhow::Result<()> {
        let demo = match self.demo.get() {
            Some(demo) => demo,
            None => {
                let made = self.import_demo()?;
                self.demo.get_or_init(|| made)
            }
        };
        fs::copy(demo, to).with_context(|| format!("cannot copy the demo's database to {}", to.display()))?;
        Ok(())
    }

    fn import_demo(&self) -> anyhow::Result<PathBuf> {
        terminal::warn("importing the demo's sample");
        let database = self.folder.path().join("demo.db");
        let mut demo = self.sentinel(self.folder.path())?;
        let done = demo
            .args(["demo", "--no-serve", "--database"])
            .arg(&database)
            .output()?;
        if !done.status.success() {
            bail!(
                "`sentinel demo --no-serve` failed: {}",
                String::from_utf8_lossy(&done.stderr)
            );
        }
        Ok(database)
    }

    fn sentinel(&self, folder: &Path) -> anyhow::Result<Command> {
        let mut command = Command::new(program(&self.binaries, "sentinel"));
        command.env_clear().envs(self.environment(folder, &[])?);
        command.current_dir(folder).stdin(Stdio::null());
        Ok(command)
    }

    /// Serves a database in that folder on a free port.
    ///
    /// # Errors
    /// When the server does not start.
    pub(crate) fn serve(&self, folder: &Path, database: &Path) -> anyhow::Result<Server> {
        let mut serve = self.sentinel(folder)?;
        let url = format!("sqlite:{}", database.display());
        serve.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log-level",
            "error",
            "--database-url",
            &url,
        ]);
        let mut process = serve
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start `sentinel serve`")?;
        let line = first_line(&mut process)?;
        let Some((_, address)) = line.split_once("listening on http://") else {
            let _ = process.kill();
            bail!("`sentinel serve` printed `{line}` instead of its address");
        };
        let address = address.to_owned();
        Ok(Server { process, address })
    }
}

impl Replay {
    fn start(binaries: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(program(binaries, "provider-replay"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command
            .spawn()
            .context("cannot start provider-replay, which plays the providers")?;
        let address = first_line(&mut process)?;
        Ok(Self { process, address })
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

impl Server {
    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Host and port of a loopback address that was free a moment ago.
///
/// # Errors
/// When none is.
pub(crate) fn free_address() -> anyhow::Result<String> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string())
}

fn first_line(process: &mut Child) -> anyhow::Result<String> {
    let output = process.stdout.take().context("standard output is piped")?;
    let mut output = BufReader::new(output);
    let mut line = String::new();
    output.read_line(&mut line)?;
    // What else it prints is not wanted, and must not stop it.
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    Ok(line.trim().to_owned())
}

fn built() -> anyhow::Result<PathBuf> {
    run_command(&mut cargo(["build", "--workspace", "--bins"]))?;
    Ok(members()?.target_directory.into_std_path_buf().join("debug"))
}

fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn require(program: &str) -> anyhow::Result<()> {
    let status = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => {
            bail!("the documents' examples call {program}, which is not here: install it (`apt-get install {program}`)")
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "PATH says where programs are, not how to run")]
fn path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}
