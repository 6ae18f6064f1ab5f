//! How files spell intervals.

use domain::Interval;

/// The text spells no interval of this system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an interval: one of 1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w, 1mo")]
pub struct UnknownSpelling(pub String);

/// An interval in the spellings of files and providers: `1wk`, `60min`, `daily`, `PT5M`, `H4`, `MN1`. A capital `M` after
/// the number is a month, a small one a minute; a bare number counts minutes.
///
/// # Errors
/// [`UnknownSpelling`] for anything else, and for lengths that are not kept, such as `2h`.
pub fn interval_of(text: &str) -> Result<Interval, UnknownSpelling> {
    spelled(text.trim()).ok_or_else(|| UnknownSpelling(super::cut(text)))
}

fn spelled(text: &str) -> Option<Interval> {
    match text.to_ascii_lowercase().as_str() {
        "minute" | "minutely" | "m1" | "pt1m" => return Some(Interval::OneMinute),
        "hour" | "hourly" => return Some(Interval::OneHour),
        "d" | "day" | "daily" | "eod" => return Some(Interval::OneDay),
        "w" | "wk" | "week" | "weekly" => return Some(Interval::OneWeek),
        "mo" | "mn" | "mn1" | "mon" | "month" | "monthly" => return Some(Interval::OneMonth),
        _ => {}
    }
    // ISO 8601: a `T` makes an M a minute, its absence a month.
    if let Some(period) = text.strip_prefix('P') {
        return match period.strip_prefix('T') {
            Some(time) => counted(time, true),
            None => counted(period, false),
        };
    }
    // MetaTrader and Poloniex put the unit first: M5, H4, D1, W1, MINUTE_5.
    let unit_end = text.find(|letter: char| letter.is_ascii_digit())?;
    if unit_end > 0 {
        let (unit, number) = text.split_at_checked(unit_end)?;
        let unit = unit.trim_end_matches('_');
        return counted(&format!("{number}{unit}"), true);
    }
    counted(text, false)
}

/// A number and its unit; `minutes` says what a capital M alone means.
fn counted(text: &str, minutes: bool) -> Option<Interval> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let number: u32 = if number.is_empty() { 1 } else { number.parse().ok()? };
    let unit = unit.trim_start_matches([' ', '_', '-']);
    let in_minutes = match unit {
        "M" if !minutes => return (number == 1).then_some(Interval::OneMonth),
        _ => match unit.to_ascii_lowercase().as_str() {
            "" | "m" | "t" | "min" | "mins" | "minute" | "minutes" => number,
            "h" | "hr" | "hrs" | "hour" | "hours" => number.checked_mul(60)?,
            "d" | "day" | "days" => number.checked_mul(1_440)?,
            "w" | "wk" | "week" | "weeks" => number.checked_mul(10_080)?,
            "mo" | "mon" | "month" | "months" | "mth" => return (number == 1).then_some(Interval::OneMonth),
            _ => return None,
        },
    };
    match in_minutes {
        1 => Some(Interval::OneMinute),
        5 => Some(Interval::FiveMinutes),
        15 => Some(Interval::FifteenMinutes),
        30 => Some(Interval::ThirtyMinutes),
        60 => Some(Interval::OneHour),
        240 => Some(Interval::FourHours),
        1_440 => Some(Interval::OneDay),
        10_080 => Some(Interval::OneWeek),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_spellings_of_the_field() {
        for (spellings, interval) in [
            ("1m 1min 1Min 1minute minute M1 PT1M 1T MINUTE_1 1", Interval::OneMinute),
            ("5m 5min M5 5", Interval::FiveMinutes),
            ("15m M15 PT15M", Interval::FifteenMinutes),
            ("1h 60min 60m 60 H1 1hour 1Hour hourly PT1H", Interval::OneHour),
            ("4h H4 240 240min", Interval::FourHours),
            ("1d D d daily 1day 1Day D1 P1D 24h", Interval::OneDay),
            ("1w 1wk 1week W1 weekly 7d P1W", Interval::OneWeek),
            ("1mo 1M 1month MN MN1 monthly P1M 1Month", Interval::OneMonth),
        ] {
            for spelling in spellings.split(' ') {
                assert_eq!(interval_of(spelling), Ok(interval), "{spelling}");
            }
        }
    }

    #[test]
    fn refuses_lengths_that_are_not_kept() {
        for text in ["2h", "3d", "", "M", "AAPL", "2M", "0m", "99999999999m", "lean"] {
            assert!(interval_of(text).is_err(), "{text}");
        }
    }
}
