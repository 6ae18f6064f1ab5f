//! What became of rows, in the words of every command that merges some.

use domain::{IngestRun, Interval, MergeCounts, TimeRange, Timestamp};

use crate::output::{counted, grouped};

/// What can become of a row, and how many rows it became of.
pub(super) type Outcome = (&'static str, fn(MergeCounts) -> u64);

pub(super) fn outcomes() -> [Outcome; 6] {
    [
        ("inserted", |counts| counts.inserted),
        ("updated", |counts| counts.updated),
        ("unchanged", |counts| counts.unchanged),
        ("duplicate", |counts| counts.duplicate),
        ("discrepant", |counts| counts.discrepant),
        ("rejected", |counts| counts.rejected),
    ]
}

/// `3 rows: 2 inserted, 1 rejected`.
pub(super) fn total(counts: MergeCounts) -> String {
    let parts: Vec<String> = outcomes()
        .into_iter()
        .filter(|(_, of)| of(counts) > 0)
        .map(|(name, of)| format!("{} {name}", grouped(of(counts))))
        .collect();
    let rows = counted(counts.fetched(), "row", "rows");
    if parts.is_empty() {
        rows
    } else {
        format!("{rows}: {}", parts.join(", "))
    }
}

/// From the first bar to the last: dates, or the instants between which intraday bars lie.
pub(super) fn reach(range: Option<TimeRange>, interval: Interval) -> (String, String) {
    let Some(range) = range else {
        return ("-".to_owned(), "-".to_owned());
    };
    if interval.is_intraday() {
        return (range.start().to_string(), range.end().to_string());
    }
    // The range ends when its last session does, at midnight where the market never closes.
    let last = range
        .end()
        .checked_add(time::Duration::microseconds(-1))
        .unwrap_or(range.end());
    (range.start().date().to_string(), last.date().to_string())
}

/// The openings of the first and of the last final bar that a run merged: dates, or instants for intraday bars.
pub(super) fn reached(run: &IngestRun) -> (String, String) {
    let Some(range) = run.reached else {
        return ("-".to_owned(), "-".to_owned());
    };
    // It ends right behind the last opening.
    let last = range
        .end()
        .checked_add(time::Duration::microseconds(-1))
        .unwrap_or(range.end());
    let interval = run.series.interval;
    (opening(Some(range.start()), interval), opening(Some(last), interval))
}

/// The opening of a bar: a date, where the time of day says nothing.
pub(super) fn opening(instant: Option<Timestamp>, interval: Interval) -> String {
    match instant {
        None => "-".to_owned(),
        Some(instant) if interval.is_intraday() => instant.to_string(),
        Some(instant) => instant.date().to_string(),
    }
}
