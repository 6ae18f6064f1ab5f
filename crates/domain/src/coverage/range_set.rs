//! Sets of instants, as ranges.

use crate::{TimeRange, Timestamp};

/// Instants in half-open ranges that are sorted and neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeSet(Vec<TimeRange>);

impl RangeSet {
    /// No instant.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it holds no instant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds all instants of a range; what it overlaps or touches becomes one range with it.
    pub fn insert(&mut self, range: TimeRange) {
        let from = self.0.partition_point(|kept| kept.end() < range.start());
        let to = self.0.partition_point(|kept| kept.start() <= range.end());
        let merged = self
            .0
            .get(from..to)
            .into_iter()
            .flatten()
            .fold(range, |hull, kept| hull.hull(*kept));
        self.0.splice(from..to.max(from), [merged]);
    }

    /// Takes out all instants of a range.
    pub fn remove(&mut self, range: TimeRange) {
        let from = self.0.partition_point(|kept| kept.end() <= range.start());
        let to = self.0.partition_point(|kept| kept.start() < range.end()).max(from);
        let overlapping = self.0.get(from..to).unwrap_or_default();
        let before = overlapping
            .first()
            .and_then(|first| TimeRange::new(first.start(), range.start()).ok());
        let behind = overlapping
            .last()
            .and_then(|last| TimeRange::new(range.end(), last.end()).ok());
        self.0.splice(from..to, before.into_iter().chain(behind));
    }

    /// Takes out all instants of another set.
    pub fn subtract(&mut self, other: &Self) {
        for range in other.iter() {
            self.remove(range);
        }
    }

    /// Whether it holds an instant.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        let index = self.0.partition_point(|kept| kept.end() <= instant);
        self.0.get(index).is_some_and(|kept| kept.contains(instant))
    }

    /// The instants of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut mine, mut theirs) = (self.iter().peekable(), other.iter().peekable());
        let mut shared = Vec::new();
        while let (Some(left), Some(right)) = (mine.peek().copied(), theirs.peek().copied()) {
            shared.extend(left.intersection(right));
            // Whichever ends first shares nothing with what follows.
            if left.end() <= right.end() {
                mine.next();
            } else {
                theirs.next();
            }
        }
        Self(shared)
    }

    /// The ranges, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = TimeRange> {
        self.0.iter().copied()
    }
}

impl Extend<TimeRange> for RangeSet {
    fn extend<I: IntoIterator<Item = TimeRange>>(&mut self, ranges: I) {
        ranges.into_iter().for_each(|range| self.insert(range));
    }
}

impl FromIterator<TimeRange> for RangeSet {
    /// From ranges in any order, overlapping or not.
    fn from_iter<I: IntoIterator<Item = TimeRange>>(ranges: I) -> Self {
        let mut set = Self::new();
        set.extend(ranges);
        set
    }
}

impl IntoIterator for RangeSet {
    type Item = TimeRange;
    type IntoIter = std::vec::IntoIter<TimeRange>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
