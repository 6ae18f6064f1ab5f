//! Database URLs of servers that cannot be used, each with the answer that a person gets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use end_to_end::Sentinel;
use postgres_fixture::{TestDatabase, TestServer};

/// What a command says, without what differs from run to run and from system to system.
fn said(url: &str, command: &[&str]) -> String {
    let sentinel = Sentinel::of_this_build().unwrap();
    let args = ["--database-url", url].into_iter().chain(command.iter().copied());
    let done = sentinel.run(args).unwrap();
    assert!(!done.stderr.contains("secret"), "a password is not shown: {done:?}");
    done.transcript(command)
}

#[track_caller]
fn check(name: &str, told: String) {
    let filters = vec![
        (r"sentinel_test_\d+_\d+_\d+", "DATABASE"),
        (r"at [^ ]+:\d+", "at HOST:PORT"),
        (r"(?m)^error: [^ ]+:\d+", "error: HOST:PORT"),
        (r"os error \d+", "os error N"),
        (r"db error: .*", "db error: REASON"),
    ];
    insta::with_settings!({filters => filters}, { insta::assert_snapshot!(name, told) });
}

fn empty() -> TestDatabase {
    TestServer::of_environment().unwrap().empty().unwrap()
}

#[test]
fn a_server_that_does_not_answer() {
    // Nothing listens on port 1.
    check(
        "a_server_that_does_not_answer",
        said("postgres://me:secret@127.0.0.1:1/bars", &["status"]),
    );
}

#[test]
fn a_database_that_the_server_has_not() {
    let database = empty();
    let url = database.url();
    // Gone, and its name is nobody else's.
    drop(database);
    check("a_database_that_the_server_has_not", said(&url, &["status"]));
}

#[test]
fn a_user_that_the_server_does_not_know() {
    let url = empty().url_as("nobody_of_this_name", "secret");
    check("a_user_that_the_server_does_not_know", said(&url, &["status"]));
}

#[test]
fn a_server_url_with_a_mode_that_there_is_not() {
    check(
        "a_server_url_with_a_mode_that_there_is_not",
        said("postgres://me:secret@127.0.0.1/bars?sslmode=perhaps", &["status"]),
    );
}

#[test]
fn a_server_url_without_a_database() {
    check(
        "a_server_url_without_a_database",
        said("postgres://me:secret@127.0.0.1", &["status"]),
    );
}

#[test]
fn a_schema_that_is_behind() {
    let database = empty();
    check(
        "a_schema_that_is_behind",
        said(&database.url(), &["serve", "--listen", "127.0.0.1:0"]),
    );
}

#[test]
fn a_schema_that_migrate_brought_up() {
    let database = empty();
    let url = database.url();
    assert!(said(&url, &["migrate", "up"]).starts_with("$ sentinel migrate up\nexit 0"));
    assert!(said(&url, &["status"]).starts_with("$ sentinel status\nexit 0"));
}
