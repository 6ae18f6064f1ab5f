//! Batches as large as the pages of a copy.

use domain::{Interval, MarketPrice, MergeBatch, Part, Record, Revision, RevisionKind, SeriesKey};
use time::Duration;

use super::records;
use crate::Fixture;
use crate::bars::{day, opening_at, source};

/// The record of a number, at a price.
type MakeRecord<'a> = dyn Fn(i64, &str) -> Record + 'a;

/// Records in pages as large as those of a copy: all new, partly there, out of order and twice.
pub async fn many_records_are_written_also_where_some_are_there(fixture: &Fixture) {
    let series = SeriesKey {
        interval: Interval::OneMinute,
        ..fixture.daily_series("MANY").await
    };
    let first = MergeBatch::of_bars(series, source("file"), vec![opening_at(day("2024-01-01"), "1")]);
    fixture.merge(first).await;
    let recorded_at = fixture.line(series).await.updated_at;
    let bar = |minute: i64, price: &str| {
        let opened_at = day("2024-01-01").checked_add(Duration::minutes(minute)).unwrap();
        opening_at(opened_at, price)
    };
    let final_bar = |minute, price: &str| {
        Record::Bar(MarketPrice {
            series,
            bar: bar(minute, price),
            source: source("file"),
            recorded_at,
            provisional: false,
        })
    };
    // Two former states of every other bar.
    let former = |state: i64, price: &str| {
        let believed_from = recorded_at.checked_add(Duration::seconds(state % 2)).unwrap();
        Record::Revision(Revision {
            series,
            bar: bar(state / 2, price),
            source: source("api"),
            believed_from,
            believed_until: believed_from.next(),
            kind: RevisionKind::Restated,
        })
    };
    let write = async |records| fixture.transfer().write_records(records).await.unwrap();
    let kinds: [(Part, &MakeRecord<'_>); 2] = [(Part::Bars, &final_bar), (Part::Revisions, &former)];
    for (part, record) in kinds {
        write((1..=300).map(|number| record(number, "1")).collect()).await;
        write((301..=700).map(|number| record(number, "1")).collect()).await;
        // The last of them come again, with others behind them.
        write((601..=1_000).map(|number| record(number, "2")).collect()).await;
        // Backwards, and the last ones twice.
        let backwards = (1_001..=1_300).rev().chain(1_251..=1_300);
        write(backwards.map(|number| record(number, "3")).collect()).await;
        let price = |number| match number {
            ..=700 => "1",
            701..=1_000 => "2",
            _ => "3",
        };
        let mut expected: Vec<Record> = (1..=1_300).map(|number| record(number, price(number))).collect();
        if part == Part::Bars {
            expected.insert(0, final_bar(0, "1"));
        }
        assert_eq!(records(fixture, part, 499).await, expected, "{part}");
    }
    // Alone they keep no rule of a store.
    fixture.instruments().delete_with_bars(series.instrument).await.unwrap();
}
