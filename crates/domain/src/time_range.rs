//! Half-open ranges of time.

use std::fmt;

use crate::Timestamp;

/// Why two instants make no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeRangeError {
    /// Start and end are the same: the range would hold nothing.
    #[error("start and end are both {0}: the end is exclusive, so the range is empty; move the end")]
    Empty(Timestamp),
    /// The end comes first.
    #[error("start {start} lies after end {end}: swap them")]
    Reversed {
        /// The start as given.
        start: Timestamp,
        /// The end as given.
        end: Timestamp,
    },
}

/// `[start, end)`: from `start`, inclusive, to `end`, exclusive; never empty.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeRange {
    start: Timestamp,
    end: Timestamp,
}

impl TimeRange {
    /// Everything there is.
    pub const ALL: Self = Self {
        start: Timestamp::MIN,
        end: Timestamp::MAX,
    };

    /// `[start, end)`.
    ///
    /// # Errors
    /// [`TimeRangeError::Empty`] when both are equal, [`TimeRangeError::Reversed`] when the end comes first.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, TimeRangeError> {
        match start.cmp(&end) {
            std::cmp::Ordering::Less => Ok(Self { start, end }),
            std::cmp::Ordering::Equal => Err(TimeRangeError::Empty(start)),
            std::cmp::Ordering::Greater => Err(TimeRangeError::Reversed { start, end }),
        }
    }

    /// The first instant inside.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.start
    }

    /// The first instant after.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.end
    }

    /// Whether the instant lies inside.
    #[must_use]
    pub fn contains(self, instant: Timestamp) -> bool {
        self.start <= instant && instant < self.end
    }

    /// What both share, if anything.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end)).ok()
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}, {})", self.start, self.end)
    }
}

impl fmt::Debug for TimeRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
