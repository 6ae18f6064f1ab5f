//! Reading a chunk of bars, as believed now or at an earlier instant.

use domain::{BarChunk, BarQuery, MarketPrice, RowChunk, SeriesKey, TimeOrder, Timestamp};
use futures_util::future::try_join5;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use super::PriceFailure;
use super::reading::{cell, price_columns, prices, shown};
use super::rows::instant;
use crate::bulk::value_columns;
use crate::connections::LOOK;
use crate::error::{DatabaseError, Failure};
use crate::instant::Micros;
use crate::link::Link;
use crate::market_price::believed;

/// What a server had when it was asked.
pub(super) enum Found {
    /// The answer.
    Chunk(BarChunk),
    /// A write that is under way, or that this server does not have yet, may still be stamped at or before the instant
    /// asked for.
    Unsettled,
    /// The instant lies before the last change: the answer is in the revisions too.
    Past,
}

/// The state of a series, as this transaction sees it.
struct Heading {
    version: u64,
    updated_at: Timestamp,
}

const HEADING: &str = "SELECT version, updated_at FROM series WHERE instrument_id = $1 AND \"interval\" = $2";

macro_rules! range_of {
    ($table:literal, $order:literal) => {
        range_of!(price_columns!("recorded_at"), $table, "", $order)
    };
    ($columns:expr, $table:literal, $only:literal, $order:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $table,
            " WHERE instrument_id = $1 AND \"interval\" = $2 AND opened_at >= $3 AND opened_at < $4 ",
            $only,
            " ORDER BY opened_at ",
            $order,
            " LIMIT $5"
        )
    };
}

/// No bars, unless the last change of the series is stamped `$6`. It is a bound of the index scan, so that it is looked
/// up once and costs nothing for a row. The source `$7`, which most bars have, is not sent: nothing takes a third of the time.
macro_rules! unchanged {
    ($order:literal) => {
        range_of!(
            concat!(value_columns!(), ", NULLIF(source_id, $7)"),
            "bars",
            "AND opened_at >= (SELECT $3::timestamptz FROM series \
             WHERE instrument_id = $1 AND \"interval\" = $2 AND updated_at = $6)",
            $order
        )
    };
}

/// Final bars as of the last change of their series, which is what a page asks for: one statement, which sees the change
/// and the bars in one state. `None` when there are no bars, which may be because the series has changed since.
pub(super) async fn unchanged_since(
    link: &mut Link,
    query: &BarQuery,
    as_of: Timestamp,
) -> Result<Option<RowChunk>, PriceFailure> {
    let statement = match query.order {
        TimeOrder::Ascending => unchanged!("ASC"),
        TimeOrder::Descending => unchanged!("DESC"),
    };
    let statement = link.prepared(statement).await?;
    let (instrument, interval) = (query.series.instrument.0, query.series.interval.as_str());
    let (start, end) = (Micros::from(query.range.start()), Micros::from(query.range.end()));
    let (limit, as_of, usual) = (one_more(query.limit), Micros::from(as_of), link.usual_source());
    let parameters: [&(dyn ToSql + Sync); 7] = [&instrument, &interval, &start, &end, &limit, &as_of, &usual];
    let bars = link
        .within(link.expected(about(query.limit), &statement, &parameters))
        .await?;
    if bars.is_empty() {
        return Ok(None);
    }
    let mut rows = shown(link, &bars, query.series, usual).await?;
    let more = rows.len() > query.limit;
    rows.truncate(query.limit);
    Ok(Some(RowChunk { rows, more }))
}

/// Asks for everything in one round trip, in a transaction of its own, in which all sees the same state.
pub(super) async fn at_once(link: &mut Link, query: &BarQuery) -> Result<Found, PriceFailure> {
    let (final_bars, partial_bars) = match query.order {
        TimeOrder::Ascending => (range_of!("bars", "ASC"), range_of!("provisional_bars", "ASC")),
        TimeOrder::Descending => (range_of!("bars", "DESC"), range_of!("provisional_bars", "DESC")),
    };
    let heading = link.prepared(HEADING).await?;
    let final_bars = link.prepared(final_bars).await?;
    let partial_bars = link.prepared(partial_bars).await?;
    let (heading, final_bars, partial_bars) = link
        .within(asked_at_once(link, query, heading, final_bars, partial_bars))
        .await?;
    answer(link, query, heading.first(), &final_bars, &partial_bars).await
}

