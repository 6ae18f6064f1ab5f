//! Their words: the JSON of the v8 chart, numbers as text.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::connection::Malformed;

/// What a body holds.
pub(super) enum Chart<'a> {
    /// Bars, perhaps none, and what they are of.
    Result(Box<ChartResult<'a>>),
    /// A refusal.
    Error(ChartError),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    chart: Option<Body<'a>>,
    /// Instead of `chart` where the site refuses before it looks for one.
    #[serde(borrow)]
    finance: Option<Body<'a>>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    result: Option<Vec<ChartResult<'a>>>,
    error: Option<ChartError>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChartError {
    pub(super) code: String,
    #[serde(default)]
    pub(super) description: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ChartResult<'a> {
    pub(super) meta: Meta,
    /// Missing where the range has no bars.
    pub(super) timestamp: Option<Vec<i64>>,
    #[serde(borrow)]
    pub(super) events: Option<Events<'a>>,
    #[serde(borrow)]
    pub(super) indicators: Indicators<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta {
    /// As Yahoo writes it, in whatever case it was asked for.
    pub(super) symbol: Option<String>,
    /// `GBp` for pence; null for what is delisted.
    pub(super) currency: Option<String>,
    pub(super) exchange_name: Option<String>,
    pub(super) instrument_type: Option<String>,
    pub(super) exchange_timezone_name: String,
    pub(super) long_name: Option<String>,
    pub(super) short_name: Option<String>,
    pub(super) data_granularity: String,
    /// When the present quote was made.
    pub(super) regular_market_time: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Indicators<'a> {
    #[serde(borrow)]
    pub(super) quote: Vec<Quote<'a>>,
}

/// Columns beside `timestamp`; all are missing where it is.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Quote<'a> {
    #[serde(borrow)]
    pub(super) open: Column<'a>,
    #[serde(borrow)]
    pub(super) high: Column<'a>,
    #[serde(borrow)]
    pub(super) low: Column<'a>,
    #[serde(borrow)]
    pub(super) close: Column<'a>,
    #[serde(borrow)]
    pub(super) volume: Column<'a>,
}

/// Numbers as they stand in the text, and null.
pub(super) type Column<'a> = Vec<Option<&'a RawValue>>;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Events<'a> {
    #[serde(borrow)]
    pub(super) dividends: BTreeMap<String, DividendEvent<'a>>,
    #[serde(borrow)]
    pub(super) splits: BTreeMap<String, SplitEvent<'a>>,
}

#[derive(Deserialize)]
pub(super) struct DividendEvent<'a> {
    #[serde(borrow)]
    pub(super) amount: &'a RawValue,
    /// In charts of months the key is the month, and this the day.
    pub(super) date: i64,
    pub(super) currency: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SplitEvent<'a> {
    pub(super) date: i64,
    #[serde(borrow)]
    pub(super) numerator: &'a RawValue,
    #[serde(borrow)]
    pub(super) denominator: &'a RawValue,
}

pub(super) fn parse(body: &[u8]) -> Result<Chart<'_>, Malformed> {
    let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(|error| Malformed::json(body, error))?;
    let missing = |at, what: &str| Malformed::value(at, String::from_utf8_lossy(body), what);
    let body = envelope
        .chart
        .or(envelope.finance)
        .ok_or_else(|| missing("chart", "an object `chart` was expected"))?;
    if let Some(error) = body.error {
        return Ok(Chart::Error(error));
    }
    let first = body.result.and_then(|results| results.into_iter().next());
    first
        .map(|result| Chart::Result(Box::new(result)))
        .ok_or_else(|| missing("chart.result", "one result was expected"))
}
