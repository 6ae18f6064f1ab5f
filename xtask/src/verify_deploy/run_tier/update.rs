//! Updates by update.sh: to a version that works and back, and to one that does not.

use std::fs;

use anyhow::ensure;

use super::engine::{finished, last_lines, said_by};
use super::images::in_full;
use super::report::{Found, seen};
use super::stack::Stack;

/// A version that starts and never becomes healthy.
const BROKEN: &str = "FROM market-sentinel:verified\n\
    HEALTHCHECK --interval=1s --timeout=1s --start-period=1s --retries=2 CMD [\"false\"]\n";

/// What runs is what deploy/.env says.
fn tag_of(stack: &Stack<'_>, setting: &str) -> anyhow::Result<String> {
    let settings = fs::read_to_string(stack.deploy().join(".env"))?;
    let prefix = format!("{setting}=");
    let line = settings.lines().rev().find_map(|line| line.strip_prefix(&prefix));
    Ok(line.unwrap_or_default().to_owned())
}

fn running(stack: &Stack<'_>) -> anyhow::Result<String> {
    stack.inspected(&stack.container("api")?, "{{.ImageName}}")
}

/// The same program under another tag, and back by `--rollback`.
pub(super) fn there_and_back(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    stack.engine.podman([
        "tag",
        &in_full("market-sentinel:verified"),
        &in_full("market-sentinel:second"),
    ])?;
    let before = stack.fingerprint("market")?;
    stack.script("update.sh", &["second"])?;
    ensure!(running(stack)?.ends_with(":second"), "{} runs", running(stack)?);
    ensure!(
        (
            tag_of(stack, "IMAGE_TAG")?.as_str(),
            tag_of(stack, "PREVIOUS_IMAGE_TAG")?.as_str()
        ) == ("second", "verified"),
        "deploy/.env does not say so"
    );
    stack.script("update.sh", &["--rollback", "--no-backup"])?;
    ensure!(running(stack)?.ends_with(":verified"), "{} runs", running(stack)?);
    ensure!(
        stack.is_ready() && stack.fingerprint("market")? == before,
        "the data are others"
    );
    seen("verified → second → verified, the same fingerprint")
}

/// It is told, the former version runs again, and a migration that only the new one had is reverted.
pub(super) fn broken_is_rolled_back(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let folder = stack.engine.folder().join("broken");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("Dockerfile"), BROKEN)?;
    let mut build = stack.engine.command("buildah");
    build.args(["bud", "--isolation=chroot", "--pull-never", "--format=docker"]);
    said_by(
        build
            .arg(format!("--tag={}", in_full("market-sentinel:broken")))
            .arg(&folder),
    )?;
    let before = stack.fingerprint("market")?;
    let told = finished(&mut stack.script_command("update.sh", &["broken", "--timeout", "60"]))?;
    let end = last_lines(&told.stderr, 1);
    ensure!(
        told.code == 1 && end.contains("rolled back"),
        "update.sh ended with {}: {}",
        told.code,
        last_lines(&told.stderr, 8)
    );
    ensure!(
        running(stack)?.ends_with(":verified") && tag_of(stack, "IMAGE_TAG")? == "verified",
        "{} runs",
        running(stack)?
    );
    ensure!(
        stack.is_ready() && stack.fingerprint("market")? == before,
        "the data are others"
    );
    seen(format_args!("exit code 1, `{end}`, the same fingerprint"))
}
