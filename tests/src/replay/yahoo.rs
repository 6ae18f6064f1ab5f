//! Yahoo: recorded charts, cut to the range that is asked for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Answer, Asked, Source};

/// Where its charts are.
const CHART: &str = "/v8/finance/chart/";

/// The recordings that can be played.
const RECORDED: [(&str, &str); 5] = [
    ("AAPL", recording!("yahoo/v8_chart__AAPL__1d_split_dividend.json")),
    ("AAPL", recording!("yahoo/v8_chart__AAPL__1mo_splits.json")),
    ("TSLA", recording!("yahoo/v8_chart__TSLA__1d_13_years.json")),
    ("MSFT", recording!("yahoo/v8_chart__MSFT__1d_one_year_dividends.json")),
    ("OCDO.L", recording!("yahoo/v8_chart__OCDO.L__1d_gbp_pence.json")),
];

const NOT_FOUND: &str = recording!("yahoo/ERROR__v8_chart_not_found.json");

/// Tesla's splits of 5:1 on 2020-08-31 and 3:1 on 2022-08-25. The recording asked for dividends alone and has none of
/// them; its prices are divided by both.
const TESLA_SPLITS: &str = r#"{"splits":{
    "1598880600":{"date":1598880600,"numerator":5,"denominator":1,"splitRatio":"5:1"},
    "1661434200":{"date":1661434200,"numerator":3,"denominator":1,"splitRatio":"3:1"}}}"#;

/// Charts by symbol and granularity. A table of numbers keeps their text.
pub struct YahooCharts(BTreeMap<(String, String), Chart>);

#[derive(Serialize, Deserialize)]
struct Envelope {
    chart: Body,
}

#[derive(Serialize, Deserialize)]
struct Body {
    result: Vec<Chart>,
    error: Option<Box<RawValue>>,
}

/// `events` and `timestamp` are missing where there are none.
#[derive(Clone, Serialize, Deserialize)]
struct Chart {
    meta: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<Vec<i64>>,
    #[serde(default, skip_serializing_if = "Events::is_empty")]
    events: Events,
    /// `quote`, `adjclose`, each of one table.
    indicators: BTreeMap<String, Vec<Columns>>,
}

/// By kind, then by time in seconds.
type Events = BTreeMap<String, BTreeMap<String, Box<RawValue>>>;

type Columns = BTreeMap<String, Vec<Box<RawValue>>>;

#[derive(Deserialize)]
struct Dated {
    date: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    data_granularity: String,
}

impl YahooCharts {
    /// All that were recorded.
    ///
    /// # Errors
    /// When a recording is not a chart.
    pub fn recorded() -> anyhow::Result<Self> {
        let mut charts = BTreeMap::new();
        for (symbol, text) in RECORDED {
            for mut chart in serde_json::from_str::<Envelope>(text)?.chart.result {
                if symbol == "TSLA" {
                    chart.events = serde_json::from_str(TESLA_SPLITS)?;
                }
                let meta: Meta = serde_json::from_str(chart.meta.get())?;
                charts.insert((symbol.to_owned(), meta.data_granularity), chart);
            }
        }
        Ok(Self(charts))
    }
}

impl Source for YahooCharts {
    fn answer(&self, asked: &Asked) -> Option<Answer> {
        let symbol = asked.path.strip_prefix(CHART)?;
        let key = (symbol.to_owned(), asked.parameter("interval").to_owned());
        let Some(chart) = self.0.get(&key) else {
            return Some(Answer::of(404, NOT_FOUND));
        };
        let range = match (asked.number("period1"), asked.number("period2")) {
            (Some(from), Some(to)) => from..to,
            // `range=1d` asks what the symbol is.
            _ => 0..0,
        };
        let result = vec![chart.within(&range)];
        let body = Body { result, error: None };
        serde_json::to_vec(&Envelope { chart: body })
            .ok()
            .map(|body| Answer::of(200, body))
    }
}

impl Chart {
    fn within(&self, range: &std::ops::Range<i64>) -> Self {
        let times = self.timestamp.as_deref().unwrap_or_default();
        let is_within: Vec<bool> = times.iter().map(|time| range.contains(time)).collect();
        let has_rows = is_within.contains(&true);
        let mut chart = self.clone();
        for columns in chart.indicators.values_mut().flatten() {
            match has_rows {
                true => columns.values_mut().for_each(|column| keep(column, &is_within)),
                false => columns.clear(),
            }
        }
        match &mut chart.timestamp {
            Some(times) if has_rows => keep(times, &is_within),
            times => *times = None,
        }
        for events in chart.events.values_mut() {
            events.retain(|_, event| {
                let dated = serde_json::from_str::<Dated>(event.get());
                dated.is_ok_and(|event| range.contains(&event.date))
            });
        }
        chart.events.retain(|_, events| !events.is_empty());
        chart
    }
}

fn keep<Item>(column: &mut Vec<Item>, is_within: &[bool]) {
    let mut kept = is_within.iter();
    column.retain(|_| kept.next().copied().unwrap_or(false));
}
