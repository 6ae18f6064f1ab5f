//! Ingest runs in memory.

use async_trait::async_trait;
use time::Duration;

use super::{InMemoryStore, State};
use crate::{
    IngestRun, IngestRunRepository, IngestRunRepositoryError, MergeCounts, RunEnd, RunFilter, RunId, RunState,
    SeriesKey, SourceName, TimeRange, Timestamp,
};

/// How long a process counts as alive after its last sign.
const LEASE: Duration = Duration::minutes(5);

#[async_trait]
impl IngestRunRepository for InMemoryStore {
    async fn create(
        &self,
        series: SeriesKey,
        source: &SourceName,
        asked: Option<TimeRange>,
    ) -> Result<IngestRun, IngestRunRepositoryError> {
        let (mut state, now) = self.open();
        if !state.instruments.contains_key(&series.instrument) {
            let cause = format!("there is no instrument {}", series.instrument);
            return Err(IngestRunRepositoryError::Unavailable(cause.into()));
        }
        state.last_run += 1;
        let run = IngestRun {
            id: RunId(state.last_run),
            source: source.clone(),
            series,
            asked,
            reached: None,
            state: RunState::Queued,
            counts: MergeCounts::default(),
            attempts: 0,
            error: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            lease_until: None,
        };
        state.runs.insert(run.id, run.clone());
        Ok(run)
    }

    async fn begin(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError> {
        let (mut state, now) = self.open();
        let run = state.unfinished(id)?;
        run.state = RunState::Running;
        run.attempts += 1;
        run.started_at = Some(now);
        run.lease_until = now.checked_add(LEASE);
        Ok(run.clone())
    }

    async fn finish(&self, id: RunId, end: RunEnd) -> Result<IngestRun, IngestRunRepositoryError> {
        let (mut state, now) = self.open();
        let run = state.unfinished(id)?;
        run.state = end.state;
        run.error = end.error;
        run.finished_at = Some(now);
        run.lease_until = None;
        Ok(run.clone())
    }

    async fn get(&self, id: RunId) -> Result<Option<IngestRun>, IngestRunRepositoryError> {
        Ok(self.open().0.runs.get(&id).cloned())
    }

    async fn list(
        &self,
        filter: &RunFilter,
        limit: usize,
        after: Option<RunId>,
    ) -> Result<Vec<IngestRun>, IngestRunRepositoryError> {
        let (state, _) = self.open();
        let passing = state.runs.values().rev().filter(|run| {
            after.is_none_or(|after| run.id < after)
                && filter.series.is_none_or(|series| series == run.series)
                && filter.source.as_ref().is_none_or(|source| *source == run.source)
                && filter.state.is_none_or(|state| state == run.state)
        });
        Ok(passing.take(limit).cloned().collect())
    }

    async fn orphaned(&self) -> Result<Vec<IngestRun>, IngestRunRepositoryError> {
        let (state, now) = self.open();
        let dead =
            |run: &&IngestRun| run.state == RunState::Running && run.lease_until.is_none_or(|until| until <= now);
        Ok(state.runs.values().filter(dead).cloned().collect())
    }
}

impl State {
    fn unfinished(&mut self, id: RunId) -> Result<&mut IngestRun, IngestRunRepositoryError> {
        let run = self.runs.get_mut(&id).ok_or(IngestRunRepositoryError::NotFound(id))?;
        if run.state.is_final() {
            return Err(IngestRunRepositoryError::Ended { id, state: run.state });
        }
        Ok(run)
    }

    /// Adds to a run what a merge did for it.
    pub(super) fn progress(
        &mut self,
        run: Option<RunId>,
        counts: MergeCounts,
        merged: Option<TimeRange>,
        now: Timestamp,
    ) {
        let Some(run) = run.and_then(|id| self.runs.get_mut(&id)) else {
            return;
        };
        run.counts += counts;
        run.reached = match (run.reached, merged) {
            (Some(reached), Some(merged)) => Some(reached.hull(merged)),
            (reached, merged) => merged.or(reached),
        };
        if run.state == RunState::Running {
            run.lease_until = now.checked_add(LEASE);
        }
    }
}
