//! The crash trial: an import that is disturbed at random points, and repeated, ends in what an undisturbed one ends in.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use postgres_cluster::Cluster;

use crate::dice::Dice;
use crate::{Databases, OwnDatabase, Sentinel};

/// What happens to an import.
#[derive(Clone, Copy, Debug)]
pub enum Disturbance<'a> {
    /// It is killed with SIGKILL: no handler runs, nothing is flushed.
    Kill,
    /// The server that it writes to is: all of its processes at once, and started again.
    RestartServer(&'a Cluster),
}

/// How large a trial is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// How many bars each file holds.
    pub bars: u32,
    /// How many imports are disturbed.
    pub disturbances: u32,
    /// Where the random points begin, to repeat a trial.
    pub seed: u64,
}

/// What a trial showed: how disturbed imports ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trial {
    /// Killed, or with an error that says why.
    pub failed: u32,
    /// In success all the same.
    pub survived: u32,
    /// Before they could be disturbed.
    pub too_late: u32,
}

/// Imports generated minutes, then a second file that restates a tenth of them, each disturbed at random points and then
/// repeated; every outcome is compared with the undisturbed one by the fingerprint that `verify` prints, which leaves out
/// stamps and run ids.
///
/// # Errors
/// When an outcome differs, a rule is broken, or a command fails that was not disturbed.
pub fn trial(
    sentinel: &Sentinel,
    databases: &Databases,
    disturbance: Disturbance<'_>,
    size: Size,
) -> anyhow::Result<Trial> {
    let home = sentinel.home();
    let (first, second) = (home.join("first.csv"), home.join("second.csv"));
    generate(&first, size.bars, 0)?;
    generate(&second, size.bars, 1)?;
    let mut dice = Dice::of(size.seed);

    let base = databases.fresh()?;
    let time_first = import(sentinel, &base, &first)?;
    let after_first = fingerprint(sentinel, &base)?;
    let undisturbed = databases.copy_of(&base)?;
    let time_second = import(sentinel, &undisturbed, &second)?;
    let after_second = fingerprint(sentinel, &undisturbed)?;
    ensure!(
        after_first != after_second,
        "the second file restates bars, so the fingerprints differ"
    );

    let mut shown = Trial::default();
    for number in 0..size.disturbances {
        let (database, file, expected, time) = if number % 2 == 0 {
            (databases.fresh()?, &first, &after_first, time_first)
        } else {
            (databases.copy_of(&base)?, &second, &after_second, time_second)
        };
        let after = time.mul_f64(dice.fraction());
        match import_disturbed(sentinel, &database, file, disturbance, after)? {
            Ending::Failed => shown.failed += 1,
            Ending::Survived => shown.survived += 1,
            Ending::TooLate => shown.too_late += 1,
        }
        import(sentinel, &database, file)?;
        let found = fingerprint(sentinel, &database)?;
        ensure!(
            found == *expected,
            "disturbance {number}: the repeated import ended in {found}, not in {expected}"
        );
    }
    Ok(shown)
}

/// How a disturbed import ended.
enum Ending {
    Failed,
    Survived,
    TooLate,
}

fn import_args<'a>(database: &'a str, file: &'a str) -> [&'a str; 8] {
    [
        "--database-url",
        database,
        "import",
        "--symbol",
        "BTC-USD",
        "--interval",
        "1m",
        file,
    ]
}

/// Imports to the end and tells how long it took.
fn import(sentinel: &Sentinel, database: &OwnDatabase, file: &Path) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let done = sentinel.run(import_args(&database.url(), &file.display().to_string()))?;
    ensure!(done.code == Some(0), "the import failed: {done:?}");
    Ok(began.elapsed())
}

/// Disturbs an import after some time, and looks at how it ends.
fn import_disturbed(
    sentinel: &Sentinel,
    database: &OwnDatabase,
    file: &Path,
    disturbance: Disturbance<'_>,
    after: Duration,
) -> anyhow::Result<Ending> {
    let url = database.url();
    let mut child = sentinel
        .command(import_args(&url, &file.display().to_string()))
        .spawn()?;
    std::thread::sleep(after);
    match disturbance {
        Disturbance::Kill => {
            child.kill()?;
            let was_killed = child.wait()?.code().is_none();
            Ok(if was_killed { Ending::Failed } else { Ending::TooLate })
        }
        Disturbance::RestartServer(cluster) => {
            let was_at_work = child.try_wait()?.is_none();
            cluster.crash_and_restart()?;
            let output = child.wait_with_output()?;
            let said = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0) if was_at_work => Ok(Ending::Survived),
                Some(0) => Ok(Ending::TooLate),
                code => {
                    ensure!(
                        code == Some(1) && said.contains("error: ") && !said.contains("panicked"),
                        "an import whose server went ended without a clear error: {code:?}, {said}"
                    );
                    Ok(Ending::Failed)
                }
            }
        }
    }
}

/// Checks every rule of the store and gives the hash of its content.
fn fingerprint(sentinel: &Sentinel, database: &OwnDatabase) -> anyhow::Result<String> {
    let verified = sentinel.run(["--database-url", &database.url(), "--json", "verify"])?;
    ensure!(verified.code == Some(0), "verify found something: {verified:?}");
    let told = verified.json()?;
    let hash = told.get("fingerprint").and_then(serde_json::Value::as_str);
    Ok(hash.with_context(|| format!("no fingerprint in {told}"))?.to_owned())
}

/// Minutes from 2017 on with prices that wander; `edition` 1 restates every tenth.
fn generate(path: &Path, bars: u32, edition: u32) -> anyhow::Result<()> {
    let mut text = String::from("timestamp,open,high,low,close,volume\n");
    let mut dice = Dice::of(42);
    let mut cents = 1_000_000_i64;
    for minute in 0..bars {
        cents = (cents + i64::try_from(dice.next() % 2_001)? - 1_000).max(10_000);
        let close = if edition == 1 && minute % 10 == 0 {
            cents + 1
        } else {
            cents
        };
        let (high, low) = (cents + 500, cents - 500);
        let seconds = 1_483_228_800 + u64::from(minute) * 60;
        let price = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
        writeln!(
            text,
            "{seconds},{},{},{},{},{}",
            price(cents),
            price(high),
            price(low),
            price(close),
            dice.next() % 1_000
        )?;
    }
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
