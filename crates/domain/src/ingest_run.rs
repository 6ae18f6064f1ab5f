//! Ingest runs: attempts to bring one series up to date, and the port that keeps their record.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;

use crate::{BoxError, MergeCounts, SeriesKey, SourceName, TimeRange, Timestamp};

/// The number of a run in one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunState {
    /// Waits for its turn.
    Queued,
    /// At work.
    Running,
    /// Reached the end of what was asked.
    Succeeded,
    /// Kept what it got, but did not reach the end, or put rows in quarantine.
    Partial,
    /// Ended by an error; what was merged before stays.
    Failed,
    /// Ended by hand.
    Cancelled,
}

/// The text names no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a state of a run: one of queued, running, succeeded, partial, failed, cancelled")]
pub struct UnknownRunState(pub String);

impl RunState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Partial,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl FromStr for RunState {
    type Err = UnknownRunState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownRunState(text.to_owned()))
    }
}

/// The record of one attempt to bring one series up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestRun {
    /// Its number.
    pub id: RunId,
    /// From where.
    pub source: SourceName,
    /// Which series.
    pub series: SeriesKey,
    /// What was asked for; `None` for a file, which has what it has.
    pub asked: Option<TimeRange>,
    /// What was reached: from the opening of the first final bar merged, changed or not, to behind that of the last.
    pub reached: Option<TimeRange>,
    /// Where it stands.
    pub state: RunState,
    /// What became of the rows so far.
    pub counts: MergeCounts,
    /// How often it was begun.
    pub attempts: u32,
    /// Why it failed, for a person.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Until when its process counts as alive without another sign; each merge renews it.
    pub lease_until: Option<Timestamp>,
}

/// How a run ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// A final state.
    pub state: RunState,
    /// Why it failed, for a person.
    pub error: Option<String>,
}

/// Which runs to list; `None` stands for any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only this series.
    pub series: Option<SeriesKey>,
    /// Only this source.
    pub source: Option<SourceName>,
    /// Only this state.
    pub state: Option<RunState>,
}

/// Why a store of runs could not answer.
#[derive(Debug, thiserror::Error)]
pub enum IngestRunRepositoryError {
    /// There is no such run.
    #[error("there is no run {0}")]
    NotFound(RunId),
    /// The run has ended, and ends only once.
    #[error("run {id} has ended: {state}", state = state.as_str())]
    Ended {
        /// Which run.
        id: RunId,
        /// How it ended.
        state: RunState,
    },
    /// What is stored breaks a rule of the domain; `verify` tells more.
    #[error("the store holds a run that breaks a rule: {0}")]
    Corrupt(String),
    /// The store cannot be reached; asking again later may help.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
}

/// Keeps the record of runs. Counts and reached range grow with each
/// [`PriceRepository::merge`](crate::PriceRepository::merge) that names the run, in its transaction.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait IngestRunRepository: Send + Sync {
    /// Records a queued run.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::Unavailable`], also when the instrument does not exist.
    async fn create(
        &self,
        series: SeriesKey,
        source: &SourceName,
        asked: Option<TimeRange>,
    ) -> Result<IngestRun, IngestRunRepositoryError>;

    /// Begins a run that waits or whose process died: one more attempt, and a new lease.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::NotFound`], [`IngestRunRepositoryError::Ended`].
    async fn begin(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError>;

    /// Ends a run.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::NotFound`], [`IngestRunRepositoryError::Ended`].
    async fn finish(&self, id: RunId, end: RunEnd) -> Result<IngestRun, IngestRunRepositoryError>;

    /// One run.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::Unavailable`], [`IngestRunRepositoryError::Corrupt`].
    async fn get(&self, id: RunId) -> Result<Option<IngestRun>, IngestRunRepositoryError>;

    /// At most `limit` runs that pass the filter, newest first, from behind `after`.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::Unavailable`], [`IngestRunRepositoryError::Corrupt`].
    async fn list(
        &self,
        filter: &RunFilter,
        limit: usize,
        after: Option<RunId>,
    ) -> Result<Vec<IngestRun>, IngestRunRepositoryError>;

    /// Runs at work whose lease has run out: their process died.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::Unavailable`], [`IngestRunRepositoryError::Corrupt`].
    async fn orphaned(&self) -> Result<Vec<IngestRun>, IngestRunRepositoryError>;
}
