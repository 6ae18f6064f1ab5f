//! `--date-format`: how dates are written, said by hand.

use std::fmt;
use std::str::FromStr;

use jiff::fmt::strtime::BrokenDownTime;
use time::{Date, Duration, Time};

use super::{Stamp, cut};

/// A `strftime` format, such as `%d/%m/%Y %H:%M`, in the fields of
/// [jiff](https://docs.rs/jiff/latest/jiff/fmt/strtime/index.html).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat(String);

/// A text that is no date format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateFormatError {
    /// `DD/MM/YYYY`.
    #[error("`{given}` names no field: write them with %, here '{meant}'")]
    NoField {
        /// As given.
        given: String,
        /// What it seems to mean.
        meant: String,
    },
    /// jiff does not take it.
    #[error("`{given}` is no date format ({reason}): use %Y %m %d %H %M %S %z, such as '%d/%m/%Y %H:%M'")]
    Refused {
        /// As given.
        given: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl FromStr for DateFormat {
    type Err = DateFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.contains('%') {
            let meant = [
                ("YYYY", "%Y"),
                ("yyyy", "%Y"),
                ("MM", "%m"),
                ("DD", "%d"),
                ("dd", "%d"),
                ("HH", "%H"),
                ("mm", "%M"),
                ("ss", "%S"),
            ]
            .into_iter()
            .fold(text.to_owned(), |format, (field, with)| format.replace(field, with));
            return Err(DateFormatError::NoField {
                given: cut(text),
                meant,
            });
        }
        // Print and read back a date: a format that cannot do that is none.
        let sample = jiff::civil::date(2024, 1, 2).at(9, 30, 0, 0).in_tz("UTC");
        let reads_back = sample
            .and_then(|sample| jiff::fmt::strtime::format(text, &sample))
            .and_then(|printed| BrokenDownTime::parse(text, &printed))
            .and_then(|parsed| parsed.to_date());
        match reads_back {
            Ok(_date) => Ok(Self(text.to_owned())),
            Err(reason) => Err(DateFormatError::Refused {
                given: cut(text),
                reason: reason.to_string(),
            }),
        }
    }
}

impl fmt::Display for DateFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl DateFormat {
    pub(super) fn read(&self, text: &str) -> Option<Stamp> {
        let parsed = BrokenDownTime::parse(&self.0, text).ok()?;
        let date = parsed.to_date().ok()?;
        let month = u8::try_from(date.month()).ok()?;
        let date = Date::from_calendar_date(
            date.year().into(),
            month.try_into().ok()?,
            u8::try_from(date.day()).ok()?,
        )
        .ok()?;
        if parsed.hour().is_none() {
            return Some(Stamp::Date(date));
        }
        let time = parsed.to_time().ok()?;
        let narrow = |number: i8| u8::try_from(number).ok();
        let nanos = u32::try_from(time.subsec_nanosecond()).ok()?;
        let time = Time::from_hms_nano(
            narrow(time.hour())?,
            narrow(time.minute())?,
            narrow(time.second())?,
            nanos,
        )
        .ok()?;
        Some(match parsed.offset() {
            Some(offset) => Stamp::Offset(date, time, Duration::seconds(offset.seconds().into())),
            None => Stamp::Local(date, time),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_strftime_and_translates_what_is_meant() {
        let format: DateFormat = "%d/%m/%Y %H:%M".parse().unwrap();
        assert_eq!(
            format.read("01/02/2024 09:30"),
            Some(Stamp::Local(
                time::macros::date!(2024 - 02 - 01),
                time::macros::time!(9:30)
            ))
        );
        assert!("%H:%M".parse::<DateFormat>().is_err(), "a time is no date");
        assert_eq!(
            "DD/MM/YYYY".parse::<DateFormat>().unwrap_err().to_string(),
            "`DD/MM/YYYY` names no field: write them with %, here '%d/%m/%Y'"
        );
        assert!(matches!(
            "%d %Q".parse::<DateFormat>(),
            Err(DateFormatError::Refused { .. })
        ));
    }
}
