//! Reading a chunk of bars, as believed now or at an earlier instant.

use diesel::prelude::*;
use domain::{BarChunk, BarQuery, MarketPrice, SeriesKey, TimeOrder, Timestamp};

use super::merge::version_of;
use super::rows::{BarRow, instant, values_of};
use super::{PriceFailure, believed};
use crate::error::Failure;
use crate::schema::{bars, journal, provisional_bars};
use crate::series::SeriesRow;
use crate::source::Sources;

/// The chunk, or `None` when a write that is under way may still be stamped at or before the instant asked for.
pub(super) fn unless_unsettled(
    connection: &mut SqliteConnection,
    query: &BarQuery,
) -> Result<Option<BarChunk>, PriceFailure> {
    let series = SeriesRow::find(connection, query.series)?;
    if query.as_of.is_some_and(|as_of| is_unsettled(series.as_ref(), as_of)) {
        return Ok(None);
    }
    read_state(connection, query, series).map(Some)
}

/// The chunk as this transaction sees it.
pub(super) fn chunk(connection: &mut SqliteConnection, query: &BarQuery) -> Result<BarChunk, PriceFailure> {
    let series = SeriesRow::find(connection, query.series)?;
    read_state(connection, query, series)
}

/// The first bar of each of these queries, which are of one series and one instant; else as [`unless_unsettled`].
pub(super) fn first_of_each_unless_unsettled(
    connection: &mut SqliteConnection,
    key: SeriesKey,
    as_of: Timestamp,
    queries: &[Option<BarQuery>],
) -> Result<Option<Vec<Option<MarketPrice>>>, PriceFailure> {
    let series = SeriesRow::find(connection, key)?;
    if is_unsettled(series.as_ref(), as_of) {
        return Ok(None);
    }
    first_of_each_in(connection, series, queries).map(Some)
}

/// The first bar of each of these queries of one series, as this transaction sees them.
pub(super) fn first_of_each(
    connection: &mut SqliteConnection,
    key: SeriesKey,
    queries: &[Option<BarQuery>],
) -> Result<Vec<Option<MarketPrice>>, PriceFailure> {
    let series = SeriesRow::find(connection, key)?;
    first_of_each_in(connection, series, queries)
}

fn is_unsettled(series: Option<&SeriesRow>, as_of: Timestamp) -> bool {
    series.is_none_or(|series| series.updated_at < as_of.unix_micros())
}

fn first_of_each_in(
    connection: &mut SqliteConnection,
    series: Option<SeriesRow>,
    queries: &[Option<BarQuery>],
) -> Result<Vec<Option<MarketPrice>>, PriceFailure> {
    let sources = Sources::load(connection)?;
    let mut first = Vec::with_capacity(queries.len());
    for query in queries {
        first.push(match (&series, query) {
            (Some(series), Some(query)) => {
                let past = query.as_of.filter(|as_of| as_of.unix_micros() < series.updated_at);
                found(connection, query, past, &sources)?.into_iter().next()
            }
            _ => None,
        });
    }
    Ok(first)
}

fn read_state(
    connection: &mut SqliteConnection,
    query: &BarQuery,
    series: Option<SeriesRow>,
) -> Result<BarChunk, PriceFailure> {
    let Some(series) = series else {
        return Ok(BarChunk {
            bars: Vec::new(),
            more: false,
            pinned: query.as_of.unwrap_or(Timestamp::MIN),
            version: 0,
        });
    };
    let updated_at = instant(series.updated_at, "updated_at", || format!("series {}", query.series))?;
    let past = query.as_of.filter(|as_of| *as_of < updated_at);
    let sources = Sources::load(connection)?;
    let mut found = found(connection, query, past, &sources)?;
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    Ok(BarChunk {
        bars: found,
        more,
        pinned: query.as_of.unwrap_or(updated_at),
        version: match past {
            None => version_of(&series, query.series)?,
            Some(as_of) => version_at(connection, query, as_of)?,
        },
    })
}

