//! The stored bars that a batch has to be compared with.

use std::collections::BTreeMap;

use domain::{MarketPrice, SeriesKey, Timestamp};

use super::PriceFailure;
use super::reading::{price_columns, prices};
use crate::instant::Micros;
use crate::link::Link;
use crate::series::SeriesRow;

/// The bars that are there at `opened`, which is sorted and without doubles; where they lie close together, also some
/// between them. A batch that lies wholly behind the last bar asks nothing.
pub(super) async fn at(
    link: &mut Link,
    series: &SeriesRow,
    key: SeriesKey,
    opened: &[Micros],
) -> Result<BTreeMap<Timestamp, MarketPrice>, PriceFailure> {
    let (Some(first_bar), Some(last_bar)) = (series.first_opened_at, series.last_opened_at) else {
        return Ok(BTreeMap::new());
    };
    let begin = opened.partition_point(|opened_at| *opened_at < first_bar);
    let end = opened.partition_point(|opened_at| *opened_at <= last_bar);
    let inside = opened.get(begin..end).unwrap_or_default();
    let (Some(first), Some(last)) = (inside.first(), inside.last()) else {
        return Ok(BTreeMap::new());
    };
    const RANGE: &str = concat!(
        "SELECT ",
        price_columns!("recorded_at"),
        " FROM bars WHERE instrument_id = $1 AND \"interval\" = $2 AND opened_at >= $3 AND opened_at <= $4 \
         ORDER BY opened_at"
    );
    const LIST: &str = concat!(
        "SELECT ",
        price_columns!("recorded_at"),
        " FROM bars WHERE instrument_id = $1 AND \"interval\" = $2 AND opened_at = ANY($3::timestamptz[])"
    );
    let worthwhile = i64::try_from(inside.len()).unwrap_or(i64::MAX).saturating_mul(4) + 64;
    let possible = (last.0 - first.0) / (key.interval.shortest_length().whole_seconds() * 1_000_000) + 1;
    let (instrument, interval) = (key.instrument.0, key.interval.as_str());
    let rows = if possible.min(series.bar_count) <= worthwhile {
        link.rows(RANGE, &[&instrument, &interval, first, last]).await?
    } else {
        link.rows(LIST, &[&instrument, &interval, &inside]).await?
    };
    let found = prices(link, &rows, key, false).await?;
    Ok(found.into_iter().map(|price| (price.bar.opened_at(), price)).collect())
}
