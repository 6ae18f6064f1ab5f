//! The port by which a whole store is carried over to another, record by record, exactly.

mod key;
mod record;

use std::fmt;

use async_trait::async_trait;
pub use key::RecordKey;
pub use record::{
    ActionCompleteness, ActionRevision, Counter, CounterRecord, CoverageRecord, InstrumentRecord, Record,
};

use crate::BoxError;

/// A kind of record, all of which a store holds in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Instruments.
    Instruments,
    /// Runs.
    Runs,
    /// The catalogue.
    Series,
    /// Final bars.
    Bars,
    /// Bars whose interval had not closed.
    ProvisionalBars,
    /// Former states of bars.
    Revisions,
    /// Disagreements about bars.
    Discrepancies,
    /// Rows that made no bar.
    Quarantine,
    /// Changes of series.
    Journal,
    /// What was asked of sources and answered.
    Coverage,
    /// Splits and dividends.
    Actions,
    /// Former states of splits and dividends.
    ActionRevisions,
    /// Which source gave all splits and dividends it knows.
    ActionCompleteness,
    /// The last numbers that were given.
    Counters,
}

impl Part {
    /// All of them, each behind those that its records refer to.
    pub const ALL: [Self; 14] = [
        Self::Instruments,
        Self::Runs,
        Self::Series,
        Self::Bars,
        Self::ProvisionalBars,
        Self::Revisions,
        Self::Discrepancies,
        Self::Quarantine,
        Self::Journal,
        Self::Coverage,
        Self::Actions,
        Self::ActionRevisions,
        Self::ActionCompleteness,
        Self::Counters,
    ];

    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instruments => "instruments",
            Self::Runs => "runs",
            Self::Series => "series",
            Self::Bars => "bars",
            Self::ProvisionalBars => "provisional_bars",
            Self::Revisions => "revisions",
            Self::Discrepancies => "discrepancies",
            Self::Quarantine => "quarantine",
            Self::Journal => "journal",
            Self::Coverage => "coverage",
            Self::Actions => "corporate_actions",
            Self::ActionRevisions => "corporate_action_revisions",
            Self::ActionCompleteness => "corporate_action_completeness",
            Self::Counters => "counters",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why records cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreTransferError {
    /// What a record refers to is not there, or another record holds what only one may have: a listing, a spelling.
    #[error("the store does not take the records: {0}")]
    Refused(String),
    /// What is stored breaks a rule of the domain; `verify` tells more.
    #[error("the store holds something that breaks a rule: {0}")]
    Corrupt(String),
    /// The store cannot be reached; asking again later may help.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
}

/// Reads and writes everything a store holds as it is: ids, stamps, versions and digits.
///
/// No write here stamps, revises, counts or journals anything. A store that is half written breaks its own rules until
/// the last part is there.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait StoreTransfer: Send + Sync {
    /// Records of a part in the order of [`RecordKey`], from behind `after`, at most `limit` (1 or more) and none only
    /// at the end. One page is one state of the store; the next one may show a later state.
    ///
    /// # Errors
    /// [`StoreTransferError::Unavailable`], [`StoreTransferError::Corrupt`].
    async fn read_part(
        &self,
        part: Part,
        after: Option<RecordKey>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreTransferError>;

    /// Writes records, all or none, also when the future is dropped half-way. A record whose key is there already is
    /// left as it is, so the same records again change nothing; a [`Counter`] is only ever raised. Numbers that are given
    /// afterwards lie behind those written here. Of free text, a store may keep what [`storable`](crate::storable) makes
    /// of it.
    ///
    /// # Errors
    /// [`StoreTransferError::Refused`]; [`StoreTransferError::Unavailable`].
    async fn write_records(&self, records: Vec<Record>) -> Result<(), StoreTransferError>;

    /// How many records a part has; `None` where counting them takes about as long as reading them.
    ///
    /// # Errors
    /// [`StoreTransferError::Unavailable`].
    async fn count_part(&self, part: Part) -> Result<Option<u64>, StoreTransferError>;
}
