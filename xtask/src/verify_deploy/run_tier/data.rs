//! Data in the stack: loaded, answered, kept, backed up and restored, each compared to the last digit.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, ensure};

use super::engine::{Engine, finished};
use super::http;
use super::report::{Found, seen};
use super::stack::Stack;

/// Apple across its 7:1 split of 2014-06-09, in today's shares: what the README shows, from the sample in the binary.
const APPLE: &str = "\
timestamp,open,high,low,close,volume,trade_count,vwap,source
2014-06-05T00:00:00Z,23.080357,23.191071,22.950357,23.119643,292467896,,,lean
2014-06-06T00:00:00Z,23.214286,23.258929,23.017143,23.056071,339266788,,,lean
2014-06-09T00:00:00Z,23.172500,23.470000,22.937500,23.425000,291503792,,,lean
2014-06-10T00:00:00Z,23.660000,23.762500,23.392500,23.562500,243334784,,,lean
";

const APPLE_PATH: &str = "/api/v1/instruments/AAPL/prices?start=2014-06-05&end=2014-06-11&format=csv&adjustment=split";

/// An example, from no recording.
const ROW: &str = "timestamp,open,high,low,close,volume\n2014-06-05,1.5,1.75,1.25,1.5,100\n";

/// The sample is there, exactly.
pub(super) fn demo_is_answered(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let answer = http::get(stack.api_port, APPLE_PATH)?;
    ensure!(
        answer.status == 200 && answer.body == APPLE,
        "AAPL is answered with {}:\n{}",
        answer.status,
        answer.body
    );
    let bars = stack.psql("market", "SELECT count(*) FROM bars")?;
    seen(format_args!(
        "AAPL of June 2014 to the last digit; {bars} bars in the database"
    ))
}

/// A file is imported by the command line in the container; over HTTP nobody without a key writes.
pub(super) fn ways_in(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    import(stack, "VERIFIED")?;
    let answer = http::get(stack.api_port, "/api/v1/instruments/VERIFIED/prices?format=csv")?;
    ensure!(
        answer.body.contains("2014-06-05T00:00:00Z,1.5,1.75,1.25,1.5,100"),
        "{}",
        answer.body
    );
    let written = http::post(stack.api_port, "/api/v1/instruments", "{\"symbol\":\"WRITTEN\"}")?;
    ensure!(
        written.status == 403,
        "a write over HTTP is answered with {}: {}",
        written.status,
        written.body
    );
    seen("`compose run api import` took a file; POST is refused with 403")
}

/// Imports an instrument of one bar.
fn import(stack: &Stack<'_>, symbol: &str) -> anyhow::Result<()> {
    let file = stack.engine.folder().join(format!("{symbol}_1d.csv"));
    fs::write(&file, ROW)?;
    let mount = format!("{}:/import/{symbol}_1d.csv:ro", file.display());
    let import = format!("/import/{symbol}_1d.csv");
    stack.said(&[
        "run",
        "--rm",
        "--no-deps",
        "-T",
        "--volume",
        &mount,
        "api",
        "import",
        &import,
    ])?;
    Ok(())
}

/// The containers go, the volume stays.
pub(super) fn survive_down_and_up(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let before = stack.fingerprint("market")?;
    stack.said(&["down", "--timeout=10"])?;
    stack.up()?;
    let after = stack.fingerprint("market")?;
    ensure!(before == after, "the fingerprint was {before} and is {after}");
    let demo = stack.logs("demo");
    ensure!(
        demo.contains("has the sample already"),
        "the second demo changed something: {demo}"
    );
    seen(format_args!(
        "fingerprint {before} before and after; the second demo changed nothing"
    ))
}

/// Three backups with `--keep 2`: the oldest is gone, with its sum.
pub(super) fn backups_are_rotated(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let folder = stack.engine.folder().join("rotated");
    let _former = fs::remove_dir_all(&folder);
    let output = folder.to_string_lossy().into_owned();
    let mut made = Vec::new();
    for _turn in 0..3 {
        // Names hold the second.
        std::thread::sleep(std::time::Duration::from_millis(1_100));
        made.push(PathBuf::from(
            stack.script("backup.sh", &["--output", &output, "--keep", "2"])?,
        ));
    }
    let there = |file: &PathBuf| file.exists() && PathBuf::from(format!("{}.sha256", file.display())).exists();
    let kept: Vec<bool> = made.iter().map(there).collect();
    ensure!(
        kept == [false, true, true],
        "of three backups these are there: {kept:?}"
    );
    let files = fs::read_dir(&folder)?.count();
    ensure!(files == 4, "{files} files are left, of two backups");
    seen("of three backups the last two are there, each with its sum")
}

