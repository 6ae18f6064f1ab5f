//! An import that dies loses nothing and doubles nothing.

use end_to_end::{Sentinel, crash};

/// The full trial (two million bars, twenty kills) is `src/bin/crash-trial.rs`; this one is small enough for each run.
#[test]
fn an_import_killed_at_random_points_ends_as_an_undisturbed_one() {
    let sentinel = Sentinel::of_this_build().unwrap();
    let shown = crash::trial(&sentinel, 60_000, 4, 7).unwrap();
    assert_eq!(shown.killed + shown.too_late, 4);
}
