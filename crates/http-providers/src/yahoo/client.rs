//! Transport: which chart is asked for, and what becomes of the answer.

use domain::{BarRequest, CorporateAction, Fetched, Page, ProviderError, Symbol, SymbolMatch, TimeRange, Timestamp};
use time::Duration;

use super::payload::{self, ChartResult};
use super::{Yahoo, actions, decode, offered, refusal, venue};
use crate::connection::{Answer, Malformed, by_status};

/// 1900-01-01: before the first bar there is.
const FIRST_SECOND: i64 = -2_208_988_800;

impl Yahoo {
    pub(super) async fn chart_bars(&self, request: &BarRequest) -> Result<Fetched, ProviderError> {
        let offered = offered()
            .into_iter()
            .find(|offered| offered.interval == request.interval)
            .ok_or(ProviderError::UnsupportedInterval(request.interval))?;
        let covered = match offered.page {
            Page::Span(span) => first_of(request.range, span),
            Page::Whole | Page::Bars(_) | Page::Month => request.range,
        };
        // A session may open on the UTC day before its date, in Sydney, or on the day after, and a bar of a week or
        // month is only whole when the chart begins before it. What is too much falls away when decoding.
        let margin = if request.interval.is_intraday() {
            Duration::ZERO
        } else {
            Duration::days(1)
        };
        let from = covered.start().checked_add(-margin).unwrap_or(Timestamp::MIN);
        let to = covered.end().checked_add(margin).unwrap_or(Timestamp::MAX);
        let interval = decode::spelled(request.interval).ok_or(ProviderError::UnsupportedInterval(request.interval))?;
        let answer = self
            .chart(
                &request.spelling,
                &[
                    ("period1", &from.unix_seconds().max(FIRST_SECOND).to_string()),
                    ("period2", &to.unix_seconds().to_string()),
                    ("interval", interval),
                    ("events", "div|split"),
                    ("includePrePost", "false"),
                ],
            )
            .await?;
        self.read(&answer, &request.spelling, |chart| {
            let asked = BarRequest {
                range: covered,
                ..request.clone()
            };
            decode::bars(chart, &asked, answer.asked_at)
        })
    }

    pub(super) async fn chart_actions(&self, spelling: &Symbol) -> Result<Vec<CorporateAction>, ProviderError> {
        // With the days: a chart of months keeps one dividend a month.
        let now = self.connection.now().unix_seconds().to_string();
        let query = [
            ("period1", FIRST_SECOND.to_string()),
            ("period2", now),
            ("interval", "1d".to_owned()),
            ("events", "div|split".to_owned()),
        ];
        let query: Vec<_> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = self.chart(spelling, &query).await?;
        self.read(&answer, spelling, |chart| chart.map_or(Ok(Vec::new()), actions::all))
    }

    pub(super) async fn chart_description(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError> {
        let answer = self.chart(spelling, &[("range", "1d"), ("interval", "1d")]).await?;
        self.read(&answer, spelling, |chart| {
            let chart = chart.ok_or_else(|| Malformed::value("chart.result", "null", "a description was expected"))?;
            Ok(venue::describe(&chart.meta, spelling))
        })
    }

    async fn chart(&self, spelling: &Symbol, query: &[(&str, &str)]) -> Result<Answer, ProviderError> {
        let path = ["v8", "finance", "chart", spelling.as_str()];
        self.connection.get(&path, query).await
    }

    /// What `decode` makes of the chart, which is none where Yahoo says that the range is empty.
    fn read<T>(
        &self,
        answer: &Answer,
        spelling: &Symbol,
        decode: impl FnOnce(Option<&ChartResult<'_>>) -> Result<T, Malformed>,
    ) -> Result<T, ProviderError> {
        let parsed = payload::parse(&answer.body);
        if let Ok(payload::Chart::Error(error)) = &parsed {
            return match refusal::read(answer, error, spelling) {
                Some(refused) => Err(refused),
                None => decode(None).map_err(|malformed| self.connection.invalid(answer, malformed)),
            };
        }
        if let Some(error) = refusal::by_status(answer).or_else(|| by_status(answer)) {
            return Err(error);
        }
        parsed
            .and_then(|chart| match chart {
                payload::Chart::Result(chart) => decode(Some(&*chart)),
                payload::Chart::Error(_) => decode(None),
            })
            .map_err(|malformed| self.connection.invalid(answer, malformed))
    }
}

/// The beginning of a range, at most `span` long.
fn first_of(range: TimeRange, span: Duration) -> TimeRange {
    let end = range.start().checked_add(span).unwrap_or(Timestamp::MAX);
    TimeRange::new(range.start(), end.min(range.end())).unwrap_or(range)
}
