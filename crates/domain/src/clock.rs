//! The time of day, as a port: the domain never reads the clock by itself.

use crate::Timestamp;

/// Tells the present instant.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}
