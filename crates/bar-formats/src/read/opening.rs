//! From a time stamp to the instant at which its bar opens.

use domain::{Interval, Timestamp};
use time::{Date, Duration, Time};

use super::{NaiveTimes, ReadOptions, Stamp, StampedAt};

/// The instant at which the bar with this stamp opens, or why there is none.
///
/// Intraday bars open at the stamp. Daily bars open at 00:00Z of their session date: the date of a midnight as it is
/// written, else the date of the instant in the zone of the market. Weeks open on their Monday, months on the 1st.
pub(super) fn opening(stamp: Stamp, interval: Interval, options: &ReadOptions) -> Result<Timestamp, String> {
    let out_of_range = || "the date lies outside the years 1 to 9999".to_owned();
    if let Some(length) = interval.intraday_length() {
        let instant = instant_of(stamp, interval, options)?;
        return match options.stamped_at {
            StampedAt::Open => Ok(instant),
            StampedAt::Close => end_of(instant)
                .and_then(|end| end.checked_add(-length))
                .ok_or_else(out_of_range),
        };
    }
    let date = session_date(stamp, interval, options).ok_or_else(out_of_range)?;
    Timestamp::midnight(interval.period_start(date)).map_err(|error| error.to_string())
}

/// The end that a stamp of a close names: some write the last second, millisecond or microsecond of the bar instead.
fn end_of(stamp: Timestamp) -> Option<Timestamp> {
    const MINUTE: i64 = 60_000_000;
    let short_of = MINUTE - stamp.unix_micros().rem_euclid(MINUTE);
    if short_of <= 1_000_000 {
        stamp.checked_add(time::Duration::microseconds(short_of))
    } else {
        Some(stamp)
    }
}

/// The instant that a stamp names. Times without a zone are UTC where nobody said otherwise.
pub(super) fn instant_of(stamp: Stamp, interval: Interval, options: &ReadOptions) -> Result<Timestamp, String> {
    let from_order = || Timestamp::from_unix_micros(stamp.order()).map_err(|error| error.to_string());
    match (stamp, &options.naive_times) {
        (Stamp::Date(date), _) => Err(format!("{date} has no time of day, which {interval} bars need")),
        (Stamp::Local(date, time), NaiveTimes::In(zone)) => {
            zone.only_instant(date, time).map_err(|error| error.to_string())
        }
        _ => from_order(),
    }
}

fn session_date(stamp: Stamp, interval: Interval, options: &ReadOptions) -> Option<Date> {
    let closes = options.stamped_at == StampedAt::Close;
    let (date, time, instant) = match stamp {
        Stamp::Date(date) => {
            // A date names its day. Only weeks and months stamped with the first day of the next one move back.
            let next_period = closes && interval != Interval::OneDay && interval.period_start(date) == date;
            return if next_period { date.previous_day() } else { Some(date) };
        }
        Stamp::Local(date, time) => (date, time, None),
        Stamp::Offset(date, time, _) => (date, time, Timestamp::from_unix_micros(stamp.order()).ok()),
        Stamp::Instant(instant) => {
            let utc = time::OffsetDateTime::from(instant);
            (utc.date(), utc.time(), Some(instant))
        }
    };
    if time == Time::MIDNIGHT {
        return if closes { date.previous_day() } else { Some(date) };
    }
    match (&options.session_zone, instant) {
        (Some(zone), Some(instant)) => {
            let within = if closes {
                instant.checked_add(Duration::microseconds(-1))?
            } else {
                instant
            };
            Some(zone.date_of(within))
        }
        _ => Some(date),
    }
}

#[cfg(test)]
mod tests {
    use domain::calendar::MarketZone;

    use super::super::stamp::written;
    use super::*;

    fn zone(name: &str) -> MarketZone {
        name.parse().unwrap()
    }

    fn check(options: &ReadOptions, interval: Interval, text: &str, expected: &str) {
        let found = match opening(written(text, None).unwrap(), interval, options) {
            Ok(instant) => instant.to_string(),
            Err(reason) => reason,
        };
        assert_eq!(found, expected, "{text} {interval}");
    }

