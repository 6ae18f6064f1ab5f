//! Batches as large as the pages of a copy.

use domain::{Bar, Interval, Part, Record, SeriesKey};
use time::Duration;

use super::{PLENTY, in_memory, lines, records};
use crate::Fixture;
use crate::bars::{day, opening_at, source};

/// Records all new, partly there, out of order and twice: what has a key that is there is left as it is.
pub async fn many_records_are_written_also_where_some_are_there(fixture: &Fixture) {
    let elsewhere = in_memory(fixture);
    write_bars_with_a_past(&elsewhere).await;
    for part in Part::ALL {
        let all = records(&elsewhere, part, PLENTY).await;
        let write = async |records| fixture.transfer().write_records(records).await.unwrap();
        if ![Part::Bars, Part::Revisions].contains(&part) {
            write(all).await;
            continue;
        }
        let (first, rest) = all.split_at(300);
        let (second, rest) = rest.split_at(400);
        let (third, rest) = rest.split_at(300);
        write(first.to_vec()).await;
        write(second.to_vec()).await;
        // The last of them again, by another source, with others behind them.
        let last = second.iter().skip(300).cloned().map(of_another_source);
        write(last.chain(third.iter().cloned()).collect()).await;
        // Backwards, and then some of them again.
        let again = rest.iter().take(50).cloned().map(of_another_source);
        write(rest.iter().rev().cloned().chain(again).collect()).await;
    }
    assert_eq!(lines(fixture).await, lines(&elsewhere).await);
}

/// 1,300 bars with two former states each.
async fn write_bars_with_a_past(store: &Fixture) {
    let series = SeriesKey {
        interval: Interval::OneMinute,
        ..store.daily_series("MANY").await
    };
    for price in ["1", "2.50", "3"] {
        let bars = (0..1_300).map(|minute| -> Bar {
            let opened_at = day("2024-01-01").checked_add(Duration::minutes(minute)).unwrap();
            opening_at(opened_at, price)
        });
        store.merge_from("file", series, bars).await;
        store.advance(Duration::seconds(1));
    }
}

fn of_another_source(record: Record) -> Record {
    match record {
        Record::Bar(mut price) => {
            price.source = source("other");
            Record::Bar(price)
        }
        Record::Revision(mut revision) => {
            revision.source = source("other");
            Record::Revision(revision)
        }
        other => other,
    }
}
