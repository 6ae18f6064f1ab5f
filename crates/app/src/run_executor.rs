//! Carries runs out: so many at once, each with a sign of life beside it, until somebody asks to stop.

mod attempt;
mod handover;
mod service;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use domain::ingest::{Ingest, Progress};
use domain::{BoxError, Clock, IngestRun, IngestRunRepository, RunId, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

pub(crate) use handover::{Handover, OwnErrand};
pub(crate) use service::{RunService, end_dead_imports};

use crate::stop::StopFlag;

/// A run that is held elsewhere is tried again no sooner, and no later than a lease lasts.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// What became of a run here.
#[derive(Debug)]
pub(crate) enum Executed {
    /// It ended, here or elsewhere.
    Ended(Box<IngestRun>),
    /// Somebody asked to stop: it waits in the queue for whoever goes on.
    Waits,
    /// Another process began it since, and goes on.
    TakenOver,
    /// The store could not answer, or this program is wrong: the run is left to its lease.
    Left(BoxError),
}

/// What happens to runs meanwhile, for whoever shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RunEvent {
    /// It has begun, or merged a page.
    Progress(Progress),
    /// It cannot begin before another run ends, or the other's lease runs out.
    Held {
        /// Which run.
        run: RunId,
        /// The run at work.
        by: RunId,
        /// When its lease runs out.
        until: Timestamp,
    },
    /// Nothing more happens to it here.
    Over(RunId),
}

/// Hears what happens to runs.
pub(crate) type Listener = Arc<dyn Fn(RunEvent) + Send + Sync>;

/// Executes runs in this process; cheap to clone, and its clones share the bound.
#[derive(Clone)]
pub(crate) struct RunExecutor {
    ingest: Ingest,
    runs: Arc<dyn IngestRunRepository>,
    clock: Arc<dyn Clock>,
    at_once: Arc<Semaphore>,
    stop: StopFlag,
    grace: Duration,
}

impl RunExecutor {
    /// At most `at_once` runs at the same time, until `stop` is raised; the page in hand may then take `grace` to be
    /// merged, before its run goes back to the queue without it.
    #[must_use]
    pub(crate) fn new(
        ingest: Ingest,
        runs: Arc<dyn IngestRunRepository>,
        clock: Arc<dyn Clock>,
        at_once: usize,
        stop: StopFlag,
        grace: Duration,
    ) -> Self {
        Self {
            ingest,
            runs,
            clock,
            at_once: Arc::new(Semaphore::new(at_once)),
            stop,
            grace,
        }
    }

    /// Carries out all of these, begun in their order; what became of each, in the same order.
    pub(crate) async fn carry_out_all(&self, runs: &[RunId], listener: &Listener) -> Vec<Executed> {
        let begin = |run: RunId| {
            let (executor, listener) = (self.clone(), Arc::clone(listener));
            tokio::spawn(async move { executor.carry_out(run, &listener).await })
        };
        let tasks: Vec<JoinHandle<Executed>> = runs.iter().copied().map(begin).collect();
        let mut all = Vec::with_capacity(tasks.len());
        for task in tasks {
            all.push(task.await.unwrap_or_else(|panicked| Executed::Left(Box::new(panicked))));
        }
        all
    }

    /// Carries out one run, once its turn has come and nobody else is at work on its series.
    pub(crate) async fn carry_out(&self, run: RunId, listener: &Listener) -> Executed {
        let executed = self.until_over(run, listener).await;
        match &executed {
            Executed::Ended(ended) => tracing::info!(
                run.id = run.0,
                state = ended.state.as_str(),
                rows = ended.counts.fetched(),
                rejected = ended.counts.rejected,
                error = ended.error,
                "ended a run"
            ),
            Executed::Waits => tracing::info!(run.id = run.0, "the run waits in the queue: this process stops"),
            Executed::TakenOver => tracing::info!(run.id = run.0, "another process goes on with the run"),
            Executed::Left(error) => tracing::error!(
                run.id = run.0,
                error = %domain::ErrorChain(&**error),
                "the run is left to its lease"
            ),
        }
        listener(RunEvent::Over(run));
        executed
    }

    async fn until_over(&self, run: RunId, listener: &Listener) -> Executed {
        loop {
            // The turn is given back while the run waits for another one.
            let held = {
                let turn = tokio::select! {
                    biased;
                    () = self.stop.raised() => return Executed::Waits,
                    turn = self.at_once.acquire() => turn,
                };
                let Ok(_turn) = turn else { return Executed::Waits };
                match self.attempt(run, listener).await {
                    Ok(executed) => return executed,
                    Err(held) => held,
                }
            };
            listener(RunEvent::Held {
                run,
                by: held.by,
                until: held.until,
            });
            tokio::select! {
                () = self.stop.raised() => return Executed::Waits,
                () = tokio::time::sleep(self.wait_until(held.until)) => {}
            }
        }
    }

    fn wait_until(&self, until: Timestamp) -> Duration {
        let longest = IngestRun::LEASE.unsigned_abs();
        let wait = Duration::try_from(until.since(self.clock.now())).unwrap_or_default();
        wait.clamp(SHORTEST_WAIT, longest)
    }
}
