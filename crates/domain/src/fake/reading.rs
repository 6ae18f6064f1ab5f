//! Reading bars in memory, now and as of an earlier instant.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::InMemoryStore;
use super::bars::StoredSeries;
use crate::{
    BarChunk, BarQuery, MarketPrice, MergeBatch, Merged, PriceRepository, PriceRepositoryError, Removal, Revision,
    TimeOrder, Timestamp,
};

#[async_trait]
impl PriceRepository for InMemoryStore {
    async fn merge(&self, batch: MergeBatch) -> Result<Merged, PriceRepositoryError> {
        let (mut state, now) = self.open();
        state.merge(batch, now)
    }

    async fn remove(&self, removal: Removal) -> Result<Merged, PriceRepositoryError> {
        let (mut state, now) = self.open();
        state.remove(&removal, now)
    }

    async fn read(&self, query: &BarQuery) -> Result<BarChunk, PriceRepositoryError> {
        let (state, _) = self.open();
        Ok(match state.series.get(&query.series) {
            Some(series) => series.read(query),
            // Before the first stamp that a write can ever have: nothing was there, whatever is written next.
            None => BarChunk {
                bars: Vec::new(),
                more: false,
                pinned: query.as_of.unwrap_or(Timestamp::MIN),
                version: 0,
            },
        })
    }
}

impl StoredSeries {
    fn read(&self, query: &BarQuery) -> BarChunk {
        let (start, end) = (query.range.start(), query.range.end());
        let pinned = query.as_of.unwrap_or(self.line.updated_at);
        // One more than asked for, of each kind, is enough to fill the chunk and to know whether more follow.
        let enough = query.limit.saturating_add(1);
        let current = self.bars.range(start..end).map(|(_, price)| price);
        let current = taken(current.filter(|price| price.recorded_at <= pinned), query.order, enough);
        let past = self.revisions.range((start, Timestamp::MIN)..(end, Timestamp::MIN));
        let past = past
            .map(|(_, revision)| revision)
            .filter(|revision| revision.believed_from <= pinned && pinned < revision.believed_until);
        let past = taken(past, query.order, enough);
        let partial = self.provisional.range(start..end).map(|(_, price)| price);
        let partial = taken(partial.filter(|_| query.include_partial), query.order, enough);

        let mut found: BTreeMap<Timestamp, MarketPrice> = BTreeMap::new();
        // A final bar takes the place of a provisional one.
        found.extend(partial.into_iter().map(|price| (price.bar.opened_at(), price.clone())));
        found.extend(
            past.into_iter()
                .map(|revision| (revision.bar.opened_at(), as_believed(revision))),
        );
        found.extend(current.into_iter().map(|price| (price.bar.opened_at(), price.clone())));
        let more = found.len() > query.limit;
        BarChunk {
            bars: taken(found.into_values(), query.order, query.limit),
            more,
            pinned,
            version: self.version_at(pinned),
        }
    }
}

/// The bar as it stood while the revision was believed.
fn as_believed(revision: &Revision) -> MarketPrice {
    MarketPrice {
        series: revision.series,
        bar: revision.bar.clone(),
        source: revision.source.clone(),
        recorded_at: revision.believed_from,
        provisional: false,
    }
}

fn taken<T>(oldest_first: impl DoubleEndedIterator<Item = T>, order: TimeOrder, limit: usize) -> Vec<T> {
    match order {
        TimeOrder::Ascending => oldest_first.take(limit).collect(),
        TimeOrder::Descending => oldest_first.rev().take(limit).collect(),
    }
}
