//! Which bars a series should have.

use std::iter::successors;

use time::Date;

use crate::{Interval, TimeRange, Timestamp, TradingCalendar, bucket_start};

/// When bars of `interval` that hold a part of a regular session open, inside `range`, oldest first.
///
/// Minutes and hours from the bar that holds the opening of each session to the one that holds its last instant, so an
/// hourly bar on the full hour stands at 09:00 for a session from 09:30; one bar a session for days; weeks and months
/// that hold at least one session. `minutes_past_hour` is that of the series; see [`bucket_start`].
pub fn expected_openings(
    interval: Interval,
    range: TimeRange,
    calendar: &dyn TradingCalendar,
    minutes_past_hour: u8,
) -> impl Iterator<Item = Timestamp> {
    let openings: Box<dyn Iterator<Item = Timestamp> + Send + '_> = match interval.intraday_length() {
        Some(length) => {
            let first = calendar.session_date(range.start());
            // One session date more on either side: a bar that holds the opening of a session may open before its date.
            let first = first.previous_day().unwrap_or(first);
            let last = calendar.session_date(range.end());
            let last = last.next_day().unwrap_or(last);
            let openings = dates(first, last)
                .filter_map(|date| calendar.session(date))
                .flat_map(move |session| {
                    let first = bucket_start(interval, session.start(), interval, calendar, minutes_past_hour);
                    successors(Some(first), move |opening| opening.checked_add(length))
                        .take_while(move |opening| *opening < session.end())
                });
            // The bar in which one session ends and the next begins belongs to both.
            Box::new(strictly_ascending(openings))
        }
        None => {
            let first = interval.period_start(range.start().date());
            let last = range.end().date();
            Box::new(
                successors(Some(first), move |date| Some(interval.next_period(*date)))
                    .take_while(move |date| *date <= last && *date < Date::MAX)
                    .filter(move |start| {
                        let behind = interval.next_period(*start);
                        dates(*start, behind)
                            .take_while(|date| *date < behind)
                            .any(|date| calendar.session(date).is_some())
                    })
                    .filter_map(|date| Timestamp::midnight(date).ok()),
            )
        }
    };
    openings
        .skip_while(move |opening| *opening < range.start())
        .take_while(move |opening| *opening < range.end())
}

/// All dates from `first` to `last`, both inclusive.
fn dates(first: Date, last: Date) -> impl Iterator<Item = Date> + Send {
    successors(Some(first), |date| date.next_day()).take_while(move |date| *date <= last)
}

fn strictly_ascending(instants: impl Iterator<Item = Timestamp> + Send) -> impl Iterator<Item = Timestamp> + Send {
    let mut last = None;
    instants.filter(move |instant| {
        let later = last.is_none_or(|last| last < *instant);
        if later {
            last = Some(*instant);
        }
        later
    })
}
