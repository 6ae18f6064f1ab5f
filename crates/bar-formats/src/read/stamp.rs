//! One written date or time, read field by field; what it means for a bar is decided elsewhere.

use time::{Date, Duration, Month, Time};

use domain::Timestamp;

use super::DayOrder;

/// What a cell says about when a bar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// A count since 1970.
    Instant(Timestamp),
    /// A date alone.
    Date(Date),
    /// A date and a time on a clock that is not named.
    Local(Date, Time),
    /// A date and a time with the clock's distance from UTC.
    Offset(Date, Time, Duration),
}

impl Stamp {
    /// Microseconds that order the stamps of a file; written times without a zone count as UTC.
    pub(crate) fn order(self) -> i64 {
        let micros = |date: Date, time: Time| {
            let days = i64::from(date.to_julian_day()) - 2_440_588;
            let (hour, minute, second, micro) = time.as_hms_micro();
            let seconds = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
            (days * 86_400 + seconds) * 1_000_000 + i64::from(micro)
        };
        match self {
            Self::Instant(instant) => instant.unix_micros(),
            Self::Date(date) => micros(date, Time::MIDNIGHT),
            Self::Local(date, time) => micros(date, time),
            Self::Offset(date, time, offset) => micros(date, time) - offset.whole_seconds() * 1_000_000,
        }
    }
}

/// Which fields of `01/02/2024` can be the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumericDate {
    pub(crate) separator: char,
    pub(crate) day_first: bool,
    pub(crate) month_first: bool,
}

/// `01/02/2024` or `01-02-2024` with whatever follows; `None` for other texts and for dots, which put the day first.
pub(crate) fn numeric_date(text: &str) -> Option<NumericDate> {
    let (first, second, year, separator) = three_numbers(date_token(text).0)?;
    if year.len() != 4 || first.len() > 2 || separator == '.' {
        return None;
    }
    let year = year.parse().ok()?;
    let (first, second) = (first.parse().ok()?, second.parse().ok()?);
    Some(NumericDate {
        separator,
        day_first: date_of(year, second, first).is_some(),
        month_first: date_of(year, first, second).is_some(),
    })
}

/// A date, or a date and time, in the ways people and programs write them; `order` decides `01/02/2024`.
pub(crate) fn written(text: &str, order: Option<DayOrder>) -> Option<Stamp> {
    if let Some(stamp) = compact(text) {
        return Some(stamp);
    }
    let (date, rest) = match three_numbers(date_token(text).0) {
        Some((first, second, third, separator)) => {
            let numbers = (first.parse().ok()?, second.parse().ok()?);
            let date = if first.len() == 4 {
                date_of(numbers.0, numbers.1, third.parse().ok()?)?
            } else if third.len() != 4 {
                return None;
            } else if separator == '.' || order == Some(DayOrder::DayFirst) {
                date_of(third.parse().ok()?, numbers.1, numbers.0)?
            } else if order == Some(DayOrder::MonthFirst) {
                date_of(third.parse().ok()?, numbers.0, numbers.1)?
            } else {
                return None;
            };
            (date, date_token(text).1)
        }
        None => named_month(text)?,
    };
    timed(date, rest)
}

/// `20240102`, `20240102 0930`, `20240102T093000Z`, `202401020930`, `20240102093000`.
pub(crate) fn compact(text: &str) -> Option<Stamp> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let (date, clock) = digits.split_at_checked(8)?;
    let (year, month_day) = date.split_at_checked(4)?;
    let (month, day) = month_day.split_at_checked(2)?;
    let year: u16 = year.parse().ok()?;
    if !(1700..=2200).contains(&year) {
        return None;
    }
    let date = date_of(year, month.parse().ok()?, day.parse().ok()?)?;
    match clock.len() {
        0 => timed(date, rest),
        4 | 6 if rest.is_empty() => Some(Stamp::Local(date, clock_time(clock)?)),
        _ => None,
    }
}

/// The part up to the time, and the time.
fn date_token(text: &str) -> (&str, &str) {
    match text.find(['T', 't', ' ', '\t']) {
        Some(at) => (
            text.get(..at).unwrap_or_default(),
            text.get(at + 1..).unwrap_or_default(),
        ),
        None => (text, ""),
    }
}

