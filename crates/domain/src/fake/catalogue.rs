//! The catalogue in memory.

use async_trait::async_trait;

use super::InMemoryStore;
use crate::{InstrumentId, PriceRepositoryError, Series, SeriesCatalogue, SeriesKey, SeriesStanding};

#[async_trait]
impl SeriesCatalogue for InMemoryStore {
    async fn find(&self, key: SeriesKey) -> Result<Option<Series>, PriceRepositoryError> {
        Ok(self.open().0.series.get(&key).map(|series| series.line.clone()))
    }

    async fn standings(&self, instrument: InstrumentId) -> Result<Vec<SeriesStanding>, PriceRepositoryError> {
        let (state, _) = self.open();
        let standings = state.series_of(instrument).map(|(_, series)| SeriesStanding {
            line: series.line.clone(),
            disputed: series.discrepancies.iter().any(|known| known.closed_at.is_none()),
        });
        Ok(standings.collect())
    }

    async fn list(&self, limit: usize, after: Option<SeriesKey>) -> Result<Vec<Series>, PriceRepositoryError> {
        let (state, _) = self.open();
        let behind = state.series.values().filter(|series| Some(series.line.key) > after);
        Ok(behind.take(limit).map(|series| series.line.clone()).collect())
    }
}
