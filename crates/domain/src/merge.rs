//! Merging: what happens to each bar of a batch, decided without a store.

mod plan;
mod settlement;

pub(crate) use plan::same_values;
pub use plan::{MergePlan, Restatement, plan};
pub use settlement::Settlement;

use std::ops::AddAssign;

use crate::{Bar, Basis, RunId, SeriesKey, SourceName, TimeRange, Timestamp};

/// Which source is believed when two disagree: earlier in the list outranks later; those not listed are equal and
/// lowest, and equals override each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Precedence(Vec<SourceName>);

impl Precedence {
    /// From the most trusted source to the least.
    #[must_use]
    pub fn new(highest_first: Vec<SourceName>) -> Self {
        Self(highest_first)
    }

    /// Whether `source` is trusted more than `other`.
    #[must_use]
    pub fn outranks(&self, source: &SourceName, other: &SourceName) -> bool {
        let rank = |name: &SourceName| self.0.iter().position(|listed| listed == name).unwrap_or(self.0.len());
        rank(source) < rank(other)
    }
}

/// When two bars count as equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tolerance {
    /// Numerically the same: `187.10 == 187.1`.
    #[default]
    Exact,
    /// The same within what a 32-bit float can tell apart: for prices that were turned back from a split-adjusted
    /// float32, so that a later split restates nothing.
    Float32,
}

/// A row that makes no bar; it goes to quarantine and never stops the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// Where it stood: counted from 0 in a request, the line number (from 1) in a file.
    pub index: u64,
    /// The row as it came, cut to 2,000 characters.
    pub raw: String,
    /// The column at fault.
    pub field: &'static str,
    /// What is wrong with it, for a person.
    pub reason: String,
}

/// Bars of one series from one source, to be merged in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeBatch {
    /// Where they belong.
    pub series: SeriesKey,
    /// What their prices are.
    pub basis: Basis,
    /// How many minutes past the hour its hourly bars open; see [`Series`](crate::Series).
    pub minutes_past_hour: u8,
    /// Whether the source gives volumes.
    pub gives_volume: bool,
    /// Who says so.
    pub source: SourceName,
    /// The run that brings them, whose counts grow in the same transaction.
    pub run: Option<RunId>,
    /// Final bars in the order received; of several for one instant the last wins.
    pub bars: Vec<Bar>,
    /// Bars whose interval had not closed when they were fetched.
    pub provisional: Vec<Bar>,
    /// Rows that made no bar.
    pub rejected: Vec<RejectedRow>,
    /// What was asked of the source and answered in whole: becomes coverage, and bars of this source in it that the
    /// answer no longer has are recorded as withdrawn. `None` when the batch confirms nothing.
    pub covered: Option<TimeRange>,
    /// When two bars count as equal.
    pub tolerance: Tolerance,
    /// Whom to believe.
    pub precedence: Precedence,
}

impl MergeBatch {
    /// A batch of raw final bars that confirms nothing beyond them.
    #[must_use]
    pub fn of_bars(series: SeriesKey, source: SourceName, bars: Vec<Bar>) -> Self {
        Self {
            series,
            basis: Basis::Raw,
            minutes_past_hour: 0,
            gives_volume: true,
            source,
            run: None,
            bars,
            provisional: Vec::new(),
            rejected: Vec::new(),
            covered: None,
            tolerance: Tolerance::Exact,
            precedence: Precedence::default(),
        }
    }

    /// How many rows came, good or bad.
    #[must_use]
    pub fn fetched(&self) -> u64 {
        [self.bars.len(), self.provisional.len(), self.rejected.len()]
            .into_iter()
            .map(|length| u64::try_from(length).unwrap_or(u64::MAX))
            .fold(0, u64::saturating_add)
    }
}

/// What became of the rows of a batch: the six sum to what was fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MergeCounts {
    /// Were not there.
    pub inserted: u64,
    /// Replaced other values, which went to the revisions.
    pub updated: u64,
    /// Were there already.
    pub unchanged: u64,
    /// Came again later in the same batch.
    pub duplicate: u64,
    /// Made no bar and went to quarantine.
    pub rejected: u64,
    /// Contradicted a source of higher precedence and were kept beside it.
    pub discrepant: u64,
}

impl MergeCounts {
    /// How many rows came.
    #[must_use]
    pub fn fetched(self) -> u64 {
        let Self {
            inserted,
            updated,
            unchanged,
            duplicate,
            rejected,
            discrepant,
        } = self;
        [inserted, updated, unchanged, duplicate, rejected, discrepant]
            .into_iter()
            .fold(0, u64::saturating_add)
    }
}

impl AddAssign for MergeCounts {
    fn add_assign(&mut self, other: Self) {
        let Self {
            inserted,
            updated,
            unchanged,
            duplicate,
            rejected,
            discrepant,
        } = other;
        self.inserted += inserted;
        self.updated += updated;
        self.unchanged += unchanged;
        self.duplicate += duplicate;
        self.rejected += rejected;
        self.discrepant += discrepant;
    }
}

/// What a merge or a removal did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// What became of each row.
    pub counts: MergeCounts,
    /// The version of the series afterwards.
    pub version: u64,
    /// The stamp of the change; `None` when no final bar changed.
    pub stamp: Option<Timestamp>,
}
