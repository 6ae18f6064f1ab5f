//! Taking a range of bars out by hand: to the revisions, where earlier instants still see them.

use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    ChangeKind, MarketPrice, MergeCounts, Merged, PriceRepositoryError, Removal, RevisionKind, SeriesKey, Timestamp,
};

use super::PriceFailure;
use super::merge::{length, next_stamp, spanned, version_of};
use super::reading::{price_columns, prices};
use super::writing::{delete_range, retire};
use crate::error::Failure;
use crate::history::{Change, write_journal};
use crate::instant::Micros;
use crate::link::Link;
use crate::schema::{bars, provisional_bars};
use crate::series::SeriesRow;
use crate::source::Sources;

/// Bars held in memory at a time.
const CHUNK: i64 = 10_000;

/// Removes in a transaction that holds the lock of the instrument, at the time `now`, which was read under it.
pub(super) async fn remove(link: &mut Link, removal: &Removal, now: Timestamp) -> Result<Merged, PriceFailure> {
    let key = removal.series;
    let Some((_, known)) = SeriesRow::find_with_instrument(link, key).await? else {
        return Err(Failure::Refused(PriceRepositoryError::UnknownInstrument(
            key.instrument,
        )));
    };
    let mut merged = Merged {
        counts: MergeCounts::default(),
        version: 0,
        stamp: None,
    };
    let Some(known) = known else {
        return Ok(merged);
    };
    let mut series = known.clone();
    let stamp = next_stamp(&known, now)?;
    let (start, end) = (Micros::from(removal.range.start()), Micros::from(removal.range.end()));
    let partial = provisional_bars::table
        .filter(provisional_bars::instrument_id.eq(key.instrument.0))
        .filter(provisional_bars::interval.eq(key.interval.as_str()))
        .filter(provisional_bars::opened_at.ge(start))
        .filter(provisional_bars::opened_at.lt(end));
    if diesel::delete(partial).execute(link).await? > 0 {
        series.partial_version += 1;
    }

    let of_series = || {
        bars::table
            .filter(bars::instrument_id.eq(key.instrument.0))
            .filter(bars::interval.eq(key.interval.as_str()))
    };
    let mut sources = Sources::load(link).await?;
    let mut gone: Option<(Micros, Micros)> = None;
    let mut removed = 0;
    loop {
        let doomed = first_of(link, key, start, end).await?;
        let (Some(first), Some(last)) = (doomed.as_slice().first(), doomed.last()) else {
            break;
        };
        let (first, last) = (Micros::from(first.bar.opened_at()), Micros::from(last.bar.opened_at()));
        let former: Vec<&MarketPrice> = doomed.iter().collect();
        retire(link, key, &former, RevisionKind::Removed, stamp, &sources).await?;
        delete_range(link, key, first, last).await?;
        removed += length(&doomed);
        gone = Some((gone.map_or(first, |(earliest, _)| earliest), last));
    }
    let range = gone.map(|(first, last)| spanned(first, last)).transpose()?.flatten();
    if range.is_some() {
        let bounds: (Option<Micros>, Option<Micros>) = of_series()
            .select((min(bars::opened_at), max(bars::opened_at)))
            .first(link)
            .await?;
        (series.first_opened_at, series.last_opened_at) = bounds;
        series.bar_count -= removed;
        series.version += 1;
        series.updated_at = stamp.into();
        series.last_source_id = Some(sources.id_or_new(link, &removal.source).await?);
        merged.counts.updated = u64::try_from(removed).unwrap_or(0);
        merged.stamp = Some(stamp);
    }
    if series != known {
        series.save(link).await?;
    }
    if let Some(range) = range {
        let change = Change {
            series: key,
            version: series.version,
            changed_at: stamp,
            kind: ChangeKind::Removal,
            range,
            run: None,
            counts: merged.counts,
        };
        write_journal(link, &change).await?;
    }
    merged.version = version_of(&series, key)?;
    Ok(merged)
}

/// The first bars of a range.
async fn first_of(
    link: &mut Link,
    series: SeriesKey,
    start: Micros,
    end: Micros,
) -> Result<Vec<MarketPrice>, PriceFailure> {
    const FIRST: &str = concat!(
        "SELECT ",
        price_columns!("recorded_at"),
        " FROM bars WHERE instrument_id = $1 AND \"interval\" = $2 AND opened_at >= $3 AND opened_at < $4 \
         ORDER BY opened_at LIMIT $5"
    );
    let interval = series.interval.as_str();
    let rows = link
        .rows(FIRST, &[&series.instrument.0, &interval, &start, &end, &CHUNK])
        .await?;
    prices(link, &rows, series, false).await
}
