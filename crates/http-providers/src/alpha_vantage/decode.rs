//! A table becomes rows or symbols: pure, so that it is tested on recordings.

use domain::record_bars::DecodedRow;
use domain::resolve_instrument::guess_asset_class;
use domain::{
    AssetClass, BarError, BarField, BarRequest, BarValues, Fetched, Interval, MarketZone, Price, Symbol, SymbolMatch,
    TimeRange, Timestamp, Volume,
};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, PrimitiveDateTime};

use super::actions;
use super::function::{self, NEW_YORK, Reach};
use super::payload::{Row, Table};
use crate::connection::Malformed;
use crate::stamps;

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const LOCAL_TIME: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// The bars of a table that open in the range asked for, oldest first.
pub(super) fn bars(
    table: &Table<'_>,
    asked: &BarRequest,
    reach: Reach,
    asked_at: Timestamp,
) -> Result<Fetched, Malformed> {
    let class = asked.instrument.details.asset_class;
    let reader = Reader {
        interval: asked.interval,
        zone: zone(table, class)?,
        market: table.market.as_deref(),
        class,
    };
    let mut rows: Vec<_> = table.rows.iter().map(|row| reader.row(row)).collect();
    // Newest first as they come; those without a time stay behind the others.
    rows.sort_by_key(|row| row.values.as_ref().map_or(Timestamp::MAX, |values| values.opened_at));
    let openings = || {
        rows.iter()
            .filter_map(|row| row.values.as_ref().ok())
            .map(|values| values.opened_at)
    };
    let first = openings().next();
    let minutes_past_hour = stamps::minutes_past_hour(asked.interval, openings());
    rows.retain(|row| match &row.values {
        Ok(values) => asked.range.contains(values.opened_at),
        Err(_) => true,
    });
    Ok(Fetched {
        rows,
        covered: covered(asked.range, reach, first),
        actions: actions::beside_bars(table, asked)?,
        currency: None,
        gives_volume: class != AssetClass::Forex,
        minutes_past_hour,
        fetched_at: asked_at,
    })
}

fn covered(range: TimeRange, reach: Reach, first: Option<Timestamp>) -> Option<TimeRange> {
    match reach {
        Reach::Whole => Some(range),
        Reach::Until(until) => TimeRange::new(range.start(), range.end().min(until)).ok(),
        Reach::Tail => TimeRange::new(range.start().max(first?), range.end()).ok(),
    }
}

fn zone(table: &Table<'_>, class: AssetClass) -> Result<MarketZone, Malformed> {
    let name = match (&table.zone, class) {
        (Some(name), _) => name.as_str(),
        (None, AssetClass::Forex | AssetClass::Crypto) => "UTC",
        (None, _) => NEW_YORK,
    };
    name.parse()
        .map_err(|error: domain::ZoneError| Malformed::value("Meta Data.Time Zone", name, error))
}

/// The date of a cell.
pub(super) fn date(text: &str) -> Result<Date, time::error::Parse> {
    Date::parse(text, DATE)
}

/// Where the bar of a row opens.
///
/// Bars of days and longer carry a date, weeks and months that of their last session. Intraday bars carry the local time
/// at which they open: the last five minutes of extended hours, which end at 20:00, are `19:55:00` (seen in answers of
/// 2024). The recording of 2018 seems to be stamped with the close, as its `16:00:00` holds the closing auction; nothing in
/// an answer says which.
pub(super) fn opening(text: &str, interval: Interval, zone: &MarketZone) -> Result<Timestamp, BarError> {
    let unreadable = |reason: String| BarError::Unreadable {
        field: BarField::Timestamp,
        reason,
    };
    if interval.is_intraday() {
        let local = PrimitiveDateTime::parse(text, LOCAL_TIME)
            .map_err(|error| unreadable(format!("`{text}` is no time such as 2024-04-16 19:55:00: {error}")))?;
        let instant = zone.only_instant(local.date(), local.time());
        instant.map_err(|error| unreadable(error.to_string()))
    } else {
        let date =
            date(text).map_err(|error| unreadable(format!("`{text}` is no date such as 2024-04-16: {error}")))?;
        stamps::period_opening(interval, date).map_err(|error| unreadable(error.to_string()))
    }
}

