//! Where resampled bars open, and which shorter bars they need.

use time::{Date, Duration};

use crate::{Interval, TimeRange, Timestamp, TradingCalendar};

/// A market that was closed for longer starts its hours anew on the grid of UTC.
const LONGEST_CLOSURE_DAYS: usize = 14;

/// A session date begins and ends less than so many hours off 00:00Z of that date and the next, in every zone.
const MOST_HOURS_OFF_UTC: i64 = 36;

/// When the bar of `to` opens to which a bar of `from` belongs.
///
/// - Minutes open on multiples since midnight UTC.
/// - Hours (`1h`, `4h`) open on multiples since midnight UTC when `minutes_past_hour` is 0. Else they are counted from
///   the last opening of a session at or before the part (from the first such minute in it, should the session open at
///   another): at 30, the US bars of 4 hours open at 09:30 and 13:30 New York, and those before the next opening go on
///   counting from the last one.
/// - Days sit at 00:00Z of their session date, weeks on the Monday, months on the first of it. Intraday parts belong to
///   the session date that the calendar gives them, so a forex day holds parts of the evening before; a daily part
///   belongs to its own UTC date.
///
/// Later parts never belong to an earlier bar. A `to` that is no multiple of `from` makes no sense here.
#[must_use]
pub fn bucket_start(
    to: Interval,
    opened_at: Timestamp,
    from: Interval,
    calendar: &dyn TradingCalendar,
    minutes_past_hour: u8,
) -> Timestamp {
    let offset = Duration::minutes(minutes_past_hour.into());
    match to.intraday_length() {
        None => {
            let date = if from.is_intraday() {
                calendar.session_date(opened_at)
            } else {
                opened_at.date()
            };
            midnight(to.period_start(date))
        }
        Some(length) if length < Duration::HOUR || minutes_past_hour == 0 => opened_at.floor(length),
        // Every anchor lies on the minute, so single hours need none.
        Some(length) if length == Duration::HOUR => floor_from(later(Timestamp::MIN, offset), opened_at, length),
        Some(length) => floor_from(hours_anchor(opened_at, calendar, offset), opened_at, length),
    }
}

/// The bars of `from` that are needed for exactly those bars of `to` which open inside `range`; `None` when no such bar
/// can open there.
///
/// A bar belongs to a range by its opening instant and is built from all its parts: a bar that opens before the range is
/// left out, though it reaches into it, and the last one is built with parts beyond its end. Read the bars of the range
/// returned, push them through a [`Resampler`](super::Resampler), and keep what opens inside `range`: that filter is
/// needed, since days and longer from intraday parts, and hours counted from a session, are read with a margin in which
/// parts of neighbouring bars lie.
#[must_use]
pub fn parts_range(
    range: TimeRange,
    to: Interval,
    from: Interval,
    calendar: &dyn TradingCalendar,
    minutes_past_hour: u8,
) -> Option<TimeRange> {
    let (start, end) = match to.intraday_length() {
        Some(length) if length < Duration::HOUR || minutes_past_hour == 0 => {
            let ceiling = |instant: Timestamp| match instant.floor(length) {
                floor if floor == instant => instant,
                floor => later(floor, length),
            };
            (ceiling(range.start()), ceiling(range.end()))
        }
        Some(length) => (range.start(), later(range.end(), length)),
        None => {
            let first = first_period_from(to, range.start());
            let behind = first_period_from(to, range.end());
            if first >= behind {
                return None;
            }
            if from.is_intraday() {
                (last_hour_before(first, calendar), first_hour_behind(behind, calendar))
            } else {
                (first, behind)
            }
        }
    };
    TimeRange::new(start, end).ok()
}

/// The first opening of a day, week or month at or after an instant.
fn first_period_from(to: Interval, instant: Timestamp) -> Timestamp {
    let date = instant.date();
    let start = midnight(to.period_start(date));
    if start >= instant {
        start
    } else {
        Timestamp::midnight(to.next_period(date)).unwrap_or(Timestamp::MAX)
    }
}

/// The last full hour before a session date begins, or an earlier one.
fn last_hour_before(date_midnight: Timestamp, calendar: &dyn TradingCalendar) -> Timestamp {
    let date = date_midnight.date();
    hours_around(date_midnight)
        .take_while(|hour| calendar.session_date(*hour) < date)
        .last()
        .unwrap_or_else(|| later(date_midnight, Duration::hours(-MOST_HOURS_OFF_UTC)))
}

/// The first full hour at which a session date has begun, or a later one.
fn first_hour_behind(date_midnight: Timestamp, calendar: &dyn TradingCalendar) -> Timestamp {
    let date = date_midnight.date();
    hours_around(date_midnight)
        .find(|hour| calendar.session_date(*hour) >= date)
        .unwrap_or_else(|| later(date_midnight, Duration::hours(MOST_HOURS_OFF_UTC)))
}

fn hours_around(instant: Timestamp) -> impl Iterator<Item = Timestamp> {
    (-MOST_HOURS_OFF_UTC..=MOST_HOURS_OFF_UTC).map(move |hours| later(instant, Duration::hours(hours)))
}

/// From where hours are counted at this instant.
fn hours_anchor(instant: Timestamp, calendar: &dyn TradingCalendar, offset: Duration) -> Timestamp {
    let date = calendar.session_date(instant);
    std::iter::successors(Some(date), |date| date.previous_day())
        .take(LONGEST_CLOSURE_DAYS)
        .filter_map(|date| calendar.session(date))
        .map(|session| {
            // The first instant of the session that lies on the minute.
            let before = floor_from(later(Timestamp::MIN, offset), session.start(), Duration::HOUR);
            if before < session.start() {
                later(before, Duration::HOUR)
            } else {
                before
            }
        })
        .find(|anchor| *anchor <= instant)
        .unwrap_or_else(|| later(instant.floor(Duration::DAY), offset))
}

/// The last instant at or before `instant` that lies a multiple of `step` from `anchor`, on either side of it.
fn floor_from(anchor: Timestamp, instant: Timestamp, step: Duration) -> Timestamp {
    let past = instant
        .since(anchor)
        .whole_microseconds()
        .rem_euclid(step.whole_microseconds());
    let past = i64::try_from(past).map_or(Duration::ZERO, Duration::microseconds);
    later(instant, -past)
}

/// Later by `duration`, held at the ends of time.
fn later(instant: Timestamp, duration: Duration) -> Timestamp {
    let end = if duration.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    instant.checked_add(duration).unwrap_or(end)
}

/// 00:00Z of a date, held at the ends of time.
fn midnight(date: Date) -> Timestamp {
    Timestamp::midnight(date).unwrap_or(Timestamp::MIN)
}