/// The requests go out in the order in which they stand here, before the first answer is there.
async fn asked_at_once(
    link: &Link,
    query: &BarQuery,
    heading: Statement,
    final_bars: Statement,
    partial_bars: Statement,
) -> Result<(Vec<Row>, Vec<Row>, Vec<Row>), tokio_postgres::Error> {
    let client = link.client();
    let (instrument, interval) = (query.series.instrument.0, query.series.interval.as_str());
    let (start, end) = (Micros::from(query.range.start()), Micros::from(query.range.end()));
    let limit = one_more(query.limit);
    let ((), heading, final_bars, partial_bars, ()) = try_join5(
        client.batch_execute(LOOK),
        client.query(&heading, &[&instrument, &interval]),
        client.query(&final_bars, &[&instrument, &interval, &start, &end, &limit]),
        async {
            if query.include_partial {
                client
                    .query(&partial_bars, &[&instrument, &interval, &start, &end, &limit])
                    .await
            } else {
                Ok(Vec::new())
            }
        },
        client.batch_execute("COMMIT"),
    )
    .await?;
    Ok((heading, final_bars, partial_bars))
}

async fn answer(
    link: &mut Link,
    query: &BarQuery,
    heading: Option<&Row>,
    final_bars: &[Row],
    partial_bars: &[Row],
) -> Result<Found, PriceFailure> {
    let Some(heading) = heading.map(|row| heading_of(row, query.series)).transpose()? else {
        return Ok(match query.as_of {
            Some(_) => Found::Unsettled,
            None => Found::Chunk(nothing(query)),
        });
    };
    match query.as_of {
        Some(as_of) if as_of > heading.updated_at => return Ok(Found::Unsettled),
        Some(as_of) if as_of < heading.updated_at => return Ok(Found::Past),
        _ => {}
    }
    let mut found = prices(link, final_bars, query.series, false).await?;
    found.extend(prices(link, partial_bars, query.series, true).await?);
    Ok(Found::Chunk(chunk(query, found, heading.updated_at, heading.version)))
}

/// The chunk as an open transaction sees it, in which every write stamped by the instant asked for is visible.
pub(super) async fn settled(link: &mut Link, query: &BarQuery) -> Result<BarChunk, PriceFailure> {
    let Some(heading) = heading(link, query.series).await? else {
        return Ok(nothing(query));
    };
    let past = query.as_of.filter(|as_of| *as_of < heading.updated_at);
    let (mut found, version) = match past {
        Some(as_of) => (
            believed::at(link, query, as_of, one_more(query.limit)).await?,
            version_at(link, query, as_of).await?,
        ),
        None => (current(link, query).await?, heading.version),
    };
    if query.include_partial {
        found.extend(partial(link, query).await?);
    }
    Ok(chunk(query, found, heading.updated_at, version))
}

/// For each instant the last final bar before it, as an open transaction sees them; `None` when a write stamped by `as_of`
/// may still be under way.
pub(super) async fn last_before_unless_unsettled(
    link: &mut Link,
    series: SeriesKey,
    instants: &[Timestamp],
    as_of: Timestamp,
) -> Result<Option<Vec<Option<MarketPrice>>>, PriceFailure> {
    match heading(link, series).await? {
        Some(heading) if as_of <= heading.updated_at => {
            last_of_each(link, series, instants, as_of, &heading).await.map(Some)
        }
        _ => Ok(None),
    }
}

/// The same, where every write stamped by then is visible.
pub(super) async fn last_before(
    link: &mut Link,
    series: SeriesKey,
    instants: &[Timestamp],
    as_of: Timestamp,
) -> Result<Vec<Option<MarketPrice>>, PriceFailure> {
    match heading(link, series).await? {
        Some(heading) => last_of_each(link, series, instants, as_of, &heading).await,
        None => Ok(vec![None; instants.len()]),
    }
}

async fn last_of_each(
    link: &mut Link,
    series: SeriesKey,
    instants: &[Timestamp],
    as_of: Timestamp,
    heading: &Heading,
) -> Result<Vec<Option<MarketPrice>>, PriceFailure> {
    let mut last = vec![None; instants.len()];
    if as_of < heading.updated_at {
        for (found, instant) in last.iter_mut().zip(instants) {
            if let Some(query) = BarQuery::last_before(series, *instant, as_of) {
                *found = believed::at(link, &query, as_of, one_more(query.limit))
                    .await?
                    .into_iter()
                    .next();
            }
        }
        return Ok(last);
    }
    const LAST: &str = concat!(
        "SELECT ",
        price_columns!("recorded_at"),
        ", place FROM unnest($3::timestamptz[]) WITH ORDINALITY AS asked (instant, place) CROSS JOIN LATERAL (SELECT ",
        price_columns!("recorded_at"),
        " FROM bars WHERE instrument_id = $1 AND \"interval\" = $2 AND opened_at < asked.instant \
         ORDER BY opened_at DESC LIMIT 1) AS last ORDER BY place"
    );
    let interval = series.interval.as_str();
    let instants: Vec<Micros> = instants.iter().copied().map(Micros::from).collect();
    let rows = link.rows(LAST, &[&series.instrument.0, &interval, &instants]).await?;
    let places = rows
        .iter()
        .map(|row| cell(row, 10))
        .collect::<Result<Vec<i64>, DatabaseError>>()?;
    for (place, price) in places.into_iter().zip(prices(link, &rows, series, false).await?) {
        // Ordinals count from 1.
        let found = usize::try_from(place - 1).ok().and_then(|place| last.get_mut(place));
        if let Some(found) = found {
            *found = Some(price);
        }
    }
    Ok(last)
}

