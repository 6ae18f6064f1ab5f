//! A block of commands in a shell of its own, with everything it started ended afterwards.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// No block of a document may take longer.
const LIMIT: Duration = Duration::from_secs(180);
const GLANCE: Duration = Duration::from_millis(20);

/// Where and with what a block runs.
pub(crate) struct Shell<'a> {
    pub(crate) folder: &'a Path,
    /// All of it: nothing of this machine's environment is passed on.
    pub(crate) environment: Vec<(&'static str, OsString)>,
}

/// What a block printed on both streams, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) printed: String,
    pub(crate) code: Option<i32>,
}

impl Shell<'_> {
    /// Runs a script to its end; with `until`, to the moment it has printed that, and then to its end after SIGTERM.
    ///
    /// # Errors
    /// When there is no bash, the script takes too long, or it ends before it has printed that.
    pub(crate) fn run(&self, script: &str, until: Option<&str>) -> anyhow::Result<Ran> {
        let mut command = Command::new("bash");
        // A signal for the whole group must not end the shell before it knows how its command ended.
        command.args(["-c", &format!("trap : TERM\nexec 2>&1\n{script}")]);
        command.env_clear().envs(self.environment.iter().cloned());
        command
            .current_dir(self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        group::lead(&mut command);
        let mut child = command.spawn().context("cannot start bash, which runs the blocks")?;
        let printed = Arc::new(Mutex::new(Vec::new()));
        let reader = child.stdout.take().map(|output| read(output, Arc::clone(&printed)));
        let ended = watch(&mut child, &printed, until);
        group::kill(child.id());
        // All that it printed is there once nothing of it is left that could write.
        let _ = child.wait();
        if let Some(reader) = reader {
            let _ = reader.join();
        }
        let printed = text_of(&printed);
        match ended {
            Ok(status) => Ok(Ran {
                printed,
                code: status.code(),
            }),
            Err(error) => bail!("{error}; it printed:\n{printed}"),
        }
    }
}

fn read(mut output: impl Read + Send + 'static, printed: Arc<Mutex<Vec<u8>>>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length) = output.read(&mut buffer) {
            let Some(new) = buffer.get(..length).filter(|new| !new.is_empty()) else {
                return;
            };
            let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
            printed.extend_from_slice(new);
        }
    })
}

fn text_of(printed: &Mutex<Vec<u8>>) -> String {
    let printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&printed).into_owned()
}

fn watch(child: &mut Child, printed: &Mutex<Vec<u8>>, until: Option<&str>) -> anyhow::Result<ExitStatus> {
    let began = Instant::now();
    let mut awaited = until;
    loop {
        let status = child.try_wait().context("cannot wait for bash")?;
        if let Some(text) = awaited.filter(|text| text_of(printed).contains(text)) {
            awaited = None;
            // One that has ended by itself is told below.
            if status.is_none() {
                group::terminate(child.id());
                continue;
            }
            bail!("it printed `{text}` and ended by itself");
        }
        match (status, awaited) {
            (Some(_), Some(text)) => bail!("it ended before it printed `{text}`"),
            (Some(status), None) => return Ok(status),
            (None, _) if LIMIT < began.elapsed() => bail!("it did not end within {} s", LIMIT.as_secs()),
            (None, _) => thread::sleep(GLANCE),
        }
    }
}

/// The process group of a block: whatever it starts ends with it.
#[cfg(unix)]
mod group {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    pub(super) fn lead(command: &mut Command) {
        command.process_group(0);
    }

    pub(super) fn terminate(leader: u32) {
        signal("-TERM", leader);
    }

    pub(super) fn kill(leader: u32) {
        signal("-KILL", leader);
    }

    fn signal(name: &str, leader: u32) {
        // A group that is gone already is what is wanted.
        let _ = Command::new("kill")
            .args([name, "--", &format!("-{leader}")])
            .stderr(Stdio::null())
            .status();
    }
}

/// Elsewhere the shell alone is started; it ends its own.
#[cfg(not(unix))]
mod group {
    use std::process::Command;

    pub(super) fn lead(_command: &mut Command) {}

    pub(super) fn terminate(_leader: u32) {}

    pub(super) fn kill(_leader: u32) {}
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn run(script: &str, until: Option<&str>) -> anyhow::Result<Ran> {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell {
            folder: folder.path(),
            environment: vec![
                ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
                ("WORD", "given".into()),
            ],
        };
        shell.run(script, until)
    }

    #[test]
    fn both_streams_and_the_exit_code_are_seen_and_only_the_given_environment() {
        let ran = run("echo $WORD; echo ${HOME-none} >&2; exit 3", None).unwrap();
        assert_eq!((ran.printed.as_str(), ran.code), ("given\nnone\n", Some(3)));
    }

    #[test]
    fn what_goes_on_by_itself_is_asked_to_stop_and_its_end_is_seen() {
        let script = "bash -c 'trap \"echo stopped; exit 5\" TERM; echo ready; while :; do sleep 0.05; done'\nexit $?";
        let ran = run(script, Some("ready")).unwrap();
        assert!(ran.printed.ends_with("stopped\n"), "{}", ran.printed);
        assert_eq!(ran.code, Some(5));
    }

    #[test]
    fn what_was_to_go_on_and_ends_is_an_error() {
        let error = run("echo other", Some("ready")).unwrap_err().to_string();
        assert!(
            error.contains("ended before it printed `ready`") && error.contains("other"),
            "{error}"
        );
    }

    #[test]
    fn what_a_block_leaves_in_the_background_ends_with_it() {
        let began = Instant::now();
        // It holds the output open, so the end of the block would not be seen before its own.
        run("sleep 1000 &", None).unwrap();
        assert!(began.elapsed() < LIMIT);
    }
}
