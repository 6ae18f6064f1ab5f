//! What was believed before, and when.

use domain::{ChangeKind, Revision, RevisionKind, SeriesKey, TimeRange, Timestamp};
use time::Duration;

use crate::Fixture;
use crate::bars::{closes, daily, day, days};
use crate::fixture::PLENTY;

/// Restating moves the old values, with their provenance, to the revisions.
pub async fn restating_moves_the_old_values_to_the_revisions(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let first = fixture.now();
    fixture
        .merge_from(
            "file",
            series,
            [daily("2024-01-02", "187.10"), daily("2024-01-03", "184.25")],
        )
        .await;
    let second = fixture.advance(Duration::hours(1));
    let merged = fixture.merge_from("api", series, [daily("2024-01-02", "185.64")]).await;
    assert_eq!(
        (merged.counts.updated, merged.version, merged.stamp),
        (1, 2, Some(second))
    );
    assert_eq!(
        closes(&fixture.bars(series).await),
        ["2024-01-02 185.64", "2024-01-03 184.25"]
    );

    let revisions = fixture.revisions(series).await;
    let old = revisions.first().unwrap();
    assert_eq!(
        (revisions.len(), old.series, old.kind),
        (1, series, RevisionKind::Restated)
    );
    assert_eq!(
        (old.bar.close().to_string().as_str(), old.source.as_str()),
        ("187.10", "file")
    );
    assert_eq!((old.believed_from, old.believed_until), (first, second));
}

/// The periods of belief of one bar follow each other without a hole, and the present one begins where the last ended.
pub async fn periods_of_belief_chain_without_a_hole(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    for price in ["1", "2", "3", "4"] {
        fixture.merge_from("file", series, [daily("2024-01-02", price)]).await;
        fixture.advance(Duration::minutes(1));
    }
    let revisions = fixture.revisions(series).await;
    assert_eq!(revisions.len(), 3);
    for (earlier, later) in revisions.iter().zip(revisions.iter().skip(1)) {
        assert_eq!(earlier.believed_until, later.believed_from);
    }
    let current = fixture.bars(series).await.first().unwrap().recorded_at;
    assert_eq!(revisions.last().unwrap().believed_until, current);
}

/// Stamps grow by a microsecond when the clock stands still, and also when it goes back.
pub async fn stamps_grow_when_the_clock_does_not(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let start = fixture.now();
    let mut stamps = Vec::new();
    for (price, pause) in [("1", 0), ("2", 0), ("3", -3600), ("4", -60), ("5", 7200)] {
        fixture.advance(Duration::seconds(pause));
        stamps.push(
            fixture
                .merge_from("file", series, [daily("2024-01-02", price)])
                .await
                .stamp
                .unwrap(),
        );
    }
    let micros: Vec<i64> = stamps
        .iter()
        .map(|stamp| stamp.unix_micros() - start.unix_micros())
        .collect();
    assert_eq!(micros, [0, 1, 2, 3, 3_540_000_000]);
    assert!(
        fixture
            .revisions(series)
            .await
            .iter()
            .all(|old| old.believed_from < old.believed_until)
    );
}

/// A value that comes back is a change of its own: both former states are kept.
pub async fn going_back_to_an_old_value_is_a_change(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    for price in ["1.0", "2", "1.00"] {
        fixture.merge_from("file", series, [daily("2024-01-02", price)]).await;
    }
    assert_eq!(closes(&fixture.bars(series).await), ["2024-01-02 1.00"]);
    assert_eq!(past_closes(&fixture.revisions(series).await), ["1.0", "2"]);
}

/// Revisions come by opening and then by belief, from the range asked for, in pages that lose and repeat none.
pub async fn revisions_are_read_by_range_and_in_pages(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let dates = ["2024-01-04", "2024-01-02", "2024-01-03"];
    for price in ["1", "2", "3"] {
        fixture
            .merge_from("file", series, dates.map(|date| daily(date, price)))
            .await;
    }
    let all = fixture.revisions(series).await;
    assert_eq!(past_closes(&all), ["1", "2", "1", "2", "1", "2"]);
    assert!(all.is_sorted_by_key(place));

    let inside = fixture
        .history()
        .revisions(series, days("2024-01-03", "2024-01-04"), PLENTY, None)
        .await
        .unwrap();
    assert!(inside.len() == 2 && inside.iter().all(|old| old.bar.opened_at() == day("2024-01-03")));

    let mut paged: Vec<Revision> = Vec::new();
    loop {
        let after = paged.last().map(place);
        let page = fixture
            .history()
            .revisions(series, TimeRange::ALL, 3, after)
            .await
            .unwrap();
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, all);
}

/// Every version has one line in the journal: what kind of change, when, from where to where, by which run.
pub async fn every_version_has_one_line_in_the_journal(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let bars = ["2024-01-02", "2024-01-03", "2024-01-04"].map(|date| daily(date, "1"));
    let inserted = fixture.merge_from("file", series, bars.clone()).await;
    fixture.merge_from("file", series, bars).await;
    let restated = fixture
        .merge_from("file", series, [daily("2024-01-02", "1"), daily("2024-01-03", "2")])
        .await;
    let removed = fixture.remove(series, days("2024-01-04", "2024-02-01")).await;

    let journal = fixture.journal(series).await;
    let told: Vec<_> = journal
        .iter()
        .map(|line| (line.version, Some(line.changed_at), line.kind, line.counts))
        .collect();
    assert_eq!(
        told,
        [
            (1, inserted.stamp, ChangeKind::Merge, inserted.counts),
            (2, restated.stamp, ChangeKind::Merge, restated.counts),
            (3, removed.stamp, ChangeKind::Removal, removed.counts),
        ]
    );
    assert!(journal.is_sorted_by(|earlier, later| earlier.id < later.id));
    let reaches = |line: usize, first: &str, last: &str, beyond: &str| {
        let range = journal.get(line).unwrap().range;
        assert_eq!(range.start(), day(first));
        assert!(range.contains(day(last)) && !range.contains(day(beyond)), "{range}");
    };
    reaches(0, "2024-01-02", "2024-01-04", "2024-01-05");
    reaches(1, "2024-01-03", "2024-01-03", "2024-01-04");
    reaches(2, "2024-01-04", "2024-01-04", "2024-01-05");
}

/// The journal of all series is read in pages, in the order of their numbers.
pub async fn the_journal_is_read_in_pages(fixture: &Fixture) {
    let apple = fixture.daily_series("AAPL").await;
    let microsoft = fixture.daily_series("MSFT").await;
    for price in ["1", "2", "3"] {
        for series in [apple, microsoft] {
            fixture.merge_from("file", series, [daily("2024-01-02", price)]).await;
        }
    }
    let all = fixture.history().journal(PLENTY, 0).await.unwrap();
    let whose: Vec<SeriesKey> = all.iter().map(|line| line.series).collect();
    assert_eq!(whose, [apple, microsoft, apple, microsoft, apple, microsoft]);
    let third = all.get(2).unwrap().id;
    let page = fixture.history().journal(2, third).await.unwrap();
    assert_eq!(page, all.get(3..5).unwrap());
}

fn place(revision: &Revision) -> (Timestamp, Timestamp) {
    (revision.bar.opened_at(), revision.believed_from)
}

fn past_closes(revisions: &[Revision]) -> Vec<String> {
    revisions.iter().map(|old| old.bar.close().to_string()).collect()
}
