//! How the time stamps of a file are to be read: decided once, over all its rows.

use std::fmt;

use domain::{Price, Timestamp};

use super::stamp::{numeric_date, written};
use super::{DateFormat, Stamp, cut};

/// Which of day and month comes first in `01/02/2024`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOrder {
    /// 1 February.
    DayFirst,
    /// 2 January.
    MonthFirst,
}

/// What a number counts since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnixUnit {
    /// Unix time as most files have it.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds; what is finer than a microsecond is cut.
    Nanoseconds,
}

impl UnixUnit {
    pub(super) const ALL: [Self; 4] = [Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds];

    /// How it is called.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
        }
    }

    pub(super) fn per_second(self) -> i128 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1_000,
            Self::Microseconds => 1_000_000,
            Self::Nanoseconds => 1_000_000_000,
        }
    }

    /// Whether the count, in this unit, falls into 1980 to 2100; a count fits at most one unit.
    pub(super) fn is_recent(self, count: i128) -> bool {
        (315_532_800..4_102_444_800).contains(&(count / self.per_second()))
    }
}

/// How the time stamps of a file are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StampReading {
    /// Dates and times as people write them, with the order of `01/02/2024` where the file has such.
    Written(Option<DayOrder>),
    /// Numbers since 1970.
    Unix(UnixUnit),
    /// As `--date-format` says.
    Format(DateFormat),
}

impl StampReading {
    pub(super) fn read(&self, text: &str) -> Option<Stamp> {
        match self {
            Self::Written(order) => written(text, *order),
            Self::Format(format) => format.read(text),
            Self::Unix(unit) => {
                let (mantissa, scale) = count(text)?;
                let micros = mantissa
                    .checked_mul(1_000_000)?
                    .div_euclid(unit.per_second() * 10_i128.checked_pow(scale.into())?);
                Timestamp::from_unix_micros(i64::try_from(micros).ok()?)
                    .ok()
                    .map(Stamp::Instant)
            }
        }
    }

    pub(super) fn complaint(&self, text: &str) -> String {
        let wanted = match self {
            Self::Unix(unit) => format!("the other rows count {} since 1970", unit.as_str()),
            Self::Format(format) => format!("--date-format is '{format}'"),
            Self::Written(_) => "write it as 2024-01-02 or 2024-01-02T14:30:00Z, or say --date-format".to_owned(),
        };
        format!("`{}` is no date or time: {wanted}", cut(text))
    }
}

impl fmt::Display for StampReading {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written(None) => formatter.write_str("dates and times"),
            Self::Written(Some(DayOrder::DayFirst)) => formatter.write_str("dates, day before month"),
            Self::Written(Some(DayOrder::MonthFirst)) => formatter.write_str("dates, month before day"),
            Self::Unix(unit) => write!(formatter, "Unix {}", unit.as_str()),
            Self::Format(format) => write!(formatter, "'{format}'"),
        }
    }
}

/// A plain or exponent number as digits and scale.
pub(super) fn count(text: &str) -> Option<(i128, u8)> {
    let number: Price = text.parse().ok()?;
    Some((number.mantissa(), number.scale()))
}

/// Whether a text can be a date, a time or a count since 1970 at all.
pub(super) fn looks_like_stamp(text: &str) -> bool {
    count(text).is_some() || numeric_date(text).is_some() || written(text, None).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fractions_and_finer_units() {
        let read = |unit, text: &str| match StampReading::Unix(unit).read(text) {
            Some(Stamp::Instant(instant)) => instant.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(read(UnixUnit::Seconds, "1577836800.5"), "2020-01-01T00:00:00.5Z");
        assert_eq!(
            read(UnixUnit::Nanoseconds, "1577836800000000999"),
            "2020-01-01T00:00:00Z"
        );
        assert_eq!(read(UnixUnit::Milliseconds, "-1"), "1969-12-31T23:59:59.999Z");
        assert_eq!(read(UnixUnit::Seconds, "yesterday"), "None");
    }
}
