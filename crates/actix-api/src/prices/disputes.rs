//! Open disagreements about the bars of a page: in its tag, and among its warnings.

use domain::query_prices::PriceHeader;
use domain::{Discrepancy, Dispute, Interval, PriceRow, SeriesKey, TimeRange, Timestamp};

use super::parameters::Question;
use super::state::State;
use crate::Api;
use crate::problem::Problem;

/// No more are read, so that a warning stays cheap.
const MOST: usize = 1_000;

/// The open discrepancies about the stored bars that a page may be made of, read once for both its tag and its warning.
#[derive(Default)]
pub(super) struct Disputes(Vec<OfSeries>);

struct OfSeries {
    key: SeriesKey,
    open: Vec<Discrepancy>,
    /// There may be more than were read.
    cut: bool,
}

impl Disputes {
    /// None as of a past instant: when they are opened again it is forgotten that they had been closed, so a page that is
    /// kept for good does not tell of them.
    pub(super) async fn about(api: &Api, question: &Question, state: &State) -> Result<Self, Problem> {
        let request = &question.request;
        let mut disputes = Self::default();
        if request.as_of.is_some() {
            return Ok(disputes);
        }
        let end = last_part(request.interval, request.range.end());
        let range = TimeRange::new(request.range.start(), end).unwrap_or(request.range);
        for key in state.disputed.iter().filter(|key| key.interval <= request.interval) {
            disputes.0.push(OfSeries::read(api, *key, range).await?);
        }
        Ok(disputes)
    }

    /// What belongs to the tag of the page: discrepancies change without a new version of the series.
    pub(super) fn tag_parts(&self) -> String {
        let mut parts = String::new();
        for OfSeries { key, open, .. } in &self.0 {
            for open in open {
                let (interval, opened_at, noticed_at) = (key.interval, open.opened_at, open.noticed_at);
                parts.push_str(&format!(" {interval} {opened_at} {} {noticed_at}", open.source));
            }
        }
        parts
    }

    /// What the page says of those about its bars, or about the stored ones they were built from.
    pub(super) async fn warning(
        self,
        api: &Api,
        question: &Question,
        header: &PriceHeader,
        rows: &[PriceRow],
    ) -> Result<Option<String>, Problem> {
        let Some(span) = span(question.request.interval, header, rows) else {
            return Ok(None);
        };
        let interval = header.derived_from.unwrap_or(question.request.interval);
        let Some(known) = self.0.into_iter().find(|known| known.key.interval == interval) else {
            return Ok(None);
        };
        let OfSeries { mut open, cut, .. } = if known.cut {
            OfSeries::read(api, known.key, span).await?
        } else {
            known
        };
        open.retain(|open| span.contains(open.opened_at));
        Ok(told(&open, cut))
    }
}

impl OfSeries {
    async fn read(api: &Api, key: SeriesKey, range: TimeRange) -> Result<Self, Problem> {
        let mut open = api.history.discrepancies(key, range, MOST).await?;
        let cut = open.len() == MOST;
        open.retain(|known| known.closed_at.is_none());
        Ok(Self { key, open, cut })
    }
}

/// Where the stored bars open that a page shows, or was built from; `None` for an empty page.
fn span(interval: Interval, header: &PriceHeader, rows: &[PriceRow]) -> Option<TimeRange> {
    let openings = || rows.iter().map(|row| row.bar.opened_at());
    let (first, last) = (openings().min()?, openings().max()?);
    let end = match header.derived_from {
        Some(_) => last_part(interval, last),
        None => last.next(),
    };
    TimeRange::new(first, end).ok()
}

/// How many there are, and what the first one says.
fn told(open: &[Discrepancy], cut: bool) -> Option<String> {
    let example = open.first()?;
    let (number, source, opened_at) = (open.len(), &example.source, example.opened_at);
    let most = if cut { "at least " } else { "" };
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
    Some(format!("{most}{number} open about these bars, such as: {what}"))
}

/// Behind the last part of a bar that opens at `opened_at`.
fn last_part(interval: Interval, opened_at: Timestamp) -> Timestamp {
    let end = match interval.intraday_length() {
        Some(length) => opened_at.checked_add(length),
        None => Timestamp::midnight(interval.next_period(opened_at.date())).ok(),
    };
    end.unwrap_or(Timestamp::MAX)
}
