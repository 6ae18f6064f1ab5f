//! Reading what was believed at an earlier instant.

use domain::{BarQuery, MergeBatch, TimeOrder, Timestamp};
use time::Duration;

use crate::Fixture;
use crate::bars::{closes, daily, day, days, digits, source};
use crate::fixture::everything;

/// Before the first stamp there was nothing.
pub async fn before_anything_was_written_there_is_nothing(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let stamp = fixture
        .merge_from("file", series, [daily("2024-01-02", "1")])
        .await
        .stamp
        .unwrap();
    let query = BarQuery {
        as_of: stamp.checked_add(Duration::microseconds(-1)),
        ..everything(series)
    };
    let chunk = fixture.prices().read(&query).await.unwrap();
    assert_eq!(
        (chunk.bars.as_slice(), chunk.more, chunk.version),
        ([].as_slice(), false, 0)
    );
}

/// A past state has the values, provenance, stamps and version that a reader saw then, digit for digit.
pub async fn a_past_state_is_what_a_reader_saw_then(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let mut seen = Vec::new();
    for (name, price) in [("file", "1.10"), ("api", "1.20"), ("stooq", "1.200"), ("file", "1.1")] {
        fixture.advance(Duration::minutes(1));
        fixture
            .merge_from(name, series, [daily("2024-01-02", price), daily("2024-01-03", "5")])
            .await;
        seen.push(fixture.prices().read(&everything(series)).await.unwrap());
    }
    fixture.remove(series, days("2024-01-02", "2024-01-03")).await;
    for then in seen {
        let query = BarQuery {
            as_of: Some(then.pinned),
            ..everything(series)
        };
        let again = fixture.prices().read(&query).await.unwrap();
        assert_eq!(digits(&again.bars), digits(&then.bars));
        assert_eq!(again.version, then.version);
    }
}

/// Between two stamps the earlier state holds, up to the microsecond.
pub async fn between_two_stamps_the_earlier_state_holds(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let first = fixture
        .merge_from("file", series, [daily("2024-01-02", "1")])
        .await
        .stamp
        .unwrap();
    fixture.advance(Duration::hours(1));
    let second = fixture
        .merge_from("file", series, [daily("2024-01-02", "2")])
        .await
        .stamp
        .unwrap();
    let just_before = second.checked_add(Duration::microseconds(-1)).unwrap();
    for (at, price) in [
        (first, "1"),
        (first.next(), "1"),
        (just_before, "1"),
        (second, "2"),
        (second.next(), "2"),
    ] {
        assert_eq!(
            closes(&fixture.bars_as_of(series, at).await),
            [format!("2024-01-02 {price}")],
            "as of {at}"
        );
    }
}

/// Range, direction and limit work on a past state as on the present one, past and present bars in one order.
pub async fn past_states_are_read_in_ranges_and_chunks_too(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let date = |number: u8| format!("2024-01-{number:02}");
    fixture
        .merge_from("file", series, (1..=9).map(|number| daily(&date(number), "1")))
        .await;
    let then = fixture.bars(series).await;
    let stamp = fixture.line(series).await.updated_at;
    // Even days are restated, the fifth is removed, the tenth is new.
    fixture
        .merge_from("file", series, (1..=5).map(|number| daily(&date(2 * number), "2")))
        .await;
    fixture.remove(series, days("2024-01-05", "2024-01-06")).await;

    let query = BarQuery {
        as_of: Some(stamp),
        range: days("2024-01-02", "2024-01-09"),
        limit: 4,
        ..everything(series)
    };
    let chunk = fixture.prices().read(&query).await.unwrap();
    assert_eq!(
        (digits(&chunk.bars), chunk.more),
        (digits(then.get(1..5).unwrap()), true)
    );
    let descending = BarQuery {
        order: TimeOrder::Descending,
        limit: 7,
        ..query
    };
    let chunk = fixture.prices().read(&descending).await.unwrap();
    let mut expected = then.get(1..8).unwrap().to_vec();
    expected.reverse();
    assert_eq!((digits(&chunk.bars), chunk.more), (digits(&expected), false));
}

/// Many instants are asked at once, in any order: each gets the last final bar that opens before it, as it stood then.
pub async fn the_last_bar_before_each_instant_is_that_of_the_past_state(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let final_bars = ["2024-01-02", "2024-01-03", "2024-01-05"].map(|date| daily(date, "1"));
    let batch = MergeBatch {
        provisional: vec![daily("2024-01-08", "1")],
        ..MergeBatch::of_bars(series, source("file"), final_bars.to_vec())
    };
    fixture.merge(batch).await;
    let then = fixture.line(series).await.updated_at;
    fixture.advance(Duration::hours(1));
    fixture
        .merge_from("file", series, [daily("2024-01-03", "2"), daily("2024-01-04", "2")])
        .await;
    fixture.remove(series, days("2024-01-05", "2024-01-06")).await;
    let now = fixture.line(series).await.updated_at;

    let instants = ["2024-01-09", "2024-01-03", "2024-01-02", "2024-01-04", "2024-01-03"].map(day);
    let instants = [instants.as_slice(), &[Timestamp::MIN, day("2024-01-05")]].concat();
    for (as_of, expected) in [
        (
            then,
            [
                "2024-01-05 1",
                "2024-01-02 1",
                "",
                "2024-01-03 1",
                "2024-01-02 1",
                "",
                "2024-01-03 1",
            ],
        ),
        (
            now,
            [
                "2024-01-04 2",
                "2024-01-02 1",
                "",
                "2024-01-03 2",
                "2024-01-02 1",
                "",
                "2024-01-04 2",
            ],
        ),
    ] {
        let last = fixture.prices().last_before(series, &instants, as_of).await.unwrap();
        let told = last.iter().map(|price| closes(price.as_slice()).concat());
        assert_eq!(told.collect::<Vec<_>>(), expected, "as of {as_of}");
    }

    let unknown = fixture.daily_series("MSFT").await;
    let last = fixture.prices().last_before(unknown, &instants, now).await.unwrap();
    assert_eq!(last, vec![None; instants.len()]);
}

/// While others write, an instant that has passed gives the same each time: writes stamped at or before it are waited
/// for.
pub async fn a_past_instant_gives_the_same_each_time_beside_a_writer(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let store = fixture.store();
    let writer = tokio::spawn(async move {
        for price in 1..=60 {
            let bars = (1..=9).map(|number| daily(&format!("2024-01-0{number}"), &price.to_string()));
            let batch = MergeBatch::of_bars(series, source("file"), bars.collect());
            domain::PriceRepository::merge(&*store, batch).await.unwrap();
        }
    });
    let mut seen = Vec::new();
    while !writer.is_finished() || seen.len() < 5 {
        let instant = fixture.now();
        fixture.advance(Duration::seconds(1));
        let bars = digits(&fixture.bars_as_of(series, instant).await);
        if seen.len() < 200 {
            seen.push((instant, bars));
        }
    }
    writer.await.unwrap();
    for (instant, bars) in seen {
        assert_eq!(
            digits(&fixture.bars_as_of(series, instant).await),
            bars,
            "as of {instant}"
        );
    }
}
