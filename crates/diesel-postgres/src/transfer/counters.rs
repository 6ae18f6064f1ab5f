//! The last numbers that were given: sequences, which no transaction rolls back.

use std::collections::BTreeMap;

use domain::{Counter, CounterRecord, Record};

use super::TransferFailure;
use crate::link::Link;
use crate::market_price::reading::cell;

/// The table that a counter numbers.
fn table_of(counter: Counter) -> &'static str {
    match counter {
        Counter::Instruments => "instruments",
        Counter::Runs => "ingest_runs",
        Counter::Quarantine => "quarantine",
        Counter::Journal => "journal",
    }
}

pub(super) async fn page(link: &Link, after: Option<Counter>, limit: i64) -> Result<Vec<Record>, TransferFailure> {
    // Of a sequence that gave no number yet, the last value is NULL.
    const LAST: &str = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass), 0)";
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let behind = Counter::ALL.into_iter().filter(|counter| Some(*counter) > after);
    let mut records = Vec::new();
    for counter in behind.take(limit) {
        let rows = link.rows(LAST, &[&table_of(counter)]).await?;
        let last = rows.first().map_or(Ok(0), |row| cell(row, 0))?;
        records.push(Record::Counter(CounterRecord { counter, last }));
    }
    Ok(records)
}

/// Puts the sequences behind all numbers that were written. What is rolled back leaves a gap, and no number twice.
pub(super) async fn raise(link: &Link, records: &[Record]) -> Result<(), TransferFailure> {
    const RAISE: &str = "SELECT setval(numbers, $2) FROM (SELECT pg_get_serial_sequence($1, 'id')::regclass AS numbers) \
                         AS found WHERE coalesce(pg_sequence_last_value(numbers), 0) < $2";
    let mut highest: BTreeMap<Counter, i64> = BTreeMap::new();
    for (counter, number) in records.iter().filter_map(number_of) {
        let known = highest.entry(counter).or_insert(number);
        *known = number.max(*known);
    }
    for (counter, number) in highest {
        link.rows(RAISE, &[&table_of(counter), &number]).await?;
    }
    Ok(())
}

fn number_of(record: &Record) -> Option<(Counter, i64)> {
    match record {
        Record::Instrument(record) => Some((Counter::Instruments, record.instrument.id.0)),
        Record::Run(run) => Some((Counter::Runs, run.id.0)),
        Record::QuarantinedRow(row) => Some((Counter::Quarantine, row.id)),
        Record::JournalEntry(entry) => Some((Counter::Journal, entry.id)),
        Record::Counter(CounterRecord { counter, last }) => Some((*counter, *last)),
        Record::Series(_)
        | Record::Bar(_)
        | Record::ProvisionalBar(_)
        | Record::Revision(_)
        | Record::Discrepancy(_)
        | Record::Coverage(_)
        | Record::Action(_)
        | Record::ActionRevision(_)
        | Record::ActionCompleteness(_) => None,
    }
}
