//! What was believed at an earlier instant: bars recorded by then that still stand, and those that were retired later.

use diesel::prelude::*;
use domain::{BarQuery, MarketPrice, TimeOrder, Timestamp};

use super::PriceFailure;
use super::rows::{BarRow, values_of};
use crate::schema::{bar_revisions, bars};
use crate::source::Sources;

/// Openings from `start`, inclusive, to `end`, exclusive, in microseconds.
#[derive(Clone, Copy)]
struct Window {
    start: i64,
    end: i64,
}

/// Current bars that the first window spans, at least.
const FIRST_WINDOW: i64 = 1_000;

/// The first `needed` bars of the range in the order asked for, if there are as many.
///
/// Bars that were recorded later have to be passed over. Window by window they are passed over once; asked for the whole
/// range at once, SQLite would look for one that fits up to its end, and for every chunk again.
pub(super) fn at(
    connection: &mut SqliteConnection,
    query: &BarQuery,
    as_of: Timestamp,
    needed: i64,
    sources: &Sources,
) -> Result<Vec<MarketPrice>, PriceFailure> {
    let mut rest = Window {
        start: query.range.start().unix_micros(),
        end: query.range.end().unix_micros(),
    };
    let mut spanned = needed.max(FIRST_WINDOW);
    let mut found: Vec<MarketPrice> = Vec::new();
    loop {
        let boundary = boundary(connection, query, rest, spanned)?;
        let (window, next) = match (boundary, query.order) {
            (None, _) => (rest, None),
            (Some(last), TimeOrder::Ascending) => (
                Window { end: last + 1, ..rest },
                Some(Window {
                    start: last + 1,
                    ..rest
                }),
            ),
            (Some(last), TimeOrder::Descending) => (Window { start: last, ..rest }, Some(Window { end: last, ..rest })),
        };
        let mut inside = standing(connection, query, window, as_of, needed, sources)?;
        inside.extend(retired(connection, query, window, as_of, needed, sources)?);
        match query.order {
            TimeOrder::Ascending => inside.sort_by_key(|price| price.bar.opened_at()),
            TimeOrder::Descending => inside.sort_by_key(|price| std::cmp::Reverse(price.bar.opened_at())),
        }
        found.extend(inside);
        let enough = i64::try_from(found.len()).is_ok_and(|count| count >= needed);
        match next.filter(|_| !enough) {
            Some(next) => rest = next,
            None => return Ok(found),
        }
        spanned = spanned.saturating_mul(2);
    }
}

/// Where the last of `spanned` current bars opens; `None` when fewer are left.
fn boundary(
    connection: &mut SqliteConnection,
    query: &BarQuery,
    rest: Window,
    spanned: i64,
) -> QueryResult<Option<i64>> {
    let openings = bars::table
        .filter(bars::instrument_id.eq(query.series.instrument.0))
        .filter(bars::interval.eq(query.series.interval.as_str()))
        .filter(bars::opened_at.ge(rest.start))
        .filter(bars::opened_at.lt(rest.end))
        .select(bars::opened_at)
        .limit(1)
        .offset(spanned - 1);
    match query.order {
        TimeOrder::Ascending => openings.order(bars::opened_at.asc()).first(connection),
        TimeOrder::Descending => openings.order(bars::opened_at.desc()).first(connection),
    }
    .optional()
}

fn standing(
    connection: &mut SqliteConnection,
    query: &BarQuery,
    window: Window,
    as_of: Timestamp,
    needed: i64,
    sources: &Sources,
) -> Result<Vec<MarketPrice>, PriceFailure> {
    let rows = bars::table
        .filter(bars::instrument_id.eq(query.series.instrument.0))
        .filter(bars::interval.eq(query.series.interval.as_str()))
        .filter(bars::opened_at.ge(window.start))
        .filter(bars::opened_at.lt(window.end))
        .filter(bars::recorded_at.le(as_of.unix_micros()))
        .limit(needed)
        .select((values_of!(bars), bars::source_id, bars::recorded_at));
    let price = |row: QueryResult<BarRow>| row?.into_price(query.series, sources, false);
    match query.order {
        TimeOrder::Ascending => rows
            .order(bars::opened_at.asc())
            .load_iter::<BarRow, _>(connection)?
            .map(price)
            .collect(),
        TimeOrder::Descending => rows
            .order(bars::opened_at.desc())
            .load_iter::<BarRow, _>(connection)?
            .map(price)
            .collect(),
    }
}

fn retired(
    connection: &mut SqliteConnection,
    query: &BarQuery,
    window: Window,
    as_of: Timestamp,
    needed: i64,
    sources: &Sources,
) -> Result<Vec<MarketPrice>, PriceFailure> {
    let rows = bar_revisions::table
        .filter(bar_revisions::instrument_id.eq(query.series.instrument.0))
        .filter(bar_revisions::interval.eq(query.series.interval.as_str()))
        .filter(bar_revisions::opened_at.ge(window.start))
        .filter(bar_revisions::opened_at.lt(window.end))
        .filter(bar_revisions::believed_from.le(as_of.unix_micros()))
        .filter(bar_revisions::believed_until.gt(as_of.unix_micros()))
        .limit(needed)
        .select((
            values_of!(bar_revisions),
            bar_revisions::source_id,
            bar_revisions::believed_from,
        ));
    let price = |row: QueryResult<BarRow>| row?.into_price(query.series, sources, false);
    match query.order {
        TimeOrder::Ascending => rows
            .order(bar_revisions::opened_at.asc())
            .load_iter::<BarRow, _>(connection)?
            .map(price)
            .collect(),
        TimeOrder::Descending => rows
            .order(bar_revisions::opened_at.desc())
            .load_iter::<BarRow, _>(connection)?
            .map(price)
            .collect(),
    }
}
