//! A calendar that is all data: zone, days of the week, hours, closed dates and early closes.

use time::{Date, Duration, Time};

use super::{MarketZone, TradingCalendar};
use crate::{CalendarName, TimeRange, Timestamp};

/// A local time on the date of a session or on a day beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// Days after the session date; −1 is the day before.
    pub(super) days: i64,
    /// The local time.
    pub(super) time: Time,
}

/// When a market trades. Dates and times are local.
#[derive(Clone, Debug)]
pub(super) struct MarketHours {
    /// Its name.
    pub(super) name: CalendarName,
    /// Its clock.
    pub(super) zone: MarketZone,
    /// Whether it trades on Monday, …, Sunday.
    pub(super) trading_days: [bool; 7],
    /// When a session opens.
    pub(super) opens: Edge,
    /// When it closes, exclusive.
    pub(super) closes: Edge,
    /// How long before midnight the market's day begins: 7 hours where it rolls at 17:00.
    pub(super) day_begins_before_midnight: Duration,
    /// Sorted dates on which it would trade by its day of the week and does not. Empty in the built-in calendars: they
    /// know regular hours, not yet holidays.
    pub(super) closed: Vec<Date>,
    /// Dates, sorted, with the time at which their session closes earlier. Empty in the built-in calendars.
    pub(super) early_closes: Vec<(Date, Time)>,
}

impl MarketHours {
    fn trades_on(&self, date: Date) -> bool {
        let weekday = usize::from(date.weekday().number_days_from_monday());
        self.trading_days.get(weekday).copied().unwrap_or(false) && self.closed.binary_search(&date).is_err()
    }

    fn instant(&self, date: Date, edge: Edge) -> Option<Timestamp> {
        let date = date.checked_add(Duration::days(edge.days))?;
        self.zone.instant(date, edge.time).ok()
    }

    fn closing(&self, date: Date) -> Edge {
        match self.early_closes.binary_search_by_key(&date, |(date, _)| *date) {
            Ok(index) => self.early_closes.get(index).map_or(self.closes, |(_, time)| Edge {
                time: *time,
                ..self.closes
            }),
            Err(_regular) => self.closes,
        }
    }
}

impl TradingCalendar for MarketHours {
    fn name(&self) -> CalendarName {
        self.name.clone()
    }

    fn zone(&self) -> MarketZone {
        self.zone.clone()
    }

    fn session_date(&self, instant: Timestamp) -> Date {
        self.zone.date_of_shifted(instant, self.day_begins_before_midnight)
    }

    fn session(&self, date: Date) -> Option<TimeRange> {
        if !self.trades_on(date) {
            return None;
        }
        TimeRange::new(self.instant(date, self.opens)?, self.instant(date, self.closing(date))?).ok()
    }

    fn day_close(&self, date: Date) -> Timestamp {
        let midnight = Edge {
            days: 1,
            time: Time::MIDNIGHT,
        };
        match self.session(date) {
            Some(session) => session.end(),
            None => self.instant(date, midnight).unwrap_or(Timestamp::MAX),
        }
    }
}
