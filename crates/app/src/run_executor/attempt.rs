//! One attempt at one run, with its sign of life and an ear for the signal to stop.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::ingest::{IngestError, Progress};
use domain::{IngestRunRepositoryError, RunId, Timestamp};
use tokio::sync::Notify;
use tracing::Instrument;

use super::{Executed, Listener, RunEvent, RunExecutor};

/// Between two signs of life; a lease outlasts two that are lost.
const BEAT: Duration = Duration::from_secs(10);

/// Somebody is at work on the series.
pub(super) struct Held {
    pub(super) by: RunId,
    pub(super) until: Timestamp,
}

/// Why an execution is over.
enum Over {
    Executed(Result<domain::IngestRun, IngestError>),
    /// It is no longer ours, or has ended: its sign of life was refused.
    Refused(IngestError),
    Stopped,
}

/// What an execution tells of itself.
#[derive(Default)]
struct Pulse {
    /// The number of the attempt; 0 before it began.
    attempt: AtomicU32,
    /// It began, or merged a page.
    step: Notify,
}

impl Pulse {
    fn hear(&self, progress: Progress) {
        self.attempt.store(progress.attempt, Ordering::Relaxed);
        self.step.notify_waiters();
    }

    /// `None` before it began.
    fn attempt(&self) -> Option<u32> {
        let attempt = self.attempt.load(Ordering::Relaxed);
        (attempt > 0).then_some(attempt)
    }
}

impl RunExecutor {
    /// One attempt, which ends with the run, with the signal to stop, or when somebody else has the run.
    pub(super) async fn attempt(&self, run: RunId, listener: &Listener) -> Result<Executed, Held> {
        let pulse = Pulse::default();
        let progress = |progress: Progress| {
            pulse.hear(progress);
            listener(RunEvent::Progress(progress));
        };
        let span = tracing::info_span!("run", run.id = run.0);
        let over = tokio::select! {
            biased;
            refusal = self.show_life(run, &pulse) => Over::Refused(refusal),
            () = self.stopped(&pulse) => Over::Stopped,
            executed = self.ingest.execute(run, &progress).instrument(span) => Over::Executed(executed),
        };
        match over {
            Over::Executed(Ok(ended)) => Ok(Executed::Ended(Box::new(ended))),
            Over::Executed(Err(IngestError::Runs(IngestRunRepositoryError::Held { by, until, .. }))) => {
                Err(Held { by, until })
            }
            Over::Executed(Err(error)) | Over::Refused(error) => Ok(self.without_us(run, error).await),
            Over::Stopped => Ok(self.hand_back(run, pulse.attempt()).await),
        }
    }

    /// Renews the lease again and again; ends when that is refused for good.
    async fn show_life(&self, run: RunId, pulse: &Pulse) -> IngestError {
        loop {
            tokio::time::sleep(BEAT).await;
            let Some(attempt) = pulse.attempt() else { continue };
            match self.ingest.renew(run, attempt).await {
                Ok(()) => {}
                Err(
                    error @ (IngestError::TakenOver { .. }
                    | IngestError::Runs(
                        IngestRunRepositoryError::Ended { .. } | IngestRunRepositoryError::NotFound(_),
                    )),
                ) => return error,
                // The store may be back before the lease runs out.
                Err(error) => tracing::warn!(
                    run.id = run.0,
                    error = %domain::ErrorChain(&error),
                    "a sign of life could not be given"
                ),
            }
        }
    }

    /// Ready once somebody asked to stop and the page in hand was merged, or took too long.
    async fn stopped(&self, pulse: &Pulse) {
        self.stop.raised().await;
        let next_step = pulse.step.notified();
        // That it took too long is as good a reason to stop as that it is done.
        let _either = tokio::time::timeout(self.grace, next_step).await;
    }

    /// What became of a run of which this process knows only that it is not its own.
    async fn without_us(&self, run: RunId, error: IngestError) -> Executed {
        match error {
            IngestError::TakenOver { .. } => Executed::TakenOver,
            IngestError::Runs(IngestRunRepositoryError::Ended { .. }) => match self.runs.get(run).await {
                Ok(Some(ended)) => Executed::Ended(Box::new(ended)),
                Ok(None) => Executed::Left(Box::new(IngestRunRepositoryError::NotFound(run))),
                Err(error) => Executed::Left(Box::new(error)),
            },
            error => Executed::Left(Box::new(error)),
        }
    }

    /// Nobody has to wait for its lease.
    async fn hand_back(&self, run: RunId, attempt: Option<u32>) -> Executed {
        let Some(attempt) = attempt else {
            return Executed::Waits;
        };
        match self.ingest.hand_back(run, attempt).await {
            Ok(_queued) => Executed::Waits,
            Err(error) => self.without_us(run, error).await,
        }
    }
}
