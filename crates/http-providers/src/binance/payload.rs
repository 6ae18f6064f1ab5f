//! Their words: klines as arrays, symbols as objects, errors as a code and a message.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::connection::Malformed;

/// One kline: opening (ms), open, high, low, close, base volume, closing (ms), quote volume, trades; then what the
/// takers bought and an unused field.
#[derive(Debug, Deserialize)]
pub(super) struct Kline<'a>(
    pub(super) i64,
    pub(super) &'a str,
    pub(super) &'a str,
    pub(super) &'a str,
    pub(super) &'a str,
    pub(super) &'a str,
    pub(super) i64,
    IgnoredAny,
    pub(super) u64,
    IgnoredAny,
    IgnoredAny,
    IgnoredAny,
);

/// The rows of an answer, each with its text.
pub(super) fn klines(body: &[u8]) -> Result<Vec<(Kline<'_>, &str)>, Malformed> {
    let rows: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| Malformed::json(body, error))?;
    rows.into_iter()
        .enumerate()
        .map(|(index, row)| match serde_json::from_str(row.get()) {
            Ok(kline) => Ok((kline, row.get())),
            Err(error) => Err(Malformed::value(format!("[{index}]"), row.get(), error)),
        })
        .collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TradedSymbol {
    pub(super) symbol: String,
    pub(super) status: String,
    pub(super) base_asset: String,
    pub(super) quote_asset: String,
}

pub(super) fn symbols(body: &[u8]) -> Result<Vec<TradedSymbol>, Malformed> {
    #[derive(Deserialize)]
    struct ExchangeInfo {
        symbols: Vec<TradedSymbol>,
    }
    let info: ExchangeInfo = serde_json::from_slice(body).map_err(|error| Malformed::json(body, error))?;
    Ok(info.symbols)
}

#[derive(Deserialize)]
pub(super) struct ErrorBody {
    pub(super) code: i32,
    pub(super) msg: String,
}

/// The error that a body holds, if it is one.
pub(super) fn error(body: &[u8]) -> Option<ErrorBody> {
    serde_json::from_slice(body).ok()
}
