//! An engine of containers of its own, below the target folder: podman and buildah, and a socket for Docker Compose.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use postgres_cluster::Guardian;

/// The limits that a container may have: both have to be named, and not above what this process has.
const CONTAINERS_CONF: &str = "[containers]\n\
    default_ulimits = [\"nofile=20000:20000\", \"nproc=5000:5000\"]\n\
    [engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n";

/// How long the socket may take to be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// The engine while it runs; its containers, networks and volumes go with it, its images stay for the next time.
pub(super) struct Engine {
    folder: PathBuf,
    socket: PathBuf,
    service: Child,
    health: Option<JoinHandle<()>>,
    stopped: Arc<AtomicBool>,
    _removes_the_rest: Guardian,
}

impl Engine {
    /// Writes its settings, starts the socket, and begins to ask containers for their health, which systemd does elsewhere.
    pub(super) fn started(folder: &Path) -> anyhow::Result<Self> {
        let settings = |name: &str, text: &str| {
            let file = folder.join(name);
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
        };
        settings("containers.conf", CONTAINERS_CONF)?;
        settings(
            "storage.conf",
            &format!(
                "[storage]\ndriver = \"overlay\"\ngraphroot = \"{0}/storage\"\nrunroot = \"{0}/state\"\n",
                folder.display()
            ),
        )?;
        let socket = folder.join("podman.sock");
        let _former = fs::remove_file(&socket);
        let mut service = command(folder, "podman");
        service
            .args(["system", "service", "--time=0"])
            .arg(format!("unix://{}", socket.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let service = service.spawn().context("cannot start `podman system service`")?;
        let stopped = Arc::new(AtomicBool::new(false));
        let mut engine = Self {
            folder: folder.to_owned(),
            socket,
            _removes_the_rest: remover(folder, service.id())?,
            service,
            health: None,
            stopped,
        };
        engine.wait_for_socket()?;
        engine.remove_everything()?;
        let (asked, stopped) = (folder.to_owned(), engine.stopped.clone());
        engine.health = Some(std::thread::spawn(move || ask_for_health(&asked, &stopped)));
        Ok(engine)
    }

    /// Where it keeps what it makes.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A program that works with this engine: podman, buildah, and what speaks Docker's protocol.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = command(&self.folder, program);
        command.env("DOCKER_HOST", format!("unix://{}", self.socket.display()));
        command
    }

    /// What podman prints, trimmed.
    pub(super) fn podman<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> anyhow::Result<String> {
        said_by(self.command("podman").args(args))
    }

    /// Containers, volumes and networks of an earlier run, or of this one.
    fn remove_everything(&self) -> anyhow::Result<()> {
        self.podman(["rm", "--all", "--force", "--time", "3"])?;
        self.podman(["volume", "rm", "--all", "--force"])?;
        self.podman(["network", "prune", "--force"])?;
        Ok(())
    }

    fn wait_for_socket(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        while !self.socket.exists() {
            if let Some(status) = self.service.try_wait()? {
                bail!(
                    "`podman system service` ended ({status}); is the path {} too long?",
                    self.socket.display()
                );
            }
            if began.elapsed() > PATIENCE {
                bail!("`podman system service` made no socket within {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(health) = self.health.take() {
            let _ended = health.join();
        }
        // What is left after this is the guardian's, who tries again.
        let _removed = self.remove_everything();
        end_monitors(&self.folder);
        let _killed = self.service.kill();
        let _ended = self.service.wait();
        let _gone = fs::remove_file(&self.socket);
    }
}

fn command(folder: &Path, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env("CONTAINERS_CONF", folder.join("containers.conf"))
        .env("CONTAINERS_STORAGE_CONF", folder.join("storage.conf"))
        // Also for what the socket builds: namespaces of its own are more than a build gets on every machine.
        .env("BUILDAH_ISOLATION", "chroot");
    command
}

/// Also when this process is killed, nothing of the engine runs on.
fn remover(folder: &Path, service: u32) -> anyhow::Result<Guardian> {
    let script = format!(
        "export CONTAINERS_CONF='{0}/containers.conf' CONTAINERS_STORAGE_CONF='{0}/storage.conf'\n\
         podman rm --all --force --time 3\npodman volume rm --all --force\npodman network prune --force\n\
         kill {service}",
        folder.display()
    );
    Guardian::will_run(["sh".as_ref(), "-c".as_ref(), script.as_ref()])
}

/// Each command that was run in a container through the socket has a monitor that stays for five minutes behind it. Those of
/// this engine name its folder.
fn end_monitors(folder: &Path) {
    let storage = folder.join("storage").display().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes.filter_map(|entry| entry.file_name().into_string().ok()) {
        let line = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        if is_monitor(&line, &storage) {
            // One that is gone meanwhile is what was wanted.
            let _ended = Command::new("kill").arg(&process).stderr(Stdio::null()).status();
        }
    }
}

/// `line`: the arguments of a process, each with a zero behind it.
fn is_monitor(line: &str, storage: &str) -> bool {
    let program = line.split('\0').next().unwrap_or_default();
    program.ends_with("/conmon") && line.contains(storage)
}

/// Each second, until it is told to stop.
fn ask_for_health(folder: &Path, stopped: &AtomicBool) {
    while !stopped.load(Ordering::Relaxed) {
        let running = said_by(command(folder, "podman").args(["ps", "--quiet"])).unwrap_or_default();
        for container in running.lines() {
            let asked = command(folder, "timeout")
                .args(["10", "podman", "healthcheck", "run", container])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            // One without a healthcheck, or that is gone meanwhile, says so in vain.
            drop(asked);
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Standard output, trimmed.
///
/// # Errors
/// When it ends with anything but success, with the end of what it said.
pub(super) fn said_by(command: &mut Command) -> anyhow::Result<String> {
    let Finished { code, stdout, stderr } = finished(command)?;
    if code != 0 {
        let said = if stderr.trim().is_empty() { stdout } else { stderr };
        bail!(
            "`{} {}` ended with {code}: {}",
            command.get_program().to_string_lossy(),
            command
                .get_args()
                .map(|arg| arg.to_string_lossy())
                .collect::<Vec<_>>()
                .join(" "),
            last_lines(&said, 12)
        );
    }
    Ok(stdout.trim().to_owned())
}

/// How a command ended, whatever it was.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Runs a command to its end; -1 for one that a signal ended.
pub(super) fn finished(command: &mut Command) -> anyhow::Result<Finished> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", command.get_program().to_string_lossy()))?;
    Ok(Finished {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The end of a long text.
pub(super) fn last_lines(text: &str, most: usize) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    let from = lines.len().saturating_sub(most);
    lines.get(from..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_is_told_with_what_it_said() {
        let error = said_by(Command::new("sh").args(["-c", "echo no room >&2; exit 3"])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`sh -c echo no room >&2; exit 3` ended with 3: no room"
        );
    }

    #[test]
    fn only_the_monitors_of_this_engine_are_ended() {
        let line = |program: &str| format!("{program}\0-b\0/w/target/deploy/storage/overlay-containers/1\0");
        assert!(is_monitor(&line("/usr/bin/conmon"), "/w/target/deploy/storage"));
        assert!(!is_monitor(&line("/usr/bin/conmon"), "/other/target/deploy/storage"));
        assert!(!is_monitor(&line("/usr/bin/vi"), "/w/target/deploy/storage"));
    }

    #[test]
    fn the_end_of_a_text_is_its_last_lines() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a", 2), "a");
    }
}
