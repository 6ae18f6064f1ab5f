//! Local clocks: which instants a written time can mean.

use domain::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};
use time::{Date, Time};

/// How many instants a local time stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LocalInstant {
    Once(Timestamp),
    /// Clocks went forward over it.
    Never,
    /// Clocks went back over it.
    Twice,
    OutOfRange,
}

pub(super) fn instant_in(zone: &TimeZone, date: Date, time: Time) -> LocalInstant {
    let Some(local) = civil(date, time) else {
        return LocalInstant::OutOfRange;
    };
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => LocalInstant::Never,
        AmbiguousOffset::Fold { .. } => LocalInstant::Twice,
        AmbiguousOffset::Unambiguous { .. } => match ambiguous.unambiguous() {
            Ok(instant) => Timestamp::from_unix_micros(instant.as_microsecond())
                .map_or(LocalInstant::OutOfRange, LocalInstant::Once),
            Err(_out_of_range) => LocalInstant::OutOfRange,
        },
    }
}

/// The local date of an instant.
pub(super) fn date_in(zone: &TimeZone, instant: Timestamp) -> Option<Date> {
    let instant = jiff::Timestamp::from_microsecond(instant.unix_micros()).ok()?;
    let local = zone.to_datetime(instant).date();
    let month = u8::try_from(local.month()).ok()?;
    Date::from_calendar_date(
        local.year().into(),
        month.try_into().ok()?,
        u8::try_from(local.day()).ok()?,
    )
    .ok()
}

fn civil(date: Date, time: Time) -> Option<jiff::civil::DateTime> {
    let narrow = |number: u8| i8::try_from(number).ok();
    jiff::civil::DateTime::new(
        i16::try_from(date.year()).ok()?,
        narrow(date.month().into())?,
        narrow(date.day())?,
        narrow(time.hour())?,
        narrow(time.minute())?,
        narrow(time.second())?,
        i32::try_from(time.nanosecond()).ok()?,
    )
    .ok()
}
