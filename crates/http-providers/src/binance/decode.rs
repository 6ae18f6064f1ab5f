//! Klines become rows, symbols become matches: pure, so that it is tested on recordings.

use super::PAGE;
use super::payload::{self, Kline, TradedSymbol};
use crate::connection::Malformed;
use domain::record_bars::DecodedRow;
use domain::{
    AssetClass, BarError, BarField, BarRequest, BarValues, Currency, DecimalError, Fetched, Interval, SymbolMatch,
    TimeRange, Timestamp,
};

/// 2015-01-01: nothing was traded there before 2017. Seconds read as milliseconds lie in January 1970.
const FIRST_MILLISECOND: i64 = 1_420_070_400_000;
/// How many hits a search gives.
const MOST_MATCHES: usize = 50;

/// How Binance writes an interval.
pub(super) fn spelled(interval: Interval) -> &'static str {
    match interval {
        Interval::OneMonth => "1M",
        other => other.as_str(),
    }
}

/// The klines of an answer that open in the range asked for.
pub(super) fn bars(body: &[u8], asked: &BarRequest, asked_at: Timestamp) -> Result<Fetched, Malformed> {
    let klines = payload::klines(body)?;
    let is_full = klines.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    let mut rows = Vec::with_capacity(klines.len());
    let mut reached = None;
    for (index, (kline, raw)) in klines.into_iter().enumerate() {
        let opened_at = opening(&kline, index, asked.interval)?;
        reached = Some(asked.interval.next_opening(opened_at));
        if asked.range.contains(opened_at) {
            rows.push(DecodedRow {
                index: u64::try_from(index).unwrap_or(u64::MAX),
                raw: raw.to_owned(),
                values: values(&kline, opened_at),
            });
        }
    }
    let end = match reached {
        Some(reached) if is_full => reached.min(asked.range.end()),
        _ => asked.range.end(),
    };
    Ok(Fetched {
        rows,
        covered: TimeRange::new(asked.range.start(), end).ok(),
        actions: Vec::new(),
        currency: None,
        gives_volume: true,
        minutes_past_hour: 0,
        fetched_at: asked_at,
    })
}

/// When a kline opens, checked against the unit and length of the klines asked for.
fn opening(kline: &Kline<'_>, index: usize, interval: Interval) -> Result<Timestamp, Malformed> {
    let at = format!("[{index}][0]");
    let (opens, closes) = (kline.0, kline.6);
    let text = opens.to_string();
    if opens < FIRST_MILLISECOND {
        let what = "a time in milliseconds was expected: is this in seconds?";
        return Err(Malformed::value(at, text, what));
    }
    let micros = opens.checked_mul(1_000).unwrap_or(i64::MAX);
    let opened_at = Timestamp::from_unix_micros(micros).map_err(|error| Malformed::value(&at, text, error))?;
    // A halt can cut a kline short, nothing makes it longer.
    let longest = interval.next_opening(opened_at).since(opened_at).whole_milliseconds();
    let length = i128::from(closes).saturating_sub(i128::from(opens)) + 1;
    if length > longest {
        let what = format!("a kline of {interval} lasts {longest} ms at most");
        return Err(Malformed::value(format!("[{index}][6]"), closes.to_string(), what));
    }
    Ok(opened_at)
}

fn values(kline: &Kline<'_>, opened_at: Timestamp) -> Result<BarValues, BarError> {
    let not_a_decimal = |field| move |source: DecimalError| BarError::NotADecimal { field, source };
    Ok(BarValues {
        opened_at,
        open: kline.1.parse().map_err(not_a_decimal(BarField::Open))?,
        high: kline.2.parse().map_err(not_a_decimal(BarField::High))?,
        low: kline.3.parse().map_err(not_a_decimal(BarField::Low))?,
        close: kline.4.parse().map_err(not_a_decimal(BarField::Close))?,
        volume: kline.5.parse().map_err(not_a_decimal(BarField::Volume))?,
        trade_count: Some(kline.8),
        vwap: None,
    })
}

/// The symbols that hold the text, best first: the same, then that base, then what begins with it; those that trade
/// before those that no longer do.
pub(super) fn matches(symbols: Vec<TradedSymbol>, text: &str) -> Vec<SymbolMatch> {
    let wanted = text.trim().to_ascii_uppercase().replace(['-', '/', '_', ' '], "");
    let rank = |found: &TradedSymbol| {
        let close = if found.symbol == wanted {
            0
        } else if found.base_asset == wanted {
            1
        } else if found.symbol.starts_with(&wanted) {
            2
        } else {
            3
        };
        (close, found.status != "TRADING", found.symbol.clone())
    };
    let mut hits: Vec<_> = symbols
        .into_iter()
        .filter(|found| found.symbol.contains(&wanted))
        .collect();
    hits.sort_by_cached_key(rank);
    hits.into_iter().filter_map(described).take(MOST_MATCHES).collect()
}

/// A symbol as we describe it; none when its name is not one that can be kept.
pub(super) fn described(symbol: TradedSymbol) -> Option<SymbolMatch> {
    Some(SymbolMatch {
        spelling: symbol.symbol.parse().ok()?,
        symbol: format!("{}-{}", symbol.base_asset, symbol.quote_asset).parse().ok(),
        name: format!("{} / {}", symbol.base_asset, symbol.quote_asset),
        asset_class: Some(AssetClass::Crypto),
        exchange: "BINANCE".parse().ok(),
        currency: symbol.quote_asset.parse::<Currency>().ok(),
    })
}

#[cfg(test)]
mod tests;
