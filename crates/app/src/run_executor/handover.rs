//! The queue in this process: runs on their way from those who ask for them to those who carry them out.

use async_trait::async_trait;
use domain::RunId;
use domain::ingest::{RunQueue, RunQueueError};
use tokio::sync::mpsc;

/// Hands runs to the [`RunService`](super::RunService) of this process.
#[derive(Clone, Debug)]
pub(crate) struct Handover(mpsc::UnboundedSender<RunId>);

impl Handover {
    /// The queue and its other end.
    #[must_use]
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<RunId>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }
}

#[async_trait]
impl RunQueue for Handover {
    async fn submit(&self, runs: &[RunId]) -> Result<(), RunQueueError> {
        // What cannot be sent waits in the store for the next start.
        let sent = runs.iter().try_for_each(|run| self.0.send(*run));
        sent.map_err(|closed| RunQueueError(Box::new(closed)))
    }
}

/// The queue of those who carry out themselves what they asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnErrand;

#[async_trait]
impl RunQueue for OwnErrand {
    async fn submit(&self, _runs: &[RunId]) -> Result<(), RunQueueError> {
        Ok(())
    }
}
