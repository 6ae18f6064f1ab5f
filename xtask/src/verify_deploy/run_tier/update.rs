//! Updates by update.sh: to a version that works and back, over a migration too, and to one that does not.

use std::fs;
use std::path::Path;

use anyhow::ensure;

use super::engine::{finished, last_lines, said_by};
use super::images::in_full;
use super::report::{Found, NotRun, seen};
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

/// A version built by the script itself, tagged by its commit, and back.
pub(super) fn built_and_back(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let commit = stack.checkout.commit_of_nothing("the next version")?;
    let before = stack.fingerprint("market")?;
    stack.script("update.sh", &["--build"])?;
    let tag = running(stack)?;
    ensure!(tag.ends_with(&format!(":{commit}")), "{tag} runs, and not {commit}");
    let container = stack.container("api")?;
    let health = stack.inspected(&container, "{{.State.Health.Status}}")?;
    ensure!(health == "healthy", "its health is `{health}`");
    let revision = stack.inspected(
        &container,
        "{{index .Config.Labels \"org.opencontainers.image.revision\"}}",
    )?;
    ensure!(
        revision.starts_with(&commit),
        "the label of its revision is {revision}, and not {commit}"
    );
    stack.script("update.sh", &["--rollback", "--no-backup"])?;
    ensure!(running(stack)?.ends_with(":verified"), "{} runs", running(stack)?);
    ensure!(
        stack.is_ready() && stack.fingerprint("market")? == before,
        "the data are others"
    );
    seen(format_args!("verified → {commit} → verified, the same fingerprint"))
}

/// The newer version brings a migration, which it takes back itself before the older one starts. `newer`: a program that
/// has it, where none is compiled.
pub(super) fn over_a_migration(stack: &Stack<'_>, newer: Option<&Path>) -> anyhow::Result<Found<()>> {
    match newer {
        Some(program) => stack.checkout.hold(program)?,
        None if stack.checkout.compiles() => {}
        None => {
            let missing =
                "a program with one more migration is needed: --dev makes one, and so does a run without --binary";
            return Err(NotRun(missing.to_owned()).into());
        }
    }
    stack.checkout.add_migration()?;
    let commit = stack.checkout.commit("one more migration")?;
    let before = stack.fingerprint("market")?;
    let applied = || stack.psql("market", "SELECT count(*) FROM __diesel_schema_migrations");
    let table = || stack.psql("market", "SELECT to_regclass('only_newer') IS NOT NULL");
    let migrations = applied()?;
    stack.script("update.sh", &["--build"])?;
    let newer = (running(stack)?.ends_with(&format!(":{commit}")), table()?, applied()?);
    ensure!(
        newer.0 && newer.1 == "t" && newer.2 != migrations,
        "{} runs; its table is there: {}; {} migrations",
        running(stack)?,
        newer.1,
        newer.2
    );
    stack.psql("market", "INSERT INTO only_newer VALUES ('only in the newer version')")?;
    let refused = finished(&mut stack.script_command("update.sh", &["verified", "--no-backup"]))?;
    ensure!(
        refused.code == 1 && refused.stderr.contains("--rollback reverts"),
        "an update to what is older ended with {}: {}",
        refused.code,
        last_lines(&refused.stderr, 4)
    );
    stack.script("update.sh", &["--rollback"])?;
    ensure!(running(stack)?.ends_with(":verified"), "{} runs", running(stack)?);
    ensure!(
        table()? == "f" && applied()? == migrations,
        "the migration of the newer version is still there"
    );
    ensure!(
        stack.is_ready() && stack.fingerprint("market")? == before,
        "the data are others"
    );
    seen(format_args!(
        "{migrations} → {} → {migrations} migrations, its table made and gone; without --rollback refused; the same fingerprint",
        newer.2
    ))
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
