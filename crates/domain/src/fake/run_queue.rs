//! A queue that keeps what it was given.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::RunId;
use crate::ingest::{RunQueue, RunQueueError};

/// Runs in the order in which they were handed over, for a test to take.
#[derive(Debug, Default)]
pub struct InMemoryRunQueue(Mutex<Vec<RunId>>);

impl InMemoryRunQueue {
    /// Takes out all that were handed over so far.
    #[must_use]
    pub fn take(&self) -> Vec<RunId> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl RunQueue for InMemoryRunQueue {
    async fn submit(&self, runs: &[RunId]) -> Result<(), RunQueueError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(runs);
        Ok(())
    }
}
