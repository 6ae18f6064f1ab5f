//! The port to whoever executes runs.

use async_trait::async_trait;

use crate::{BoxError, RunId};

/// Why runs could not be handed over.
#[derive(Debug, thiserror::Error)]
#[error("the runs are recorded and wait, but whoever executes them could not be told")]
pub struct RunQueueError(#[source] pub BoxError);

/// Hands runs to whoever executes them.
///
/// A job is the number of its run and nothing else, and each run waits in the store anyway, so nothing is lost when this
/// fails: the next look for [leftovers](crate::ingest::Ingest::leftovers) finds it. A run may be handed over more than
/// once: to whoever comes second, `begin` says that it is held or has ended.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait RunQueue: Send + Sync {
    /// Hands them over, in the order in which they are to begin.
    ///
    /// # Errors
    /// [`RunQueueError`] when some or all could not be.
    async fn submit(&self, runs: &[RunId]) -> Result<(), RunQueueError>;
}
