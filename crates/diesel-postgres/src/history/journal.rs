//! The journal: one line for every version of a series, numbered across all of them.
//!
//! Numbers are given before the transactions commit, so the line 8 of one series may be visible before the line 7 of
//! another. Whoever follows the journal by number would never see the 7; so a page with a gap is looked at again once
//! those who were given a number have committed or gone.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{ChangeKind, JournalEntry, MergeCounts, PriceRepositoryError, RunId, SeriesKey, TimeRange, Timestamp};

use super::at_most;
use super::rows::{CountsRow, JournalRow, journal_columns};
use crate::PostgresStore;
use crate::instant::Micros;
use crate::link::Link;
use crate::lock;
use crate::market_price::PriceFailure;
use crate::schema::journal;

/// A journal line that has no number yet.
pub(crate) struct Change {
    pub(crate) series: SeriesKey,
    /// As the catalogue holds it.
    pub(crate) version: i64,
    pub(crate) changed_at: Timestamp,
    pub(crate) kind: ChangeKind,
    pub(crate) range: TimeRange,
    pub(crate) run: Option<RunId>,
    pub(crate) counts: MergeCounts,
}

/// Writes a line, among the last that a transaction does: those who read the journal may wait for it to end.
pub(crate) async fn write_journal(link: &mut Link, change: &Change) -> QueryResult<()> {
    lock::journal_line(link).await?;
    let counts = CountsRow::from(change.counts);
    diesel::insert_into(journal::table)
        .values((
            journal::instrument_id.eq(change.series.instrument.0),
            journal::interval.eq(change.series.interval.as_str()),
            journal::version.eq(change.version),
            journal::changed_at.eq(Micros::from(change.changed_at)),
            journal::kind.eq(change.kind.as_str()),
            journal::range_start.eq(Micros::from(change.range.start())),
            journal::range_end.eq(Micros::from(change.range.end())),
            journal::run_id.eq(change.run.map(|run| run.0)),
            journal::inserted.eq(counts.inserted),
            journal::updated.eq(counts.updated),
            journal::unchanged.eq(counts.unchanged),
            journal::duplicate.eq(counts.duplicate),
            journal::rejected.eq(counts.rejected),
            journal::discrepant.eq(counts.discrepant),
        ))
        .execute(link)
        .await
        .map(drop)
}

/// The lines behind one number, none of which comes later with a lower number.
pub(super) async fn behind(
    store: &PostgresStore,
    limit: usize,
    after: i64,
) -> Result<Vec<JournalEntry>, PriceRepositoryError> {
    let mut look = store.look().await?;
    let found = between(&mut look, limit, after, i64::MAX).await;
    let found = look.finish(found).await?;
    let Some(last) = found.last().map(|line| line.id).filter(|_| has_gap(&found, after)) else {
        return Ok(found);
    };
    let lock = store.write::<PriceRepositoryError>().await?;
    let settled = lock::journal_writers(&lock).await.map_err(PriceFailure::from);
    lock.finish(settled).await?;
    let mut look = store.look_at_primary().await?;
    // What came since may have gaps of its own.
    let found = between(&mut look, limit, after, last).await;
    look.finish(found).await
}

/// Whether a number is missing, of a line that is yet to be committed, was rolled back or deleted.
fn has_gap(lines: &[JournalEntry], after: i64) -> bool {
    let mut expected = after;
    lines.iter().any(|line| {
        expected = expected.saturating_add(1);
        line.id != expected
    })
}

async fn between(link: &mut Link, limit: usize, after: i64, last: i64) -> Result<Vec<JournalEntry>, PriceFailure> {
    journal::table
        .filter(journal::id.gt(after))
        .filter(journal::id.le(last))
        .order(journal::id)
        .limit(at_most(limit))
        .select(journal_columns!())
        .load::<JournalRow>(link)
        .await?
        .into_iter()
        .map(JournalRow::into_entry)
        .collect()
}
