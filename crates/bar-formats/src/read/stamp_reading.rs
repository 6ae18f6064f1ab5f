//! How the time stamps of a file are to be read: decided once, over all its rows.

use std::fmt;
use std::str::FromStr;

use domain::{Price, Timestamp};
use jiff::fmt::strtime::BrokenDownTime;
use time::{Date, Duration, Time};

use super::stamp::{NumericDate, compact, numeric_date, written};
use super::{FileProblem, Stamp, cut};

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
    const ALL: [Self; 4] = [Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds];

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

    fn per_second(self) -> i128 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1_000,
            Self::Microseconds => 1_000_000,
            Self::Nanoseconds => 1_000_000_000,
        }
    }

    /// Whether the count, in this unit, falls into 1980 to 2100; a count fits at most one unit.
    fn is_recent(self, count: i128) -> bool {
        (315_532_800..4_102_444_800).contains(&(count / self.per_second()))
    }
}

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
    fn read(&self, text: &str) -> Option<Stamp> {
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
fn count(text: &str) -> Option<(i128, u8)> {
    let number: Price = text.parse().ok()?;
    Some((number.mantissa(), number.scale()))
}

/// Whether a text can be a date, a time or a count since 1970 at all.
pub(super) fn looks_like_stamp(text: &str) -> bool {
    count(text).is_some() || numeric_date(text).is_some() || written(text, None).is_some()
}

/// Collects what the rows of a file say about their time stamps.
#[derive(Clone, Debug, Default)]
pub(super) struct StampJudge {
    first: Option<(u64, String)>,
    rows: u64,
    compact: u64,
    counts: u64,
    written: u64,
    /// Per unit the first count that falls into recent years of that unit.
    recent: [Option<(u64, String)>; 4],
    smallest: Option<i128>,
    largest: Option<i128>,
    /// Counts between the recent years of a unit and those of the next finer one.
    between: [bool; 4],
    separator: Option<char>,
    only_day_first: Option<(u64, String)>,
    only_month_first: Option<(u64, String)>,
}

impl StampJudge {
    pub(super) fn hear(&mut self, line: u64, text: &str) {
        if super::is_missing(text) {
            return;
        }
        let witness = || Some((line, cut(text)));
        if self.first.is_none() {
            self.first = witness();
        }
        self.rows += 1;
        if let Some((mantissa, scale)) = count(text) {
            self.counts += 1;
            self.compact += u64::from(compact(text).is_some());
            let whole = mantissa / 10_i128.pow(scale.into());
            self.smallest = Some(self.smallest.map_or(whole, |smallest| smallest.min(whole)));
            self.largest = Some(self.largest.map_or(whole, |largest| largest.max(whole)));
            let recent = UnixUnit::ALL
                .into_iter()
                .zip(&mut self.recent)
                .find(|(unit, _)| unit.is_recent(whole));
            match recent {
                Some((_, seen)) if seen.is_none() => *seen = witness(),
                Some(_) => {}
                None => self.hear_between(whole),
            }
        } else if let Some(NumericDate {
            separator,
            day_first,
            month_first,
        }) = numeric_date(text)
        {
            self.written += 1;
            self.separator.get_or_insert(separator);
            if day_first && !month_first && self.only_day_first.is_none() {
                self.only_day_first = witness();
            }
            if month_first && !day_first && self.only_month_first.is_none() {
                self.only_month_first = witness();
            }
        } else if written(text, None).is_some() {
            self.written += 1;
        }
    }

    fn hear_between(&mut self, count: i128) {
        let above = UnixUnit::ALL
            .into_iter()
            .zip(&mut self.between)
            .rev()
            .find(|(unit, _)| count / unit.per_second() >= 4_102_444_800);
        if let Some((_, seen)) = above {
            *seen = true;
        }
    }

    /// What the rows agree on.
    pub(super) fn verdict(self) -> Result<StampReading, (Option<u64>, FileProblem)> {
        let Some((first_line, first)) = self.first.clone() else {
            return Err((None, FileProblem::NoRows));
        };
        if self.counts > self.written {
            return if self.compact == self.counts {
                Ok(StampReading::Written(None))
            } else {
                self.unit().map(StampReading::Unix)
            };
        }
        if self.written == 0 {
            return Err((Some(first_line), FileProblem::StampNotUnderstood { value: first }));
        }
        let Some(separator) = self.separator else {
            return Ok(StampReading::Written(None));
        };
        match (self.only_day_first, self.only_month_first) {
            (Some((line, day_first)), Some((other_line, month_first))) => Err((
                Some(line),
                FileProblem::MixedDayOrder {
                    day_first,
                    other_line,
                    month_first,
                },
            )),
            (Some(_), None) => Ok(StampReading::Written(Some(DayOrder::DayFirst))),
            (None, Some(_)) => Ok(StampReading::Written(Some(DayOrder::MonthFirst))),
            (None, None) => Err((
                Some(first_line),
                FileProblem::DayOrMonth {
                    value: first,
                    separator,
                },
            )),
        }
    }

    /// The unit in which the counts are one stretch of time. Counts that are recent in two units are two units, unless
    /// others lie between: then the file reaches back to the years about 1970 in the finer one.
    fn unit(self) -> Result<UnixUnit, (Option<u64>, FileProblem)> {
        let mut recent = UnixUnit::ALL
            .into_iter()
            .zip(self.recent)
            .zip(self.between)
            .filter_map(|((unit, seen), between)| seen.map(|(line, value)| (unit, line, value, between)));
        let Some((mut unit, line, value, mut between)) = recent.next() else {
            let size = self.largest.unwrap_or(0).max(-self.smallest.unwrap_or(0));
            return Ok(match size {
                0..100_000_000_000 => UnixUnit::Seconds,
                100_000_000_000..100_000_000_000_000 => UnixUnit::Milliseconds,
                100_000_000_000_000..100_000_000_000_000_000 => UnixUnit::Microseconds,
                _ => UnixUnit::Nanoseconds,
            });
        };
        for (finer, other_line, other, finer_between) in recent {
            if !between {
                return Err((
                    Some(line),
                    FileProblem::MixedUnits {
                        value,
                        unit: unit.as_str(),
                        other_line,
                        other,
                        other_unit: finer.as_str(),
                    },
                ));
            }
            (unit, between) = (finer, finer_between);
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(texts: &[&str]) -> String {
        let mut judge = StampJudge::default();
        for (line, text) in (1..).zip(texts) {
            judge.hear(line, text);
        }
        match judge.verdict() {
            Ok(reading) => reading.to_string(),
            Err((line, problem)) => format!("line {}: {problem}", line.unwrap_or(0)),
        }
    }

    #[test]
    fn tells_the_unit_by_size() {
        assert_eq!(judge(&["1577836800", "1577923200"]), "Unix seconds");
        assert_eq!(judge(&["1577836800000"]), "Unix milliseconds");
        assert_eq!(judge(&["1735689600000000"]), "Unix microseconds");
        assert_eq!(judge(&["1735689600000000000"]), "Unix nanoseconds");
        assert_eq!(judge(&["-631152000", "1577836800"]), "Unix seconds");
        assert_eq!(judge(&["-631152000000"]), "Unix milliseconds");
        assert_eq!(judge(&["1.5778368E9"]), "Unix seconds");
        assert_eq!(judge(&["20240102", "20240103"]), "dates and times");
    }

    #[test]
    fn milliseconds_about_1970_are_no_seconds() {
        // 1970-01-13, 1973, 2020 in milliseconds: the first alone would be seconds of 2003.
        assert_eq!(
            judge(&["1036800000", "94694400000", "1577836800000"]),
            "Unix milliseconds"
        );
    }

    #[test]
    fn refuses_two_units_in_one_file() {
        assert_eq!(
            judge(&["1577836800", "1577923200000"]),
            "line 1: `1577836800` counts seconds, and line 2 has `1577923200000`, which counts milliseconds: take \
             another column with --map timestamp=COLUMN, or split the file"
        );
    }

    #[test]
    fn day_and_month_are_decided_by_rows_with_one_reading() {
        assert_eq!(judge(&["01/02/2024", "13/02/2024"]), "dates, day before month");
        assert_eq!(judge(&["01/02/2024", "02/13/2024"]), "dates, month before day");
        assert_eq!(
            judge(&["01/02/2024", "02/02/2024"]),
            "line 1: `01/02/2024` could be day/month or month/day, and no row decides: say --date-format '%d/%m/%Y' or \
             '%m/%d/%Y'"
        );
        assert_eq!(
            judge(&["13/02/2024", "02/13/2024"]),
            "line 1: `13/02/2024` is day/month and line 2 has `02/13/2024`, which is month/day: make them agree"
        );
        assert_eq!(judge(&["01.02.2024"]), "dates and times");
    }

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
