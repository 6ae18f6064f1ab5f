//! A chart becomes rows: pure, so that it is tested on recordings.

use domain::record_bars::DecodedRow;
use domain::{
    AssetClass, BarError, BarField, BarRequest, BarValues, DecimalError, Fetched, Interval, MarketZone, Price,
    Timestamp, Volume, shortest_float32,
};
use serde_json::value::RawValue;

use super::payload::{ChartResult, Meta, Quote};
use super::{actions, venue};
use crate::connection::Malformed;
use crate::stamps;

/// How Yahoo writes an interval, in requests and as `dataGranularity`.
pub(super) fn spelled(interval: Interval) -> Option<&'static str> {
    match interval {
        Interval::OneWeek => Some("1wk"),
        Interval::FourHours => None,
        other => Some(other.as_str()),
    }
}

/// The bars of a chart that open in the range asked for; none without a chart, where Yahoo says that there is nothing.
pub(super) fn bars(
    chart: Option<&ChartResult<'_>>,
    asked: &BarRequest,
    asked_at: Timestamp,
) -> Result<Fetched, Malformed> {
    let mut fetched = Fetched {
        rows: Vec::new(),
        covered: Some(asked.range),
        actions: Vec::new(),
        currency: None,
        gives_volume: true,
        minutes_past_hour: 0,
        fetched_at: asked_at,
    };
    let Some(chart) = chart else { return Ok(fetched) };
    let zone = zone(&chart.meta)?;
    let class = venue::asset_class(&chart.meta).unwrap_or(asked.instrument.details.asset_class);
    fetched.currency = chart.meta.currency.as_deref().and_then(venue::currency);
    fetched.gives_volume = !matches!(class, AssetClass::Forex | AssetClass::Fund | AssetClass::Rate);
    if let Some(timestamps) = &chart.timestamp {
        as_asked(&chart.meta, asked.interval)?;
        let table = Table::new(timestamps, chart, class)?;
        let rows = table.rows(asked.interval, &zone)?;
        fetched.minutes_past_hour = stamps::minutes_past_hour(asked.interval, rows.iter().map(|(opens, _)| *opens));
        let within = rows.into_iter().filter(|(opens, _)| asked.range.contains(*opens));
        fetched.rows = within.map(|(_, row)| row).collect();
    }
    let reaches_now = asked.range.end() >= asked_at;
    fetched.actions = actions::within(chart, &zone, reaches_now)?;
    Ok(fetched)
}

/// The zone in which a chart's dates are meant.
pub(super) fn zone(meta: &Meta) -> Result<MarketZone, Malformed> {
    let name = &meta.exchange_timezone_name;
    name.parse()
        .map_err(|error: domain::ZoneError| Malformed::value("chart.result[0].meta.exchangeTimezoneName", name, error))
}

/// An instant of the chart. Milliseconds are refused here: read as seconds they lie beyond the year 9999.
pub(super) fn instant(seconds: i64, at: impl Into<String>) -> Result<Timestamp, Malformed> {
    Timestamp::from_unix_seconds(seconds).map_err(|error| Malformed::value(at, seconds.to_string(), error))
}

/// Yahoo gives longer bars than were asked for when it has no others.
fn as_asked(meta: &Meta, interval: Interval) -> Result<(), Malformed> {
    let given = match meta.data_granularity.as_str() {
        "60m" => "1h",
        other => other,
    };
    if spelled(interval) == Some(given) {
        return Ok(());
    }
    let expected = format!("{interval} bars were asked for");
    Err(Malformed::value(
        "chart.result[0].meta.dataGranularity",
        given,
        expected,
    ))
}

/// The columns of a chart, all of one length.
struct Table<'a> {
    timestamps: &'a [i64],
    quote: &'a Quote<'a>,
    class: AssetClass,
    /// The time of the present quote.
    quoted_at: Option<i64>,
}

impl<'a> Table<'a> {
    fn new(timestamps: &'a [i64], chart: &'a ChartResult<'a>, class: AssetClass) -> Result<Self, Malformed> {
        let at = "chart.result[0].indicators.quote";
        let quote = chart
            .indicators
            .quote
            .first()
            .ok_or_else(|| Malformed::value(at, "[]", "one quote was expected"))?;
        let columns = [
            ("open", &quote.open),
            ("high", &quote.high),
            ("low", &quote.low),
            ("close", &quote.close),
            ("volume", &quote.volume),
        ];
        for (name, column) in columns {
            if column.len() != timestamps.len() {
                let lengths = format!("{} values for {} timestamps", column.len(), timestamps.len());
                return Err(Malformed::value(
                    format!("{at}[0].{name}"),
                    lengths,
                    "as many were expected",
                ));
            }
        }
        Ok(Self {
            timestamps,
            quote,
            class,
            quoted_at: chart.meta.regular_market_time,
        })
    }

