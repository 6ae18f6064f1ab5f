//! The same imports give the same files, whichever database they went through.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use end_to_end::Sentinel;

/// The demo's files with the symbols and intervals that they hold.
const SERIES: [(&str, &str, &str); 11] = [
    ("AAPL_1d.csv", "AAPL", "1d"),
    ("AAPL_1m.csv", "AAPL", "1m"),
    ("AIG_1d.csv", "AIG", "1d"),
    ("BAC_1d.csv", "BAC", "1d"),
    ("BTC-USD_1d.csv", "BTC-USD", "1d"),
    ("ETH-USD_1d.csv", "ETH-USD", "1d"),
    ("GSPC_1d.csv", "^GSPC", "1d"),
    ("IBM_1d.csv", "IBM", "1d"),
    ("IXIC_1d.csv", "^IXIC", "1d"),
    ("MSFT_1d.csv", "MSFT", "1d"),
    ("SPY_1d.csv", "SPY", "1d"),
];

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/app/demo")
}

fn run(sentinel: &Sentinel, args: &[&str]) -> String {
    let done = sentinel.run(args.iter().copied()).unwrap();
    assert_eq!(done.code, Some(0), "{args:?}: {done:?}");
    done.stdout
}

/// The same file with another volume in every seventh row, as a source that corrects itself would send.
fn restated(csv: &str) -> String {
    let mut rows = csv.lines();
    let header = rows.next().unwrap();
    let volume = header.split(',').position(|column| column == "volume").unwrap();
    let rows = rows.enumerate().map(|(index, row)| {
        let cells = row.split(',').enumerate().map(|(column, cell)| match index % 7 {
            0 if column == volume => (1_000 + index).to_string(),
            _ => cell.to_owned(),
        });
        cells.collect::<Vec<_>>().join(",") + "\n"
    });
    format!("{header}\n{}", rows.collect::<String>())
}

/// Imports every file of the demo, and a corrected one.
fn fill(sentinel: &Sentinel) {
    for (file, symbol, interval) in SERIES {
        let path = demo().join(file);
        run(
            sentinel,
            &[
                "import",
                "--symbol",
                symbol,
                "--interval",
                interval,
                path.to_str().unwrap(),
            ],
        );
    }
    let corrected = restated(&fs::read_to_string(demo().join("MSFT_1d.csv")).unwrap());
    fs::write(sentinel.home().join("corrected.csv"), corrected).unwrap();
    run(
        sentinel,
        &["import", "--symbol", "MSFT", "--interval", "1d", "corrected.csv"],
    );
}

/// Everything that can be read out again, with the command that reads it: each series in each format of text, and what
/// `verify` says, its fingerprint among it.
fn read_out(sentinel: &Sentinel) -> Vec<(String, String)> {
    let exports = SERIES.iter().flat_map(|(_, symbol, interval)| {
        ["csv", "ndjson"].map(|format| vec!["export", symbol, "--interval", interval, "--format", format])
    });
    let commands = exports.chain([vec!["--json", "verify"]]);
    commands.map(|args| (args.join(" "), run(sentinel, &args))).collect()
}

#[test]
fn exports_and_fingerprints_are_the_same_on_both_databases() {
    let both = [Sentinel::of_this_build().unwrap(), Sentinel::on_postgres().unwrap()];
    // Side by side, for they have nothing in common.
    let read = both.map(|sentinel| {
        std::thread::spawn(move || {
            fill(&sentinel);
            read_out(&sentinel)
        })
    });
    let [sqlite, postgres] = read.map(|thread| thread.join().unwrap());
    assert_eq!(sqlite.len(), postgres.len());
    for ((command, expected), (_, found)) in sqlite.iter().zip(&postgres) {
        let rows = if command.contains("verify") { 1 } else { 100 };
        assert!(expected.lines().count() >= rows, "{command}: {expected}");
        // Not `assert_eq!`, which would print both.
        assert!(expected == found, "{command} differs");
    }
    let (_, verified) = sqlite.last().unwrap();
    let verified: serde_json::Value = serde_json::from_str(verified).unwrap();
    assert!(verified["revisions"].as_u64().unwrap() > 100, "{verified}");
    assert!(verified["fingerprint"].is_string(), "{verified}");
}
