//! What is remembered beside the current bars: revisions, discrepancies, quarantine and journal.

use async_trait::async_trait;
use diesel::prelude::*;
use domain::{
    Bar, ChangeKind, Discrepancy, Dispute, JournalEntry, MergeCounts, Price, PriceHistory, PriceRepositoryError,
    QuarantinedRow, Revision, RevisionKind, RunId, SeriesKey, TimeRange, Timestamp, Volume,
};

use crate::SqliteStore;
use crate::decimal_text::Stored;
use crate::error::Failure;
use crate::market_price::PriceFailure;
use crate::market_price::rows::{ValuesRow, bar, bar_key, instant, values_of};
use crate::schema::{bar_revisions, discrepancies, journal, quarantine};
use crate::series::key_of;
use crate::source::Sources;

/// The six counts, as columns of the journal and of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub(crate) struct CountsRow {
    pub(crate) inserted: i64,
    pub(crate) updated: i64,
    pub(crate) unchanged: i64,
    pub(crate) duplicate: i64,
    pub(crate) rejected: i64,
    pub(crate) discrepant: i64,
}

impl From<MergeCounts> for CountsRow {
    fn from(counts: MergeCounts) -> Self {
        let kept = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let MergeCounts {
            inserted,
            updated,
            unchanged,
            duplicate,
            rejected,
            discrepant,
        } = counts;
        Self {
            inserted: kept(inserted),
            updated: kept(updated),
            unchanged: kept(unchanged),
            duplicate: kept(duplicate),
            rejected: kept(rejected),
            discrepant: kept(discrepant),
        }
    }
}

impl CountsRow {
    pub(crate) fn into_counts<E>(self, row: impl Fn() -> String) -> Result<MergeCounts, Failure<E>> {
        let count = |column: &str, value: i64| {
            u64::try_from(value).map_err(|error| Failure::Corrupt(format!("{}: {column} {value}: {error}", row())))
        };
        Ok(MergeCounts {
            inserted: count("inserted", self.inserted)?,
            updated: count("updated", self.updated)?,
            unchanged: count("unchanged", self.unchanged)?,
            duplicate: count("duplicate", self.duplicate)?,
            rejected: count("rejected", self.rejected)?,
            discrepant: count("discrepant", self.discrepant)?,
        })
    }
}

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

/// What a source says of a bar; all empty when it says that there is none.
#[derive(Queryable)]
pub(crate) struct DisputedValues {
    pub(crate) opened_at: i64,
    open: Option<Stored<Price>>,
    high: Option<Stored<Price>>,
    low: Option<Stored<Price>>,
    close: Option<Stored<Price>>,
    volume: Option<Stored<Volume>>,
    trade_count: Option<i64>,
    vwap: Option<Stored<Price>>,
}

impl DisputedValues {
    pub(crate) fn into_bar<E>(self, series: SeriesKey) -> Result<Option<Bar>, Failure<E>> {
        match (self.open, self.high, self.low, self.close, self.volume) {
            (Some(open), Some(high), Some(low), Some(close), Some(volume)) => {
                let values = ValuesRow {
                    opened_at: self.opened_at,
                    open,
                    high,
                    low,
                    close,
                    volume,
                    trade_count: self.trade_count,
                    vwap: self.vwap,
                };
                bar(values, series).map(Some)
            }
            _ => Ok(None),
        }
    }
}

#[derive(Queryable)]
struct DiscrepancyRow {
    values: DisputedValues,
    source_id: i64,
    noticed_at: i64,
    closed_at: Option<i64>,
}

impl DiscrepancyRow {
    fn into_discrepancy(self, series: SeriesKey, sources: &Sources) -> Result<Discrepancy, PriceFailure> {
        let opened_at = self.values.opened_at;
        let row = || format!("discrepancy of {}", bar_key(series, opened_at));
        Ok(Discrepancy {
            series,
            opened_at: instant(opened_at, "opened_at", row)?,
            source: sources.name(self.source_id, row)?,
            dispute: match self.values.into_bar(series)? {
                Some(bar) => Dispute::Differs(Box::new(bar)),
                None => Dispute::Withdrawn,
            },
            noticed_at: instant(self.noticed_at, "noticed_at", row)?,
            closed_at: self.closed_at.map(|at| instant(at, "closed_at", row)).transpose()?,
        })
    }
}

#[derive(Queryable)]
struct RevisionRow {
    values: ValuesRow,
    source_id: i64,
    believed_from: i64,
    believed_until: i64,
    kind: String,
}

