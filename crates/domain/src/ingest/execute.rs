//! One attempt at one run, and what executors need beside it.

mod attempt;

use attempt::Attempt;

use super::failure::Stop;
use super::outcome::Outcome;
use super::{Desk, Ingest, IngestError};
use crate::{
    IngestRun, IngestRunRepositoryError, MergeCounts, RunEnd, RunFilter, RunId, RunState, TimeRange, Timestamp,
};

/// How many runs are looked through at a time.
const RUNS: usize = 500;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which run.
    pub run: RunId,
    /// The number of the attempt at work, for [`Ingest::renew`] and [`Ingest::hand_back`].
    pub attempt: u32,
    /// What became of its rows, over all attempts.
    pub counts: MergeCounts,
    /// Up to where this attempt was answered; `None` before the first answer.
    pub reached: Option<Timestamp>,
    /// From where to where this attempt asks. An open start is the least instant until the first bar came.
    pub asked: TimeRange,
}

impl Ingest {
    /// Carries out one attempt at a run, to its end: plans by what was answered before, fetches from old to new, and
    /// merges each page in a transaction of its own. Dropped half-way, it leaves what was merged and a run whose lease
    /// runs out, to be begun again by anybody.
    ///
    /// `progress` hears at once that the run has begun, and then how far it is, after each page. Fetching a page can take
    /// longer than a lease: whoever executes [renews](Ingest::renew) it beside.
    ///
    /// Gives the run as it ended, also when somebody ended it by hand, before or meanwhile. That a provider gives nothing
    /// is how the run ends, and no error here.
    ///
    /// # Errors
    /// [`IngestError::Runs`] with [`IngestRunRepositoryError::Held`] when somebody else is at work on its series,
    /// [`IngestError::TakenOver`] when somebody began it since, [`IngestError::OfFile`], and those of the stores: the run
    /// is left to its lease then.
    pub async fn execute(
        &self,
        run: RunId,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<IngestRun, IngestError> {
        let runs = &self.stores.runs;
        let asked = self.run(run).await?.asked.ok_or(IngestError::OfFile(run))?;
        let run = match runs.begin(run).await {
            Ok(run) => run,
            Err(IngestRunRepositoryError::Ended { id, .. }) => return self.run(id).await,
            Err(error) => return Err(error.into()),
        };
        progress(Progress {
            run: run.id,
            attempt: run.attempts,
            counts: run.counts,
            reached: None,
            asked,
        });
        let end = match self.attempt(&run, asked, progress).await {
            Ok(end) => end,
            Err(Stop::Ended) => return self.run(run.id).await,
            Err(Stop::Left(error)) => return Err(error),
            Err(Stop::Failed(failure)) => {
                let (counts, failure) = (run.counts, Some(failure));
                let outcome = Outcome {
                    counts,
                    failure,
                    ..Outcome::default()
                };
                outcome.end()
            }
        };
        match runs.finish(run.id, run.attempts, end).await {
            Ok(ended) => Ok(ended),
            Err(IngestRunRepositoryError::Ended { id, .. }) => self.run(id).await,
            Err(error) => Err(error.into()),
        }
    }

    /// A sign of life of an attempt, at least every [`IngestRun::LEASE`].
    ///
    /// # Errors
    /// [`IngestError::Runs`] when the run has ended, [`IngestError::TakenOver`] when another attempt began since: this one
    /// may be dropped. Else as the store of runs.
    pub async fn renew(&self, run: RunId, attempt: u32) -> Result<(), IngestError> {
        Ok(self.stores.runs.renew(run, attempt).await?)
    }

    /// Gives a run back to the queue, once its execution was dropped: nobody has to wait for its lease.
    ///
    /// # Errors
    /// As [`Ingest::renew`].
    pub async fn hand_back(&self, run: RunId, attempt: u32) -> Result<IngestRun, IngestError> {
        Ok(self.stores.runs.hand_back(run, attempt).await?)
    }

    /// Ends a run by hand, be it waiting or at work. Whoever is at work on it stops before the next page.
    ///
    /// # Errors
    /// [`IngestError::Runs`] when there is no such run or it has ended.
    pub async fn cancel(&self, run: RunId) -> Result<IngestRun, IngestError> {
        Ok(self.stores.runs.cancel(run).await?)
    }

    /// Runs that were asked of providers and wait, or whose process died, oldest first. Another process may be about to
    /// begin those that wait: it or this one is refused then.
    ///
    /// # Errors
    /// Those of the store of runs.
    pub async fn leftovers(&self) -> Result<Vec<IngestRun>, IngestError> {
        let runs = &self.stores.runs;
        let filter = RunFilter {
            state: Some(RunState::Queued),
            ..RunFilter::default()
        };
        let mut left = runs.orphaned().await?;
        let mut after = None;
        loop {
            let page = runs.list(&filter, RUNS, after).await?;
            let is_last = page.len() < RUNS;
            after = page.last().map(|run| run.id);
            left.extend(page);
            if is_last {
                break;
            }
        }
        left.retain(|run| run.asked.is_some());
        left.sort_by_key(|run| run.id);
        // One that was handed back between both looks is in both.
        left.dedup_by_key(|run| run.id);
        Ok(left)
    }

    async fn run(&self, id: RunId) -> Result<IngestRun, IngestError> {
        let run = self.stores.runs.get(id).await?;
        run.ok_or(IngestError::Runs(IngestRunRepositoryError::NotFound(id)))
    }

    async fn attempt(
        &self,
        run: &IngestRun,
        asked: TimeRange,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<RunEnd, Stop> {
        let desk: Desk = self
            .desk(&run.source, run.series.interval)
            .map_err(|mistake| Stop::Failed(mistake.into()))?;
        let instrument = self.stores.instruments.get(run.series.instrument).await;
        let Some(instrument) = instrument.map_err(Stop::by_instruments)? else {
            // Its runs went with it.
            return Err(Stop::Left(IngestRunRepositoryError::NotFound(run.id).into()));
        };
        let mut attempt = Attempt::new(self, &desk, run, asked, instrument, progress);
        attempt.carry_out().await?;
        Ok(attempt.into_outcome().end())
    }
}

#[cfg(test)]
mod tests;
