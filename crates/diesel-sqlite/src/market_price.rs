//! Bars: written by merging and removing, read by range, now or as of an earlier instant.

mod believed;
mod disputes;
mod merge;
mod provisional;
pub(crate) mod quarantine;
mod read;
mod remove;
pub(crate) mod rows;
mod stored;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    BarChunk, BarQuery, MarketPrice, MergeBatch, Merged, PriceRepository, PriceRepositoryError, Removal, SeriesKey,
    Timestamp,
};

use crate::SqliteStore;
use crate::error::Failure;

/// What stops a transaction on bars.
pub(crate) type PriceFailure = Failure<PriceRepositoryError>;

#[async_trait]
impl PriceRepository for SqliteStore {
    async fn merge(&self, batch: MergeBatch) -> Result<Merged, PriceRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| merge::merge(connection, batch, clock.now()))
            .await
    }

    async fn remove(&self, removal: Removal) -> Result<Merged, PriceRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| remove::remove(connection, &removal, clock.now()))
            .await
    }

    /// A write that is under way takes its stamp under the write lock, and commits later. Whether it can still change
    /// what was believed at `as_of` is decided by the series itself: its stamps only grow, so once its last one is at or
    /// behind `as_of`, no later write lies before it, whatever the clocks of other processes show. Pages of one read are
    /// always of this kind and wait for nothing. Only for an instant behind the last stamp the write lock is taken once:
    /// whoever held it is visible then, and whoever takes it after us reads a clock that shows more than `as_of`, which
    /// lies in the past.
    async fn read(&self, query: &BarQuery) -> Result<BarChunk, PriceRepositoryError> {
        let query = *query;
        let chunk = self
            .read(move |connection| read::unless_unsettled(connection, &query))
            .await?;
        match chunk {
            Some(chunk) => Ok(chunk),
            None => {
                self.settle().await?;
                self.read(move |connection| read::chunk(connection, &query)).await
            }
        }
    }

    /// In one transaction; an instant that may not be settled is waited for as in `read`.
    async fn last_before(
        &self,
        series: SeriesKey,
        instants: &[Timestamp],
        as_of: Timestamp,
    ) -> Result<Vec<Option<MarketPrice>>, PriceRepositoryError> {
        let query = |instant: &Timestamp| BarQuery::last_before(series, *instant, as_of);
        let queries: Vec<Option<BarQuery>> = instants.iter().map(query).collect();
        let queries = Arc::new(queries);
        let asked = Arc::clone(&queries);
        let last = self
            .read(move |connection| read::first_of_each_unless_unsettled(connection, series, as_of, &asked))
            .await?;
        match last {
            Some(last) => Ok(last),
            None => {
                self.settle().await?;
                self.read(move |connection| read::first_of_each(connection, series, &queries))
                    .await
            }
        }
    }
}

#[cfg(test)]
mod tests;