impl RevisionRow {
    fn into_revision(self, series: SeriesKey, sources: &Sources) -> Result<Revision, PriceFailure> {
        let opened_at = self.values.opened_at;
        let row = || format!("revision of {}", bar_key(series, opened_at));
        Ok(Revision {
            series,
            source: sources.name(self.source_id, row)?,
            believed_from: instant(self.believed_from, "believed_from", row)?,
            believed_until: instant(self.believed_until, "believed_until", row)?,
            kind: [RevisionKind::Restated, RevisionKind::Confirmed, RevisionKind::Removed]
                .into_iter()
                .find(|kind| kind.as_str() == self.kind)
                .ok_or_else(|| Failure::Corrupt(format!("{}: unknown kind `{}`", row(), self.kind)))?,
            bar: bar(self.values, series)?,
        })
    }
}

#[derive(Queryable)]
struct QuarantineRow {
    id: i64,
    instrument_id: i64,
    interval: String,
    source_id: i64,
    run_id: Option<i64>,
    raw: String,
    field: String,
    reason: String,
    quarantined_at: i64,
}

impl QuarantineRow {
    fn into_row(self, sources: &Sources) -> Result<QuarantinedRow, PriceFailure> {
        let row = || format!("quarantined row {}", self.id);
        Ok(QuarantinedRow {
            id: self.id,
            series: key_of(self.instrument_id, &self.interval)?,
            source: sources.name(self.source_id, row)?,
            run: self.run_id.map(RunId),
            quarantined_at: instant(self.quarantined_at, "quarantined_at", row)?,
            raw: self.raw,
            field: self.field,
            reason: self.reason,
        })
    }
}

#[derive(Queryable)]
struct JournalRow {
    id: i64,
    instrument_id: i64,
    interval: String,
    version: i64,
    changed_at: i64,
    kind: String,
    range_start: i64,
    range_end: i64,
    run_id: Option<i64>,
    counts: CountsRow,
}

impl JournalRow {
    fn into_entry(self) -> Result<JournalEntry, PriceFailure> {
        let row = || format!("journal line {}", self.id);
        let corrupt = |what: String| Failure::Corrupt(format!("{}: {what}", row()));
        let start = instant(self.range_start, "range_start", row)?;
        let end = instant(self.range_end, "range_end", row)?;
        Ok(JournalEntry {
            id: self.id,
            series: key_of(self.instrument_id, &self.interval)?,
            version: u64::try_from(self.version).map_err(|error| corrupt(format!("version: {error}")))?,
            changed_at: instant(self.changed_at, "changed_at", row)?,
            kind: [ChangeKind::Merge, ChangeKind::Removal, ChangeKind::CorporateActions]
                .into_iter()
                .find(|kind| kind.as_str() == self.kind)
                .ok_or_else(|| corrupt(format!("unknown kind `{}`", self.kind)))?,
            range: TimeRange::new(start, end).map_err(|error| corrupt(error.to_string()))?,
            run: self.run_id.map(RunId),
            counts: self.counts.into_counts(row)?,
        })
    }
}

fn at_most(limit: usize) -> i64 {
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
                .select((
                    values_of!(bar_revisions),
                    bar_revisions::source_id,
                    bar_revisions::believed_from,
                    bar_revisions::believed_until,
                    bar_revisions::kind,
                ))
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
                .select((
                    values_of!(discrepancies),
                    discrepancies::source_id,
                    discrepancies::noticed_at,
                    discrepancies::closed_at,
                ))
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
                .select((
                    quarantine::id,
                    quarantine::instrument_id,
                    quarantine::interval,
                    quarantine::source_id,
                    quarantine::run_id,
                    quarantine::raw,
                    quarantine::field,
                    quarantine::reason,
                    quarantine::quarantined_at,
                ))
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
                .select((
                    journal::id,
                    journal::instrument_id,
                    journal::interval,
                    journal::version,
                    journal::changed_at,
                    journal::kind,
                    journal::range_start,
                    journal::range_end,
                    journal::run_id,
                    (
                        journal::inserted,
                        journal::updated,
                        journal::unchanged,
                        journal::duplicate,
                        journal::rejected,
                        journal::discrepant,
                    ),
                ))
                .load::<JournalRow>(connection)?
                .into_iter()
                .map(JournalRow::into_entry)
                .collect()
        })
        .await
    }
}
