//! The port by which an operator looks after a store as a whole.

use async_trait::async_trait;

use crate::PriceRepositoryError;

/// A broken rule that `verify` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule, as a short stable name such as `catalogue_count`.
    pub rule: &'static str,
    /// Where and how it is broken, for a person.
    pub detail: String,
}

/// What `verify` looked at and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many series were looked at.
    pub series: u64,
    /// How many final bars were looked at.
    pub bars: u64,
    /// How many revisions were looked at.
    pub revisions: u64,
    /// The broken rules, at most a thousand.
    pub violations: Vec<Violation>,
}

/// Looks after a store.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait StoreCare: Send + Sync {
    /// Asks the store the least there is to ask: readiness.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`].
    async fn ping(&self) -> Result<(), PriceRepositoryError>;

    /// Checks every rule: bars keep theirs, the catalogue is in step, periods of belief do not overlap, every version
    /// has its line in the journal. Reads everything, writes nothing.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`].
    async fn verify(&self) -> Result<Verification, PriceRepositoryError>;
}
