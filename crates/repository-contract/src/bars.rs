//! Bars, instants and ranges in few words.

use domain::{AssetClass, Bar, BarValues, MarketPrice, SourceName, TimeRange, Timestamp};

/// An instant from RFC 3339.
#[must_use]
pub fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// 00:00Z of a date such as `2024-01-02`, where a daily bar opens.
#[must_use]
pub fn day(date: &str) -> Timestamp {
    instant(&format!("{date}T00:00:00Z"))
}

/// From one date to another, exclusive.
#[must_use]
pub fn days(start: &str, end: &str) -> TimeRange {
    TimeRange::new(day(start), day(end)).unwrap()
}

/// A source by its name.
#[must_use]
pub fn source(name: &str) -> SourceName {
    name.parse().unwrap()
}

/// A daily bar with one price for open, high, low and close, and a volume of 1000.
#[must_use]
pub fn daily(date: &str, price: &str) -> Bar {
    opening_at(day(date), price)
}

/// The same for a bar that opens at any instant.
#[must_use]
pub fn opening_at(opened_at: Timestamp, price: &str) -> Bar {
    checked(BarValues {
        opened_at,
        open: price.parse().unwrap(),
        high: price.parse().unwrap(),
        low: price.parse().unwrap(),
        close: price.parse().unwrap(),
        volume: "1000".parse().unwrap(),
        trade_count: None,
        vwap: None,
    })
}

/// A daily bar with the optional fields stated.
#[must_use]
pub fn stating(bar: Bar, trade_count: Option<u64>, vwap: Option<&str>) -> Bar {
    checked(BarValues {
        trade_count,
        vwap: vwap.map(|price| price.parse().unwrap()),
        ..bar.into_values()
    })
}

/// A bar of values that keep the rules; of a future, so that prices below zero are possible.
#[must_use]
pub fn checked(values: BarValues) -> Bar {
    Bar::new(values, AssetClass::Future).unwrap()
}

/// Each bar as its date and close, such as `2024-01-02 187.10`.
#[must_use]
pub fn closes(prices: &[MarketPrice]) -> Vec<String> {
    prices
        .iter()
        .map(|price| format!("{} {}", price.bar.opened_at().date(), price.bar.close()))
        .collect()
}

/// Prices digit for digit, with provenance and stamp: what must be the same when two readers see the same.
#[must_use]
pub fn digits(prices: &[MarketPrice]) -> String {
    format!("{prices:#?}")
}
