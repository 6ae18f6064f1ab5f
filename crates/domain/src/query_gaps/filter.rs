//! What must be known of a missing bar to be told.

use std::fmt;
use std::str::FromStr;

use crate::BarState;

/// Which missing bars are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GapFilter {
    /// Those of which nothing is known: gaps.
    #[default]
    Unknown,
    /// Those that a source was asked for and had not: nothing was traded.
    ConfirmedEmpty,
    /// Both.
    All,
}

/// The text names no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a state of missing bars: one of unknown, confirmed_empty, all")]
pub struct UnknownGapFilter(pub String);

impl GapFilter {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unknown, Self::ConfirmedEmpty, Self::All];

    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => BarState::Unknown.as_str(),
            Self::ConfirmedEmpty => BarState::ConfirmedEmpty.as_str(),
            Self::All => "all",
        }
    }

    /// Whether a bar in that state is meant.
    #[must_use]
    pub fn passes(self, state: BarState) -> bool {
        match state {
            BarState::Present => false,
            BarState::ConfirmedEmpty => matches!(self, Self::ConfirmedEmpty | Self::All),
            BarState::Unknown => matches!(self, Self::Unknown | Self::All),
        }
    }
}

impl FromStr for GapFilter {
    type Err = UnknownGapFilter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|filter| filter.as_str() == text)
            .ok_or_else(|| UnknownGapFilter(text.to_owned()))
    }
}

impl fmt::Display for GapFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
