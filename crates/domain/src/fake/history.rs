//! Revisions, discrepancies, quarantine and journal in memory.

use std::ops::Bound;

use async_trait::async_trait;

use super::InMemoryStore;
use crate::{
    Discrepancy, JournalEntry, PriceHistory, PriceRepositoryError, QuarantinedRow, Revision, SeriesKey, TimeRange,
    Timestamp,
};

#[async_trait]
impl PriceHistory for InMemoryStore {
    async fn revisions(
        &self,
        series: SeriesKey,
        range: TimeRange,
        limit: usize,
        after: Option<(Timestamp, Timestamp)>,
    ) -> Result<Vec<Revision>, PriceRepositoryError> {
        let (state, _) = self.open();
        let all = state
            .series
            .get(&series)
            .map(|series| &series.revisions)
            .into_iter()
            .flatten();
        let behind = all.filter(|(key, _)| range.contains(key.0) && Some(**key) > after);
        Ok(behind.take(limit).map(|(_, revision)| revision.clone()).collect())
    }

    async fn discrepancies(
        &self,
        series: SeriesKey,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Discrepancy>, PriceRepositoryError> {
        let (state, _) = self.open();
        let all = state
            .series
            .get(&series)
            .map(|series| &series.discrepancies)
            .into_iter()
            .flatten();
        let mut inside: Vec<Discrepancy> = all.filter(|known| range.contains(known.opened_at)).cloned().collect();
        inside.sort_by_key(|known| (known.opened_at, known.noticed_at));
        inside.truncate(limit);
        Ok(inside)
    }

    async fn quarantine(
        &self,
        series: Option<SeriesKey>,
        limit: usize,
        after: i64,
    ) -> Result<Vec<QuarantinedRow>, PriceRepositoryError> {
        let (state, _) = self.open();
        let behind = state.quarantine.range((Bound::Excluded(after), Bound::Unbounded));
        let wanted = behind.filter(|(_, row)| series.is_none_or(|series| series == row.series));
        Ok(wanted.take(limit).map(|(_, row)| row.clone()).collect())
    }

    async fn journal(&self, limit: usize, after: i64) -> Result<Vec<JournalEntry>, PriceRepositoryError> {
        let (state, _) = self.open();
        let behind = state.journal.range((Bound::Excluded(after), Bound::Unbounded));
        Ok(behind.take(limit).map(|(_, entry)| entry.clone()).collect())
    }
}
