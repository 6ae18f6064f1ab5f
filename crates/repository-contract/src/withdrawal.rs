//! Bars that a later answer in whole no longer has.

use domain::{Bar, Discrepancy, Dispute, MergeBatch, SeriesKey, TimeRange};
use time::Duration;

use crate::Fixture;
use crate::bars::{closes, daily, days, source};

const JANUARY: (&str, &str) = ("2024-01-01", "2024-02-01");

/// An answer in whole to what was asked of a source.
fn answer(name: &str, series: SeriesKey, covered: (&str, &str), bars: Vec<Bar>) -> MergeBatch {
    MergeBatch {
        covered: Some(days(covered.0, covered.1)),
        ..MergeBatch::of_bars(series, source(name), bars)
    }
}

/// A bar that its source no longer has stays, and that is recorded; no version comes of it.
pub async fn a_bar_that_an_answer_no_longer_has_stays(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let bars = ["2024-01-02", "2024-01-03"].map(|date| daily(date, "1"));
    fixture.merge(answer("yahoo", series, JANUARY, bars.to_vec())).await;
    let noticed = fixture.advance(Duration::hours(1));
    let merged = fixture
        .merge(answer("yahoo", series, JANUARY, vec![daily("2024-01-02", "1")]))
        .await;
    assert_eq!((merged.version, merged.stamp), (1, None));

    assert_eq!(closes(&fixture.bars(series).await), ["2024-01-02 1", "2024-01-03 1"]);
    let withdrawn = Discrepancy {
        series,
        opened_at: crate::bars::day("2024-01-03"),
        source: source("yahoo"),
        dispute: Dispute::Withdrawn,
        noticed_at: noticed,
        closed_at: None,
    };
    assert_eq!(fixture.discrepancies(series).await, [withdrawn]);
}

/// Only bars of that source, and only inside what was answered; a batch that confirms nothing withdraws nothing.
pub async fn only_bars_of_that_source_inside_the_answer_are_withdrawn(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let from_yahoo = ["2024-01-02", "2024-01-31", "2024-02-01"].map(|date| daily(date, "1"));
    fixture.merge_from("yahoo", series, from_yahoo).await;
    fixture.merge_from("file", series, [daily("2024-01-03", "1")]).await;
    fixture.merge_from("yahoo", series, [daily("2024-01-04", "1")]).await;
    assert_eq!(fixture.discrepancies(series).await, []);

    fixture
        .merge(answer("yahoo", series, ("2024-01-03", "2024-02-01"), Vec::new()))
        .await;
    let dates: Vec<String> = fixture
        .discrepancies(series)
        .await
        .iter()
        .map(|one| one.opened_at.date().to_string())
        .collect();
    assert_eq!(dates, ["2024-01-04", "2024-01-31"]);
}

/// Missing again is no news; coming back, with the same or other values, closes it; missing once more opens it again.
pub async fn a_withdrawal_is_closed_when_the_bar_comes_back(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let bar = |price: &str| vec![daily("2024-01-02", price)];
    fixture.merge(answer("yahoo", series, JANUARY, bar("1"))).await;
    fixture.merge(answer("yahoo", series, JANUARY, Vec::new())).await;
    let withdrawn = fixture.discrepancies(series).await;
    fixture.advance(Duration::hours(1));
    fixture.merge(answer("yahoo", series, JANUARY, Vec::new())).await;
    assert_eq!(fixture.discrepancies(series).await, withdrawn);

    for price in ["1", "2"] {
        let back = fixture.advance(Duration::hours(1));
        fixture.merge(answer("yahoo", series, JANUARY, bar(price))).await;
        let closed: Vec<_> = fixture
            .discrepancies(series)
            .await
            .iter()
            .map(|one| one.closed_at)
            .collect();
        assert_eq!(closed, [Some(back)]);
        fixture.merge(answer("yahoo", series, JANUARY, Vec::new())).await;
        assert_eq!(fixture.discrepancies(series).await, withdrawn);
    }
}

/// Discrepancies come by opening, from the range asked for, up to the limit.
pub async fn discrepancies_are_read_by_range(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let dates = ["2024-01-02", "2024-01-03", "2024-01-04"];
    fixture
        .merge_from("yahoo", series, dates.map(|date| daily(date, "1")))
        .await;
    fixture.merge(answer("yahoo", series, JANUARY, Vec::new())).await;
    let all = fixture.discrepancies(series).await;
    let read = async |range: TimeRange, limit| fixture.history().discrepancies(series, range, limit).await.unwrap();
    assert!(all.len() == 3 && all.is_sorted_by_key(|one| one.opened_at));
    assert_eq!(read(TimeRange::ALL, 2).await, all.get(..2).unwrap());
    assert_eq!(read(days("2024-01-03", "2024-01-04"), 10).await, all.get(1..2).unwrap());
}
