//! What was believed at an earlier instant: bars recorded by then that still stand, and those that were retired later.

use domain::{BarQuery, MarketPrice, TimeOrder, Timestamp};

use super::PriceFailure;
use super::reading::{cell, price_columns, prices};
use crate::instant::Micros;
use crate::link::Link;

/// Openings from `start`, inclusive, to `end`, exclusive.
#[derive(Clone, Copy)]
struct Window {
    start: Micros,
    end: Micros,
}

/// Current bars that the first window spans, at least.
const FIRST_WINDOW: i64 = 1_000;

/// The first `needed` bars of the range in the order asked for, if there are as many.
///
/// Bars that were recorded later have to be passed over. Window by window they are passed over once; asked for the whole
/// range at once, the server would look for one that fits up to its end, and for every chunk again.
pub(super) async fn at(
    link: &mut Link,
    query: &BarQuery,
    as_of: Timestamp,
    needed: i64,
) -> Result<Vec<MarketPrice>, PriceFailure> {
    let mut rest = Window {
        start: query.range.start().into(),
        end: query.range.end().into(),
    };
    let mut spanned = needed.max(FIRST_WINDOW);
    let mut found: Vec<MarketPrice> = Vec::new();
    loop {
        let boundary = boundary(link, query, rest, spanned).await?;
        let (window, next) = match (boundary, query.order) {
            (None, _) => (rest, None),
            (Some(Micros(last)), TimeOrder::Ascending) => {
                let behind = Micros(last + 1);
                (Window { end: behind, ..rest }, Some(Window { start: behind, ..rest }))
            }
            (Some(last), TimeOrder::Descending) => (Window { start: last, ..rest }, Some(Window { end: last, ..rest })),
        };
        let mut inside = inside(link, query, window, as_of, needed).await?;
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

macro_rules! in_window {
    ($select:expr, $table:literal, $believed:literal, $order:literal, $end:literal) => {
        concat!(
            "SELECT ",
            $select,
            " FROM ",
            $table,
            " WHERE instrument_id = $1 AND \"interval\" = $2 AND opened_at >= $3 AND opened_at < $4 ",
            $believed,
            "ORDER BY opened_at ",
            $order,
            $end
        )
    };
}

macro_rules! standing {
    ($order:literal) => {
        in_window!(
            price_columns!("recorded_at"),
            "bars",
            "AND recorded_at <= $6 ",
            $order,
            " LIMIT $5"
        )
    };
}

macro_rules! retired {
    ($order:literal) => {
        in_window!(
            price_columns!("believed_from"),
            "bar_revisions",
            "AND believed_from <= $6 AND believed_until > $6 ",
            $order,
            " LIMIT $5"
        )
    };
}

/// Where the last of `spanned` current bars opens; `None` when fewer are left.
async fn boundary(link: &Link, query: &BarQuery, rest: Window, spanned: i64) -> Result<Option<Micros>, PriceFailure> {
    let text = match query.order {
        TimeOrder::Ascending => in_window!("opened_at", "bars", "", "ASC", " LIMIT 1 OFFSET $5"),
        TimeOrder::Descending => in_window!("opened_at", "bars", "", "DESC", " LIMIT 1 OFFSET $5"),
    };
    let interval = query.series.interval.as_str();
    let skipped = spanned - 1;
    let rows = link
        .rows(
            text,
            &[&query.series.instrument.0, &interval, &rest.start, &rest.end, &skipped],
        )
        .await?;
    Ok(rows.first().map(|row| cell(row, 0)).transpose()?)
}

/// Bars that still stand, and former states of those that do not.
async fn inside(
    link: &mut Link,
    query: &BarQuery,
    window: Window,
    as_of: Timestamp,
    needed: i64,
) -> Result<Vec<MarketPrice>, PriceFailure> {
    let texts = match query.order {
        TimeOrder::Ascending => [standing!("ASC"), retired!("ASC")],
        TimeOrder::Descending => [standing!("DESC"), retired!("DESC")],
    };
    let (interval, as_of) = (query.series.interval.as_str(), Micros::from(as_of));
    let mut found = Vec::new();
    for text in texts {
        let rows = link
            .rows(
                text,
                &[
                    &query.series.instrument.0,
                    &interval,
                    &window.start,
                    &window.end,
                    &needed,
                    &as_of,
                ],
            )
            .await?;
        found.extend(prices(link, &rows, query.series, false).await?);
    }
    Ok(found)
}
