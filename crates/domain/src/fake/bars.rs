//! What the fake holds of one series, and the steps by which it changes.

use std::collections::BTreeMap;

use super::count_of;
use crate::{Bar, Discrepancy, MarketPrice, Revision, RevisionKind, Series, SourceName, Timestamp};

/// One series: its line of the catalogue, its bars, and their past.
#[derive(Clone)]
pub(super) struct StoredSeries {
    pub(super) line: Series,
    pub(super) bars: BTreeMap<Timestamp, MarketPrice>,
    pub(super) provisional: BTreeMap<Timestamp, MarketPrice>,
    /// By opening and [`Revision::believed_from`].
    pub(super) revisions: BTreeMap<(Timestamp, Timestamp), Revision>,
    pub(super) discrepancies: Vec<Discrepancy>,
    /// The stamp of each version, from version 1.
    pub(super) stamps: Vec<Timestamp>,
}

impl StoredSeries {
    pub(super) fn new(line: Series) -> Self {
        Self {
            line,
            bars: BTreeMap::new(),
            provisional: BTreeMap::new(),
            revisions: BTreeMap::new(),
            discrepancies: Vec::new(),
            stamps: Vec::new(),
        }
    }

    /// Bars of every kind, revisions included.
    pub(super) fn bar_count(&self) -> u64 {
        [self.bars.len(), self.provisional.len(), self.revisions.len()]
            .into_iter()
            .map(|length| u64::try_from(length).unwrap_or(u64::MAX))
            .sum()
    }

    /// What the next change is stamped with, at the time `now`.
    pub(super) fn next_stamp(&self, now: Timestamp) -> Timestamp {
        now.max(self.line.updated_at.next())
    }

    /// The version that a reader as of `instant` saw.
    pub(super) fn version_at(&self, instant: Timestamp) -> u64 {
        let seen = self.stamps.partition_point(|stamp| *stamp <= instant);
        u64::try_from(seen).unwrap_or(u64::MAX)
    }

    /// Believes `bar` from `stamp` on.
    pub(super) fn believe(&mut self, bar: Bar, source: &SourceName, stamp: Timestamp) {
        let price = MarketPrice {
            series: self.line.key,
            source: source.clone(),
            recorded_at: stamp,
            provisional: false,
            bar,
        };
        self.bars.insert(price.bar.opened_at(), price);
    }

    /// Moves what was believed until `stamp` to the revisions.
    pub(super) fn retire(&mut self, old: &MarketPrice, stamp: Timestamp, kind: RevisionKind) {
        let opened_at = old.bar.opened_at();
        self.bars.remove(&opened_at);
        let revision = Revision {
            series: old.series,
            bar: old.bar.clone(),
            source: old.source.clone(),
            believed_from: old.recorded_at,
            believed_until: stamp,
            kind,
        };
        self.revisions.insert((opened_at, old.recorded_at), revision);
    }

    /// Ends a change of final bars or actions: a new version, and the catalogue back in step.
    pub(super) fn commit(&mut self, stamp: Timestamp, source: Option<&SourceName>) {
        self.stamps.push(stamp);
        self.line.version = count_of(&self.stamps);
        self.line.updated_at = stamp;
        self.line.first = self.bars.keys().next().copied();
        self.line.last = self.bars.keys().next_back().copied();
        self.line.count = u64::try_from(self.bars.len()).unwrap_or(u64::MAX);
        if let Some(source) = source {
            self.line.last_source = Some(source.clone());
        }
    }
}
