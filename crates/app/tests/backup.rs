//! An embedded database backed up and restored: the same to the last record.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test, and says where"
)]

use std::path::Path;
use std::process::{Command, Output};

fn sentinel(home: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinel"));
    command.args(args).env_clear().current_dir(home).output().unwrap()
}

/// The object that a command prints, which has to end well.
fn object(home: &Path, args: &[&str]) -> serde_json::Value {
    let output = sentinel(home, &[&["--json"], args].concat());
    assert!(output.status.success(), "{args:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Exit code and standard error.
fn refused(home: &Path, args: &[&str]) -> (i32, String) {
    let Output { status, stderr, .. } = sentinel(home, args);
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn what_was_backed_up_is_what_there_was() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    // The sample goes into the configured database, which is the default one here.
    let demo = object(home, &["demo", "--configured", "--no-serve"]);
    assert_eq!(demo["database"], "sqlite:./sentinel.db");
    assert!(!home.join("sentinel-demo.db").exists());

    let told = object(home, &["backup", "saved.db"]);
    assert_eq!(told["bytes"], std::fs::metadata(home.join("saved.db")).unwrap().len());
    let verified = |url| object(home, &["--database-url", url, "verify"]);
    let (before, after) = (verified("sqlite:./sentinel.db"), verified("sqlite:./saved.db"));
    assert!(before["fingerprint"].is_string());
    assert_eq!(before, after);
}

#[test]
fn wrong_inputs_are_told_with_their_remedy() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let check = |args: &[&str], told: &str| {
        let (code, stderr) = refused(home, args);
        assert_eq!((code, stderr.trim_end()), (2, told));
    };
    check(
        &["backup", "saved.db"],
        "error: there is no database at ./sentinel.db: `sentinel migrate up` makes one",
    );
    object(home, &["migrate", "up"]);
    check(
        &["backup", "nowhere/saved.db"],
        "error: the directory nowhere of the database nowhere/saved.db does not exist: create it, or name another",
    );
    object(home, &["backup", "saved.db"]);
    check(
        &["backup", "saved.db"],
        "error: saved.db is there already: name another file, or move it away",
    );
    check(
        &[
            "--database-url",
            "postgres://u:secret@127.0.0.1:9/market",
            "backup",
            "other.db",
        ],
        "error: postgres://127.0.0.1:9/market is backed up by its own program: pg_dump --format=custom; \
         deploy/scripts/backup.sh does so",
    );
    // Into which of the two?
    let (code, stderr) = refused(home, &["demo", "--configured", "--database", "x.db", "--no-serve"]);
    assert!(code == 2 && stderr.contains("cannot be used with"), "{stderr}");
}