fn three_numbers(token: &str) -> Option<(&str, &str, &str, char)> {
    let separator = token.chars().find(|letter| !letter.is_ascii_digit())?;
    if !matches!(separator, '-' | '/' | '.') {
        return None;
    }
    let mut fields = token.split(separator);
    let numbers = (fields.next()?, fields.next()?, fields.next()?);
    let plain = |field: &str| !field.is_empty() && field.len() <= 4 && field.bytes().all(|byte| byte.is_ascii_digit());
    let all_plain = plain(numbers.0) && plain(numbers.1) && plain(numbers.2);
    (fields.next().is_none() && all_plain && numbers.1.len() <= 2)
        .then_some((numbers.0, numbers.1, numbers.2, separator))
}

fn date_of(year: u16, month: u16, day: u16) -> Option<Date> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()
}

/// `02-Jan-2024`, `2 January 2024`, `Jan 02, 2024`, and what follows.
fn named_month(text: &str) -> Option<(Date, &str)> {
    let mut rest = text;
    let mut fields = [""; 3];
    for field in &mut fields {
        rest = rest.trim_start_matches([' ', '-', '/', ',', '.']);
        let end = rest.find([' ', '-', '/', ',', '.', 'T']).unwrap_or(rest.len());
        (*field, rest) = rest.split_at_checked(end)?;
    }
    let [first, second, year] = fields;
    let (month, day) = match month_named(first) {
        Some(month) => (month, second),
        None => (month_named(second)?, first),
    };
    if year.len() != 4 {
        return None;
    }
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    Some((date, rest.trim_start_matches(['T', ',', ' '])))
}

fn month_named(text: &str) -> Option<Month> {
    let short = text.get(..3)?.to_ascii_lowercase();
    let names = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let index = names.iter().position(|name| *name == short)?;
    Month::try_from(u8::try_from(index + 1).ok()?).ok()
}

/// Adds the time of day that follows a date, if any.
fn timed(date: Date, rest: &str) -> Option<Stamp> {
    let rest = rest.trim().trim_start_matches(['T', 't']);
    if rest.is_empty() {
        return Some(Stamp::Date(date));
    }
    let (clock, offset) = split_offset(rest)?;
    let time = clock_time(clock)?;
    Some(match offset {
        Some(offset) => Stamp::Offset(date, time, offset),
        None => Stamp::Local(date, time),
    })
}

/// The clock time and its distance from UTC: `Z`, `UTC`, `GMT`, `+02`, `+0200`, `-05:00`.
fn split_offset(text: &str) -> Option<(&str, Option<Duration>)> {
    for name in ["Z", "z", " UTC", " GMT", "UTC", "GMT"] {
        if let Some(clock) = text.strip_suffix(name) {
            return Some((clock.trim_end(), Some(Duration::ZERO)));
        }
    }
    let Some(at) = text.rfind(['+', '-', '\u{2212}']).filter(|at| *at > 0) else {
        return Some((text, None));
    };
    let (clock, offset) = text.split_at_checked(at)?;
    let sign = if offset.starts_with('+') { 1 } else { -1 };
    let digits: String = offset.chars().skip(1).filter(|letter| *letter != ':').collect();
    if matches!(digits.as_str(), "AM" | "PM" | "am" | "pm") {
        return Some((text, None)); // CryptoDataDownload once wrote `2020-01-01 12-AM`.
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "0"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let offset = (hours <= 18 && minutes < 60).then(|| Duration::minutes(sign * (hours * 60 + minutes)))?;
    Some((clock.trim_end(), Some(offset)))
}

/// `09:30`, `09:30:00.000`, `0930`, `093000`, `9:30 AM`, `12-AM`.
fn clock_time(text: &str) -> Option<Time> {
    let lower = text.to_ascii_lowercase();
    let (clock, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim_end_matches([' ', '-']), Some(0)),
        (_, Some(clock)) => (clock.trim_end_matches([' ', '-']), Some(12)),
        _ => (lower.as_str(), None),
    };
    let mut fields = clock.split(':');
    let (first, minute, second) = (fields.next()?, fields.next(), fields.next());
    if fields.next().is_some() {
        return None;
    }
    let number = |field: &str| -> Option<u8> {
        let plain = (1..=2).contains(&field.len()) && field.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| field.parse().ok()).flatten()
    };
    let (hour, minute, second, micro) = match (minute, second) {
        (Some(minute), None) => (number(first)?, number(minute)?, 0, 0),
        (Some(minute), Some(second)) => {
            let (whole, fraction) = second.split_once(['.', ',']).unwrap_or((second, ""));
            (number(first)?, number(minute)?, number(whole)?, micros(fraction)?)
        }
        (None, _) if half.is_some() => (number(first)?, 0, 0, 0),
        (None, _) => {
            // Leading zeros get lost: `93000` is half past nine.
            let width = if first.len() <= 4 { 4 } else { 6 };
            let padded = format!("{first:0>width$}");
            let (hour, rest) = padded.split_at_checked(2)?;
            let (minute, second) = rest.split_at_checked(2)?;
            (
                number(hour)?,
                number(minute)?,
                number(if second.is_empty() { "0" } else { second })?,
                0,
            )
        }
    };
    let hour = match half {
        Some(offset) if (1..=12).contains(&hour) => hour % 12 + offset,
        Some(_) => return None,
        None => hour,
    };
    Time::from_hms_micro(hour, minute, second, micro).ok()
}

