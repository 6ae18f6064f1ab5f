//! Where a run stands, and how it ends.

use std::str::FromStr;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunState {
    /// Waits for its turn.
    Queued,
    /// At work.
    Running,
    /// Reached the end of what was asked.
    Succeeded,
    /// Kept what it got, but did not reach the end, or put rows in quarantine.
    Partial,
    /// Ended by an error; what was merged before stays.
    Failed,
    /// Ended by hand.
    Cancelled,
}

/// The text names no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a state of a run: one of queued, running, succeeded, partial, failed, cancelled")]
pub struct UnknownRunState(pub String);

impl RunState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Partial,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl FromStr for RunState {
    type Err = UnknownRunState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownRunState(text.to_owned()))
    }
}

/// How a run ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// A final state.
    pub state: RunState,
    /// Why it failed, for a person.
    pub error: Option<String>,
}
