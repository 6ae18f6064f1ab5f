//! Bars whose interval had not closed when they were fetched.

use domain::{Bar, MergeBatch, MergeCounts, SeriesKey};
use time::Duration;

use crate::Fixture;
use crate::bars::{closes, daily, day, days, source};

/// Unfinished bars of a day.
fn unfinished(series: SeriesKey, bars: impl IntoIterator<Item = Bar>) -> MergeBatch {
    MergeBatch {
        provisional: bars.into_iter().collect(),
        ..MergeBatch::of_bars(series, source("yahoo"), Vec::new())
    }
}

/// They are kept apart: in no answer unless asked for, in no count of the catalogue, in no version.
pub async fn unfinished_bars_are_kept_apart(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.merge_from("yahoo", series, [daily("2024-05-31", "1")]).await;
    let before = fixture.line(series).await;
    let merged = fixture.merge(unfinished(series, [daily("2024-06-03", "2")])).await;
    assert_eq!((merged.counts.inserted, merged.version, merged.stamp), (1, 1, None));

    assert_eq!(closes(&fixture.bars(series).await), ["2024-05-31 1"]);
    let bars = fixture.bars_with_partial(series).await;
    assert_eq!(closes(&bars), ["2024-05-31 1", "2024-06-03 2"]);
    let last = bars.last().unwrap();
    assert!(last.provisional && last.source.as_str() == "yahoo" && !bars.first().unwrap().provisional);
    let line = fixture.line(series).await;
    assert_eq!((line.count, line.last, line.version), (1, before.last, 1));
    assert_eq!(
        (line.updated_at, line.partial_version),
        (before.updated_at, before.partial_version + 1)
    );
    assert_eq!(
        (fixture.revisions(series).await, fixture.journal(series).await.len()),
        (vec![], 1)
    );
}

/// A series may begin with an unfinished bar.
pub async fn a_series_may_begin_with_an_unfinished_bar(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.merge(unfinished(series, [daily("2024-06-03", "2")])).await;
    let line = fixture.line(series).await;
    assert_eq!(
        (line.count, line.first, line.version, line.partial_version),
        (0, None, 0, 1)
    );
    assert_eq!(fixture.bars(series).await, []);
    let merged = fixture.merge_from("yahoo", series, [daily("2024-05-31", "1")]).await;
    assert_eq!((merged.version, fixture.line(series).await.count), (1, 1));
    assert_eq!(
        closes(&fixture.bars_with_partial(series).await),
        ["2024-05-31 1", "2024-06-03 2"]
    );
}

/// The newest replaces the former without a revision; the same again changes nothing.
pub async fn the_newest_replaces_the_former(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let check = async |price: &str, inserted, updated, unchanged, partial_version| {
        let merged = fixture.merge(unfinished(series, [daily("2024-06-03", price)])).await;
        let expected = MergeCounts {
            inserted,
            updated,
            unchanged,
            ..MergeCounts::default()
        };
        assert_eq!((merged.counts, merged.stamp), (expected, None));
        assert_eq!(fixture.line(series).await.partial_version, partial_version);
    };
    check("1", 1, 0, 0, 1).await;
    check("2", 0, 1, 0, 2).await;
    check("2.0", 0, 0, 1, 2).await;
    assert_eq!(closes(&fixture.bars_with_partial(series).await), ["2024-06-03 2"]);
    assert_eq!(fixture.revisions(series).await, []);
}

/// A later fetch makes it final: the final bar is inserted, and the provisional one is gone without a trace.
pub async fn a_final_bar_takes_the_place_of_an_unfinished_one(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.merge(unfinished(series, [daily("2024-06-03", "1")])).await;
    fixture.advance(Duration::days(1));
    let merged = fixture.merge_from("yahoo", series, [daily("2024-06-03", "2")]).await;
    assert_eq!((merged.counts.inserted, merged.version), (1, 1));
    let bars = fixture.bars_with_partial(series).await;
    assert_eq!(closes(&bars), ["2024-06-03 2"]);
    assert!(!bars.first().unwrap().provisional);
    assert_eq!(fixture.revisions(series).await, []);
    let line = fixture.line(series).await;
    assert_eq!((line.count, line.partial_version), (1, 2));
}

/// Also when both hold the same values.
pub async fn an_unfinished_bar_is_made_final_with_the_same_values(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.merge(unfinished(series, [daily("2024-06-03", "1")])).await;
    let merged = fixture.merge_from("yahoo", series, [daily("2024-06-03", "1")]).await;
    assert_eq!((merged.counts.inserted, merged.version), (1, 1));
    assert_eq!(closes(&fixture.bars(series).await), ["2024-06-03 1"]);
}

/// Where a final bar is there, an unfinished one that comes late is not shown in its place.
pub async fn an_unfinished_bar_never_hides_a_final_one(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.merge_from("yahoo", series, [daily("2024-06-03", "1")]).await;
    fixture.merge(unfinished(series, [daily("2024-06-03", "2")])).await;
    let bars = fixture.bars_with_partial(series).await;
    assert_eq!(closes(&bars), ["2024-06-03 1"]);
    assert!(!bars.first().unwrap().provisional);
}

/// Final and unfinished bars of one batch are each what they are.
pub async fn one_batch_may_hold_both(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let batch = MergeBatch {
        bars: vec![daily("2024-05-31", "1")],
        ..unfinished(series, [daily("2024-06-03", "2")])
    };
    assert_eq!(fixture.merge(batch).await.counts.inserted, 2);
    let line = fixture.line(series).await;
    assert_eq!((line.count, line.version, line.partial_version), (1, 1, 1));
    assert_eq!(
        closes(&fixture.bars_with_partial(series).await),
        ["2024-05-31 1", "2024-06-03 2"]
    );
}

/// Removing a range takes unfinished bars with it without a trace.
pub async fn removal_takes_unfinished_bars_without_a_trace(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.merge_from("yahoo", series, [daily("2024-05-31", "1")]).await;
    fixture.merge(unfinished(series, [daily("2024-06-03", "2")])).await;
    let partial_version = fixture.line(series).await.partial_version;
    let removed = fixture.remove(series, days("2024-06-01", "2024-07-01")).await;
    assert_eq!((removed.counts.fetched(), removed.version, removed.stamp), (0, 1, None));
    assert_eq!(closes(&fixture.bars_with_partial(series).await), ["2024-05-31 1"]);
    assert_eq!(fixture.revisions(series).await, []);
    assert_eq!(fixture.line(series).await.partial_version, partial_version + 1);
}

/// They have no history: as of an earlier instant they are those of now, where no final bar was believed.
pub async fn unfinished_bars_have_no_history(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let stamp = fixture
        .merge_from("yahoo", series, [daily("2024-05-31", "1")])
        .await
        .stamp;
    fixture.advance(Duration::hours(1));
    fixture.merge(unfinished(series, [daily("2024-06-03", "2")])).await;
    let query = domain::BarQuery {
        as_of: stamp,
        include_partial: true,
        range: days("2024-01-01", "2025-01-01"),
        ..crate::fixture::everything(series)
    };
    let bars = fixture.read(&query).await;
    assert_eq!(closes(&bars), ["2024-05-31 1", "2024-06-03 2"]);
    assert_eq!(bars.last().unwrap().bar.opened_at(), day("2024-06-03"));
}