/// A fraction of a second; what is finer than a microsecond is cut.
fn micros(fraction: &str) -> Option<u32> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{:0<6.6}", fraction).parse().ok()
}

#[cfg(test)]
mod tests {
    use time::macros::{date, time};

    use super::*;

    fn check(text: &str, expected: Stamp) {
        assert_eq!(written(text, None), Some(expected), "{text}");
    }

    #[test]
    fn reads_dates() {
        let day = Stamp::Date(date!(2024 - 01 - 02));
        for text in [
            "2024-01-02",
            "2024/1/2",
            "2024.01.02",
            "20240102",
            "02.01.2024",
            "2-Jan-2024",
            "Jan 02, 2024",
            "2 January 2024",
        ] {
            check(text, day);
        }
        check("1950-01-03", Stamp::Date(date!(1950 - 01 - 03)));
    }

    #[test]
    fn reads_times() {
        let local = Stamp::Local(date!(2024 - 01 - 02), time!(9:30));
        for text in [
            "2024-01-02 09:30",
            "2024-01-02T09:30:00",
            "2024-01-02  9:30:00.000",
            "20240102 0930",
            "20240102 93000",
            "202401020930",
            "20240102093000",
            "2024.01.02 09:30",
            "2024-01-02 9:30 AM",
            "02.01.2024 09:30:00.000",
        ] {
            check(text, local);
        }
        check("2024-01-02 12-AM", Stamp::Local(date!(2024 - 01 - 02), time!(0:00)));
        check("2024-01-02 12:15 pm", Stamp::Local(date!(2024 - 01 - 02), time!(12:15)));
        check(
            "2024-01-02 23:59:59.9999999",
            Stamp::Local(date!(2024 - 01 - 02), time!(23:59:59.999_999)),
        );
    }

    #[test]
    fn reads_offsets() {
        let at = |minutes| Stamp::Offset(date!(2024 - 01 - 02), time!(9:30), Duration::minutes(minutes));
        for text in [
            "2024-01-02T09:30:00Z",
            "2024-01-02 09:30 UTC",
            "2024-01-02 09:30:00+00:00",
            "20240102T0930Z",
        ] {
            check(text, at(0));
        }
        check("2024-01-02 09:30:00-05:00", at(-300));
        check("2024-01-02T09:30:00+0530", at(330));
        check("2024-01-02T09:30+08", at(480));
    }

    #[test]
    fn leaves_day_and_month_to_the_file() {
        assert_eq!(written("01/02/2024", None), None);
        assert_eq!(
            written("01/02/2024", Some(DayOrder::DayFirst)),
            Some(Stamp::Date(date!(2024 - 02 - 01)))
        );
        assert_eq!(
            written("01/02/2024", Some(DayOrder::MonthFirst)),
            Some(Stamp::Date(date!(2024 - 01 - 02)))
        );
        let both = numeric_date("13/01/2024 10:00").unwrap();
        assert!(both.day_first && !both.month_first);
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "yesterday",
            "2024-13-01",
            "2024-02-30",
            "2024-01-02 25:00",
            "2024-01-02 09:60",
            "24-01-02",
            "1/2/24",
            "2024-01-02T09:30:00+99:00",
            "2024-01-02 America/New_York",
            "99999999",
            "2024-01-02 13:00 PM",
            "2024-1",
        ] {
            assert_eq!(written(text, Some(DayOrder::DayFirst)), None, "{text}");
        }
    }

    #[test]
    fn orders_by_instant() {
        let order = |text: &str| written(text, None).unwrap().order();
        assert_eq!(order("2024-01-02T09:30:00-05:00"), order("2024-01-02T14:30:00Z"));
        assert_eq!(order("1970-01-02"), 86_400_000_000);
    }
}
