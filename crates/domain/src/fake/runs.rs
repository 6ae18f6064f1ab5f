//! Ingest runs in memory.

use async_trait::async_trait;

use super::{InMemoryStore, State};
use crate::{
    IngestRun, IngestRunRepository, IngestRunRepositoryError, MergeCounts, NewRun, RequestedRun, RunEnd, RunFilter,
    RunId, RunRequest, RunState, SeriesKey, SourceName, TimeRange, Timestamp,
};

#[async_trait]
impl IngestRunRepository for InMemoryStore {
    async fn create(
        &self,
        series: SeriesKey,
        source: &SourceName,
        asked: Option<TimeRange>,
    ) -> Result<IngestRun, IngestRunRepositoryError> {
        let (mut state, now) = self.open();
        state.refuse_homeless(series)?;
        let new = NewRun {
            series,
            source: source.clone(),
            asked: asked.unwrap_or(TimeRange::ALL),
            refresh: false,
        };
        let run = IngestRun {
            asked,
            ..IngestRun::queued(state.next_run(), new, now)
        };
        state.runs.insert(run.id, run.clone());
        Ok(run)
    }

    async fn request(&self, request: RunRequest) -> Result<Vec<RequestedRun>, IngestRunRepositoryError> {
        let (mut state, now) = self.open();
        if let Some((key, ids)) = request.key.as_ref().and_then(|key| state.requests.get_key_value(key)) {
            let recorded = ids.iter().filter_map(|id| state.runs.get(id)).cloned().collect();
            return request.repeated(key, recorded);
        }
        let RunRequest { runs, key } = request;
        runs.iter().try_for_each(|new| state.refuse_homeless(new.series))?;
        let given: Vec<_> = runs.into_iter().map(|new| state.found_or_queued(new, now)).collect();
        if let Some(key) = key {
            state.requests.insert(key, given.iter().map(|one| one.run.id).collect());
        }
        Ok(given)
    }

    async fn begin(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError> {
        let (mut state, now) = self.open();
        let others: Vec<_> = state
            .runs
            .values()
            .filter(|run| run.held_until(now).is_some())
            .cloned()
            .collect();
        state.change(id, |run| run.begin(&others, now))
    }

    async fn renew(&self, id: RunId, attempt: u32) -> Result<(), IngestRunRepositoryError> {
        let (mut state, now) = self.open();
        state.change(id, |run| run.renew(attempt, now)).map(drop)
    }

    async fn hand_back(&self, id: RunId, attempt: u32) -> Result<IngestRun, IngestRunRepositoryError> {
        self.open().0.change(id, |run| run.hand_back(attempt))
    }

    async fn finish(&self, id: RunId, attempt: u32, end: RunEnd) -> Result<IngestRun, IngestRunRepositoryError> {
        let (mut state, now) = self.open();
        state.change(id, |run| run.finish(attempt, end, now))
    }

    async fn cancel(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError> {
        let (mut state, now) = self.open();
        state.change(id, |run| run.cancel(now))
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
                && filter
                    .instrument
                    .is_none_or(|instrument| instrument == run.series.instrument)
                && filter.interval.is_none_or(|interval| interval == run.series.interval)
                && filter.source.as_ref().is_none_or(|source| *source == run.source)
                && filter.state.is_none_or(|state| state == run.state)
        });
        Ok(passing.take(limit).cloned().collect())
    }

    async fn orphaned(&self) -> Result<Vec<IngestRun>, IngestRunRepositoryError> {
        let (state, now) = self.open();
        let dead = |run: &&IngestRun| run.state == RunState::Running && run.held_until(now).is_none();
        Ok(state.runs.values().filter(dead).cloned().collect())
    }
}

impl State {
    fn refuse_homeless(&self, series: SeriesKey) -> Result<(), IngestRunRepositoryError> {
        if self.instruments.contains_key(&series.instrument) {
            return Ok(());
        }
        let cause = format!("there is no instrument {}", series.instrument);
        Err(IngestRunRepositoryError::Unavailable(cause.into()))
    }

    fn next_run(&mut self) -> RunId {
        self.last_run += 1;
        RunId(self.last_run)
    }

    /// The first run that waits or is at work and asks for the same, else a new one.
    fn found_or_queued(&mut self, new: NewRun, now: Timestamp) -> RequestedRun {
        let open = |run: &&IngestRun| !run.state.is_final() && run.answers(&new);
        if let Some(run) = self.runs.values().find(open).cloned() {
            return RequestedRun { run, created: false };
        }
        let run = IngestRun::queued(self.next_run(), new, now);
        self.runs.insert(run.id, run.clone());
        RequestedRun { run, created: true }
    }

    /// A run as `change` leaves it; as it was when that fails.
    fn change(
        &mut self,
        id: RunId,
        change: impl FnOnce(&mut IngestRun) -> Result<(), IngestRunRepositoryError>,
    ) -> Result<IngestRun, IngestRunRepositoryError> {
        let run = self.runs.get_mut(&id).ok_or(IngestRunRepositoryError::NotFound(id))?;
        change(run)?;
        Ok(run.clone())
    }

    /// Adds to a run what a merge did for it.
    pub(super) fn progress(
        &mut self,
        run: Option<RunId>,
        counts: MergeCounts,
        merged: Option<TimeRange>,
        now: Timestamp,
    ) {
        if let Some(run) = run.and_then(|id| self.runs.get_mut(&id)) {
            run.count(counts, merged, now);
        }
    }
}