/// The bars of a query in its order, and one more where more follow; as of `past`, or now.
fn found(
    connection: &mut SqliteConnection,
    query: &BarQuery,
    past: Option<Timestamp>,
    sources: &Sources,
) -> Result<Vec<MarketPrice>, PriceFailure> {
    let mut found = match past {
        None => current(connection, query, sources)?,
        Some(as_of) => believed::at(connection, query, as_of, one_more(query.limit), sources)?,
    };
    if query.include_partial {
        found.extend(partial(connection, query, sources)?);
        // A final bar stays first of two for one instant, because the sort is stable.
        match query.order {
            TimeOrder::Ascending => found.sort_by_key(|price| price.bar.opened_at()),
            TimeOrder::Descending => found.sort_by_key(|price| std::cmp::Reverse(price.bar.opened_at())),
        }
        found.dedup_by_key(|price| price.bar.opened_at());
    }
    Ok(found)
}

/// One more than asked for tells whether more follow.
fn one_more(limit: usize) -> i64 {
    i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX)
}

/// Loads a range in the order asked for: two statements, so that each is prepared once.
macro_rules! load_in_order {
    ($connection:expr, $query:expr, $sources:expr, $provisional:expr, $opened_at:expr, $rows:expr) => {{
        let (query, rows) = ($query, $rows);
        let rows = rows
            .filter($opened_at.ge(query.range.start().unix_micros()))
            .filter($opened_at.lt(query.range.end().unix_micros()))
            .limit(one_more(query.limit));
        let price = |row: QueryResult<BarRow>| row?.into_price(query.series, $sources, $provisional);
        match query.order {
            TimeOrder::Ascending => rows
                .order($opened_at.asc())
                .load_iter::<BarRow, _>($connection)?
                .map(price)
                .collect::<Result<Vec<MarketPrice>, PriceFailure>>(),
            TimeOrder::Descending => rows
                .order($opened_at.desc())
                .load_iter::<BarRow, _>($connection)?
                .map(price)
                .collect::<Result<Vec<MarketPrice>, PriceFailure>>(),
        }
    }};
}

fn current(
    connection: &mut SqliteConnection,
    query: &BarQuery,
    sources: &Sources,
) -> Result<Vec<MarketPrice>, PriceFailure> {
    let rows = bars::table
        .filter(bars::instrument_id.eq(query.series.instrument.0))
        .filter(bars::interval.eq(query.series.interval.as_str()))
        .select((values_of!(bars), bars::source_id, bars::recorded_at));
    load_in_order!(connection, query, sources, false, bars::opened_at, rows)
}

fn partial(
    connection: &mut SqliteConnection,
    query: &BarQuery,
    sources: &Sources,
) -> Result<Vec<MarketPrice>, PriceFailure> {
    let rows = provisional_bars::table
        .filter(provisional_bars::instrument_id.eq(query.series.instrument.0))
        .filter(provisional_bars::interval.eq(query.series.interval.as_str()))
        .select((
            values_of!(provisional_bars),
            provisional_bars::source_id,
            provisional_bars::recorded_at,
        ));
    load_in_order!(connection, query, sources, true, provisional_bars::opened_at, rows)
}

fn version_at(connection: &mut SqliteConnection, query: &BarQuery, as_of: Timestamp) -> Result<u64, PriceFailure> {
    let version: Option<i64> = journal::table
        .filter(journal::instrument_id.eq(query.series.instrument.0))
        .filter(journal::interval.eq(query.series.interval.as_str()))
        .filter(journal::changed_at.le(as_of.unix_micros()))
        .order(journal::changed_at.desc())
        .select(journal::version)
        .first(connection)
        .optional()?;
    u64::try_from(version.unwrap_or(0))
        .map_err(|error| Failure::Corrupt(format!("journal of series {}: version: {error}", query.series)))
}
