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
use domain::{BarChunk, BarQuery, MergeBatch, Merged, PriceRepository, PriceRepositoryError, Removal};

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
}

#[cfg(test)]
mod tests;
