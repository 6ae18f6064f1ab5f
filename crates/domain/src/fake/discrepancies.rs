//! Disagreements in memory: opened, closed when both agree, and opened again.

use std::collections::BTreeSet;

use super::bars::StoredSeries;
use crate::merge::{MergePlan, Settlement};
use crate::{Discrepancy, Dispute, MergeBatch, SourceName, TimeRange, Timestamp};

impl StoredSeries {
    /// Records and closes disagreements after a decision was applied.
    pub(super) fn settle(&mut self, decided: &MergePlan, batch: &MergeBatch, now: Timestamp) {
        let settlement = Settlement::of(decided, &batch.source, batch.tolerance, &batch.precedence);
        for known in self.discrepancies.iter_mut().filter(|known| known.closed_at.is_none()) {
            if settlement.ends(known.opened_at, &known.source, &known.dispute) {
                known.closed_at = Some(now);
            }
        }
        for bar in &decided.discrepancies {
            let differs = Dispute::Differs(Box::new(bar.clone()));
            self.dispute(bar.opened_at(), &batch.source, differs, now);
        }
    }

    /// Records that an answer in whole no longer has bars that this source gave.
    pub(super) fn withdraw(
        &mut self,
        covered: TimeRange,
        told: &BTreeSet<Timestamp>,
        source: &SourceName,
        now: Timestamp,
    ) {
        let missing: Vec<Timestamp> = self
            .bars
            .range(covered.start()..covered.end())
            .filter(|(opened_at, price)| price.source == *source && !told.contains(opened_at))
            .map(|(opened_at, _)| *opened_at)
            .collect();
        for opened_at in missing {
            self.dispute(opened_at, source, Dispute::Withdrawn, now);
        }
    }

    fn dispute(&mut self, opened_at: Timestamp, source: &SourceName, dispute: Dispute, now: Timestamp) {
        let known = self
            .discrepancies
            .iter_mut()
            .find(|known| known.opened_at == opened_at && known.source == *source && known.dispute == dispute);
        match known {
            Some(known) => known.closed_at = None,
            None => self.discrepancies.push(Discrepancy {
                series: self.line.key,
                opened_at,
                source: source.clone(),
                dispute,
                noticed_at: now,
                closed_at: None,
            }),
        }
    }
}
