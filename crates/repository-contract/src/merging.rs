//! Inserting, repeating and restating bars.

use domain::MergeCounts;
use time::Duration;

use crate::Fixture;
use crate::bars::{closes, daily};

/// Bars come back in order, digit for digit, with their provenance and the stamp of the merge.
pub async fn keeps_what_was_inserted(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let merged = fixture
        .merge_from(
            "yahoo",
            series,
            [daily("2024-01-03", "184.25"), daily("2024-01-02", "187.10")],
        )
        .await;
    assert_eq!(
        merged.counts,
        MergeCounts {
            inserted: 2,
            ..MergeCounts::default()
        }
    );
    assert_eq!((merged.version, merged.stamp), (1, Some(fixture.now())));

    let bars = fixture.bars(series).await;
    assert_eq!(closes(&bars), ["2024-01-02 187.10", "2024-01-03 184.25"]);
    for price in bars {
        assert_eq!((price.series, price.provisional), (series, false));
        assert_eq!((price.source.as_str(), price.recorded_at), ("yahoo", fixture.now()));
    }
}

/// Merging the same bars again writes nothing: no row, no revision, no version, no time.
pub async fn merging_twice_changes_nothing(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let bars = || [daily("2024-01-02", "187.10"), daily("2024-01-03", "184.25")];
    fixture.merge_from("yahoo", series, bars()).await;
    let before = fixture.picture(series).await;

    fixture.advance(Duration::hours(1));
    let again = fixture.merge_from("yahoo", series, bars()).await;
    assert_eq!(
        again.counts,
        MergeCounts {
            unchanged: 2,
            ..MergeCounts::default()
        }
    );
    assert_eq!((again.version, again.stamp), (1, None));
    assert_eq!(fixture.picture(series).await, before);
}
