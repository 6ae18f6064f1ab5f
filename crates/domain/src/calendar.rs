//! Trading calendars: when an instrument trades, and to which session an instant belongs.

mod built_in;
mod hours;
mod zone;

pub use built_in::{CalendarError, Calendars};
pub use zone::{MarketZone, ZoneError};

use time::Date;

use crate::{AssetClass, CalendarName, Exchange, Interval, TimeRange, Timestamp};

/// Knows when a market trades. Pure: it holds its rules and zone as data.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait TradingCalendar: Send + Sync {
    /// Its name.
    fn name(&self) -> CalendarName;

    /// The clock of the market.
    fn zone(&self) -> MarketZone;

    /// The date of the session to which an instant belongs, in the zone of the market: trades before and after regular
    /// hours count to the session of their day.
    fn session_date(&self, instant: Timestamp) -> Date;

    /// The regular session of a date, from its opening to its close; `None` when there is none.
    fn session(&self, date: Date) -> Option<TimeRange>;

    /// When a bar of that date counts as closed: at the close of its session, else at the midnight that ends the date in
    /// the zone of the market.
    fn day_close(&self, date: Date) -> Timestamp;
}

/// The calendar of an instrument of which nobody said another: 24/7 for crypto, 24/5 for forex, XNYS or XNAS for what
/// trades there or in the US under another of their market identifiers, weekdays for the rest.
#[must_use]
pub fn default_calendar(asset_class: AssetClass, exchange: Option<&Exchange>) -> CalendarName {
    let name = match (asset_class, exchange.map(Exchange::as_str)) {
        (AssetClass::Crypto, _) => "24/7",
        (AssetClass::Forex, _) => "24/5",
        (_, Some("XNYS" | "NYSE" | "ARCX" | "XASE" | "BATS")) => "XNYS",
        (_, Some("XNAS" | "NASDAQ" | "XNGS" | "XNMS" | "XNCM")) => "XNAS",
        _ => "weekdays",
    };
    // The names above are codes; should one ever not be, the fallback calendar is what is left.
    name.parse().unwrap_or_else(|_never| CalendarName::weekdays())
}

/// When a bar that opens at `opened_at` is final: intraday bars after their length, others at the close of their last
/// day.
#[must_use]
pub fn closes_at(interval: Interval, opened_at: Timestamp, calendar: &dyn TradingCalendar) -> Timestamp {
    match interval.intraday_length() {
        Some(length) => opened_at.checked_add(length).unwrap_or(Timestamp::MAX),
        None => {
            let next = interval.next_period(opened_at.date());
            calendar.day_close(next.previous_day().unwrap_or(Date::MIN))
        }
    }
}

#[cfg(test)]
mod tests;
