//! Disagreements in memory: opened, closed when both agree, and opened again.

use std::collections::{BTreeMap, BTreeSet};

use super::bars::StoredSeries;
use crate::merge::{MergePlan, plan};
use crate::{Bar, Discrepancy, Dispute, MergeBatch, SourceName, TimeRange, Timestamp};

impl StoredSeries {
    /// Records and closes disagreements after a decision was applied.
    pub(super) fn settle(&mut self, decided: &MergePlan, batch: &MergeBatch, now: Timestamp) {
        for bar in &decided.discrepancies {
            // It came, so it is no longer withdrawn.
            self.close(now, |known| {
                known.source == batch.source
                    && known.opened_at == bar.opened_at()
                    && known.dispute == Dispute::Withdrawn
            });
            self.dispute(
                bar.opened_at(),
                &batch.source,
                Dispute::Differs(Box::new(bar.clone())),
                now,
            );
        }
        let restated = decided.restatements.iter().map(|restatement| &restatement.new);
        let written: BTreeSet<Timestamp> = decided.inserts.iter().chain(restated).map(Bar::opened_at).collect();
        let agreed: BTreeSet<Timestamp> = decided.agreed.iter().chain(&written).copied().collect();
        self.close(now, |known| {
            known.source == batch.source && agreed.contains(&known.opened_at)
        });
        // What others said before may be what is kept now.
        let kept: BTreeMap<Timestamp, _> = written
            .into_iter()
            .filter_map(|opened_at| Some((opened_at, self.bars.get(&opened_at)?.clone())))
            .collect();
        self.close(now, |known| match &known.dispute {
            Dispute::Differs(said) if kept.contains_key(&known.opened_at) => {
                let said = vec![Bar::clone(said)];
                plan(said, &known.source, &kept, batch.tolerance, &batch.precedence).unchanged == 1
            }
            Dispute::Differs(_) | Dispute::Withdrawn => false,
        });
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

    fn close(&mut self, now: Timestamp, settled: impl Fn(&Discrepancy) -> bool) {
        for known in &mut self.discrepancies {
            if known.closed_at.is_none() && settled(known) {
                known.closed_at = Some(now);
            }
        }
    }
}