async fn current(link: &mut Link, query: &BarQuery) -> Result<Vec<MarketPrice>, PriceFailure> {
    let text = match query.order {
        TimeOrder::Ascending => range_of!("bars", "ASC"),
        TimeOrder::Descending => range_of!("bars", "DESC"),
    };
    let rows = in_range(link, query, text).await?;
    prices(link, &rows, query.series, false).await
}

async fn partial(link: &mut Link, query: &BarQuery) -> Result<Vec<MarketPrice>, PriceFailure> {
    let text = match query.order {
        TimeOrder::Ascending => range_of!("provisional_bars", "ASC"),
        TimeOrder::Descending => range_of!("provisional_bars", "DESC"),
    };
    let rows = in_range(link, query, text).await?;
    prices(link, &rows, query.series, true).await
}

async fn in_range(link: &Link, query: &BarQuery, text: &str) -> Result<Vec<Row>, DatabaseError> {
    let (instrument, interval) = (query.series.instrument.0, query.series.interval.as_str());
    let (start, end) = (Micros::from(query.range.start()), Micros::from(query.range.end()));
    let limit = one_more(query.limit);
    link.rows(text, &[&instrument, &interval, &start, &end, &limit]).await
}

async fn heading(link: &Link, series: SeriesKey) -> Result<Option<Heading>, PriceFailure> {
    let interval = series.interval.as_str();
    let rows = link.rows(HEADING, &[&series.instrument.0, &interval]).await?;
    rows.first().map(|row| heading_of(row, series)).transpose()
}

fn heading_of(row: &Row, series: SeriesKey) -> Result<Heading, PriceFailure> {
    let series = || format!("series {series}");
    let version: i64 = cell(row, 0)?;
    Ok(Heading {
        version: u64::try_from(version).map_err(|error| Failure::Corrupt(format!("{}: version: {error}", series())))?,
        updated_at: instant(cell(row, 1)?, "updated_at", series)?,
    })
}

/// Of a series that does not exist.
fn nothing(query: &BarQuery) -> BarChunk {
    BarChunk {
        bars: Vec::new(),
        more: false,
        pinned: query.as_of.unwrap_or(Timestamp::MIN),
        version: 0,
    }
}

/// Final bars, followed by provisional ones of which none may stand beside a final one, in the order asked for.
fn chunk(query: &BarQuery, mut found: Vec<MarketPrice>, updated_at: Timestamp, version: u64) -> BarChunk {
    if query.include_partial {
        // A final bar stays first of two for one instant, because the sort is stable.
        match query.order {
            TimeOrder::Ascending => found.sort_by_key(|price| price.bar.opened_at()),
            TimeOrder::Descending => found.sort_by_key(|price| std::cmp::Reverse(price.bar.opened_at())),
        }
        found.dedup_by_key(|price| price.bar.opened_at());
    }
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    BarChunk {
        bars: found,
        more,
        pinned: query.as_of.unwrap_or(updated_at),
        version,
    }
}

/// How many rows room is made for, whatever the limit; a page has as many as were asked for.
fn about(limit: usize) -> usize {
    limit.saturating_add(1).min(10_001)
}

/// One more than asked for tells whether more follow.
pub(super) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX)
}

async fn version_at(link: &Link, query: &BarQuery, as_of: Timestamp) -> Result<u64, PriceFailure> {
    const VERSION: &str = "SELECT version FROM journal WHERE instrument_id = $1 AND \"interval\" = $2 \
                           AND changed_at <= $3 ORDER BY changed_at DESC LIMIT 1";
    let interval = query.series.interval.as_str();
    let rows = link
        .rows(VERSION, &[&query.series.instrument.0, &interval, &Micros::from(as_of)])
        .await?;
    let version: i64 = rows.first().map_or(Ok(0), |row| cell(row, 0))?;
    u64::try_from(version)
        .map_err(|error| Failure::Corrupt(format!("journal of series {}: version: {error}", query.series)))
}
