//! Bar intervals, from one minute to one month.

use std::fmt;
use std::str::FromStr;

use time::{Date, Duration, Month};

use crate::Timestamp;

/// How much time one bar spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// `1m`
    OneMinute,
    /// `5m`
    FiveMinutes,
    /// `15m`
    FifteenMinutes,
    /// `30m`
    ThirtyMinutes,
    /// `1h`
    OneHour,
    /// `4h`
    FourHours,
    /// `1d`: one trading session.
    OneDay,
    /// `1w`: Monday to Sunday.
    OneWeek,
    /// `1mo`: one calendar month.
    OneMonth,
}

/// The text names no interval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an interval: one of 1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w, 1mo")]
pub struct UnknownInterval(pub String);

impl Interval {
    /// All of them, shortest first.
    pub const ALL: [Self; 9] = [
        Self::OneMinute,
        Self::FiveMinutes,
        Self::FifteenMinutes,
        Self::ThirtyMinutes,
        Self::OneHour,
        Self::FourHours,
        Self::OneDay,
        Self::OneWeek,
        Self::OneMonth,
    ];

    /// The name used everywhere: in URLs, tables and files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneMinute => "1m",
            Self::FiveMinutes => "5m",
            Self::FifteenMinutes => "15m",
            Self::ThirtyMinutes => "30m",
            Self::OneHour => "1h",
            Self::FourHours => "4h",
            Self::OneDay => "1d",
            Self::OneWeek => "1w",
            Self::OneMonth => "1mo",
        }
    }

    /// The fixed length of an intraday interval; `None` for days, weeks and months, whose length the calendar decides.
    #[must_use]
    pub fn intraday_length(self) -> Option<Duration> {
        match self {
            Self::OneMinute => Some(Duration::minutes(1)),
            Self::FiveMinutes => Some(Duration::minutes(5)),
            Self::FifteenMinutes => Some(Duration::minutes(15)),
            Self::ThirtyMinutes => Some(Duration::minutes(30)),
            Self::OneHour => Some(Duration::hours(1)),
            Self::FourHours => Some(Duration::hours(4)),
            Self::OneDay | Self::OneWeek | Self::OneMonth => None,
        }
    }

    /// The least time from the opening of one bar to that of the next.
    #[must_use]
    pub fn shortest_length(self) -> Duration {
        self.intraday_length().unwrap_or(match self {
            Self::OneWeek => Duration::weeks(1),
            Self::OneMonth => Duration::days(28),
            _ => Duration::days(1),
        })
    }

    /// Where the bar after one that opens at `opened_at` opens at the earliest.
    #[must_use]
    pub fn next_opening(self, opened_at: Timestamp) -> Timestamp {
        let next = match self.intraday_length() {
            Some(length) => opened_at.checked_add(length),
            None => Timestamp::midnight(self.next_period(opened_at.date())).ok(),
        };
        next.unwrap_or(Timestamp::MAX).max(opened_at.next())
    }

    /// Shorter than a day.
    #[must_use]
    pub fn is_intraday(self) -> bool {
        self.intraday_length().is_some()
    }

    /// Whether bars of this interval can be built from whole bars of `finer`.
    #[must_use]
    pub fn is_multiple_of(self, finer: Self) -> bool {
        match (self.intraday_length(), finer.intraday_length()) {
            (Some(mine), Some(theirs)) => mine > theirs && mine.whole_seconds() % theirs.whole_seconds() == 0,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => finer == Self::OneDay && self != Self::OneDay,
        }
    }

    /// The date on which the period that holds `date` begins: itself for days and shorter, the Monday for weeks, the
    /// first for months.
    #[must_use]
    pub fn period_start(self, date: Date) -> Date {
        match self {
            Self::OneWeek => {
                let days = i64::from(date.weekday().number_days_from_monday());
                date.checked_sub(Duration::days(days)).unwrap_or(Date::MIN)
            }
            Self::OneMonth => date.replace_day(1).unwrap_or(date),
            _ => date,
        }
    }

    /// The date on which the period after the one that holds `date` begins.
    #[must_use]
    pub fn next_period(self, date: Date) -> Date {
        let start = self.period_start(date);
        match self {
            Self::OneWeek => start.checked_add(Duration::weeks(1)).unwrap_or(Date::MAX),
            Self::OneMonth => {
                let year = if start.month() == Month::December {
                    start.year() + 1
                } else {
                    start.year()
                };
                Date::from_calendar_date(year, start.month().next(), 1).unwrap_or(Date::MAX)
            }
            _ => start.next_day().unwrap_or(Date::MAX),
        }
    }
}

impl FromStr for Interval {
    type Err = UnknownInterval;

    /// Exactly the names of [`Interval::as_str`]; other spellings are a matter of each file or provider.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|interval| interval.as_str() == text)
            .ok_or_else(|| UnknownInterval(text.to_owned()))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn every_name_reads_back() {
        for interval in Interval::ALL {
            assert_eq!(interval.as_str().parse(), Ok(interval));
        }
        assert!(
            "1M".parse::<Interval>().is_err(),
            "1M is a month to some and a minute to others"
        );
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        assert_eq!(
            Interval::OneWeek.period_start(date!(2021 - 03 - 31)),
            date!(2021 - 03 - 29)
        );
        assert_eq!(
            Interval::OneWeek.next_period(date!(2021 - 03 - 29)),
            date!(2021 - 04 - 05)
        );
        assert_eq!(
            Interval::OneMonth.period_start(date!(2020 - 02 - 29)),
            date!(2020 - 02 - 01)
        );
        assert_eq!(
            Interval::OneMonth.next_period(date!(2020 - 12 - 31)),
            date!(2021 - 01 - 01)
        );
        assert_eq!(
            Interval::OneDay.next_period(date!(2020 - 12 - 31)),
            date!(2021 - 01 - 01)
        );
    }

    #[test]
    fn the_next_bar_opens_one_length_later() {
        let check = |interval: Interval, opened_at: &str, next: &str| {
            let next_opening = interval.next_opening(opened_at.parse().unwrap());
            assert_eq!(next_opening.to_string(), next, "{interval}");
        };
        check(Interval::FiveMinutes, "2021-03-31T13:30:00Z", "2021-03-31T13:35:00Z");
        check(Interval::OneDay, "2021-03-31T00:00:00Z", "2021-04-01T00:00:00Z");
        check(Interval::OneWeek, "2021-03-29T00:00:00Z", "2021-04-05T00:00:00Z");
        check(Interval::OneMonth, "2020-12-01T00:00:00Z", "2021-01-01T00:00:00Z");
        assert_eq!(Interval::OneDay.next_opening(Timestamp::MAX), Timestamp::MAX);
    }

    #[test]
    fn divides_only_into_whole_bars() {
        assert!(Interval::OneWeek.is_multiple_of(Interval::OneDay));
        assert!(Interval::OneMonth.is_multiple_of(Interval::FourHours));
        assert!(Interval::FourHours.is_multiple_of(Interval::FifteenMinutes));
        assert!(!Interval::OneMonth.is_multiple_of(Interval::OneWeek));
        assert!(!Interval::OneHour.is_multiple_of(Interval::OneDay));
        assert!(!Interval::OneDay.is_multiple_of(Interval::OneDay));
    }
}
