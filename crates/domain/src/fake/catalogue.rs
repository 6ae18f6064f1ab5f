//! The catalogue in memory.

use async_trait::async_trait;

use super::InMemoryStore;
use crate::{InstrumentId, PriceRepositoryError, Series, SeriesCatalogue, SeriesKey};

#[async_trait]
impl SeriesCatalogue for InMemoryStore {
    async fn find(&self, key: SeriesKey) -> Result<Option<Series>, PriceRepositoryError> {
        Ok(self.open().0.series.get(&key).map(|series| series.line.clone()))
    }

    async fn of_instrument(&self, instrument: InstrumentId) -> Result<Vec<Series>, PriceRepositoryError> {
        let (state, _) = self.open();
        Ok(state
            .series_of(instrument)
            .map(|(_, series)| series.line.clone())
            .collect())
    }

    async fn list(&self, limit: usize, after: Option<SeriesKey>) -> Result<Vec<Series>, PriceRepositoryError> {
        let (state, _) = self.open();
        let behind = state.series.values().filter(|series| Some(series.line.key) > after);
        Ok(behind.take(limit).map(|series| series.line.clone()).collect())
    }
}