    /// Rows and where they open.
    fn rows(&self, interval: Interval, zone: &MarketZone) -> Result<Vec<(Timestamp, DecodedRow)>, Malformed> {
        let mut rows: Vec<(Timestamp, DecodedRow)> = Vec::with_capacity(self.timestamps.len());
        for (index, seconds) in self.timestamps.iter().enumerate() {
            let at = || format!("chart.result[0].timestamp[{index}]");
            let stamp = instant(*seconds, at())?;
            if self.is_null(index) {
                continue; // Yahoo's way to say that there is no bar
            }
            let opened_at = match interval.intraday_length() {
                Some(_) => stamp,
                None => stamps::period_opening(interval, zone.date_of(stamp))
                    .map_err(|error| Malformed::value(at(), seconds.to_string(), error))?,
            };
            // The last row may be the present quote, stamped with its own time. A day's takes the place of its session;
            // beside a longer bar it is only the last day of that. Among shorter ones it is none, unless a bar that was
            // traded happens to open with the last trade.
            if Some(*seconds) == self.quoted_at && index + 1 == self.timestamps.len() {
                let has_bar = rows.last().is_some_and(|(before, _)| *before == opened_at);
                match interval {
                    Interval::OneDay if has_bar => drop(rows.pop()),
                    Interval::OneWeek | Interval::OneMonth if has_bar => continue,
                    Interval::OneDay | Interval::OneWeek | Interval::OneMonth => {}
                    _ if !self.is_traded(index) || !is_on_grid(interval, opened_at, rows.first()) => continue,
                    _ => {}
                }
            }
            rows.push((opened_at, self.row(index, *seconds, opened_at)));
        }
        Ok(rows)
    }

    fn is_traded(&self, index: usize) -> bool {
        let volume = self.quote.volume.get(index).copied().flatten();
        volume.is_some_and(|volume| volume.get() != "0")
    }

    fn is_null(&self, index: usize) -> bool {
        let Quote {
            open, high, low, close, ..
        } = self.quote;
        [open, high, low, close]
            .into_iter()
            .all(|column| matches!(column.get(index), Some(None) | None))
    }

    fn row(&self, index: usize, seconds: i64, opened_at: Timestamp) -> DecodedRow {
        let Quote {
            open,
            high,
            low,
            close,
            volume,
        } = self.quote;
        let cell = |column: &'a [Option<&'a RawValue>]| column.get(index).copied().flatten().map(RawValue::get);
        let shown = |column| cell(column).unwrap_or("null");
        let raw = format!(
            r#"{{"timestamp":{seconds},"open":{},"high":{},"low":{},"close":{},"volume":{}}}"#,
            shown(open),
            shown(high),
            shown(low),
            shown(close),
            shown(volume)
        );
        let values = || {
            Ok(BarValues {
                opened_at,
                open: price(BarField::Open, cell(open))?,
                high: price(BarField::High, cell(high))?,
                low: price(BarField::Low, cell(low))?,
                close: price(BarField::Close, cell(close))?,
                volume: self.volume(cell(volume))?,
                trade_count: None,
                vwap: None,
            })
        };
        DecodedRow {
            index: u64::try_from(index).unwrap_or(u64::MAX),
            raw,
            values: values(),
        }
    }

    fn volume(&self, cell: Option<&str>) -> Result<Volume, BarError> {
        let field = BarField::Volume;
        match (cell, self.class) {
            (Some(text), _) => text.parse().map_err(|source| BarError::NotADecimal { field, source }),
            (None, AssetClass::Index | AssetClass::Forex | AssetClass::Fund | AssetClass::Rate) => Ok(Volume::ZERO),
            (None, _) => Err(BarError::Missing(field)),
        }
    }
}

/// Whether a bar opens a whole number of intervals after the first one.
fn is_on_grid(interval: Interval, opened_at: Timestamp, first: Option<&(Timestamp, DecodedRow)>) -> bool {
    let length = interval.intraday_length().zip(first);
    length.is_none_or(|(length, (first, _))| opened_at.since(*first).whole_seconds() % length.whole_seconds() == 0)
}

/// A price of Yahoo's, which is a 32-bit float written out in 64: 27.440000534057617 is 27.44.
fn price(field: BarField, cell: Option<&str>) -> Result<Price, BarError> {
    let text = cell.ok_or(BarError::Missing(field))?;
    shortest(text).map_err(|source| BarError::NotADecimal { field, source })
}

fn shortest(text: &str) -> Result<Price, DecimalError> {
    match text.parse::<Price>() {
        Ok(price) => shortest_float32(price),
        // So small a price has more digits in 64 bits than are kept, and few in the 32 that it has.
        Err(too_long @ DecimalError::TooManyDigits { .. }) => match text.parse::<f32>() {
            Ok(float) => float.to_string().parse(),
            Err(_not_a_float) => Err(too_long),
        },
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
