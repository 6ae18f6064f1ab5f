//! Coverage: ranges that a source was asked for and answered.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{CoverageRepository, CoveredRange, PriceRepositoryError, SeriesKey, TimeRange, Timestamp};

use crate::PostgresStore;
use crate::error::Failure;
use crate::instant::Micros;
use crate::link::Link;
use crate::market_price::PriceFailure;
use crate::market_price::rows::instant;
use crate::schema::coverage;
use crate::source::Sources;

/// One row, without whose it is: start, end, and when it was answered.
pub(crate) type Answer = (Micros, Micros, Micros);

/// Adds an answer: it takes the place of older ones where they overlap, and joins those of the same time. Writes only
/// what differs. The lock of the instrument is held.
pub(crate) async fn cover(
    link: &mut Link,
    series: SeriesKey,
    source_id: i32,
    answered: TimeRange,
    now: Timestamp,
) -> Result<(), PriceFailure> {
    let (start, end) = (Micros::from(answered.start()), Micros::from(answered.end()));
    let of_source = || {
        coverage::table
            .filter(coverage::instrument_id.eq(series.instrument.0))
            .filter(coverage::interval.eq(series.interval.as_str()))
            .filter(coverage::source_id.eq(source_id))
    };
    let touched: Vec<Answer> = of_source()
        .filter(coverage::range_start.le(end))
        .filter(coverage::range_end.ge(start))
        .select((coverage::range_start, coverage::range_end, coverage::answered_at))
        .load(link)
        .await?;
    let renewed = joined(&touched, (start, end, now.into()));
    for (start, ..) in touched.iter().filter(|row| !renewed.contains(row)) {
        diesel::delete(of_source().filter(coverage::range_start.eq(start)))
            .execute(link)
            .await?;
    }
    for (start, end, answered_at) in renewed.iter().filter(|row| !touched.contains(row)) {
        diesel::insert_into(coverage::table)
            .values((
                coverage::instrument_id.eq(series.instrument.0),
                coverage::interval.eq(series.interval.as_str()),
                coverage::source_id.eq(source_id),
                coverage::range_start.eq(start),
                coverage::range_end.eq(end),
                coverage::answered_at.eq(answered_at),
            ))
            .execute(link)
            .await?;
    }
    Ok(())
}

/// The rows that an answer and those that it touches become.
fn joined(touched: &[Answer], answer: Answer) -> Vec<Answer> {
    let (start, end, now) = answer;
    let mut whole = answer;
    let mut rows = Vec::new();
    for &(known_start, known_end, answered_at) in touched {
        if answered_at == now {
            whole = (whole.0.min(known_start), whole.1.max(known_end), now);
        } else {
            let before = (known_start, known_end.min(start), answered_at);
            let behind = (known_start.max(end), known_end, answered_at);
            rows.extend([before, behind].into_iter().filter(|(start, end, _)| start < end));
        }
    }
    rows.push(whole);
    rows
}

async fn covered(link: &mut Link, series: SeriesKey) -> Result<Vec<CoveredRange>, PriceFailure> {
    let rows: Vec<(i32, Answer)> = coverage::table
        .filter(coverage::instrument_id.eq(series.instrument.0))
        .filter(coverage::interval.eq(series.interval.as_str()))
        .select((
            coverage::source_id,
            (coverage::range_start, coverage::range_end, coverage::answered_at),
        ))
        .load(link)
        .await?;
    let sources = Sources::load(link).await?;
    let mut found = rows
        .into_iter()
        .map(|(source_id, answer)| covered_range(series, source_id, answer, &sources))
        .collect::<Result<Vec<_>, PriceFailure>>()?;
    found.sort_by(|left, right| (&left.source, left.range).cmp(&(&right.source, right.range)));
    Ok(found)
}

/// What a row says.
pub(crate) fn covered_range<E>(
    series: SeriesKey,
    source_id: i32,
    (start, end, answered_at): Answer,
    sources: &Sources,
) -> Result<CoveredRange, Failure<E>> {
    let row = || format!("coverage of {series} from {} µs", start.0);
    let (start_at, end_at) = (instant(start, "range_start", row)?, instant(end, "range_end", row)?);
    Ok(CoveredRange {
        source: sources.name(source_id, row)?,
        range: TimeRange::new(start_at, end_at).map_err(|error| Failure::Corrupt(format!("{}: {error}", row())))?,
        answered_at: instant(answered_at, "answered_at", row)?,
    })
}

#[async_trait]
impl CoverageRepository for PostgresStore {
    async fn covered(&self, series: SeriesKey) -> Result<Vec<CoveredRange>, PriceRepositoryError> {
        let mut look = self.look().await?;
        let found = covered(&mut look, series).await;
        look.finish(found).await
    }
}
