//! Where bars open: what all sources' stamps have in common.

use std::collections::BTreeMap;

use domain::{Interval, Timestamp, TimestampError};
use time::Date;

/// Where the bar of a day, week or month that holds the date sits.
pub(crate) fn period_opening(interval: Interval, date: Date) -> Result<Timestamp, TimestampError> {
    Timestamp::midnight(interval.period_start(date))
}

/// How many minutes past the hour most hourly bars open; 0 for other intervals and without bars.
pub(crate) fn minutes_past_hour(interval: Interval, openings: impl Iterator<Item = Timestamp>) -> u8 {
    if !matches!(interval, Interval::OneHour | Interval::FourHours) {
        return 0;
    }
    let mut counts = BTreeMap::<u8, usize>::new();
    for opened_at in openings {
        let minute = opened_at.unix_seconds().div_euclid(60).rem_euclid(60);
        *counts.entry(u8::try_from(minute).unwrap_or(0)).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map_or(0, |(minute, _)| minute)
}
