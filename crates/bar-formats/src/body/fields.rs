//! The values of one bar by their texts.

use std::borrow::Cow;

use domain::{BarError, BarField, BarValues, Price, SourceName, Timestamp, Volume};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::row_fault;
use crate::read::{count, cut, plain_price};

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// Seconds beyond this lie after the year 5138: milliseconds were meant.
const LAST_SECONDS: i64 = 100_000_000_000;

/// A key of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Field(BarField),
    Source,
}

impl Key {
    const ALL: [Self; 9] = [
        Self::Field(BarField::Timestamp),
        Self::Field(BarField::Open),
        Self::Field(BarField::High),
        Self::Field(BarField::Low),
        Self::Field(BarField::Close),
        Self::Field(BarField::Volume),
        Self::Field(BarField::TradeCount),
        Self::Field(BarField::Vwap),
        Self::Source,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Field(field) => field.as_str(),
            Self::Source => "source",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == name)
    }
}

/// The texts of a row by key; what is null or empty is not there.
#[derive(Default)]
pub(super) struct Fields<'a>(Vec<(Key, Cow<'a, str>)>);

impl<'a> Fields<'a> {
    pub(super) fn put(&mut self, key: Key, text: Cow<'a, str>) {
        self.0.push((key, text));
    }

    fn text(&self, key: Key) -> Option<&str> {
        self.0
            .iter()
            .find(|(held, _)| *held == key)
            .map(|(_, text)| text.as_ref())
    }

    fn field(&self, field: BarField) -> Option<&str> {
        self.text(Key::Field(field))
    }

    pub(super) fn source(&self) -> Result<Option<SourceName>, BarError> {
        let source = self.text(Key::Source).map(str::parse).transpose();
        source.map_err(|error: domain::CodeError| row_fault(error.to_string()))
    }

    /// The values with a volume of zero, and the volume apart.
    pub(super) fn values(&self) -> Result<(BarValues, Option<Volume>), BarError> {
        let price = |field| -> Result<Price, BarError> { plain_price(self.field(field).unwrap_or_default(), field) };
        let stamp = self
            .field(BarField::Timestamp)
            .ok_or(BarError::Missing(BarField::Timestamp))?;
        let values = BarValues {
            opened_at: instant(stamp)?,
            open: price(BarField::Open)?,
            high: price(BarField::High)?,
            low: price(BarField::Low)?,
            close: price(BarField::Close)?,
            volume: Volume::ZERO,
            trade_count: self.field(BarField::TradeCount).map(count).transpose()?,
            vwap: self
                .field(BarField::Vwap)
                .map(|text| plain_price(text, BarField::Vwap))
                .transpose()?,
        };
        let volume = self
            .field(BarField::Volume)
            .map(str::parse)
            .transpose()
            .map_err(|source| BarError::NotADecimal {
                field: BarField::Volume,
                source,
            })?;
        Ok((values, volume))
    }
}

/// RFC 3339, a date, or Unix seconds.
fn instant(text: &str) -> Result<Timestamp, BarError> {
    let unreadable = |reason: String| BarError::Unreadable {
        field: BarField::Timestamp,
        reason,
    };
    if let Ok(seconds) = text.parse::<i64>() {
        if text.len() == 8 && time::Date::parse(text, format_description!("[year][month][day]")).is_ok() {
            return Err(unreadable(format!(
                "`{text}` could be a date or Unix seconds: write a date as 2024-01-02"
            )));
        }
        if seconds.abs() >= LAST_SECONDS {
            return Err(unreadable(format!(
                "`{text}` looks like milliseconds or finer: write Unix seconds, or RFC 3339 such as 2024-01-02T14:30:00Z"
            )));
        }
        return Timestamp::from_unix_seconds(seconds).map_err(|error| unreadable(error.to_string()));
    }
    if let Ok(date) = time::Date::parse(text, DATE) {
        return Timestamp::midnight(date).map_err(|error| unreadable(error.to_string()));
    }
    text.parse().map_err(|_not_an_instant| {
        unreadable(format!(
            "`{}` is no instant: write RFC 3339 with its offset, such as 2024-01-02T14:30:00Z, a date, or Unix seconds",
            cut(text)
        ))
    })
}
