//! The clock of this machine.

use domain::{Clock, Timestamp};

/// Tells the time of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that all others ask")]
        let now = time::OffsetDateTime::now_utc();
        // A machine whose clock lies outside the years 1 to 9999 has no usable time at all.
        Timestamp::try_from(now).unwrap_or(Timestamp::MAX)
    }
}
