//! Rows of the history, and what they become.

use diesel::prelude::*;
use domain::{
    ChangeKind, Discrepancy, Dispute, JournalEntry, MergeCounts, Price, QuarantinedRow, Revision, RevisionKind, RunId,
    SeriesKey, TimeRange, Volume,
};

use crate::error::Failure;
use crate::instant::Micros;
use crate::market_price::rows::{ValuesRow, bar, bar_key, instant};
use crate::numeric::Stored;
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

/// What a source says of a bar; all empty when it says that there is none.
#[derive(Queryable)]
pub(crate) struct DisputedValues {
    pub(crate) opened_at: Micros,
    open: Option<Stored<Price>>,
    high: Option<Stored<Price>>,
    low: Option<Stored<Price>>,
    close: Option<Stored<Price>>,
    volume: Option<Stored<Volume>>,
    trade_count: Option<i64>,
    vwap: Option<Stored<Price>>,
}

impl DisputedValues {
    pub(crate) fn into_dispute<E>(self, series: SeriesKey) -> Result<Dispute, Failure<E>> {
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
                bar(values, series).map(|bar| Dispute::Differs(Box::new(bar)))
            }
            _ => Ok(Dispute::Withdrawn),
        }
    }
}

/// The columns of [`DiscrepancyRow`].
macro_rules! discrepancy_columns {
    () => {
        (
            values_of!(discrepancies),
            discrepancies::source_id,
            discrepancies::noticed_at,
            discrepancies::closed_at,
        )
    };
}
pub(crate) use discrepancy_columns;

#[derive(Queryable)]
pub(crate) struct DiscrepancyRow {
    values: DisputedValues,
    source_id: i32,
    noticed_at: Micros,
    closed_at: Option<Micros>,
}

impl DiscrepancyRow {
    pub(crate) fn source_id(&self) -> i32 {
        self.source_id
    }

    pub(crate) fn into_discrepancy<E>(self, series: SeriesKey, sources: &Sources) -> Result<Discrepancy, Failure<E>> {
        let opened_at = self.values.opened_at;
        let row = || format!("discrepancy of {}", bar_key(series, opened_at));
        Ok(Discrepancy {
            series,
            opened_at: instant(opened_at, "opened_at", row)?,
            source: sources.name(self.source_id, row)?,
            dispute: self.values.into_dispute(series)?,
            noticed_at: instant(self.noticed_at, "noticed_at", row)?,
            closed_at: self.closed_at.map(|at| instant(at, "closed_at", row)).transpose()?,
        })
    }
}

#[derive(Queryable)]
pub(super) struct RevisionRow {
    values: ValuesRow,
    source_id: i32,
    believed_from: Micros,
    believed_until: Micros,
    kind: String,
}

impl RevisionRow {
    pub(super) fn into_revision<E>(self, series: SeriesKey, sources: &Sources) -> Result<Revision, Failure<E>> {
        let opened_at = self.values.opened_at;
        let row = || format!("revision of {}", bar_key(series, opened_at));
        Ok(Revision {
            series,
            source: sources.name(self.source_id, row)?,
            believed_from: instant(self.believed_from, "believed_from", row)?,
            believed_until: instant(self.believed_until, "believed_until", row)?,
            kind: revision_kind(&self.kind, row)?,
            bar: bar(self.values, series)?,
        })
    }
}

/// Why a state is believed no longer, as a column says it; the error names the row.
pub(crate) fn revision_kind<E>(kind: &str, row: impl FnOnce() -> String) -> Result<RevisionKind, Failure<E>> {
    [RevisionKind::Restated, RevisionKind::Confirmed, RevisionKind::Removed]
        .into_iter()
        .find(|known| known.as_str() == kind)
        .ok_or_else(|| Failure::Corrupt(format!("{}: unknown kind `{kind}`", row())))
}

/// The columns of [`QuarantineRow`].
macro_rules! quarantine_columns {
    () => {
        (
            quarantine::id,
            quarantine::instrument_id,
            quarantine::interval,
            quarantine::source_id,
            quarantine::run_id,
            quarantine::raw,
            quarantine::field,
            quarantine::reason,
            quarantine::quarantined_at,
        )
    };
}
pub(crate) use quarantine_columns;

#[derive(Queryable)]
pub(crate) struct QuarantineRow {
    id: i64,
    instrument_id: i64,
    interval: String,
    source_id: i32,
    run_id: Option<i64>,
    raw: String,
    field: String,
    reason: String,
    quarantined_at: Micros,
}

impl QuarantineRow {
    pub(crate) fn into_row<E>(self, sources: &Sources) -> Result<QuarantinedRow, Failure<E>> {
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

/// The columns of [`JournalRow`].
macro_rules! journal_columns {
    () => {
        (
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
        )
    };
}
pub(crate) use journal_columns;

#[derive(Queryable)]
pub(crate) struct JournalRow {
    id: i64,
    instrument_id: i64,
    interval: String,
    version: i64,
    changed_at: Micros,
    kind: String,
    range_start: Micros,
    range_end: Micros,
    run_id: Option<i64>,
    counts: CountsRow,
}

impl JournalRow {
    pub(crate) fn into_entry<E>(self) -> Result<JournalEntry, Failure<E>> {
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
