//! Time zones by IANA name, with their rules in the binary.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{AmbiguousOffset, TimeZone};
use time::{Date, Duration, Time};

use crate::{BoxError, Timestamp};

/// Julian day of 1970-01-01.
const UNIX_EPOCH_DAY: i64 = 2_440_588;
const SECONDS_PER_DAY: i64 = 86_400;

/// Why a name or a local time says no instant.
#[derive(Debug, thiserror::Error)]
pub enum ZoneError {
    /// The name stands in no zone database.
    #[error("`{name}` is not a time zone: write an IANA name, such as Europe/London or UTC")]
    Unknown {
        /// The name as given, cut to 60 characters.
        name: String,
        /// What the database says.
        #[source]
        source: Option<BoxError>,
    },
    /// Clocks went forward over the local time.
    #[error("{date} {time} never was in {zone}: clocks went forward over it")]
    Skipped {
        /// The local date.
        date: Date,
        /// The local time.
        time: Time,
        /// The zone.
        zone: String,
    },
    /// Clocks went back over the local time.
    #[error("{date} {time} was twice in {zone}, when clocks went back: write it with its distance from UTC")]
    Twice {
        /// The local date.
        date: Date,
        /// The local time.
        time: Time,
        /// The zone.
        zone: String,
    },
    /// The local time lies outside the years 1 to 9999.
    #[error("{date} {time} in {zone} lies outside the years 1 to 9999")]
    OutOfRange {
        /// The local date.
        date: Date,
        /// The local time.
        time: Time,
        /// The zone.
        zone: String,
    },
}

/// The clock of a market: how its local dates and times map to instants, summer time and history included.
///
/// Named, never a fixed offset: `"America/New_York".parse()`, upper or lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct MarketZone(TimeZone);

impl MarketZone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant of a local date and time.
    ///
    /// When clocks go forward, a time that they skip counts on from before the change: 02:30 becomes what would have
    /// been 02:30, which clocks show as 03:30. When they go back, a time that comes twice is its first occurrence.
    ///
    /// # Errors
    /// [`ZoneError::OutOfRange`] outside the years 1 to 9999.
    pub fn instant(&self, date: Date, time: Time) -> Result<Timestamp, ZoneError> {
        self.find_instant(date, time).ok_or_else(|| ZoneError::OutOfRange {
            date,
            time,
            zone: self.name().to_owned(),
        })
    }

    /// The instant of a local date and time that clocks show exactly once.
    ///
    /// # Errors
    /// [`ZoneError::Skipped`], [`ZoneError::Twice`], and [`ZoneError::OutOfRange`] outside the years 1 to 9999.
    pub fn only_instant(&self, date: Date, time: Time) -> Result<Timestamp, ZoneError> {
        let zone = || self.name().to_owned();
        match civil(date, time).map(|local| self.0.to_ambiguous_timestamp(local).offset()) {
            Some(AmbiguousOffset::Gap { .. }) => Err(ZoneError::Skipped {
                date,
                time,
                zone: zone(),
            }),
            Some(AmbiguousOffset::Fold { .. }) => Err(ZoneError::Twice {
                date,
                time,
                zone: zone(),
            }),
            _ => self.instant(date, time),
        }
    }

    fn find_instant(&self, date: Date, time: Time) -> Option<Timestamp> {
        let instant = self.0.to_ambiguous_timestamp(civil(date, time)?).compatible().ok()?;
        Timestamp::from_unix_micros(instant.as_microsecond()).ok()
    }

    /// The local date of an instant.
    #[must_use]
    pub fn date_of(&self, instant: Timestamp) -> Date {
        self.date_of_shifted(instant, Duration::ZERO)
    }

    /// The local date of an instant for a day that begins `before_midnight` earlier than the calendar's.
    pub(crate) fn date_of_shifted(&self, instant: Timestamp, before_midnight: Duration) -> Date {
        let seconds = instant.unix_seconds();
        // The last day that a `Timestamp` holds is beyond the other library's last instant; its offset is that one's.
        let known = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
        let local = seconds + i64::from(self.0.to_offset(known).seconds()) + before_midnight.whole_seconds();
        let day = local.div_euclid(SECONDS_PER_DAY) + UNIX_EPOCH_DAY;
        i32::try_from(day)
            .ok()
            .and_then(|day| Date::from_julian_day(day).ok())
            .unwrap_or(Date::MAX)
    }
}

fn civil(date: Date, time: Time) -> Option<jiff::civil::DateTime> {
    let narrow = |number: u8| i8::try_from(number).ok();
    jiff::civil::DateTime::new(
        i16::try_from(date.year()).ok()?,
        narrow(u8::from(date.month()))?,
        narrow(date.day())?,
        narrow(time.hour())?,
        narrow(time.minute())?,
        narrow(time.second())?,
        i32::try_from(time.nanosecond()).ok()?,
    )
    .ok()
}

impl FromStr for MarketZone {
    type Err = ZoneError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = |source| ZoneError::Unknown {
            name: name.chars().take(60).collect(),
            source,
        };
        let zone = TimeZone::get(name).map_err(|source| unknown(Some(source.into())))?;
        if zone.is_unknown() {
            return Err(unknown(None));
        }
        Ok(Self(zone))
    }
}

impl fmt::Display for MarketZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl fmt::Debug for MarketZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
