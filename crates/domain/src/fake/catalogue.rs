//! The catalogue in memory.

use async_trait::async_trait;

use super::{InMemoryStore, State};
use crate::{InstrumentId, Listing, PriceRepositoryError, Series, SeriesCatalogue, SeriesKey, SeriesStanding, Symbol};

#[async_trait]
impl SeriesCatalogue for InMemoryStore {
    async fn find(&self, key: SeriesKey) -> Result<Option<Series>, PriceRepositoryError> {
        Ok(self.open().0.series.get(&key).map(|series| series.line.clone()))
    }

    async fn standings(&self, instrument: InstrumentId) -> Result<Vec<SeriesStanding>, PriceRepositoryError> {
        Ok(self.open().0.standings(instrument))
    }

    async fn listings(&self, symbol: &Symbol) -> Result<Vec<Listing>, PriceRepositoryError> {
        let (state, _) = self.open();
        let named = state.instruments.values().filter(|one| one.details.symbol == *symbol);
        let listings = named.map(|instrument| Listing {
            instrument: instrument.clone(),
            series: state.standings(instrument.id),
        });
        Ok(listings.collect())
    }

    async fn list(&self, limit: usize, after: Option<SeriesKey>) -> Result<Vec<Series>, PriceRepositoryError> {
        let (state, _) = self.open();
        let behind = state.series.values().filter(|series| Some(series.line.key) > after);
        Ok(behind.take(limit).map(|series| series.line.clone()).collect())
    }
}

impl State {
    fn standings(&self, instrument: InstrumentId) -> Vec<SeriesStanding> {
        let standings = self.series_of(instrument).map(|(_, series)| SeriesStanding {
            line: series.line.clone(),
            disputed: series.discrepancies.iter().any(|known| known.closed_at.is_none()),
        });
        standings.collect()
    }
}
