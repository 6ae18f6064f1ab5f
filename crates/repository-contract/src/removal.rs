//! Taking bars out by hand.

use domain::{InstrumentId, Interval, PriceRepositoryError, Removal, RevisionKind, SeriesKey};
use time::Duration;

use crate::Fixture;
use crate::bars::{closes, daily, day, days, digits, source};

/// Bars of the range go to the revisions as tombstones, and readers as of an earlier instant still see them.
pub async fn removed_bars_are_seen_as_of_earlier(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let bars = ["2024-01-02", "2024-01-03", "2024-01-04"].map(|date| daily(date, "187.10"));
    let inserted = fixture.merge_from("file", series, bars).await.stamp.unwrap();
    let before = fixture.bars(series).await;
    fixture.advance(Duration::hours(1));
    let removed = fixture.remove(series, days("2024-01-03", "2024-01-04")).await;
    assert_eq!(
        (removed.counts.updated, removed.version, removed.stamp),
        (1, 2, Some(fixture.now()))
    );

    assert_eq!(
        closes(&fixture.bars(series).await),
        ["2024-01-02 187.10", "2024-01-04 187.10"]
    );
    assert_eq!(digits(&fixture.bars_as_of(series, inserted).await), digits(&before));
    let revisions = fixture.revisions(series).await;
    let tombstone = revisions.first().unwrap();
    assert_eq!((revisions.len(), tombstone.kind), (1, RevisionKind::Removed));
    assert_eq!(
        (tombstone.believed_from, tombstone.believed_until),
        (inserted, fixture.now())
    );
    let line = fixture.line(series).await;
    assert_eq!(
        (line.count, line.first, line.last),
        (2, Some(day("2024-01-02")), Some(day("2024-01-04")))
    );
}

/// A removed bar that comes again is a new one; between removal and return there was none.
pub async fn a_removed_bar_can_come_again(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let range = days("2024-01-02", "2024-01-03");
    let first = fixture
        .merge_from("file", series, [daily("2024-01-02", "1")])
        .await
        .stamp
        .unwrap();
    let gone = fixture.remove(series, range).await.stamp.unwrap();
    fixture.advance(Duration::hours(1));
    let again = fixture.merge_from("file", series, [daily("2024-01-02", "1")]).await;
    let back = again.stamp.unwrap();
    assert_eq!((again.counts.inserted, again.version), (1, 3));
    fixture.remove(series, range).await;

    let periods: Vec<_> = fixture
        .revisions(series)
        .await
        .iter()
        .map(|old| (old.believed_from, old.believed_until))
        .collect();
    assert_eq!(periods, [(first, gone), (back, back.next())]);
    for (at, count) in [(first, 1), (gone, 0), (back, 1), (back.next(), 0)] {
        assert_eq!(fixture.bars_as_of(series, at).await.len(), count, "as of {at}");
    }
}

/// Removing where nothing is changes nothing.
pub async fn removing_nothing_changes_nothing(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let range = days("2023-01-01", "2024-01-02");
    let nowhere = fixture.remove(series, range).await;
    assert_eq!((nowhere.counts.fetched(), nowhere.version, nowhere.stamp), (0, 0, None));
    assert_eq!(fixture.catalogue().find(series).await.unwrap(), None);

    fixture.merge_from("file", series, [daily("2024-01-02", "1")]).await;
    let before = fixture.picture(series).await;
    fixture.advance(Duration::hours(1));
    let nothing = fixture.remove(series, range).await;
    assert_eq!((nothing.counts.fetched(), nothing.version, nothing.stamp), (0, 1, None));
    assert_eq!(fixture.picture(series).await, before);
}

/// A series whose bars were all removed stays in the catalogue, empty, and its version goes on.
pub async fn an_emptied_series_stays_in_the_catalogue(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.merge_from("file", series, [daily("2024-01-02", "1")]).await;
    fixture.remove(series, days("2024-01-01", "2025-01-01")).await;
    let line = fixture.line(series).await;
    assert_eq!((line.count, line.first, line.last, line.version), (0, None, None, 2));
    assert_eq!(
        fixture.catalogue().of_instrument(series.instrument).await.unwrap(),
        [line]
    );
    assert_eq!(
        fixture
            .merge_from("file", series, [daily("2024-01-02", "1")])
            .await
            .version,
        3
    );
}

/// Bars of an instrument that does not exist cannot be removed.
pub async fn removing_from_an_unknown_instrument_is_refused(fixture: &Fixture) {
    let removal = Removal {
        series: SeriesKey {
            instrument: InstrumentId(4711),
            interval: Interval::OneDay,
        },
        range: days("2024-01-01", "2025-01-01"),
        source: source("api"),
    };
    let error = fixture.prices().remove(removal).await.unwrap_err();
    assert!(
        matches!(error, PriceRepositoryError::UnknownInstrument(InstrumentId(4711))),
        "{error:?}"
    );
}
