//! Binance: klines in pages, recorded or invented, and the symbols they are of.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Answer, Asked, CoinHistory, Source};

/// The recordings that can be played; those of one interval follow one another.
const RECORDED: [(&str, &str, &str); 3] = [
    (
        "BTCUSDT",
        "1h",
        recording!("binance/klines__BTCUSDT__1h_page1_of_2.json"),
    ),
    (
        "BTCUSDT",
        "1h",
        recording!("binance/klines__BTCUSDT__1h_page2_of_2.json"),
    ),
    ("BTCUSDT", "1d", recording!("binance/klines__BTCUSDT__1d_2019.json")),
];

const SYMBOLS: &str = recording!("binance/exchangeInfo__full.json");
const UNKNOWN_SYMBOL: &str = recording!("binance/ERROR__get_ticker_error.json");

/// How many klines a page holds when nobody says how many.
const DEFAULT_LIMIT: i64 = 500;

/// Klines of each symbol and interval by their opening in milliseconds, each with its text.
pub struct Klines {
    rows: BTreeMap<(String, String), BTreeMap<i64, String>>,
    symbols: Vec<Value>,
}

impl Klines {
    /// All that were recorded.
    ///
    /// # Errors
    /// When a recording is not what Binance sends.
    pub fn recorded() -> anyhow::Result<Self> {
        let mut rows: BTreeMap<_, BTreeMap<i64, String>> = BTreeMap::new();
        for (symbol, interval, text) in RECORDED {
            let series = rows.entry((symbol.to_owned(), interval.to_owned())).or_default();
            for row in serde_json::from_str::<Vec<&RawValue>>(text)? {
                series.insert(opening(row)?, row.get().to_owned());
            }
        }
        let mut info: Value = serde_json::from_str(SYMBOLS)?;
        let symbols = info.get_mut("symbols").map(Value::take);
        let symbols = symbols.and_then(|symbols| symbols.as_array().cloned());
        Ok(Self {
            rows,
            symbols: symbols.context("the list of symbols has none")?,
        })
    }

    /// The daily klines of coins that were invented.
    #[must_use]
    pub fn of_coins(coins: &[CoinHistory]) -> Self {
        let symbol_of = |coin: &CoinHistory| format!("{}USDT", coin.name());
        let rows = coins
            .iter()
            .map(|coin| ((symbol_of(coin), "1d".to_owned()), coin.klines().collect()));
        let symbols = coins.iter().map(|coin| {
            json!({
                "symbol": symbol_of(coin), "status": "TRADING", "baseAsset": coin.name(), "quoteAsset": "USDT"
            })
        });
        Self {
            rows: rows.collect(),
            symbols: symbols.collect(),
        }
    }

    /// The recorded or invented bars of a symbol as an export as CSV has them, without its header.
    ///
    /// # Errors
    /// When a row is no kline.
    pub fn exported(&self, symbol: &str, interval: &str) -> anyhow::Result<Vec<String>> {
        let rows = self.rows.get(&(symbol.to_owned(), interval.to_owned()));
        rows.into_iter()
            .flatten()
            .map(|(opens_ms, row)| exported(*opens_ms, row))
            .collect()
    }

    /// The first klines that open within both ends, as many as a page holds.
    fn page(&self, asked: &Asked) -> Option<Answer> {
        let key = (
            asked.parameter("symbol").to_owned(),
            asked.parameter("interval").to_owned(),
        );
        let Some(series) = self.rows.get(&key) else {
            return Some(Answer::of(400, UNKNOWN_SYMBOL));
        };
        let (from, to) = (asked.number("startTime")?, asked.number("endTime")?);
        let limit = usize::try_from(asked.number("limit").unwrap_or(DEFAULT_LIMIT)).ok()?;
        let within = series.iter().filter(|(opens, _)| (from..=to).contains(*opens));
        let rows: Vec<&str> = within.take(limit).map(|(_, row)| row.as_str()).collect();
        Some(Answer::of(200, format!("[{}]", rows.join(","))))
    }

    /// All symbols, or the one that is asked for.
    fn exchange_info(&self, asked: &Asked) -> Answer {
        let symbol = asked.parameter("symbol");
        let is_asked = |known: &&Value| symbol.is_empty() || known.get("symbol").is_some_and(|name| name == symbol);
        let symbols: Vec<&Value> = self.symbols.iter().filter(is_asked).collect();
        match symbols.is_empty() {
            true => Answer::of(400, UNKNOWN_SYMBOL),
            false => Answer::of(200, json!({ "symbols": symbols }).to_string()),
        }
    }
}

impl Source for Klines {
    fn answer(&self, asked: &Asked) -> Option<Answer> {
        match asked.path.as_str() {
            "/api/v3/klines" => self.page(asked),
            "/api/v3/exchangeInfo" => Some(self.exchange_info(asked)),
            _ => None,
        }
    }
}

/// The first value of a kline.
fn opening(row: &RawValue) -> anyhow::Result<i64> {
    let values: Vec<&RawValue> = serde_json::from_str(row.get())?;
    let first = values.first().context("a kline without an opening")?;
    Ok(first.get().parse()?)
}

/// Opening, prices and volume with every digit, and the number of trades.
fn exported(opens_ms: i64, row: &str) -> anyhow::Result<String> {
    let opens = OffsetDateTime::from_unix_timestamp(opens_ms / 1_000)?.format(&Rfc3339)?;
    let kline: Vec<Value> = serde_json::from_str(row)?;
    let values: Vec<&str> = kline.iter().take(6).filter_map(Value::as_str).collect();
    let trades = kline.get(8).context("a kline without a number of trades")?;
    Ok(format!("{opens},{},{trades},,binance", values.join(",")))
}
