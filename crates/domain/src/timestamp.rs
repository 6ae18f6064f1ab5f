//! Instants: UTC, to the microsecond.

use std::fmt;
use std::str::FromStr;

use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, OffsetDateTime, Time};

const MICROS_PER_SECOND: i64 = 1_000_000;
/// 0001-01-01T00:00:00Z.
const FIRST_MICROS: i64 = -62_135_596_800 * MICROS_PER_SECOND;
/// 9999-12-31T23:59:59.999999Z.
const LAST_MICROS: i64 = 253_402_300_800 * MICROS_PER_SECOND - 1;

/// Why a text or number is not an instant of this system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// Outside the years 1 to 9999.
    #[error("the instant lies outside the years 1 to 9999")]
    OutOfRange,
    /// Not RFC 3339.
    #[error("`{text}` is not an instant: write RFC 3339 in UTC, such as 2024-01-02T00:00:00Z")]
    NotAnInstant {
        /// The text as given, cut to 60 characters.
        text: String,
    },
}

/// An instant in UTC with microseconds, in the years 1 to 9999.
///
/// [`OffsetDateTime`] comes and goes at the edges; inside, eight bytes are enough, and what is finer than a microsecond
/// or in another offset cannot be held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first instant there is: 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(FIRST_MICROS);
    /// The last instant there is: 9999-12-31T23:59:59.999999Z.
    pub const MAX: Self = Self(LAST_MICROS);

    /// From microseconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`TimestampError::OutOfRange`] outside the years 1 to 9999.
    pub fn from_unix_micros(micros: i64) -> Result<Self, TimestampError> {
        if (FIRST_MICROS..=LAST_MICROS).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(TimestampError::OutOfRange)
        }
    }

    /// From seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`TimestampError::OutOfRange`] outside the years 1 to 9999.
    pub fn from_unix_seconds(seconds: i64) -> Result<Self, TimestampError> {
        Self::from_unix_micros(
            seconds
                .checked_mul(MICROS_PER_SECOND)
                .ok_or(TimestampError::OutOfRange)?,
        )
    }

    /// 00:00Z of a date: where daily and longer bars sit.
    ///
    /// # Errors
    /// [`TimestampError::OutOfRange`] outside the years 1 to 9999.
    pub fn midnight(date: Date) -> Result<Self, TimestampError> {
        Self::try_from(date.with_time(Time::MIDNIGHT).assume_utc())
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// The calendar date in UTC.
    #[must_use]
    pub fn date(self) -> Date {
        OffsetDateTime::from(self).date()
    }

    /// Whether it is 00:00:00Z of some date.
    #[must_use]
    pub fn is_midnight(self) -> bool {
        self.0.rem_euclid(86_400 * MICROS_PER_SECOND) == 0
    }

    /// Later by `duration`, or earlier when it is negative; `None` outside the years 1 to 9999.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.whole_microseconds()).ok()?;
        Self::from_unix_micros(self.0.checked_add(micros)?).ok()
    }

    /// The next instant that can be told apart; the last one stays.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1).min(LAST_MICROS))
    }

    /// How much later this is than `earlier`; negative when it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::microseconds(self.0.saturating_sub(earlier.0))
    }

    /// Rounded down to a multiple of `step` since 1970, which is how bars align to UTC. A `step` below a microsecond
    /// leaves the instant as it is.
    #[must_use]
    pub fn floor(self, step: Duration) -> Self {
        match i64::try_from(step.whole_microseconds()) {
            Ok(step) if step > 0 => Self(self.0.saturating_sub(self.0.rem_euclid(step)).max(FIRST_MICROS)),
            _ => self,
        }
    }
}

impl From<Timestamp> for OffsetDateTime {
    fn from(timestamp: Timestamp) -> Self {
        OffsetDateTime::UNIX_EPOCH + Duration::microseconds(timestamp.0)
    }
}

impl TryFrom<OffsetDateTime> for Timestamp {
    type Error = TimestampError;

    /// Any offset is turned to UTC; what is finer than a microsecond is cut.
    fn try_from(instant: OffsetDateTime) -> Result<Self, Self::Error> {
        match i64::try_from(instant.unix_timestamp_nanos().div_euclid(1_000)) {
            Ok(micros) => Self::from_unix_micros(micros),
            Err(_out_of_range) => Err(TimestampError::OutOfRange),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// RFC 3339 with any offset.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match OffsetDateTime::parse(text, &Rfc3339) {
            Ok(instant) => Self::try_from(instant),
            Err(_syntax) => Err(TimestampError::NotAnInstant {
                text: text.chars().take(60).collect(),
            }),
        }
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, with a fraction only where there is one: `2024-01-02T00:00:00Z`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = OffsetDateTime::from(*self);
        let (date, clock) = (instant.date(), instant.time());
        write!(
            formatter,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            date.year(),
            u8::from(date.month()),
            date.day(),
            clock.hour(),
            clock.minute(),
            clock.second()
        )?;
        let micros = clock.microsecond();
        if micros != 0 {
            let digits = format!("{micros:06}");
            write!(formatter, ".{}", digits.trim_end_matches('0'))?;
        }
        formatter.write_str("Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn prints_rfc_3339_in_utc() {
        let check =
            |instant: OffsetDateTime, text: &str| assert_eq!(Timestamp::try_from(instant).unwrap().to_string(), text);
        check(datetime!(2024-01-02 0:00 UTC), "2024-01-02T00:00:00Z");
        check(datetime!(2024-01-02 9:30 -5), "2024-01-02T14:30:00Z");
        check(datetime!(1969-12-31 23:59:59.25 UTC), "1969-12-31T23:59:59.25Z");
        check(datetime!(2024-01-02 0:00:00.000_000_999 UTC), "2024-01-02T00:00:00Z");
    }

    #[test]
    fn floors_to_utc_grids_before_1970_too() {
        let early: Timestamp = "1969-12-31T23:59:30Z".parse().unwrap();
        assert_eq!(early.floor(Duration::minutes(5)).to_string(), "1969-12-31T23:55:00Z");
        assert_eq!(
            Timestamp::midnight(date!(1950 - 01 - 03)).unwrap().to_string(),
            "1950-01-03T00:00:00Z"
        );
    }

    #[test]
    fn refuses_what_is_not_an_instant() {
        for text in ["2024-01-02", "yesterday", "2024-13-01T00:00:00Z", ""] {
            assert!(
                matches!(text.parse::<Timestamp>(), Err(TimestampError::NotAnInstant { .. })),
                "{text}"
            );
        }
        assert_eq!(Timestamp::from_unix_seconds(i64::MAX), Err(TimestampError::OutOfRange));
    }

    proptest! {
        #[test]
        fn parse_of_print_is_identity(micros in FIRST_MICROS..=LAST_MICROS) {
            let timestamp = Timestamp::from_unix_micros(micros).unwrap();
            prop_assert_eq!(timestamp.to_string().parse::<Timestamp>().unwrap(), timestamp);
            prop_assert_eq!(Timestamp::try_from(OffsetDateTime::from(timestamp)).unwrap(), timestamp);
        }
    }
}
