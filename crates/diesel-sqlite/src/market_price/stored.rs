//! The stored bars that a batch has to be compared with.

use std::collections::BTreeMap;

use diesel::prelude::*;
use domain::{MarketPrice, SeriesKey, Timestamp};

use super::PriceFailure;
use super::rows::{BarRow, values_of};
use crate::schema::bars;
use crate::series::SeriesRow;
use crate::source::Sources;

/// Instants in one `IN` list.
const LIST: usize = 500;

/// The bars that are there at `opened`, which is sorted and without doubles; where they lie close together, also some
/// between them.
pub(super) fn at(
    connection: &mut SqliteConnection,
    series: &SeriesRow,
    key: SeriesKey,
    opened: &[i64],
    sources: &Sources,
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
    let worthwhile = i64::try_from(inside.len()).unwrap_or(i64::MAX).saturating_mul(4) + 64;
    let possible = (last - first) / (key.interval.shortest_length().whole_seconds() * 1_000_000) + 1;
    let mut found = BTreeMap::new();
    let mut keep = |row: BarRow| {
        let price = row.into_price(key, sources, false)?;
        found.insert(price.bar.opened_at(), price);
        Ok::<_, PriceFailure>(())
    };
    if possible.min(series.bar_count) <= worthwhile {
        let rows = bars::table
            .filter(bars::instrument_id.eq(key.instrument.0))
            .filter(bars::interval.eq(key.interval.as_str()))
            .filter(bars::opened_at.ge(first))
            .filter(bars::opened_at.le(last))
            .order(bars::opened_at)
            .select((values_of!(bars), bars::source_id, bars::recorded_at))
            .load_iter::<BarRow, _>(connection)?;
        for row in rows {
            keep(row?)?;
        }
    } else {
        for list in inside.chunks(LIST) {
            let rows = bars::table
                .filter(bars::instrument_id.eq(key.instrument.0))
                .filter(bars::interval.eq(key.interval.as_str()))
                .filter(bars::opened_at.eq_any(list))
                .select((values_of!(bars), bars::source_id, bars::recorded_at))
                .load_iter::<BarRow, _>(connection)?;
            for row in rows {
                keep(row?)?;
            }
        }
    }
    Ok(found)
}
