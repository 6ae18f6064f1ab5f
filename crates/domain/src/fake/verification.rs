//! Care for a store in memory: does it keep its own rules?

use async_trait::async_trait;

use super::bars::StoredSeries;
use super::{InMemoryStore, State, count_of};
use crate::{PriceRepositoryError, StoreCare, Timestamp, Verification, Violation};

#[async_trait]
impl StoreCare for InMemoryStore {
    async fn ping(&self) -> Result<(), PriceRepositoryError> {
        Ok(())
    }

    async fn verify(&self) -> Result<Verification, PriceRepositoryError> {
        let (state, _) = self.open();
        let mut found = Verification::default();
        for series in state.series.values() {
            found.series += 1;
            found.bars += u64::try_from(series.bars.len()).unwrap_or(u64::MAX);
            found.revisions += u64::try_from(series.revisions.len()).unwrap_or(u64::MAX);
            let broken = series.broken_rules().into_iter().chain(state.broken_journal(series));
            found.violations.extend(broken.map(|rule| Violation {
                rule,
                detail: series.line.key.to_string(),
            }));
        }
        found.violations.truncate(1_000);
        Ok(found)
    }
}

impl State {
    /// Every version has exactly one line, with its stamp.
    fn broken_journal(&self, series: &StoredSeries) -> Option<&'static str> {
        let lines = self.journal.values().filter(|entry| entry.series == series.line.key);
        let told: Vec<(u64, Timestamp)> = lines.map(|entry| (entry.version, entry.changed_at)).collect();
        let due: Vec<(u64, Timestamp)> = (1..).zip(series.stamps.iter().copied()).collect();
        (told != due).then_some("journal_lines")
    }
}

impl StoredSeries {
    fn broken_rules(&self) -> Vec<&'static str> {
        let Self {
            line,
            bars,
            provisional,
            revisions,
            stamps,
            ..
        } = self;
        let bounds = (bars.keys().next().copied(), bars.keys().next_back().copied());
        let newest = bars.values().map(|price| price.recorded_at).max();
        let mut rules = vec![
            ("catalogue_count", u64::try_from(bars.len()) == Ok(line.count)),
            ("catalogue_bounds", (line.first, line.last) == bounds),
            ("catalogue_version", line.version == count_of(stamps)),
            ("catalogue_updated_at", newest <= Some(line.updated_at)),
            ("stamps_grow", stamps.is_sorted_by(|earlier, later| earlier < later)),
            (
                "provisional_beside_final",
                !provisional.keys().any(|opened_at| bars.contains_key(opened_at)),
            ),
        ];
        let mut believed: Option<(Timestamp, Timestamp)> = None;
        for ((opened_at, from), revision) in revisions {
            let before = believed.filter(|(opening, _)| opening == opened_at);
            let in_order = before.is_none_or(|(_, until)| until <= *from) && *from < revision.believed_until;
            rules.push(("belief_periods", in_order));
            let current = bars.get(opened_at);
            let ended = current.is_none_or(|price| revision.believed_until <= price.recorded_at);
            rules.push(("belief_periods", ended));
            believed = Some((*opened_at, revision.believed_until));
        }
        rules
            .into_iter()
            .filter(|(_, kept)| !kept)
            .map(|(rule, _)| rule)
            .collect()
    }
}
