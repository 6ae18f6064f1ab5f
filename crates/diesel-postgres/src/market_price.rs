//! Bars: written by merging and removing, read by range, now or as of an earlier instant.

mod believed;
mod disputes;
mod merge;
mod provisional;
pub(crate) mod quarantine;
mod read;
pub(crate) mod reading;
mod remove;
pub(crate) mod rows;
mod stored;
mod writing;

use async_trait::async_trait;
use domain::{
    BarChunk, BarQuery, InstrumentId, MarketPrice, MergeBatch, Merged, PriceRepository, PriceRepositoryError, Removal,
    RowChunk, SeriesKey, Timestamp,
};

use crate::error::{DatabaseError, Failure, PortError};
use crate::{PostgresStore, lock};
use read::Found;

/// What stops a transaction on bars.
pub(crate) type PriceFailure = Failure<PriceRepositoryError>;

#[async_trait]
impl PriceRepository for PostgresStore {
    async fn merge(&self, batch: MergeBatch) -> Result<Merged, PriceRepositoryError> {
        let mut write = self.write_to(batch.series.instrument).await?;
        let merged = merge::merge(&mut write, batch, self.clock.now()).await;
        write.finish(merged).await
    }

    async fn remove(&self, removal: Removal) -> Result<Merged, PriceRepositoryError> {
        let mut write = self.write_to(removal.series.instrument).await?;
        let removed = remove::remove(&mut write, &removal, self.clock.now()).await;
        write.finish(removed).await
    }

    /// A write that is under way takes its stamp under the lock of its instrument, and commits later. Whether it can
    /// still change what was believed at `as_of` is decided by the series itself: its stamps only grow, so once its last
    /// one is at or behind `as_of`, no later write lies before it, whatever the clocks of other processes show. Pages of
    /// one read are always of this kind and wait for nothing. Only for an instant behind the last stamp the lock is
    /// waited for once: whoever held it is visible then, and whoever takes it after us reads a clock that shows more than
    /// `as_of`, which lies in the past.
    async fn read(&self, query: &BarQuery) -> Result<BarChunk, PriceRepositoryError> {
        let mut lent = self.lend().await.map_err(unavailable)?;
        let found = match read::at_once(&mut lent, query).await {
            Ok(found) => {
                lent.release();
                found
            }
            // A replica ends queries that stand in the way of what it has to replay.
            Err(Failure::Database(_)) if self.has_replica() => return self.read_settled(query).await,
            Err(failure) => return Err(failure.into_port()),
        };
        match found {
            Found::Chunk(chunk) => Ok(chunk),
            Found::Past => self.read_settled(query).await,
            Found::Unsettled => {
                self.settle(query.series.instrument).await?;
                self.read_settled(query).await
            }
        }
    }

    /// A state that is over, or that has provisional bars beside it, is read as it is.
    async fn rows(&self, query: &BarQuery) -> Result<RowChunk, PriceRepositoryError> {
        if let Some(as_of) = query.as_of.filter(|_| !query.include_partial) {
            let mut lent = self.lend().await.map_err(unavailable)?;
            match read::unchanged_since(&mut lent, query, as_of).await {
                Ok(found) => {
                    lent.release();
                    if let Some(chunk) = found {
                        return Ok(chunk);
                    }
                }
                Err(Failure::Database(_)) if self.has_replica() => {}
                Err(failure) => return Err(failure.into_port()),
            }
        }
        self.read(query).await.map(RowChunk::from)
    }

    /// In one transaction; an instant that may not be settled is waited for as in `read`.
    async fn last_before(
        &self,
        series: SeriesKey,
        instants: &[Timestamp],
        as_of: Timestamp,
    ) -> Result<Vec<Option<MarketPrice>>, PriceRepositoryError> {
        let mut look = self.look().await?;
        let last = read::last_before_unless_unsettled(&mut look, series, instants, as_of).await;
        if let Some(last) = look.finish(last).await? {
            return Ok(last);
        }
        self.settle(series.instrument).await?;
        let mut look = self.look_at_primary().await?;
        let last = read::last_before(&mut look, series, instants, as_of).await;
        look.finish(last).await
    }
}

impl PostgresStore {
    /// Waits until every write to the instrument that took the lock before this call is visible or undone.
    async fn settle(&self, instrument: InstrumentId) -> Result<(), PriceRepositoryError> {
        let settling = self.write::<PriceRepositoryError>().await?;
        let settled = lock::writers_of(&settling, instrument).await;
        settling.finish(settled.map_err(Failure::from)).await
    }

    /// Reads where everything is that was written before.
    async fn read_settled(&self, query: &BarQuery) -> Result<BarChunk, PriceRepositoryError> {
        let mut look = self.look_at_primary().await?;
        let chunk = read::settled(&mut look, query).await;
        look.finish(chunk).await
    }
}

fn unavailable(error: DatabaseError) -> PriceRepositoryError {
    PortError::unavailable(Box::new(error))
}
