//! What the commands do and print, on databases of their own.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test, and says where"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Prices shaped like AAPL's across a split: examples, from no recording.
const APPLE: &str = "timestamp,open,high,low,close,volume,adj_close\n\
    2014-06-05,646.20,649.37,642.61,647.35,75951141,1\n\
    2014-06-06,649.90,651.26,644.47,645.57,87484692,1\n\
    2014-06-09,92.70,93.88,91.75,93.70,75414997,1\n";

fn sentinel(home: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel"));
    command.args(args).env_clear().current_dir(home).output().unwrap()
}

/// Exit code, standard output and standard error, without what differs from run to run.
fn said(home: &Path, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = sentinel(home, args);
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    let told = format!(
        "exit {}\n--- stdout\n{stdout}--- stderr\n{stderr}",
        status.code().unwrap()
    );
    let is_stamp = |word: &str| word.len() == 20 && word.starts_with("20") && word.ends_with('Z');
    let lines = told.lines().map(|line| match line.rsplit_once(' ') {
        Some((rest, last)) if is_stamp(last) => format!("{rest} NOW"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn with_apple() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("AAPL_1d.csv"), APPLE).unwrap();
    home
}

#[test]
fn from_an_import_to_an_export() {
    let home = with_apple();
    let home = home.path();
    insta::assert_snapshot!("import", said(home, &["import", "AAPL_1d.csv", "--exchange", "XNAS"]));
    insta::assert_snapshot!("import_again", said(home, &["import", "AAPL_1d.csv"]));
    insta::assert_snapshot!("status", said(home, &["status"]));
    insta::assert_snapshot!("show", said(home, &["instruments", "show", "XNAS:AAPL"]));
    insta::assert_snapshot!(
        "export",
        said(
            home,
            &["export", "AAPL", "--start", "2014-06-06", "--end", "2014-06-09"]
        )
    );
    insta::assert_snapshot!(
        "export_several",
        said(
            home,
            &["export", "AAPL", "id:1", "--interval", "1w", "--format", "ndjson"]
        )
    );
    insta::assert_snapshot!(
        "edit",
        said(
            home,
            &[
                "instruments",
                "edit",
                "AAPL",
                "--currency",
                "USD",
                "--name",
                "Apple Inc."
            ]
        )
    );
    insta::assert_snapshot!("remove_refused", said(home, &["instruments", "remove", "AAPL"]));
    insta::assert_snapshot!("migrate_down_refused", said(home, &["migrate", "down"]));
    insta::assert_snapshot!("remove", said(home, &["instruments", "remove", "AAPL", "--cascade"]));
}

#[test]
fn missing_bars_are_told_by_series() {
    let home = with_apple();
    let home = home.path();
    let bitcoin = "date,open,high,low,close\n2024-01-01,1,1,1,1\n2024-01-02,1,1,1,1\n2024-01-05,1,1,1,1\n";
    fs::write(home.join("BTC-USD_1d.csv"), bitcoin).unwrap();
    assert!(
        sentinel(home, &["import", "AAPL_1d.csv", "BTC-USD_1d.csv"])
            .status
            .success()
    );
    insta::assert_snapshot!("gaps", said(home, &["gaps", "--end", "2024-01-08"]));
    insta::assert_snapshot!(
        "gaps_of_one",
        said(
            home,
            &["gaps", "AAPL", "--start", "2014-06-02", "--end", "2014-06-10", "--json"]
        )
    );
    insta::assert_snapshot!("gaps_nowhere", said(home, &["gaps", "AAPL", "--interval", "1h"]));
    insta::assert_snapshot!("gaps_none", said(home, &["gaps", "--state", "confirmed_empty"]));
    insta::assert_snapshot!(
        "gaps_refused",
        said(home, &["gaps", "--start", "2014-06-10", "--end", "2014-06-02"])
    );
}

#[test]
fn an_export_to_a_file_appears_whole_or_not_at_all() {
    let home = with_apple();
    let home = home.path();
    assert!(sentinel(home, &["import", "AAPL_1d.csv"]).status.success());
    let printed = sentinel(home, &["export", "AAPL"]).stdout;
    assert!(
        sentinel(home, &["export", "AAPL", "--output", "out.csv"])
            .status
            .success()
    );
    assert_eq!(fs::read(home.join("out.csv")).unwrap(), printed);
    assert_eq!(
        sentinel(home, &["export", "NOPE", "--output", "none.csv"])
            .status
            .code(),
        Some(1)
    );
    let left: Vec<_> = fs::read_dir(home)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name == "none.csv" || name.to_string_lossy().starts_with(".tmp")),
        "{left:?}"
    );
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let home = with_apple();
    fs::write(
        home.path().join("factors_1d.csv"),
        "date,price_factor,split_factor,reference_close\n19980102,1,1,1\n",
    )
    .unwrap();
    fs::write(
        home.path().join("SSW_1d.csv"),
        "date,open,high,low,close\n2023-05-02,4037,4032,3917,3965\n2023-05-03,1,2,1,2\n",
    )
    .unwrap();
    insta::assert_snapshot!("import_of_a_folder", said(home.path(), &["import", ".", "nowhere.csv"]));
    insta::assert_snapshot!("quarantine", said(home.path(), &["status", "--quarantine"]));
    let only_rows = sentinel(home.path(), &["import", "SSW_1d.csv"]);
    assert_eq!(
        only_rows.status.code(),
        Some(3),
        "rows in quarantine alone are a part done"
    );
}