    #[test]
    fn days_open_at_midnight_of_their_session_date() {
        let plain = ReadOptions::default();
        check(&plain, Interval::OneDay, "2024-01-02", "2024-01-02T00:00:00Z");
        check(&plain, Interval::OneDay, "2024-01-02 16:00", "2024-01-02T00:00:00Z");
        check(
            &plain,
            Interval::OneDay,
            "2022-01-03 00:00:00+08:00",
            "2022-01-03T00:00:00Z",
        );
        let sydney = ReadOptions {
            session_zone: Some(zone("Australia/Sydney")),
            ..ReadOptions::default()
        };
        check(
            &sydney,
            Interval::OneDay,
            "2024-01-01T23:00:00Z",
            "2024-01-02T00:00:00Z",
        );
        let new_york = ReadOptions {
            session_zone: Some(zone("America/New_York")),
            ..ReadOptions::default()
        };
        check(
            &new_york,
            Interval::OneDay,
            "2024-01-02T00:00:00Z",
            "2024-01-02T00:00:00Z",
        );
        check(
            &new_york,
            Interval::OneDay,
            "2024-01-02T05:00:00Z",
            "2024-01-02T00:00:00Z",
        );
    }

    #[test]
    fn weeks_and_months_move_to_their_first_day() {
        let plain = ReadOptions::default();
        check(&plain, Interval::OneWeek, "2024-01-05", "2024-01-01T00:00:00Z");
        check(&plain, Interval::OneMonth, "2024-01-31", "2024-01-01T00:00:00Z");
    }

    #[test]
    fn stamps_of_the_end_move_back_one_interval() {
        let close = ReadOptions {
            stamped_at: StampedAt::Close,
            ..ReadOptions::default()
        };
        check(
            &close,
            Interval::FiveMinutes,
            "2024-01-02 00:00",
            "2024-01-01T23:55:00Z",
        );
        for last in ["00:59:59", "00:59:59.999", "00:59:59.999999", "01:00"] {
            let stamp = format!("2024-01-02 {last}");
            check(&close, Interval::OneHour, &stamp, "2024-01-02T00:00:00Z");
        }
        check(&close, Interval::OneDay, "2024-01-03T00:00:00Z", "2024-01-02T00:00:00Z");
        check(&close, Interval::OneDay, "2024-01-02 16:00", "2024-01-02T00:00:00Z");
        check(&close, Interval::OneDay, "2024-01-02", "2024-01-02T00:00:00Z");
        check(&close, Interval::OneWeek, "2024-01-08", "2024-01-01T00:00:00Z");
        check(&close, Interval::OneWeek, "2024-01-05", "2024-01-01T00:00:00Z");
        check(
            &close,
            Interval::OneMonth,
            "2024-02-01T00:00:00Z",
            "2024-01-01T00:00:00Z",
        );
    }

    #[test]
    fn local_times_go_through_their_zone() {
        let new_york = ReadOptions {
            naive_times: NaiveTimes::In(zone("America/New_York")),
            ..ReadOptions::default()
        };
        check(
            &new_york,
            Interval::OneMinute,
            "2020-12-15 09:30",
            "2020-12-15T14:30:00Z",
        );
        check(
            &new_york,
            Interval::OneMinute,
            "2020-07-15 09:30",
            "2020-07-15T13:30:00Z",
        );
        check(
            &new_york,
            Interval::OneMinute,
            "2024-03-10 02:30",
            "2024-03-10 2:30:00.0 never was in America/New_York: clocks went forward over it",
        );
        check(
            &new_york,
            Interval::OneHour,
            "2024-11-03 01:00",
            "2024-11-03 1:00:00.0 was twice in America/New_York, when clocks went back: write it with its distance from UTC",
        );
        check(
            &new_york,
            Interval::OneHour,
            "2024-11-03T01:00:00-04:00",
            "2024-11-03T05:00:00Z",
        );
    }

    #[test]
    fn intraday_bars_need_a_time() {
        check(
            &ReadOptions::default(),
            Interval::OneHour,
            "2024-01-02",
            "2024-01-02 has no time of day, which 1h bars need",
        );
    }
}
