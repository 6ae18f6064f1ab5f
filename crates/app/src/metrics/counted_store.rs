//! What is merged and which runs end, counted by decorators of the ports.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    BarChunk, BarQuery, IngestRun, IngestRunRepository, IngestRunRepositoryError, MarketPrice, MergeBatch, Merged,
    PriceRepository, PriceRepositoryError, Removal, RequestedRun, RowChunk, RunEnd, RunFilter, RunId, RunRequest,
    SeriesKey, SourceName, TimeRange, Timestamp,
};

use super::Recorder;

/// Counts what becomes of merged rows, whoever merges them.
pub(crate) struct CountedPrices {
    pub(crate) inner: Arc<dyn PriceRepository>,
    pub(crate) recorder: Arc<Recorder>,
}

#[async_trait]
impl PriceRepository for CountedPrices {
    async fn merge(&self, batch: MergeBatch) -> Result<Merged, PriceRepositoryError> {
        let merged = self.inner.merge(batch).await?;
        self.recorder.rows_merged(merged.counts);
        Ok(merged)
    }

    async fn remove(&self, removal: Removal) -> Result<Merged, PriceRepositoryError> {
        self.inner.remove(removal).await
    }

    async fn read(&self, query: &BarQuery) -> Result<BarChunk, PriceRepositoryError> {
        self.inner.read(query).await
    }

    async fn rows(&self, query: &BarQuery) -> Result<RowChunk, PriceRepositoryError> {
        self.inner.rows(query).await
    }

    async fn last_before(
        &self,
        series: SeriesKey,
        instants: &[Timestamp],
        as_of: Timestamp,
    ) -> Result<Vec<Option<MarketPrice>>, PriceRepositoryError> {
        self.inner.last_before(series, instants, as_of).await
    }
}

/// Counts the runs that end here, each once: the store lets a run end only once, in whichever process.
pub(crate) struct CountedRuns {
    pub(crate) inner: Arc<dyn IngestRunRepository>,
    pub(crate) recorder: Arc<Recorder>,
}

impl CountedRuns {
    fn ended(&self, run: IngestRun) -> IngestRun {
        self.recorder.run_ended(&run.source, run.state);
        run
    }
}

#[async_trait]
impl IngestRunRepository for CountedRuns {
    async fn create(
        &self,
        series: SeriesKey,
        source: &SourceName,
        asked: Option<TimeRange>,
    ) -> Result<IngestRun, IngestRunRepositoryError> {
        self.inner.create(series, source, asked).await
    }

    async fn request(&self, request: RunRequest) -> Result<Vec<RequestedRun>, IngestRunRepositoryError> {
        self.inner.request(request).await
    }

    async fn begin(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError> {
        self.inner.begin(id).await
    }

    async fn renew(&self, id: RunId, attempt: u32) -> Result<(), IngestRunRepositoryError> {
        self.inner.renew(id, attempt).await
    }

    async fn hand_back(&self, id: RunId, attempt: u32) -> Result<IngestRun, IngestRunRepositoryError> {
        self.inner.hand_back(id, attempt).await
    }

    async fn finish(&self, id: RunId, attempt: u32, end: RunEnd) -> Result<IngestRun, IngestRunRepositoryError> {
        Ok(self.ended(self.inner.finish(id, attempt, end).await?))
    }

    async fn cancel(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError> {
        Ok(self.ended(self.inner.cancel(id).await?))
    }

    async fn get(&self, id: RunId) -> Result<Option<IngestRun>, IngestRunRepositoryError> {
        self.inner.get(id).await
    }

    async fn list(
        &self,
        filter: &RunFilter,
        limit: usize,
        after: Option<RunId>,
    ) -> Result<Vec<IngestRun>, IngestRunRepositoryError> {
        self.inner.list(filter, limit, after).await
    }

    async fn orphaned(&self) -> Result<Vec<IngestRun>, IngestRunRepositoryError> {
        self.inner.orphaned().await
    }
}
