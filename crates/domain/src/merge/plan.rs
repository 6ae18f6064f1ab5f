//! The decision for each bar: insert, restate, confirm, contradict or leave alone.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::Signed;

use super::{MergeCounts, Precedence, Tolerance};
use crate::decimal::Decimal;
use crate::{Bar, MarketPrice, SourceName, TimeRange, Timestamp};

/// A stored bar and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restatement {
    /// What was believed; goes to the revisions.
    pub old: MarketPrice,
    /// What is believed now.
    pub new: Bar,
}

/// What to write for a batch of final bars. Each list is in ascending order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergePlan {
    /// Bars that were not there.
    pub inserts: Vec<Bar>,
    /// Bars whose values change.
    pub restatements: Vec<Restatement>,
    /// Stored bars that a source of higher precedence confirms: only the provenance moves.
    pub confirmed: Vec<MarketPrice>,
    /// Bars that contradict a source of higher precedence.
    pub discrepancies: Vec<Bar>,
    /// Instants at which this source now agrees with what is kept: its open discrepancies there are closed.
    pub agreed: Vec<Timestamp>,
    /// How many were there already, confirmed ones among them.
    pub unchanged: u64,
    /// How many came again later in the batch.
    pub duplicates: u64,
}

impl MergePlan {
    /// What became of the bars, beside that many rows that made none.
    #[must_use]
    pub fn counts(&self, rejected: usize) -> MergeCounts {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        MergeCounts {
            inserted: count(self.inserts.len()),
            updated: count(self.restatements.len()),
            unchanged: self.unchanged,
            duplicate: self.duplicates,
            rejected: count(rejected),
            discrepant: count(self.discrepancies.len()),
        }
    }

    /// From the first bar that changes, be it only in its provenance, to behind the last one.
    #[must_use]
    pub fn changed(&self) -> Option<TimeRange> {
        let restated = self.restatements.iter().map(|restatement| &restatement.new);
        let confirmed = self.confirmed.iter().map(|price| &price.bar);
        self.inserts
            .iter()
            .chain(restated)
            .chain(confirmed)
            .filter_map(|bar| TimeRange::new(bar.opened_at(), bar.opened_at().next()).ok())
            .reduce(TimeRange::hull)
    }
}

/// Decides what becomes of `bars`, of which the last for each instant wins.
///
/// `stored` holds the bars that are there at these instants; more do no harm.
#[must_use]
pub fn plan(
    bars: Vec<Bar>,
    source: &SourceName,
    stored: &BTreeMap<Timestamp, MarketPrice>,
    tolerance: Tolerance,
    precedence: &Precedence,
) -> MergePlan {
    let mut plan = MergePlan::default();
    let mut newest = BTreeMap::new();
    for bar in bars {
        if newest.insert(bar.opened_at(), bar).is_some() {
            plan.duplicates += 1;
        }
    }
    for (opened_at, bar) in newest {
        let Some(old) = stored.get(&opened_at) else {
            plan.inserts.push(bar);
            continue;
        };
        let outranked = precedence.outranks(&old.source, source);
        if says_the_same(&bar, &old.bar, tolerance, outranked) {
            plan.unchanged += 1;
            plan.agreed.push(opened_at);
            if precedence.outranks(source, &old.source) {
                plan.confirmed.push(old.clone());
            }
        } else if outranked {
            plan.discrepancies.push(bar);
        } else {
            plan.agreed.push(opened_at);
            plan.restatements.push(Restatement {
                new: bar.keeping_unstated_of(&old.bar),
                old: old.clone(),
            });
        }
    }
    plan
}

/// Whether a bar repeats what the same source said before.
pub(crate) fn same_values(new: &Bar, old: &Bar, tolerance: Tolerance) -> bool {
    says_the_same(new, old, tolerance, false)
}

/// Whether the new bar repeats the old one. What it does not state is not compared; what an outranked source states
/// beyond the old bar is no contradiction either.
pub(super) fn says_the_same(new: &Bar, old: &Bar, tolerance: Tolerance, outranked: bool) -> bool {
    let (new, old) = (new.values(), old.values());
    let same = |left: Decimal, right: Decimal| equal_within(left, right, tolerance);
    let optional_same = |left: Option<Decimal>, right: Option<Decimal>| match (left, right) {
        (None, _) => true,
        (Some(left), Some(right)) => same(left, right),
        (Some(_), None) => outranked,
    };
    same(new.open.0, old.open.0)
        && same(new.high.0, old.high.0)
        && same(new.low.0, old.low.0)
        && same(new.close.0, old.close.0)
        && same(new.volume.0, old.volume.0)
        && optional_same(new.vwap.map(|price| price.0), old.vwap.map(|price| price.0))
        && match (new.trade_count, old.trade_count) {
            (None, _) => true,
            (Some(new), Some(old)) => new == old,
            (Some(_), None) => outranked,
        }
}

/// Two float32 neighbours lie 2⁻²³ of their size apart at most; two roundings of one value never lie further.
fn equal_within(left: Decimal, right: Decimal, tolerance: Tolerance) -> bool {
    match tolerance {
        Tolerance::Exact => left == right,
        Tolerance::Float32 if left == right => true,
        Tolerance::Float32 => {
            let (left, right) = left.aligned(right);
            let larger = left.abs().max(right.abs());
            (left - right).abs() * BigInt::from(1_u32 << 23) <= larger
        }
    }
}

#[cfg(test)]
mod tests;