#[test]
fn machines_get_one_object_on_the_last_line() {
    let home = with_apple();
    let object = |args: &[&str]| -> serde_json::Value {
        let output = sentinel(home.path(), args);
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert_eq!(stdout.lines().count(), 1, "{args:?}: {stdout}");
        serde_json::from_str(&stdout).unwrap()
    };
    let imported = object(&["--json", "import", "AAPL_1d.csv"]);
    assert_eq!(imported["counts"]["inserted"], 3);
    assert_eq!(imported["files"][0]["series"][0]["instrument"]["symbol"], "AAPL");
    assert_eq!(imported["files"][0]["ignored_columns"][0], "adj_close");
    let status = object(&["status", "--json"]);
    assert_eq!((&status["bars"], &status["quarantined"]), (&3.into(), &0.into()));
    let verified = object(&["verify", "--json"]);
    assert_eq!(verified["violations"].as_array().unwrap().len(), 0);
    assert_eq!(verified["fingerprint"].as_str().unwrap().len(), 64);
    assert_eq!(
        object(&["doctor", "--json", "--log-level", "off"])["checks"][1]["state"],
        "ok"
    );
    assert_eq!(
        object(&["--json", "migrate", "status"])["pending"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(
        object(&["--json", "instruments", "list"])["instruments"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(
        object(&["--json", "export", "AAPL"])["error"]
            .as_str()
            .unwrap()
            .contains("--output")
    );
    assert!(
        object(&["--json", "--log-level", "loud", "status"])["error"]
            .as_str()
            .unwrap()
            .contains("--log-level")
    );
}

#[test]
fn the_demo_is_there_the_second_time() {
    let home = tempfile::tempdir().unwrap();
    let demo = || {
        let output = Command::new(env!("CARGO_BIN_EXE_sentinel"))
            .args(["--json", "demo", "--no-serve"])
            .env_clear()
            // A configured database is not touched.
            .env("DATABASE_URL", "sqlite:./configured.db")
            .current_dir(home.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let first = demo();
    assert_eq!(
        (&first["counts"]["rejected"], &first["counts"]["duplicate"]),
        (&0.into(), &0.into())
    );
    assert_eq!(
        (&first["counts"]["inserted"], &first["corporate_actions"]["inserted"]),
        (&61_022.into(), &398.into())
    );
    let second = demo();
    assert_eq!(
        (
            &second["counts"]["unchanged"],
            &second["corporate_actions"]["unchanged"]
        ),
        (&61_022.into(), &398.into())
    );
    assert!(!home.path().join("configured.db").exists());
}

#[test]
fn looking_does_not_make_a_database() {
    let home = tempfile::tempdir().unwrap();
    for command in [
        &["status"][..],
        &["verify"],
        &["export", "AAPL"],
        &["instruments", "list"],
    ] {
        let output = sentinel(home.path(), command);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(
            String::from_utf8(output.stderr)
                .unwrap()
                .contains("there is no database at ./sentinel.db yet")
        );
    }
    assert!(!home.path().join("sentinel.db").exists());
}

/// The second series of the file cannot be merged: it holds prices of another basis.
#[test]
fn an_import_that_fails_half_way_tells_how_far_it_came() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let rows = |symbol: &str| format!("{symbol},2024-01-02,1,2,1,2,5\n{symbol},2024-01-03,1,2,1,2,5\n");
    let header = "symbol,date,open,high,low,close,volume\n";
    fs::write(home.join("b.csv"), format!("{header}{}", rows("BBB"))).unwrap();
    fs::write(home.join("both.csv"), format!("{header}{}{}", rows("AAA"), rows("BBB"))).unwrap();
    said(home, &["import", "b.csv", "--basis", "split_adjusted"]);
    insta::assert_snapshot!(
        "import_half_way",
        said(home, &["import", "both.csv", "--currency", "USD"])
    );
    let told = sentinel(home, &["import", "both.csv", "--json"]).stdout;
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["counts"]["unchanged"], 2, "{told}");
    assert_eq!(told["failed_files"], 1, "{told}");
    assert!(
        told["files"][0]["error"].as_str().unwrap().contains("split_adjusted"),
        "{told}"
    );
}

#[test]
fn an_export_without_bars_says_so() {
    let home = with_apple();
    said(home.path(), &["import", "AAPL_1d.csv"]);
    insta::assert_snapshot!(
        "export_nothing",
        said(home.path(), &["export", "AAPL", "--interval", "1h"])
    );
}

#[test]
fn timescale_wants_a_server() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    insta::assert_snapshot!("timescale_of_a_file", said(home, &["timescale", "enable"]));
    assert_eq!(sentinel(home, &["timescale", "status"]).status.code(), Some(2));
    let never = ["timescale", "enable", "--chunk-days", "0"];
    assert_eq!(sentinel(home, &never).status.code(), Some(2));
    assert_eq!(fs::read_dir(home).unwrap().count(), 0, "nothing is made");
}
