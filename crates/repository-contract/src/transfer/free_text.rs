//! Text that not every store can keep as it is.

use domain::{AssetClass, InstrumentDetails, Interval, MergeBatch, RejectedRow, RunEnd, RunState, SeriesKey};

use super::{copy, in_memory, lines};
use crate::Fixture;
use crate::bars::source;
use crate::quarantine::rejected;

/// Free text with the character NUL, which some stores cannot hold, is copied in and out, and comes but once.
pub async fn text_that_only_some_stores_can_keep_is_copied(fixture: &Fixture) {
    let bad_row = || RejectedRow {
        reason: "high `40\0` is no number".to_owned(),
        ..rejected("2024-01-06,4037,40\0,3917")
    };
    let fill = async |store: &Fixture| {
        let nul = InstrumentDetails {
            name: "N\0L".to_owned(),
            ..InstrumentDetails::bare("NUL".parse().unwrap(), AssetClass::Stock)
        };
        let series = SeriesKey {
            instrument: store.instruments().create(nul).await.unwrap().id,
            interval: Interval::OneDay,
        };
        let run = store.runs().create(series, &source("file"), None).await.unwrap().id;
        let end = RunEnd {
            state: RunState::Failed,
            error: Some("near `\0`".to_owned()),
        };
        let attempt = store.runs().begin(run).await.unwrap().attempts;
        store.runs().finish(run, attempt, end).await.unwrap();
        merge_bad_row(store, series, bad_row()).await;
        series
    };
    let elsewhere = in_memory(fixture);
    let series = fill(&elsewhere).await;
    copy(&elsewhere, fixture).await;
    // Told the same, though it may not be kept the same.
    assert_eq!(lines(fixture).await, lines(&elsewhere).await);
    merge_bad_row(fixture, series, bad_row()).await;
    assert_eq!(fixture.quarantine().await.len(), 1);
    let back = in_memory(fixture);
    copy(fixture, &back).await;
    assert_eq!(lines(&back).await, lines(fixture).await);
}

async fn merge_bad_row(store: &Fixture, series: SeriesKey, row: RejectedRow) {
    let batch = MergeBatch {
        rejected: vec![row],
        ..MergeBatch::of_bars(series, source("file"), Vec::new())
    };
    store.merge(batch).await;
}
