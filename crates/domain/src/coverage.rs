//! Coverage: what was asked of a provider and answered, and so which missing bars are gaps.

mod expected;
mod range_set;

use async_trait::async_trait;
pub use expected::expected_openings;
pub use range_set::RangeSet;
use time::Duration;

use crate::{PriceRepositoryError, SeriesKey, SourceName, TimeRange, Timestamp};

/// A range that a source was asked for and answered in whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoveredRange {
    /// The source.
    pub source: SourceName,
    /// What it answered.
    pub range: TimeRange,
    /// When it last did.
    pub answered_at: Timestamp,
}

/// Tells what was asked and answered.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait CoverageRepository: Send + Sync {
    /// Covered ranges of a series by source and start. Ranges of one source never overlap, for a later answer takes the
    /// place of an earlier one, and touch only when they were answered at different times.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`].
    async fn covered(&self, series: SeriesKey) -> Result<Vec<CoveredRange>, PriceRepositoryError>;
}

/// How long it is believed that a source which had no bar has none.
const CONFIRMATION_LASTS: Duration = Duration::days(30);

/// What is known of an expected bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BarState {
    /// It is there.
    Present,
    /// It was asked for and is not there: nothing was traded.
    ConfirmedEmpty,
    /// It was never asked for with success, or too long ago: a gap.
    Unknown,
}

impl BarState {
    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::ConfirmedEmpty => "confirmed_empty",
            Self::Unknown => "unknown",
        }
    }
}

impl std::fmt::Display for BarState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Expected bars of one state that follow each other, with no expected bar of another state between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The state of each.
    pub state: BarState,
    /// When the first opens.
    pub first: Timestamp,
    /// When the last opens, inclusive.
    pub last: Timestamp,
    /// How many there are, 1 or more.
    pub count: u64,
}

/// Instants at which a bar that is not there is known to be empty: what any source answered in the 30 days before `now`.
#[must_use]
pub fn confirmed(covered: &[CoveredRange], now: Timestamp) -> RangeSet {
    covered
        .iter()
        .filter(|covered| now.since(covered.answered_at) < CONFIRMATION_LASTS)
        .map(|covered| covered.range)
        .collect()
}

/// Tells present, confirmed empty and unknown bars apart among those `expected` (in ascending order, as
/// [`expected_openings`] gives them), as stretches of one state, oldest first. Gaps are the unknown ones.
///
/// `present` tells when the bars that are there open, also in ascending order; those that nobody expects are passed over.
pub fn gaps(
    expected: impl Iterator<Item = Timestamp>,
    present: impl IntoIterator<Item = Timestamp>,
    confirmed: &RangeSet,
) -> impl Iterator<Item = Stretch> {
    let mut present = present.into_iter().peekable();
    let mut state_of = move |opening: Timestamp| {
        while present.next_if(|there| *there < opening).is_some() {}
        if present.next_if_eq(&opening).is_some() {
            BarState::Present
        } else if confirmed.contains(opening) {
            BarState::ConfirmedEmpty
        } else {
            BarState::Unknown
        }
    };
    let mut bars = expected.map(move |opening| (opening, state_of(opening))).peekable();
    std::iter::from_fn(move || {
        let (first, state) = bars.next()?;
        let mut stretch = Stretch {
            state,
            first,
            last: first,
            count: 1,
        };
        while let Some((last, _)) = bars.next_if(|(_, next)| *next == state) {
            stretch.last = last;
            stretch.count += 1;
        }
        Some(stretch)
    })
}

#[cfg(test)]
mod tests;
