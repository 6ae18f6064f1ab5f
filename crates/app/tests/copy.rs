//! A database copied to another: the same to the last digit, once, again, and after it grew.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test, and says where"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn sentinel(home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sentinel"))
        .args(args)
        .env_clear()
        .current_dir(home)
        .output()
        .unwrap()
}

/// The object that a command prints, which has to end well.
fn object(home: &Path, args: &[&str]) -> Value {
    let output = sentinel(home, &[&["--json"], args].concat());
    assert!(output.status.success(), "{args:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn fingerprint(home: &Path, url: &str) -> Value {
    let verified = object(home, &["--database-url", url, "verify"]);
    assert_eq!(verified.get("violations").unwrap().as_array().unwrap().len(), 0);
    verified.get("fingerprint").unwrap().clone()
}

/// Exit code, standard output and standard error.
fn said(home: &Path, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = sentinel(home, args);
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    let code = status.code().unwrap();
    let told = format!("exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}");
    told.replace(&home.display().to_string(), "HOME")
}

/// A folder with a database of one instrument with three bars, of which one was restated.
fn with_apple() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    import(home.path(), "AAPL", &["646.20", "649.90", "92.70"]);
    import(home.path(), "AAPL", &["646.20", "649.91", "92.70"]);
    home
}

/// Prices that are examples, from no recording.
fn import(home: &Path, symbol: &str, closes: &[&str]) {
    let rows = (5..).zip(closes).fold(String::new(), |rows, (day, close)| {
        format!("{rows}2014-06-{day:02},{close},{close},{close},{close},100\n")
    });
    let file = format!("{symbol}_1d.csv");
    fs::write(
        home.join(&file),
        format!("timestamp,open,high,low,close,volume\n{rows}"),
    )
    .unwrap();
    let imported = sentinel(home, &["import", &file, "--currency", "USD"]);
    assert!(imported.status.success(), "{imported:?}");
}

const COPY: [&str; 5] = ["copy", "--from", "sqlite:./sentinel.db", "--to", "sqlite:./copy.db"];

#[test]
fn the_demo_is_copied_to_the_last_digit_and_only_once() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    object(home, &["demo", "--no-serve"]);
    let (from, to) = ("sqlite:./sentinel-demo.db", "sqlite:./copy.db");
    let copied = object(home, &["copy", "--from", from, "--to", to]);
    assert_eq!(copied["copied"], copied["records"]);
    let bars = copied["parts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|part| part["part"] == "bars");
    assert_eq!(bars.unwrap()["records"], 61_022);
    assert_eq!(fingerprint(home, to), fingerprint(home, from));

    let again = object(home, &["copy", "--from", from, "--to", to]);
    assert_eq!((&again["copied"], &again["hash"]), (&0.into(), &copied["hash"]));
    assert_eq!(again["records"], copied["records"]);
}

#[test]
fn a_copy_catches_up_with_new_instruments_and_stands_alone_then() {
    let home = with_apple();
    let home = home.path();
    let first = object(home, &COPY);
    import(home, "MSFT", &["41.21", "41.48"]);
    let second = object(home, &COPY);
    let bars = |told: &Value| {
        let parts = told["parts"].as_array().unwrap();
        let bars = parts.iter().find(|part| part["part"] == "bars").unwrap();
        (bars["copied"].as_u64().unwrap(), bars["records"].as_u64().unwrap())
    };
    assert_eq!((bars(&first), bars(&second)), ((3, 3), (2, 5)));
    assert_ne!(first["hash"], second["hash"]);
    // And back again: what came with a copy can be copied too.
    let back = object(
        home,
        &["copy", "--from", "sqlite:./copy.db", "--to", "sqlite:./back.db"],
    );
    assert_eq!(back["hash"], second["hash"]);

    // The next import into the copy does what it does in the source.
    fs::write(
        home.join("GOOG_1d.csv"),
        "timestamp,open,high,low,close,volume\n2014-06-05,1,1,1,1,1\n2014-06-06,1,1,1,1,1\n",
    )
    .unwrap();
    for url in ["sqlite:./sentinel.db", "sqlite:./copy.db"] {
        let imported = object(home, &["--database-url", url, "import", "GOOG_1d.csv"]);
        let series = &imported["files"][0]["series"][0];
        assert_eq!((&series["instrument"]["id"], &series["run_id"]), (&3.into(), &4.into()));
    }
    assert_eq!(
        fingerprint(home, "sqlite:./copy.db"),
        fingerprint(home, "sqlite:./sentinel.db")
    );
}

#[test]
fn a_copy_tells_what_it_did() {
    let home = with_apple();
    let told = said(home.path(), &COPY);
    // Stamps differ from run to run, and so does their hash.
    let (told, hash) = told.split_once("hash ").unwrap();
    insta::assert_snapshot!("copy", told);
    assert!(hash.bytes().take(64).all(|byte| byte.is_ascii_hexdigit()), "{hash}");
}

#[test]
fn other_data_in_the_target_are_refused_and_left_alone() {
    let home = with_apple();
    let home = home.path();
    fs::write(
        home.join("MSFT_1d.csv"),
        "timestamp,open,high,low,close,volume\n2014-06-05,1,1,1,1,1\n2014-06-06,1,1,1,1,1\n",
    )
    .unwrap();
    let other = "sqlite:./copy.db";
    object(home, &["--database-url", other, "import", "MSFT_1d.csv"]);
    let before = fingerprint(home, other);
    insta::assert_snapshot!("copy_over_other_data", said(home, &COPY));
    assert_eq!(fingerprint(home, other), before);
}

#[test]
fn what_cannot_be_copied_is_said() {
    let home = with_apple();
    let home = home.path();
    let cases = [
        ["sqlite:./nowhere.db", "sqlite:./copy.db"],
        ["sqlite:./sentinel.db", "sqlite:./sentinel.db"],
        ["sqlite:./sentinel.db", "sqlite://sentinel.db"],
        ["oracle://scott:tiger@localhost/x", "sqlite:./copy.db"],
        ["sqlite:./sentinel.db", "oracle://scott:tiger@localhost/x"],
        ["sqlite:./sentinel.db", "copy.db"],
        ["sqlite:./sentinel.db", "sqlite:./nowhere/copy.db"],
        ["sqlite:./AAPL_1d.csv", "sqlite:./copy.db"],
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|[from, to]| {
            let told = said(home, &["copy", "--from", from, "--to", to]);
            format!(
                "$ --from {} --to {}\n{told}",
                from.replace("tiger", "…"),
                to.replace("tiger", "…")
            )
        })
        .collect();
    let told = told.join("\n");
    assert!(!told.contains("tiger"), "{told}");
    insta::assert_snapshot!("copy_refused", told);
    let with_setting = said(home, &[&["--database-url", "sqlite:./x.db"], &COPY[..]].concat());
    insta::assert_snapshot!("copy_with_database_url", with_setting);
    for made in ["nowhere.db", "copy.db", "x.db"] {
        assert!(!home.join(made).exists(), "{made}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_the_source_is_the_source() {
    let home = with_apple();
    std::os::unix::fs::symlink("sentinel.db", home.path().join("copy.db")).unwrap();
    let refused = sentinel(home.path(), &COPY);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
}
