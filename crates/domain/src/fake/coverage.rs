//! Coverage in memory.

use async_trait::async_trait;

use super::{InMemoryStore, State};
use crate::{CoverageRepository, CoveredRange, PriceRepositoryError, SeriesKey, SourceName, TimeRange, Timestamp};

#[async_trait]
impl CoverageRepository for InMemoryStore {
    async fn covered(&self, series: SeriesKey) -> Result<Vec<CoveredRange>, PriceRepositoryError> {
        Ok(self.open().0.coverage.get(&series).cloned().unwrap_or_default())
    }
}

impl State {
    /// Adds an answer: it takes the place of older ones where they overlap, and joins those of the same time.
    pub(super) fn cover(&mut self, series: SeriesKey, source: &SourceName, answered: TimeRange, now: Timestamp) {
        let ranges = self.coverage.entry(series).or_default();
        let (own, mut kept): (Vec<_>, Vec<_>) = ranges.drain(..).partition(|known| known.source == *source);
        let covered = |range, answered_at| CoveredRange {
            source: source.clone(),
            range,
            answered_at,
        };
        let mut joined = answered;
        for known in own {
            let touches = known.range.start() <= joined.end() && joined.start() <= known.range.end();
            if touches && known.answered_at == now {
                joined = joined.hull(known.range);
                continue;
            }
            let before = TimeRange::new(known.range.start(), known.range.end().min(answered.start()));
            let behind = TimeRange::new(known.range.start().max(answered.end()), known.range.end());
            let rest = [before, behind].into_iter().flatten();
            kept.extend(rest.map(|range| covered(range, known.answered_at)));
        }
        kept.push(covered(joined, now));
        kept.sort_by(|left, right| (&left.source, left.range).cmp(&(&right.source, right.range)));
        *ranges = kept;
    }
}