/// Into a database beside the one in use.
pub(super) fn postgres_round_trip(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let backup = stack.script("backup.sh", &[])?;
    let restored = stack.script("restore.sh", &[&backup])?;
    let (before, after) = (stack.fingerprint("market")?, stack.fingerprint(&restored)?);
    ensure!(
        before == after,
        "market has the fingerprint {before}, {restored} has {after}"
    );
    let migrations = "SELECT string_agg(version, ' ' ORDER BY version) FROM __diesel_schema_migrations";
    ensure!(
        stack.psql("market", migrations)? == stack.psql(&restored, migrations)?,
        "the migrations of {restored} are others"
    );
    damaged_is_refused(stack, &backup)?;
    stack.psql("postgres", &format!("DROP DATABASE {restored}"))?;
    seen(format_args!(
        "fingerprint {before} in both; a damaged backup is refused"
    ))
}

fn damaged_is_refused(stack: &Stack<'_>, backup: &str) -> anyhow::Result<()> {
    let damaged = stack.engine.folder().join("damaged.dump");
    let bytes = fs::read(backup).with_context(|| format!("cannot read {backup}"))?;
    fs::write(&damaged, bytes.get(..bytes.len() / 2).unwrap_or_default())?;
    let name = damaged.to_string_lossy();
    let told = finished(&mut stack.script_command("restore.sh", &[&name, "--database", "damaged"]))?;
    ensure!(told.code == 1, "a half backup was restored: {told:?}");
    let left = stack.psql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'damaged'")?;
    ensure!(left == "0", "the database of a broken restore is left");
    Ok(())
}

/// What came after the backup is gone from the API, and kept in the former database.
pub(super) fn replaced_by_backup(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let before = stack.fingerprint("market")?;
    let backup = stack.script("backup.sh", &[])?;
    import(stack, "LATER")?;
    ensure!(stack.fingerprint("market")? != before, "an import changed nothing");
    stack
        .script("restore.sh", &[&backup, "--replace"])
        .with_context(|| stack.logs("demo"))?;
    ensure!(stack.is_ready(), "the API is not ready behind the restored database");
    ensure!(
        stack.fingerprint("market")? == before,
        "what was restored is not what was backed up"
    );
    let later = http::get(stack.api_port, "/api/v1/instruments/LATER/prices")?;
    ensure!(later.status == 404, "LATER is answered with {}", later.status);
    let former = stack.psql(
        "postgres",
        "SELECT datname FROM pg_database WHERE datname LIKE 'market_before_%'",
    )?;
    ensure!(!former.is_empty(), "the former database is gone");
    seen(format_args!(
        "fingerprint {before} again; the former database is {former}"
    ))
}

/// The embedded database in a container: loaded, backed up while it is there, and the backup compared.
pub(super) fn sqlite_round_trip(engine: &Engine, image: &str) -> anyhow::Result<Found<()>> {
    let run = |args: &[&str]| {
        let mut flags = vec![
            "run",
            "--rm",
            "--pull=never",
            "--no-healthcheck",
            "--network=none",
            "--read-only",
        ];
        flags.extend([
            "--cap-drop=ALL",
            "--volume=sentinel-embedded:/var/lib/sentinel",
            image,
            "--json",
        ]);
        engine.podman(flags.into_iter().chain(args.iter().copied()))
    };
    run(&["demo", "--configured", "--no-serve"])?;
    run(&["backup", "saved.db"])?;
    let original = run(&["verify"])?;
    let backup = run(&["--database-url", "sqlite:./saved.db", "verify"])?;
    engine.podman(["volume", "rm", "sentinel-embedded"])?;
    ensure!(
        original.contains("\"fingerprint\":\"") && original == backup,
        "the database is {original}, its backup {backup}"
    );
    seen("loaded, backed up by `sentinel backup`, same fingerprint")
}
