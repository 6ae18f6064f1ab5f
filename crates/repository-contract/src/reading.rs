//! Reading bars: range, direction, limit and continuation.

use domain::{BarQuery, InstrumentId, Interval, MarketPrice, MergeBatch, SeriesKey, TimeOrder, TimeRange, Timestamp};

use crate::Fixture;
use crate::bars::{closes, daily, day, days, digits, source};
use crate::fixture::everything;

/// A series of five bars, 2024-01-01 to 2024-01-05, whose prices are their days.
async fn five_bars(fixture: &Fixture) -> SeriesKey {
    let series = fixture.daily_series("AAPL").await;
    let bars = (1..=5).map(|number| daily(&format!("2024-01-0{number}"), &number.to_string()));
    fixture.merge_from("file", series, bars).await;
    series
}

fn prices(bars: &[MarketPrice]) -> Vec<String> {
    bars.iter().map(|price| price.bar.close().to_string()).collect()
}

/// The start belongs to the range, the end does not, in both directions.
pub async fn ranges_are_half_open(fixture: &Fixture) {
    let series = five_bars(fixture).await;
    let query = |order| BarQuery {
        range: days("2024-01-02", "2024-01-04"),
        order,
        ..everything(series)
    };
    assert_eq!(prices(&fixture.read(&query(TimeOrder::Ascending)).await), ["2", "3"]);
    assert_eq!(prices(&fixture.read(&query(TimeOrder::Descending)).await), ["3", "2"]);
    let start = day("2024-01-02");
    let check = async |range: TimeRange, expected: &[&str]| {
        let query = BarQuery {
            range,
            ..everything(series)
        };
        assert_eq!(prices(&fixture.read(&query).await), expected, "{range}");
    };
    check(TimeRange::new(start, start.next()).unwrap(), &["2"]).await;
    check(TimeRange::new(start.next(), day("2024-01-03")).unwrap(), &[]).await;
    check(days("2030-01-01", "2031-01-01"), &[]).await;
}

/// A chunk has at most as many bars as were asked for, the first in its direction, and says whether more follow.
pub async fn a_chunk_says_whether_more_follow(fixture: &Fixture) {
    let series = five_bars(fixture).await;
    let check = async |order, limit, expected: &[&str], more| {
        let query = BarQuery {
            order,
            limit,
            ..everything(series)
        };
        let chunk = fixture.prices().read(&query).await.unwrap();
        assert_eq!(prices(&chunk.bars), expected);
        assert_eq!(chunk.more, more);
        assert_eq!(chunk.version, 1);
    };
    check(TimeOrder::Ascending, 2, &["1", "2"], true).await;
    check(TimeOrder::Descending, 2, &["5", "4"], true).await;
    check(TimeOrder::Ascending, 5, &["1", "2", "3", "4", "5"], false).await;
    check(TimeOrder::Descending, 4, &["5", "4", "3", "2"], true).await;
    check(TimeOrder::Descending, 6, &["5", "4", "3", "2", "1"], false).await;
    check(TimeOrder::Descending, 1, &["5"], true).await;
}

/// A series that does not exist is empty, and stays so for a reader that began before it did.
pub async fn a_series_that_does_not_exist_is_empty(fixture: &Fixture) {
    let nowhere = SeriesKey {
        instrument: InstrumentId(4711),
        interval: Interval::OneDay,
    };
    for series in [nowhere, fixture.daily_series("AAPL").await] {
        let chunk = fixture.prices().read(&everything(series)).await.unwrap();
        assert_eq!(
            (chunk.bars.as_slice(), chunk.more, chunk.version),
            ([].as_slice(), false, 0)
        );
        if series != nowhere {
            fixture.merge_from("file", series, [daily("2024-01-02", "1")]).await;
            assert_eq!(fixture.bars_as_of(series, chunk.pinned).await, []);
        }
    }
}

/// Chunks that go on behind the last bar, as of the state of the first, are together what one read gave at the
/// beginning, whatever is written between them; in both directions.
pub async fn pages_between_writes_are_one_state(fixture: &Fixture) {
    for order in [TimeOrder::Ascending, TimeOrder::Descending] {
        let series = fixture.daily_series(&format!("{order:?}")).await;
        let date = |number: i64| format!("2024-03-{number:02}");
        fixture
            .merge_from("file", series, (5..25).map(|number| daily(&date(number), "1")))
            .await;
        let whole = fixture
            .prices()
            .read(&BarQuery {
                order,
                ..everything(series)
            })
            .await
            .unwrap();

        let mut query = BarQuery {
            order,
            limit: 3,
            ..everything(series)
        };
        let mut paged = Vec::new();
        let mut write = 0;
        loop {
            let chunk = fixture.prices().read(&query).await.unwrap();
            assert_eq!(chunk.version, whole.version);
            paged.extend(chunk.bars);
            if !chunk.more {
                break;
            }
            query.as_of = Some(chunk.pinned);
            query.range = behind(query.range, order, paged.last().unwrap().bar.opened_at());
            // Before, behind and within what was read: inserted, restated and removed.
            write += 1;
            fixture
                .merge_from(
                    "file",
                    series,
                    [daily(&date(write), "7"), daily(&date(31 - write), "8")],
                )
                .await;
            fixture.remove(series, days(&date(10 + write), &date(11 + write))).await;
        }
        assert!(write >= 6);
        assert_eq!(digits(&paged), digits(&whole.bars));
    }
}

/// The same while another task writes at the same time.
pub async fn pages_beside_a_writer_are_one_state(fixture: &Fixture) {
    let series = five_bars(fixture).await;
    let store = fixture.store();
    let writer = tokio::spawn(async move {
        for price in 1..=60 {
            let bars = (1..=9).map(|number| daily(&format!("2024-01-0{number}"), &price.to_string()));
            let batch = MergeBatch::of_bars(series, source("file"), bars.collect());
            domain::PriceRepository::merge(&*store, batch).await.unwrap();
        }
    });
    let mut rounds = 0;
    while !writer.is_finished() || rounds < 5 {
        rounds += 1;
        let first = fixture
            .prices()
            .read(&BarQuery {
                limit: 2,
                ..everything(series)
            })
            .await
            .unwrap();
        let rest = BarQuery {
            as_of: Some(first.pinned),
            range: behind(
                TimeRange::ALL,
                TimeOrder::Ascending,
                first.bars.last().unwrap().bar.opened_at(),
            ),
            ..everything(series)
        };
        let rest = fixture.prices().read(&rest).await.unwrap();
        assert_eq!(rest.version, first.version);
        let paged = [first.bars, rest.bars].concat();
        assert_eq!(digits(&paged), digits(&fixture.bars_as_of(series, first.pinned).await));
        // Each merge gives all bars one price, so a mixture of two states would show.
        let prices = prices(&paged);
        assert!(
            first.version == 1 || prices.iter().all(|price| Some(price) == prices.first()),
            "{prices:?}"
        );
    }
    writer.await.unwrap();
    assert_eq!(closes(&fixture.bars(series).await).len(), 9);
}

fn behind(range: TimeRange, order: TimeOrder, last: Timestamp) -> TimeRange {
    match order {
        TimeOrder::Ascending => TimeRange::new(last.next(), range.end()).unwrap(),
        TimeOrder::Descending => TimeRange::new(range.start(), last).unwrap(),
    }
}
