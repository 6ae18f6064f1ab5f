//! What is remembered beside the current bars: revisions, discrepancies, quarantine and journal.

mod rows;

use async_trait::async_trait;
use diesel::prelude::*;
use domain::{
    ChangeKind, Discrepancy, JournalEntry, MergeCounts, PriceHistory, PriceRepositoryError, QuarantinedRow, Revision,
    RunId, SeriesKey, TimeRange, Timestamp,
};

use crate::SqliteStore;
use crate::market_price::rows::values_of;
use crate::schema::{bar_revisions, discrepancies, journal, quarantine};
use crate::source::Sources;
pub(crate) use rows::{
    CountsRow, DiscrepancyRow, DisputedValues, JournalRow, QuarantineRow, RevisionRow, discrepancy_columns,
    journal_columns, quarantine_columns, revision_columns,
};

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

pub(crate) fn write_journal(connection: &mut SqliteConnection, change: &Change) -> QueryResult<()> {
    let counts = CountsRow::from(change.counts);
    diesel::insert_into(journal::table)
        .values((
            journal::instrument_id.eq(change.series.instrument.0),
            journal::interval.eq(change.series.interval.as_str()),
            journal::version.eq(change.version),
            journal::changed_at.eq(change.changed_at.unix_micros()),
            journal::kind.eq(change.kind.as_str()),
            journal::range_start.eq(change.range.start().unix_micros()),
            journal::range_end.eq(change.range.end().unix_micros()),
            journal::run_id.eq(change.run.map(|run| run.0)),
            journal::inserted.eq(counts.inserted),
            journal::updated.eq(counts.updated),
            journal::unchanged.eq(counts.unchanged),
            journal::duplicate.eq(counts.duplicate),
            journal::rejected.eq(counts.rejected),
            journal::discrepant.eq(counts.discrepant),
        ))
        .execute(connection)
        .map(drop)
}

/// A limit as SQL has it.
pub(crate) fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[async_trait]
impl PriceHistory for SqliteStore {
    async fn revisions(
        &self,
        series: SeriesKey,
        range: TimeRange,
        limit: usize,
        after: Option<(Timestamp, Timestamp)>,
    ) -> Result<Vec<Revision>, PriceRepositoryError> {
        self.read(move |connection| {
            let (opened_at, believed_from) = after.unwrap_or((Timestamp::MIN, Timestamp::MIN));
            let begin = range.start().max(opened_at);
            // Without a row to go on behind, this lets everything through.
            let behind = after.map_or(i64::MIN, |_| believed_from.unix_micros());
            let sources = Sources::load(connection)?;
            bar_revisions::table
                .filter(bar_revisions::instrument_id.eq(series.instrument.0))
                .filter(bar_revisions::interval.eq(series.interval.as_str()))
                .filter(bar_revisions::opened_at.ge(begin.unix_micros()))
                .filter(bar_revisions::opened_at.lt(range.end().unix_micros()))
                .filter(
                    bar_revisions::opened_at
                        .gt(opened_at.unix_micros())
                        .or(bar_revisions::believed_from.gt(behind)),
                )
                .order((bar_revisions::opened_at, bar_revisions::believed_from))
                .limit(at_most(limit))
                .select(revision_columns!())
                .load::<RevisionRow>(connection)?
                .into_iter()
                .map(|row| row.into_revision(series, &sources))
                .collect()
        })
        .await
    }

    async fn discrepancies(
        &self,
        series: SeriesKey,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Discrepancy>, PriceRepositoryError> {
        self.read(move |connection| {
            let sources = Sources::load(connection)?;
            discrepancies::table
                .filter(discrepancies::instrument_id.eq(series.instrument.0))
                .filter(discrepancies::interval.eq(series.interval.as_str()))
                .filter(discrepancies::opened_at.ge(range.start().unix_micros()))
                .filter(discrepancies::opened_at.lt(range.end().unix_micros()))
                .order((
                    discrepancies::opened_at,
                    discrepancies::noticed_at,
                    discrepancies::source_id,
                    discrepancies::value_key,
                ))
                .limit(at_most(limit))
                .select(discrepancy_columns!())
                .load::<DiscrepancyRow>(connection)?
                .into_iter()
                .map(|row| row.into_discrepancy(series, &sources))
                .collect()
        })
        .await
    }

    async fn quarantine(
        &self,
        series: Option<SeriesKey>,
        limit: usize,
        after: i64,
    ) -> Result<Vec<QuarantinedRow>, PriceRepositoryError> {
        self.read(move |connection| {
            let sources = Sources::load(connection)?;
            let mut rows = quarantine::table
                .filter(quarantine::id.gt(after))
                .order(quarantine::id)
                .limit(at_most(limit))
                .select(quarantine_columns!())
                .into_boxed();
            if let Some(series) = series {
                rows = rows
                    .filter(quarantine::instrument_id.eq(series.instrument.0))
                    .filter(quarantine::interval.eq(series.interval.as_str()));
            }
            rows.load::<QuarantineRow>(connection)?
                .into_iter()
                .map(|row| row.into_row(&sources))
                .collect()
        })
        .await
    }

    async fn journal(&self, limit: usize, after: i64) -> Result<Vec<JournalEntry>, PriceRepositoryError> {
        self.read(move |connection| {
            journal::table
                .filter(journal::id.gt(after))
                .order(journal::id)
                .limit(at_most(limit))
                .select(journal_columns!())
                .load::<JournalRow>(connection)?
                .into_iter()
                .map(JournalRow::into_entry)
                .collect()
        })
        .await
    }
}
