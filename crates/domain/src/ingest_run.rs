//! Ingest runs: attempts to bring one series up to date, and the port that keeps their record.

mod life;
mod request;
mod state;

use std::fmt;

use async_trait::async_trait;

use crate::{BoxError, InstrumentId, Interval, MergeCounts, SeriesKey, SourceName, TimeRange, Timestamp};
pub use request::{IdempotencyKey, IdempotencyKeyError, NewRun, RequestedRun, RunRequest};
pub use state::{RunEnd, RunState, UnknownRunState};

/// The number of a run in one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
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
    /// What was asked for; `None` for a file, which has what it has. An open end is [`Timestamp::MIN`] or
    /// [`Timestamp::MAX`].
    pub asked: Option<TimeRange>,
    /// Whether everything is asked again, also what was answered before.
    pub refresh: bool,
    /// What was reached: from the opening of the first final bar merged, changed or not, to behind that of the last.
    pub reached: Option<TimeRange>,
    /// Where it stands.
    pub state: RunState,
    /// What became of the rows so far.
    pub counts: MergeCounts,
    /// How often it was begun. The number of the attempt at work fences: one with an older number changes nothing.
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

/// Which runs to list; `None` stands for any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only series of this instrument.
    pub instrument: Option<InstrumentId>,
    /// Only bars of this length.
    pub interval: Option<Interval>,
    /// Only this source.
    pub source: Option<SourceName>,
    /// Only this state.
    pub state: Option<RunState>,
}

impl RunFilter {
    /// Those of one series.
    #[must_use]
    pub fn of_series(series: SeriesKey) -> Self {
        Self {
            instrument: Some(series.instrument),
            interval: Some(series.interval),
            ..Self::default()
        }
    }
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
    /// Somebody is at work on the run, or on another one that asks the same source for the same series.
    #[error("run {id} cannot begin: run {by} is at work on its series until {until}; wait for it, or cancel it")]
    Held {
        /// Which run.
        id: RunId,
        /// The run at work, which may be the same.
        by: RunId,
        /// When its lease runs out, unless it is renewed.
        until: Timestamp,
    },
    /// The attempt is not the one at work: another one began since, or the run was handed back.
    #[error("run {id} is no longer held by this attempt: another one began, or it went back to the queue")]
    TakenOver {
        /// Which run.
        id: RunId,
    },
    /// The key stands for other runs than are asked for now.
    #[error("the idempotency key `{key}` was used for another request; take a new key for a new request")]
    KeyReused {
        /// Which key.
        key: IdempotencyKey,
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
    /// Records a queued run; `asked` is `None` for a file.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::Unavailable`], also when the instrument does not exist.
    async fn create(
        &self,
        series: SeriesKey,
        source: &SourceName,
        asked: Option<TimeRange>,
    ) -> Result<IngestRun, IngestRunRepositoryError>;

    /// Records queued runs in one transaction, and gives them in the order in which they were asked for. Where one waits
    /// or is at work that asks for the same ([`IngestRun::answers`]), that one is given instead. A key that was used
    /// before gives the runs recorded under it, whatever became of them.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::KeyReused`] when the runs under the key are others than are asked for now;
    /// [`IngestRunRepositoryError::Unavailable`], also when an instrument does not exist. Nothing is recorded then.
    async fn request(&self, request: RunRequest) -> Result<Vec<RequestedRun>, IngestRunRepositoryError>;

    /// Begins a run that waits or whose lease ran out: one more attempt, and a new lease. Of several that try at once,
    /// one succeeds.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::NotFound`], [`IngestRunRepositoryError::Ended`]; [`IngestRunRepositoryError::Held`]
    /// when an attempt at it, or at a run that stands in its way ([`IngestRun::excludes`]), has a lease.
    async fn begin(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError>;

    /// A sign of life of an attempt: a new lease, also when the old one ran out and nobody took over.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::NotFound`], [`IngestRunRepositoryError::Ended`], [`IngestRunRepositoryError::TakenOver`].
    async fn renew(&self, id: RunId, attempt: u32) -> Result<(), IngestRunRepositoryError>;

    /// An attempt gives its run back to the queue, with what it counted and reached.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::NotFound`], [`IngestRunRepositoryError::Ended`], [`IngestRunRepositoryError::TakenOver`].
    async fn hand_back(&self, id: RunId, attempt: u32) -> Result<IngestRun, IngestRunRepositoryError>;

    /// An attempt ends its run.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::NotFound`], [`IngestRunRepositoryError::Ended`], [`IngestRunRepositoryError::TakenOver`].
    async fn finish(&self, id: RunId, attempt: u32, end: RunEnd) -> Result<IngestRun, IngestRunRepositoryError>;

    /// Ends a run by hand, whether it waits or somebody is at work on it: cancelled.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::NotFound`], [`IngestRunRepositoryError::Ended`].
    async fn cancel(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError>;

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
