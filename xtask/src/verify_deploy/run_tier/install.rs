//! install.sh, with a script in the place of systemd that runs the lines of the units.

use std::fs;

use anyhow::ensure;

use super::engine::said_by;
use super::report::{Found, seen};
use super::stack::Stack;

const SYSTEMCTL: &str = include_str!("../stand_ins/systemctl.sh");

/// In a view of the file system of its own, where no unit of this machine is seen or touched.
const INSTALL: &str = "PATH=$BIN:$PATH\n\
    mount -t tmpfs tmpfs /etc/systemd/system\n\
    scripts/install.sh --image market-sentinel:verified --profile demo >&2\n\
    systemctl stop sentinel.service >&2\n\
    podman ps --quiet\n\
    systemctl start sentinel.service >&2\n\
    systemctl reload sentinel.service >&2\n\
    systemctl start sentinel-backup.service >&2\n";

/// The units are installed, and what they start, reload, stop and back up is this stack.
pub(super) fn runs_by_its_units(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let bin = stack.engine.folder().join("bin");
    fs::create_dir_all(&bin)?;
    fs::write(bin.join("systemctl"), SYSTEMCTL)?;
    said_by(
        std::process::Command::new("chmod")
            .arg("0755")
            .arg(bin.join("systemctl")),
    )?;
    let backups = || fs::read_dir(stack.deploy().join("backups")).map_or(0, Iterator::count);
    let (before, saved) = (stack.fingerprint("market")?, backups());
    let mut install = stack.engine.command("unshare");
    install
        .args(["--mount", "bash", "-euo", "pipefail", "-c", INSTALL])
        .env("BIN", &bin)
        .env("DOCKER", "podman")
        .env("COMPOSE", stack.compose_program())
        .current_dir(stack.deploy());
    let left = said_by(&mut install)?;
    ensure!(left.is_empty(), "these containers ran behind `systemctl stop`: {left}");
    ensure!(backups() > saved, "sentinel-backup.service made no backup");
    ensure!(
        stack.is_ready() && stack.fingerprint("market")? == before,
        "the data are others"
    );
    seen("started, stopped, started, reloaded and backed up by the lines of its units; systemd itself was not run")
}
