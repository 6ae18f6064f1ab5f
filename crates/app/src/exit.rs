//! How a command ends: the exit codes that scripts rely on.

use std::process::ExitCode;

/// The end of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: done.
    #[default]
    Done,
    /// 3: done in part: rows went to quarantine, or a run did not reach its end.
    InPart,
    /// 1: failed.
    Failed,
    /// 2: wrong usage or configuration.
    WrongUsage,
}

impl Exit {
    /// The number that scripts see.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::WrongUsage => 2,
            Self::InPart => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error that the user mends by typing something else: it ends with code 2 instead of 1.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(crate) String);
