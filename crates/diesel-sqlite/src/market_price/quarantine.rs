//! Rows that made no bar, kept once per content.

use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::sqlite::Sqlite;
use domain::{MergeBatch, RejectedRow, SeriesKey, SourceName, Timestamp, storable};
use sha2::{Digest, Sha256};

use super::rows::bind_series;
use crate::bulk_insert::{BulkRow, insert_all};

/// Keeps the rejected rows of a batch that are not there yet.
pub(super) fn keep(
    connection: &mut SqliteConnection,
    batch: &MergeBatch,
    source_id: i64,
    now: Timestamp,
) -> QueryResult<()> {
    let rows: Vec<QuarantineRow> = batch
        .rejected
        .iter()
        .map(|row| QuarantineRow::new(row, batch))
        .collect();
    let shared = Arrival {
        series: batch.series,
        source_id,
        run_id: batch.run.map(|run| run.0),
        quarantined_at: now.unix_micros(),
    };
    insert_all(connection, &shared, &rows).map(drop)
}

struct Arrival {
    series: SeriesKey,
    source_id: i64,
    run_id: Option<i64>,
    quarantined_at: i64,
}

struct QuarantineRow {
    raw: String,
    field: &'static str,
    reason: String,
    content_hash: Vec<u8>,
}

impl QuarantineRow {
    fn new(row: &RejectedRow, batch: &MergeBatch) -> Self {
        Self {
            raw: row.raw.clone(),
            field: row.field,
            reason: row.reason.clone(),
            content_hash: content_hash(batch.series, &batch.source, [&row.raw, row.field, &row.reason]),
        }
    }
}

/// The hash of a row's content: raw text, field and reason, as every store can keep them, so that a row which comes again
/// after it went through another store is known.
pub(crate) fn content_hash(series: SeriesKey, source: &SourceName, content: [&str; 3]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [series.to_string().as_str(), source.as_str()]
        .into_iter()
        .chain(content)
    {
        let part = storable(part);
        // The length in front keeps ("ab", "c") apart from ("a", "bc").
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().to_vec()
}

impl BulkRow for QuarantineRow {
    type Shared = Arrival;
    const INSERT: &'static str = "INSERT INTO quarantine (instrument_id, interval, source_id, run_id, quarantined_at, raw, field, reason, \
         content_hash) SELECT ";
    const COLUMNS: &'static str = ", column1, column2, column3, column4 FROM (VALUES ";
    // Without a WHERE the parser takes ON for a join.
    const TAIL: &'static str = "WHERE true ON CONFLICT (content_hash) DO NOTHING";

    fn bind_shared<'b>(shared: &'b Arrival, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        bind_series(&shared.series, out.reborrow())?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&shared.source_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<BigInt>, _>(&shared.run_id)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&shared.quarantined_at)
    }

    fn bind<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_bind_param::<Text, _>(&self.raw)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, str>(self.field)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.reason)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(&self.content_hash)
    }
}
