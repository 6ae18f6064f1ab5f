//! The calendars that come with the system, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use time::{Duration, Time};

use super::hours::{Edge, MarketHours};
use super::{MarketZone, TradingCalendar, ZoneError};
use crate::{CalendarName, CodeError, Instrument, InstrumentDetails};

/// Why the calendars cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// The zone of a calendar is unknown.
    #[error("calendar {calendar} has no clock")]
    Zone {
        /// Which calendar.
        calendar: &'static str,
        /// What is wrong with its zone.
        #[source]
        source: ZoneError,
    },
    /// A calendar has a name that is none.
    #[error("a calendar has no usable name")]
    Name(#[from] CodeError),
}

/// Trading calendars by name, with a fallback.
#[derive(Clone)]
pub struct Calendars {
    by_name: BTreeMap<CalendarName, Arc<dyn TradingCalendar>>,
    fallback: Arc<dyn TradingCalendar>,
}

const EVERY_DAY: [bool; 7] = [true; 7];
const MONDAY_TO_FRIDAY: [bool; 7] = [true, true, true, true, true, false, false];
const NEW_YORK: &str = "America/New_York";

impl Calendars {
    /// - `24/7`: every UTC day from midnight to midnight.
    /// - `24/5`: forex. The session of a date runs from 17:00 New York on the day before to 17:00 on the date, Monday to
    ///   Friday, so the week opens on Sunday and the date rolls at 17:00.
    /// - `XNYS`, `XNAS`: 09:30 to 16:00 New York, Monday to Friday; holidays and early closes are not known yet.
    /// - `weekdays`: UTC days, Monday to Friday; the fallback.
    ///
    /// # Errors
    /// [`CalendarError::Zone`] when the binary's zone database lacks a zone.
    pub fn built_in() -> Result<Self, CalendarError> {
        let midnight = |days| at(days, 0, 0);
        let fallback = calendar("weekdays", "UTC", MONDAY_TO_FRIDAY, midnight(0), midnight(1))?;
        let others = [
            calendar("24/7", "UTC", EVERY_DAY, midnight(0), midnight(1))?,
            calendar("24/5", NEW_YORK, MONDAY_TO_FRIDAY, at(-1, 17, 0), at(0, 17, 0))?,
            calendar("XNYS", NEW_YORK, MONDAY_TO_FRIDAY, at(0, 9, 30), at(0, 16, 0))?,
            calendar("XNAS", NEW_YORK, MONDAY_TO_FRIDAY, at(0, 9, 30), at(0, 16, 0))?,
        ];
        Ok(others
            .into_iter()
            .fold(Self::with_fallback(fallback), Self::with_calendar))
    }

    /// One calendar, for all that have no other.
    #[must_use]
    pub fn with_fallback(fallback: Arc<dyn TradingCalendar>) -> Self {
        Self {
            by_name: BTreeMap::from([(fallback.name(), Arc::clone(&fallback))]),
            fallback,
        }
    }

    /// One more calendar; it replaces one of the same name.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Arc<dyn TradingCalendar>) -> Self {
        if calendar.name() == self.fallback.name() {
            self.fallback = Arc::clone(&calendar);
        }
        self.by_name.insert(calendar.name(), calendar);
        self
    }

    /// The calendar of that name.
    #[must_use]
    pub fn get(&self, name: &CalendarName) -> Option<Arc<dyn TradingCalendar>> {
        self.by_name.get(name).cloned()
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &CalendarName> {
        self.by_name.keys()
    }

    /// The calendar that an instrument names, or the fallback when there is none of that name.
    #[must_use]
    pub fn for_instrument(&self, instrument: &Instrument) -> Arc<dyn TradingCalendar> {
        self.for_details(&instrument.details)
    }

    /// The calendar that an instrument of these details would have.
    #[must_use]
    pub fn for_details(&self, details: &InstrumentDetails) -> Arc<dyn TradingCalendar> {
        self.get(&details.calendar)
            .unwrap_or_else(|| Arc::clone(&self.fallback))
    }
}

impl std::fmt::Debug for Calendars {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.by_name.keys()).finish()
    }
}

/// A local time some days after the session date; an impossible one would be midnight.
fn at(days: i64, hour: u8, minute: u8) -> Edge {
    Edge {
        days,
        time: Time::from_hms(hour, minute, 0).unwrap_or(Time::MIDNIGHT),
    }
}

fn calendar(
    name: &'static str,
    zone: &str,
    trading_days: [bool; 7],
    opens: Edge,
    closes: Edge,
) -> Result<Arc<dyn TradingCalendar>, CalendarError> {
    let zone: MarketZone = zone
        .parse()
        .map_err(|source| CalendarError::Zone { calendar: name, source })?;
    // A market that opens on the day before has begun its new day by then.
    let day_begins_before_midnight = if opens.days < 0 {
        Duration::DAY - (opens.time - Time::MIDNIGHT)
    } else {
        Duration::ZERO
    };
    Ok(Arc::new(MarketHours {
        name: name.parse()?,
        zone,
        trading_days,
        opens,
        closes,
        day_begins_before_midnight,
        closed: Vec::new(),
        early_closes: Vec::new(),
    }))
}