/// What is needed to read a row.
struct Reader<'a> {
    interval: Interval,
    zone: MarketZone,
    market: Option<&'a str>,
    class: AssetClass,
}

impl Reader<'_> {
    fn row(&self, row: &Row<'_>) -> DecodedRow {
        DecodedRow {
            index: u64::try_from(row.index).unwrap_or(u64::MAX),
            raw: row.raw.clone(),
            values: self.values(row),
        }
    }

    fn values(&self, row: &Row<'_>) -> Result<BarValues, BarError> {
        if let Some(reason) = row.get("row") {
            return Err(BarError::Unreadable {
                field: BarField::Row,
                reason: reason.to_owned(),
            });
        }
        let stamp = row.get("timestamp").ok_or(BarError::Missing(BarField::Timestamp))?;
        Ok(BarValues {
            opened_at: opening(stamp, self.interval, &self.zone)?,
            open: self.price(row, BarField::Open)?,
            high: self.price(row, BarField::High)?,
            low: self.price(row, BarField::Low)?,
            close: self.price(row, BarField::Close)?,
            volume: self.volume(row)?,
            trade_count: None,
            vwap: None,
        })
    }

    /// Crypto of before 2024 has each price twice, in the market's currency and in dollars.
    fn price(&self, row: &Row<'_>, field: BarField) -> Result<Price, BarError> {
        let of_market = || row.get(&format!("{field} ({})", self.market?));
        let text = row.get(field.as_str()).or_else(of_market);
        let text = text.filter(|text| !text.is_empty()).ok_or(BarError::Missing(field))?;
        text.parse().map_err(|source| BarError::NotADecimal { field, source })
    }

    fn volume(&self, row: &Row<'_>) -> Result<Volume, BarError> {
        let field = BarField::Volume;
        match row.get(field.as_str()).filter(|text| !text.is_empty()) {
            Some(text) => text.parse().map_err(|source| BarError::NotADecimal { field, source }),
            None if self.class == AssetClass::Forex => Ok(Volume::ZERO),
            None => Err(BarError::Missing(field)),
        }
    }
}

/// The symbols of a search, best first; those that cannot be written as a symbol are left out.
pub(super) fn matches(table: &Table<'_>) -> Vec<SymbolMatch> {
    let found = table.rows.iter().filter_map(|row| {
        let spelling = row.get("symbol")?;
        Some(SymbolMatch {
            spelling: spelling.parse().ok()?,
            symbol: None,
            name: row.get("name").unwrap_or(spelling).to_owned(),
            asset_class: match row.get("type") {
                Some("Equity") => Some(AssetClass::Stock),
                Some("ETF") => Some(AssetClass::Etf),
                Some("Mutual Fund") => Some(AssetClass::Fund),
                _ => None,
            },
            exchange: None,
            currency: row.get("currency").and_then(|currency| currency.parse().ok()),
        })
    });
    found.collect()
}

/// A pair as we describe it, which their search has none of; `None` when the symbol is not that of a pair.
pub(super) fn described_pair(spelling: &Symbol) -> Option<SymbolMatch> {
    let class = guess_asset_class(spelling);
    let (base, quote) = function::pair(spelling).ok()?;
    let symbol = match class {
        AssetClass::Crypto => format!("{base}-{quote}").parse().ok(),
        AssetClass::Forex => None,
        _ => return None,
    };
    Some(SymbolMatch {
        spelling: spelling.clone(),
        symbol,
        name: format!("{base} / {quote}"),
        asset_class: Some(class),
        exchange: None,
        currency: quote.parse().ok(),
    })
}

#[cfg(test)]
mod tests;
