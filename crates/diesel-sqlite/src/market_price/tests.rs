//! How the statements of reading and merging find their rows: by key, never by looking through a table.

use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::MigrationHarness;
use domain::{
    AssetClass, Bar, BarQuery, BarValues, InstrumentId, Interval, MergeBatch, SeriesKey, TimeOrder, TimeRange,
    Timestamp, Volume,
};

use super::{merge, read};
use crate::migrations::MIGRATIONS;

const SERIES: SeriesKey = SeriesKey {
    instrument: InstrumentId(1),
    interval: Interval::OneMinute,
};

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn database() -> SqliteConnection {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    diesel::sql_query(
        "INSERT INTO instruments (symbol, symbol_upper, name, search_key, asset_class, currency, calendar, active, \
         created_at, updated_at) VALUES ('A', 'A', 'A', 'a', 'stock', 'USD', '24/7', 1, 0, 0)",
    )
    .execute(&mut connection)
    .unwrap();
    connection
}

fn minutes(numbers: impl Iterator<Item = i64>, price: &str) -> MergeBatch {
    let bars = numbers.map(|number| {
        let price = price.parse().unwrap();
        let values = BarValues {
            opened_at: Timestamp::from_unix_seconds(number * 60).unwrap(),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Volume::ZERO,
            trade_count: None,
            vwap: None,
        };
        Bar::new(values, AssetClass::Stock).unwrap()
    });
    MergeBatch::of_bars(SERIES, "file".parse().unwrap(), bars.collect())
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000 + second).unwrap()
}

/// Runs `task` and returns the plan of each of its statements, one step a line.
fn plans(connection: &mut SqliteConnection, task: impl FnOnce(&mut SqliteConnection)) -> Vec<String> {
    let statements = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&statements);
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            seen.lock().unwrap().push(query.to_string());
        }
    });
    task(connection);
    connection.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    let statements = statements.lock().unwrap().clone();
    assert!(!statements.is_empty());
    statements
        .iter()
        .flat_map(|statement| {
            diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
                .load::<Step>(connection)
                .unwrap()
        })
        .map(|step| step.detail)
        .collect()
}

/// The handful of sources may be looked through, and so may the rows of the statement itself.
fn refuse_scans(steps: &[String]) {
    let bad = |step: &&String| {
        let scans = step.starts_with("SCAN") && !step.starts_with("SCAN sources") && !step.contains("CONSTANT ROW");
        let own_rows = ["(subquery-", "VALUES"].iter().any(|rows| step.contains(rows));
        (scans && !own_rows) || step.contains("TEMP B-TREE") || step.contains("AUTOMATIC")
    };
    let found: Vec<&String> = steps.iter().filter(bad).collect();
    assert!(found.is_empty(), "{found:#?} of {steps:#?}");
}

#[test]
fn a_range_is_read_along_the_key() {
    let mut connection = database();
    merge::merge(&mut connection, minutes(0..100, "1"), at(1)).unwrap();
    merge::merge(&mut connection, minutes(50..150, "2"), at(2)).unwrap();
    for order in [TimeOrder::Ascending, TimeOrder::Descending] {
        for as_of in [None, Some(at(1))] {
            let query = BarQuery {
                series: SERIES,
                range: TimeRange::ALL,
                order,
                limit: 10,
                as_of,
                include_partial: true,
            };
            let steps = plans(&mut connection, |connection| {
                assert_eq!(read::chunk(connection, &query).unwrap().bars.len(), 10);
            });
            refuse_scans(&steps);
            let by_key =
                "SEARCH bars USING PRIMARY KEY (instrument_id=? AND interval=? AND opened_at>? AND opened_at<?)";
            assert!(steps.iter().any(|step| step == by_key), "{steps:#?}");
        }
    }
}

#[test]
fn a_merge_finds_everything_by_key() {
    let mut connection = database();
    merge::merge(&mut connection, minutes(0..100, "1"), at(1)).unwrap();
    let dense = minutes(50..150, "2");
    let mut sparse = minutes((0..2_000_000).step_by(20_000), "3");
    sparse.covered = Some(TimeRange::ALL);
    for (second, batch) in (2..).zip([dense, minutes((0..2_000_000).step_by(19_000), "1"), sparse]) {
        let steps = plans(&mut connection, |connection| {
            merge::merge(connection, batch, at(second)).unwrap();
        });
        refuse_scans(&steps);
    }
}

/// The oldest state of a series whose newer part was written later is found without passing over that part each time.
#[test]
fn the_past_is_read_window_by_window() {
    let mut connection = database();
    merge::merge(&mut connection, minutes(0..5_000, "1"), at(1)).unwrap();
    merge::merge(&mut connection, minutes(5_000..20_000, "1"), at(2)).unwrap();
    merge::merge(&mut connection, minutes(1_000..4_000, "2"), at(3)).unwrap();
    for (order, first, last) in [(TimeOrder::Ascending, 0, 4_999), (TimeOrder::Descending, 4_999, 0)] {
        for limit in [1, 7, 999, 4_999, 5_000, 6_000] {
            let query = BarQuery {
                series: SERIES,
                range: TimeRange::ALL,
                order,
                limit,
                as_of: Some(at(1)),
                include_partial: false,
            };
            let chunk = read::chunk(&mut connection, &query).unwrap();
            let opened = |number: i64| Timestamp::from_unix_seconds(number * 60).unwrap();
            assert_eq!(chunk.bars.len(), limit.min(5_000));
            assert_eq!(chunk.more, limit < 5_000);
            assert_eq!(chunk.version, 1);
            assert_eq!(chunk.bars[0].bar.opened_at(), opened(first));
            assert!(chunk.bars.iter().all(|price| price.bar.close() == "1".parse().unwrap()));
            if limit >= 5_000 {
                assert_eq!(chunk.bars[4_999].bar.opened_at(), opened(last));
            }
        }
    }
}
