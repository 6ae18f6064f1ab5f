//! The crash trial: an import that is killed at random points, and repeated, ends in what an undisturbed one ends in.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::Sentinel;

/// What a trial showed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trial {
    /// How many imports were killed before they ended.
    pub killed: u32,
    /// How many ended before the signal reached them.
    pub too_late: u32,
}

/// Imports `bars` generated minutes, then a second file that restates a tenth of them, each killed with SIGKILL at
/// `kills` random points and then repeated; every outcome is compared with the undisturbed one by the fingerprint that
/// `verify` prints, which leaves out stamps and run ids.
///
/// # Errors
/// When an outcome differs, a rule is broken, or a command fails.
pub fn trial(sentinel: &Sentinel, bars: u32, kills: u32, seed: u64) -> anyhow::Result<Trial> {
    let home = sentinel.home();
    let (first, second) = (home.join("first.csv"), home.join("second.csv"));
    generate(&first, bars, 0)?;
    generate(&second, bars, 1)?;
    let mut dice = Dice(seed | 1);

    let undisturbed = home.join("undisturbed.db");
    let time_first = import(sentinel, &undisturbed, &first)?;
    let after_first = fingerprint(sentinel, &undisturbed)?;
    let base = home.join("base.db");
    fs::copy(&undisturbed, &base).context("copying the database after the first file")?;
    let time_second = import(sentinel, &undisturbed, &second)?;
    let after_second = fingerprint(sentinel, &undisturbed)?;
    ensure!(
        after_first != after_second,
        "the second file restates bars, so the fingerprints differ"
    );

    let mut shown = Trial::default();
    for kill in 0..kills {
        let database = home.join("disturbed.db");
        remove(&database)?;
        let (file, expected, time) = if kill % 2 == 0 {
            (&first, &after_first, time_first)
        } else {
            fs::copy(&base, &database).context("copying the base")?;
            (&second, &after_second, time_second)
        };
        if import_and_kill(sentinel, &database, file, time.mul_f64(dice.fraction()))? {
            shown.killed += 1;
        } else {
            shown.too_late += 1;
        }
        import(sentinel, &database, file)?;
        let found = fingerprint(sentinel, &database)?;
        ensure!(
            found == *expected,
            "kill {kill}: the repeated import ended in {found}, not in {expected}"
        );
    }
    Ok(shown)
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

fn url_of(database: &Path) -> String {
    format!("sqlite:{}", database.display())
}

/// Imports to the end and tells how long it took.
fn import(sentinel: &Sentinel, database: &Path, file: &Path) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let url = url_of(database);
    let done = sentinel.run(import_args(&url, &file.display().to_string()))?;
    ensure!(done.code == Some(0), "the import failed: {done:?}");
    Ok(began.elapsed())
}

/// Whether the import was still at work when it was killed.
fn import_and_kill(sentinel: &Sentinel, database: &Path, file: &Path, after: Duration) -> anyhow::Result<bool> {
    let url = url_of(database);
    let mut child = sentinel
        .command(import_args(&url, &file.display().to_string()))
        .spawn()?;
    std::thread::sleep(after);
    // On Unix this is SIGKILL: no handler runs, nothing is flushed.
    child.kill()?;
    Ok(child.wait()?.code().is_none())
}

/// Checks every rule of the store and gives the hash of its content.
fn fingerprint(sentinel: &Sentinel, database: &Path) -> anyhow::Result<String> {
    let verified = sentinel.run(["--database-url", &url_of(database), "--json", "verify"])?;
    ensure!(verified.code == Some(0), "verify found something: {verified:?}");
    let told = verified.json()?;
    let hash = told.get("fingerprint").and_then(serde_json::Value::as_str);
    Ok(hash.with_context(|| format!("no fingerprint in {told}"))?.to_owned())
}

fn remove(database: &Path) -> anyhow::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let path = PathBuf::from(format!("{}{suffix}", database.display()));
        if path.exists() {
            fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
        }
    }
    Ok(())
}

/// Minutes from 2017 on with prices that wander; `edition` 1 restates every tenth.
fn generate(path: &Path, bars: u32, edition: u32) -> anyhow::Result<()> {
    let mut text = String::from("timestamp,open,high,low,close,volume\n");
    let mut dice = Dice(42);
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

/// xorshift64*, so that a trial can be repeated from its seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    /// Between 0 and 1.
    fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() % 1_000_000).unwrap_or(0)) / 1_000_000.0
    }
}
