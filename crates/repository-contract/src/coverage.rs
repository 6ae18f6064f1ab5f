//! What was asked of a source and answered.

use domain::{Bar, MergeBatch, SeriesKey, TimeRange, Timestamp};
use time::Duration;

use crate::Fixture;
use crate::bars::{daily, day, days, instant, source};
use crate::chance::Dice;
use crate::fixture::START;

/// An answer in whole from `name`.
fn answer(name: &str, series: SeriesKey, covered: TimeRange, bars: Vec<Bar>) -> MergeBatch {
    MergeBatch {
        covered: Some(covered),
        ..MergeBatch::of_bars(series, source(name), bars)
    }
}

/// Coverage in few words: source, first and last date, exclusive, and the hour of the answer.
async fn told(fixture: &Fixture, series: SeriesKey) -> Vec<String> {
    let covered = fixture.coverage().covered(series).await.unwrap();
    let hour = |at: Timestamp| at.since(instant(START)).whole_hours();
    covered
        .iter()
        .map(|one| {
            let (start, end) = (one.range.start().date(), one.range.end().date());
            format!("{} {start}..{end} +{}h", one.source, hour(one.answered_at))
        })
        .collect()
}

/// Bars alone confirm nothing: no file and no `PUT` covers a range by itself.
pub async fn bars_alone_cover_nothing(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.merge_from("file", series, [daily("2024-01-02", "1")]).await;
    assert_eq!(fixture.coverage().covered(series).await.unwrap(), []);
}

/// An answer covers what was asked, with bars and without, for its source and its series only.
pub async fn an_answer_covers_what_was_asked(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let other = fixture.daily_series("MSFT").await;
    let january = days("2024-01-01", "2024-02-01");
    fixture
        .merge(answer("yahoo", series, january, vec![daily("2024-01-02", "1")]))
        .await;
    fixture.advance(Duration::hours(1));
    fixture
        .merge(answer("stooq", series, days("2023-01-01", "2024-01-01"), Vec::new()))
        .await;
    let expected = ["stooq 2023-01-01..2024-01-01 +1h", "yahoo 2024-01-01..2024-02-01 +0h"];
    assert_eq!(told(fixture, series).await, expected);
    assert_eq!(told(fixture, other).await, Vec::<String>::new());
    assert_eq!(fixture.line(series).await.version, 1);
}

/// An empty answer of a source that has nothing at all is an answer too.
pub async fn an_empty_answer_covers_a_series_without_bars(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let merged = fixture
        .merge(answer("yahoo", series, days("2024-01-01", "2024-02-01"), Vec::new()))
        .await;
    assert_eq!((merged.counts.fetched(), merged.version, merged.stamp), (0, 0, None));
    assert_eq!(told(fixture, series).await, ["yahoo 2024-01-01..2024-02-01 +0h"]);
    assert_eq!(fixture.bars(series).await, []);
}

/// Ranges of one source that were answered at one time and touch, overlap or hold each other are one.
pub async fn ranges_of_one_time_are_joined(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    for (start, end) in [
        ("2024-01-01", "2024-01-05"),
        ("2024-01-10", "2024-01-15"),
        ("2024-01-20", "2024-01-25"),
        ("2024-01-05", "2024-01-10"),
        ("2024-01-14", "2024-01-21"),
        ("2024-01-02", "2024-01-03"),
        ("2024-02-01", "2024-02-02"),
    ] {
        fixture
            .merge(answer("yahoo", series, days(start, end), Vec::new()))
            .await;
    }
    let expected = ["yahoo 2024-01-01..2024-01-25 +0h", "yahoo 2024-02-01..2024-02-02 +0h"];
    assert_eq!(told(fixture, series).await, expected);
}

/// A later answer takes the place of earlier ones where they overlap, and leaves them where they do not.
pub async fn a_later_answer_takes_over_where_it_overlaps(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let cover = async |start, end| {
        fixture
            .merge(answer("yahoo", series, days(start, end), Vec::new()))
            .await
    };
    cover("2024-01-01", "2024-01-31").await;
    fixture.advance(Duration::hours(1));
    cover("2024-01-10", "2024-01-20").await;
    let expected = [
        "yahoo 2024-01-01..2024-01-10 +0h",
        "yahoo 2024-01-10..2024-01-20 +1h",
        "yahoo 2024-01-20..2024-01-31 +0h",
    ];
    assert_eq!(told(fixture, series).await, expected);
    fixture.advance(Duration::hours(1));
    cover("2024-01-05", "2024-01-31").await;
    let expected = ["yahoo 2024-01-01..2024-01-05 +0h", "yahoo 2024-01-05..2024-01-31 +2h"];
    assert_eq!(told(fixture, series).await, expected);
}

/// The same answer at a later time moves the time of the coverage, and nothing else.
pub async fn the_same_answer_later_moves_only_its_time(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let january = days("2024-01-01", "2024-02-01");
    let batch = || answer("yahoo", series, january, vec![daily("2024-01-02", "1")]);
    fixture.merge(batch()).await;
    let before = fixture.picture(series).await;
    fixture.advance(Duration::hours(1));
    fixture.merge(batch()).await;
    assert_eq!(fixture.picture(series).await, before);
    assert_eq!(told(fixture, series).await, ["yahoo 2024-01-01..2024-02-01 +1h"]);
}

/// After many random answers each day is covered since its last answer, and ranges are sorted and as few as can be.
pub async fn random_answers_cover_each_day_once(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let mut dice = Dice::seeded(17);
    let start = day("2024-01-01");
    let days_behind = |count: u64| {
        start
            .checked_add(Duration::days(i64::try_from(count).unwrap()))
            .unwrap()
    };
    let mut answered: Vec<Option<Timestamp>> = vec![None; 60];
    for _ in 0..60 {
        fixture.advance(Duration::hours(i64::try_from(dice.below(2)).unwrap()));
        let first = dice.below(50);
        let end = first + 1 + dice.below(9);
        let range = TimeRange::new(days_behind(first), days_behind(end)).unwrap();
        fixture.merge(answer("yahoo", series, range, Vec::new())).await;
        let days = (0..)
            .zip(&mut answered)
            .filter(|(number, _)| (first..end).contains(number));
        days.for_each(|(_, answered)| *answered = Some(fixture.now()));

        let covered = fixture.coverage().covered(series).await.unwrap();
        for (number, answered) in (0..).zip(&answered) {
            let here: Vec<_> = covered
                .iter()
                .filter(|one| one.range.contains(days_behind(number)))
                .collect();
            assert_eq!(
                here.iter().map(|one| one.answered_at).collect::<Vec<_>>(),
                answered.as_slice()
            );
        }
        for (earlier, later) in covered.iter().zip(covered.iter().skip(1)) {
            assert!(earlier.range.end() <= later.range.start());
            assert!(earlier.range.end() < later.range.start() || earlier.answered_at != later.answered_at);
        }
    }
}
