//! An import that dies loses nothing and doubles nothing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use end_to_end::crash::{Disturbance, Size, trial};
use end_to_end::{Databases, Sentinel};
use postgres_fixture::TestServer;

/// The full trial (two million bars, twenty kills) is `src/bin/crash-trial.rs`; this one is small enough for each run.
const SMALL: Size = Size {
    bars: 30_000,
    disturbances: 4,
    seed: 7,
};

#[track_caller]
fn check(databases: impl FnOnce(&Sentinel) -> Databases) {
    let sentinel = Sentinel::of_this_build().unwrap();
    let shown = trial(&sentinel, &databases(&sentinel), Disturbance::Kill, SMALL).unwrap();
    assert_eq!(shown.failed + shown.survived + shown.too_late, SMALL.disturbances);
}

#[test]
fn an_import_into_sqlite_killed_at_random_points_ends_as_an_undisturbed_one() {
    check(|sentinel| Databases::in_folder(sentinel.home()));
}

#[test]
fn an_import_into_postgres_killed_at_random_points_ends_as_an_undisturbed_one() {
    check(|_| Databases::Server(TestServer::of_environment().unwrap()));
}
