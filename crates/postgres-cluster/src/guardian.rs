//! A shell that cleans up when this process is gone, however it went.

use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};

use anyhow::Context;

use crate::account::Account;

/// Waits in a shell of its own until it is dropped or this process ends, by Ctrl-C and `kill -9` too, then runs a command.
///
/// What tells it is the end of a pipe that only this process holds open. It is in a process group of its own, so the
/// Ctrl-C of a terminal does not reach it.
#[derive(Debug)]
pub struct Guardian {
    shell: Child,
}

impl Guardian {
    /// Will run `command` with its arguments.
    ///
    /// # Errors
    /// When there is no shell.
    pub fn will_run<'a>(command: impl IntoIterator<Item = &'a OsStr>) -> anyhow::Result<Self> {
        Self::will_do("\"$@\"", command, None)
    }

    /// Will run a piece of shell, in which `$1` and so on are `args`, as `account`.
    pub(crate) fn will_do<'a>(
        script: &str,
        args: impl IntoIterator<Item = &'a OsStr>,
        account: Option<Account>,
    ) -> anyhow::Result<Self> {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("read -r _; cd /; {script}"), "guardian"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        own_group(&mut shell);
        if let Some(account) = account {
            account.run(&mut shell);
        }
        let shell = shell.spawn().context("cannot start `sh`, which cleans up afterwards")?;
        Ok(Self { shell })
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_runs_when_the_guardian_is_dropped_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("it's here");
        std::fs::write(&kept, "").unwrap();
        let guardian = Guardian::will_run(["rm".as_ref(), kept.as_os_str()]).unwrap();
        assert!(kept.exists());
        drop(guardian);
        assert!(!kept.exists());
    }

    /// Whoever held the pipe is gone without a word: the shell of a parent that was killed.
    #[test]
    fn the_command_runs_when_the_process_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        std::fs::write(&kept, "").unwrap();
        let mut guardian = Guardian::will_run(["rm".as_ref(), kept.as_os_str()]).unwrap();
        // The pipe moves to a process that knows nothing of guardians.
        let pipe = guardian.shell.stdin.take().unwrap();
        let mut holder = Command::new("sh")
            .args(["-c", "kill -STOP $$"])
            .stdout(pipe)
            .spawn()
            .unwrap();
        assert!(kept.exists() && guardian.shell.try_wait().unwrap().is_none());
        holder.kill().unwrap();
        holder.wait().unwrap();
        guardian.shell.wait().unwrap();
        assert!(!kept.exists());
    }
}
