//! Rows that made no bar, kept once per content.

use domain::{MergeBatch, RejectedRow, SeriesKey, SourceName, Timestamp, storable};
use sha2::{Digest, Sha256};

use crate::error::DatabaseError;
use crate::instant::Micros;
use crate::link::Link;

/// Keeps the rejected rows of a batch that are not there yet.
pub(super) async fn keep(link: &Link, batch: &MergeBatch, source_id: i32, now: Timestamp) -> Result<(), DatabaseError> {
    if batch.rejected.is_empty() {
        return Ok(());
    }
    const INSERT: &str = "INSERT INTO quarantine (instrument_id, \"interval\", source_id, run_id, quarantined_at, raw, \
                          field, reason, content_hash) SELECT $1, $2, $3, $4, $5, * \
                          FROM unnest($6::text[], $7::text[], $8::text[], $9::bytea[]) \
                          ON CONFLICT (content_hash) DO NOTHING";
    let rows = &batch.rejected;
    let raw: Vec<_> = rows.iter().map(|row| storable(&row.raw)).collect();
    let fields: Vec<&str> = rows.iter().map(|row| row.field).collect();
    let reasons: Vec<_> = rows.iter().map(|row| storable(&row.reason)).collect();
    let hash = |row: &RejectedRow| content_hash(batch.series, &batch.source, [&row.raw, row.field, &row.reason]);
    let hashes: Vec<Vec<u8>> = rows.iter().map(hash).collect();
    let interval = batch.series.interval.as_str();
    link.run(
        INSERT,
        &[
            &batch.series.instrument.0,
            &interval,
            &source_id,
            &batch.run.map(|run| run.0),
            &Micros::from(now),
            &raw,
            &fields,
            &reasons,
            &hashes,
        ],
    )
    .await
    .map(drop)
}

/// The hash of a row's content: raw text, field and reason, as they can be kept.
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
