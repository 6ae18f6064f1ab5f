//! Which open discrepancies a merge ends.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::says_the_same;
use super::{MergePlan, Precedence, Tolerance};
use crate::{Bar, Dispute, SourceName, Timestamp};

/// What a merge ends of what was disputed before: what its source said of bars that it now agrees with, and what others
/// said that is now what is kept.
#[derive(Debug)]
pub struct Settlement<'a> {
    source: &'a SourceName,
    tolerance: Tolerance,
    precedence: &'a Precedence,
    /// Bars that were written.
    written: BTreeMap<Timestamp, &'a Bar>,
    /// Where the source repeats what is kept.
    agreed: BTreeSet<Timestamp>,
    /// Where it contradicts.
    contradicted: BTreeSet<Timestamp>,
}

impl<'a> Settlement<'a> {
    /// Of what was decided about the bars that `source` gave.
    #[must_use]
    pub fn of(
        decided: &'a MergePlan,
        source: &'a SourceName,
        tolerance: Tolerance,
        precedence: &'a Precedence,
    ) -> Self {
        let restated = decided.restatements.iter().map(|restatement| &restatement.new);
        let written = decided.inserts.iter().chain(restated);
        Self {
            source,
            tolerance,
            precedence,
            written: written.map(|bar| (bar.opened_at(), bar)).collect(),
            agreed: decided.agreed.iter().copied().collect(),
            contradicted: decided.discrepancies.iter().map(Bar::opened_at).collect(),
        }
    }

    /// Whether an open discrepancy of `by` about the bar that opens then is at its end.
    #[must_use]
    pub fn ends(&self, opened_at: Timestamp, by: &SourceName, dispute: &Dispute) -> bool {
        let kept = self.written.get(&opened_at);
        if by == self.source {
            let agrees = kept.is_some() || self.agreed.contains(&opened_at);
            // It came, so it is no longer withdrawn.
            let came = *dispute == Dispute::Withdrawn && self.contradicted.contains(&opened_at);
            if agrees || came {
                return true;
            }
        }
        match (dispute, kept) {
            (Dispute::Differs(said), Some(kept)) => {
                says_the_same(said, kept, self.tolerance, self.precedence.outranks(self.source, by))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AssetClass, BarValues, Volume};

    fn bar(close: &str) -> Bar {
        let close = close.parse().unwrap();
        let values = BarValues {
            opened_at: Timestamp::from_unix_seconds(0).unwrap(),
            open: close,
            high: close,
            low: close,
            close,
            volume: Volume::ZERO,
            trade_count: None,
            vwap: None,
        };
        Bar::new(values, AssetClass::Stock).unwrap()
    }

    fn differs(close: &str) -> Dispute {
        Dispute::Differs(Box::new(bar(close)))
    }

    /// Whether a merge by `yahoo`, of which `decided` is the outcome, ends what `by` disputes.
    fn ends(decided: &MergePlan, by: &str, dispute: &Dispute) -> bool {
        let (yahoo, precedence) = ("yahoo".parse().unwrap(), Precedence::default());
        let settlement = Settlement::of(decided, &yahoo, Tolerance::Exact, &precedence);
        settlement.ends(bar("1").opened_at(), &by.parse().unwrap(), dispute)
    }

    #[test]
    fn a_source_that_agrees_or_is_believed_disputes_no_longer() {
        let agreed = MergePlan {
            agreed: vec![bar("1").opened_at()],
            ..MergePlan::default()
        };
        let written = MergePlan {
            inserts: vec![bar("1")],
            ..MergePlan::default()
        };
        for decided in [agreed, written] {
            assert!(ends(&decided, "yahoo", &differs("2")));
            assert!(ends(&decided, "yahoo", &Dispute::Withdrawn));
            assert!(!ends(&decided, "file", &differs("2")));
            assert!(!ends(&decided, "file", &Dispute::Withdrawn));
        }
    }

    #[test]
    fn what_another_source_said_ends_when_it_is_what_is_written() {
        let written = MergePlan {
            inserts: vec![bar("1.50")],
            ..MergePlan::default()
        };
        assert!(ends(&written, "file", &differs("1.5")));
        assert!(!ends(&MergePlan::default(), "file", &differs("1.5")));
    }

    #[test]
    fn a_bar_that_comes_back_is_not_withdrawn_whatever_it_says() {
        let contradicts = MergePlan {
            discrepancies: vec![bar("2")],
            ..MergePlan::default()
        };
        assert!(ends(&contradicts, "yahoo", &Dispute::Withdrawn));
        assert!(!ends(&contradicts, "yahoo", &differs("2")));
    }
}
