//! Open disagreements about the bars of a page: in its tag, and among its warnings.

use domain::query_prices::{PriceHeader, PriceRow};
use domain::{Discrepancy, Dispute, Interval, SeriesKey, TimeRange, Timestamp};

use super::parameters::Question;
use super::state::State;
use crate::Api;
use crate::problem::Problem;

/// No more are read, so that a warning stays cheap.
const MOST: usize = 1_000;

/// What of the discrepancies belongs to the tag of a page: they change without a new version of the series.
///
/// Empty as of a past instant: when they are opened again it is forgotten that they had been closed, so a page that is
/// kept for good does not tell of them.
pub(super) async fn tag_parts(api: &Api, question: &Question, state: &State) -> Result<String, Problem> {
    let request = &question.request;
    let mut parts = String::new();
    if request.as_of.is_some() {
        return Ok(parts);
    }
    let end = last_part(request.interval, request.range.end());
    let range = TimeRange::new(request.range.start(), end).unwrap_or(request.range);
    for line in state.series.iter().filter(|line| line.key.interval <= request.interval) {
        for open in open(api, line.key, range).await? {
            let (interval, opened_at, noticed_at) = (line.key.interval, open.opened_at, open.noticed_at);
            parts.push_str(&format!(" {interval} {opened_at} {} {noticed_at}", open.source));
        }
    }
    Ok(parts)
}

/// What a page says of open discrepancies about its bars, or about the stored ones they were built from.
pub(super) async fn warning(
    api: &Api,
    question: &Question,
    header: &PriceHeader,
    rows: &[PriceRow],
) -> Result<Option<String>, Problem> {
    let request = &question.request;
    let openings = || rows.iter().map(|row| row.bar.opened_at());
    let (Some(first), Some(last)) = (openings().min(), openings().max()) else {
        return Ok(None);
    };
    let end = match header.derived_from {
        Some(_) => last_part(request.interval, last),
        None => last.next(),
    };
    let Ok(span) = TimeRange::new(first, end) else {
        return Ok(None);
    };
    let series = SeriesKey {
        instrument: request.instrument.id,
        interval: header.derived_from.unwrap_or(request.interval),
    };
    let open = open(api, series, span).await?;
    let Some(example) = open.first() else {
        return Ok(None);
    };
    let (number, source, opened_at) = (open.len(), &example.source, example.opened_at);
    let most = if number == MOST { "at least " } else { "" };
    let what = match &example.dispute {
        Dispute::Differs(said) => format!(
            "{source} says open {} high {} low {} close {} volume {} of {opened_at}",
            said.open(),
            said.high(),
            said.low(),
            said.close(),
            said.volume()
        ),
        Dispute::Withdrawn => format!("{source} no longer has {opened_at}"),
    };
    Ok(Some(format!("{most}{number} open about these bars, such as: {what}")))
}

async fn open(api: &Api, series: SeriesKey, range: TimeRange) -> Result<Vec<Discrepancy>, Problem> {
    let mut known = api.history.discrepancies(series, range, MOST).await?;
    known.retain(|known| known.closed_at.is_none());
    Ok(known)
}

/// Behind the last part of a bar that opens at `opened_at`.
fn last_part(interval: Interval, opened_at: Timestamp) -> Timestamp {
    let end = match interval.intraday_length() {
        Some(length) => opened_at.checked_add(length),
        None => Timestamp::midnight(interval.next_period(opened_at.date())).ok(),
    };
    end.unwrap_or(Timestamp::MAX)
}
