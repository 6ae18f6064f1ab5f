//! What `serve` carries out: runs that are handed over, and those that were left behind.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{IngestRun, IngestRunRepository, IngestRunRepositoryError, RunEnd, RunId, RunState};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::MissedTickBehavior;

use super::{Executed, Listener, RunExecutor};

/// Carries out the runs of this process until it stops.
pub(crate) struct RunService {
    executor: RunExecutor,
    handed_over: UnboundedReceiver<RunId>,
    tasks: JoinSet<RunId>,
    in_hand: HashMap<RunId, AbortHandle>,
    nobody_listens: Listener,
}

impl RunService {
    /// Of what comes out of the other end of a [`Handover`](super::Handover).
    #[must_use]
    pub(crate) fn new(executor: RunExecutor, handed_over: UnboundedReceiver<RunId>) -> Self {
        Self {
            executor,
            handed_over,
            tasks: JoinSet::new(),
            in_hand: HashMap::new(),
            nobody_listens: Arc::new(|_event| {}),
        }
    }

    /// Takes up what was left behind, then whatever is handed over, until somebody asks to stop; what is at work then is
    /// handed back first. Looks for what was left behind again as often as a lease runs out: that finds what another
    /// process left when it died, and what this one left when its store was away.
    pub(crate) async fn run(mut self) {
        let stop = self.executor.stop.clone();
        let mut looks = tokio::time::interval(IngestRun::LEASE.unsigned_abs());
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.raised() => break,
                Some(over) = self.tasks.join_next() => self.put_down(over),
                Some(run) = self.handed_over.recv() => self.take_up(run),
                _ = looks.tick() => self.take_up_leftovers().await,
            }
        }
        while let Some(over) = self.tasks.join_next().await {
            self.put_down(over);
        }
    }

    async fn take_up_leftovers(&mut self) {
        match self.executor.ingest.leftovers().await {
            Ok(left) => left.iter().for_each(|run| self.take_up(run.id)),
            Err(error) => tracing::warn!(
                error = %domain::ErrorChain(&error),
                "runs that were left behind cannot be looked for now"
            ),
        }
    }

    /// One that is in hand already is not taken up again.
    fn take_up(&mut self, run: RunId) {
        let (executor, listener) = (self.executor.clone(), Arc::clone(&self.nobody_listens));
        self.in_hand.entry(run).or_insert_with(|| {
            self.tasks.spawn(async move {
                let _told_in_the_log: Executed = executor.carry_out(run, &listener).await;
                run
            })
        });
    }

    fn put_down(&mut self, over: Result<RunId, JoinError>) {
        match over {
            Ok(run) => drop(self.in_hand.remove(&run)),
            Err(error) => {
                tracing::error!(%error, "a run could not be carried out: it is left to its lease");
                self.in_hand.retain(|_run, task| task.id() != error.id());
            }
        }
    }
}

/// Ends the runs of files whose process died: nobody but the user has the file.
///
/// # Errors
/// Those of the store of runs.
pub(crate) async fn end_dead_imports(runs: &dyn IngestRunRepository) -> Result<(), IngestRunRepositoryError> {
    for run in runs.orphaned().await? {
        if run.asked.is_some() {
            continue;
        }
        let end = RunEnd {
            state: RunState::Failed,
            error: Some("its process died".to_owned()),
        };
        match runs.finish(run.id, run.attempts, end).await {
            Ok(_) => tracing::warn!(run.id = run.id.0, "ended the run of a file: its process died"),
            // It was alive after all, or another process was quicker.
            Err(IngestRunRepositoryError::Ended { .. } | IngestRunRepositoryError::TakenOver { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
