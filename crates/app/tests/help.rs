//! What `--help` says of every command: a flag that scripts rely on cannot go unnoticed.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test, and says where"
)]

use std::process::Command;

fn help(command: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_sentinel"))
        .args(command)
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn of_the_program() {
    insta::assert_snapshot!(help(&[]));
}

#[test]
fn of_each_command() {
    for command in [
        &["demo"][..],
        &["serve"],
        &["ingest"],
        &["runs"],
        &["runs", "list"],
        &["runs", "cancel"],
        &["providers"],
        &["providers", "search"],
        &["import"],
        &["export"],
        &["instruments"],
        &["instruments", "list"],
        &["instruments", "add"],
        &["instruments", "edit"],
        &["instruments", "remove"],
        &["status"],
        &["gaps"],
        &["verify"],
        &["backup"],
        &["copy"],
        &["migrate"],
        &["migrate", "down"],
        &["timescale"],
        &["timescale", "enable"],
        &["config"],
        &["doctor"],
        &["health"],
    ] {
        // What all commands share is in the help of the program.
        let help = help(command);
        let own = help.split("\nGlobal options:").next().unwrap();
        insta::assert_snapshot!(command.join("_"), own);
    }
}
