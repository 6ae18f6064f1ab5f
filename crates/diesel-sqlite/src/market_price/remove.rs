//! Taking a range of bars out by hand: to the revisions, where earlier instants still see them.

use diesel::dsl::{max, min};
use diesel::prelude::*;
use domain::{ChangeKind, MarketPrice, MergeCounts, Merged, PriceRepositoryError, Removal, RevisionKind, Timestamp};

use super::PriceFailure;
use super::merge::{length, next_stamp, retire, spanned, version_of};
use super::rows::{BarRow, values_of};
use crate::error::Failure;
use crate::history::{Change, write_journal};
use crate::instrument;
use crate::schema::{bars, provisional_bars};
use crate::series::SeriesRow;
use crate::source::Sources;

/// Bars held in memory at a time.
const CHUNK: i64 = 10_000;

/// Removes at the time `now`, which was read under the write lock.
pub(super) fn remove(
    connection: &mut SqliteConnection,
    removal: &Removal,
    now: Timestamp,
) -> Result<Merged, PriceFailure> {
    let key = removal.series;
    if instrument::actions_changed_at(connection, key.instrument)?.is_none() {
        return Err(Failure::Refused(PriceRepositoryError::UnknownInstrument(
            key.instrument,
        )));
    }
    let mut merged = Merged {
        counts: MergeCounts::default(),
        version: 0,
        stamp: None,
    };
    let Some(known) = SeriesRow::find(connection, key)? else {
        return Ok(merged);
    };
    let mut series = known.clone();
    let stamp = next_stamp(&known, now)?;
    let (start, end) = (removal.range.start().unix_micros(), removal.range.end().unix_micros());
    let partial = provisional_bars::table
        .filter(provisional_bars::instrument_id.eq(key.instrument.0))
        .filter(provisional_bars::interval.eq(key.interval.as_str()))
        .filter(provisional_bars::opened_at.ge(start))
        .filter(provisional_bars::opened_at.lt(end));
    if diesel::delete(partial).execute(connection)? > 0 {
        series.partial_version += 1;
    }

    let of_series = || {
        bars::table
            .filter(bars::instrument_id.eq(key.instrument.0))
            .filter(bars::interval.eq(key.interval.as_str()))
    };
    let mut sources = Sources::load(connection)?;
    let mut gone: Option<(i64, i64)> = None;
    let mut removed = 0;
    loop {
        let doomed: Vec<MarketPrice> = of_series()
            .filter(bars::opened_at.ge(start))
            .filter(bars::opened_at.lt(end))
            .order(bars::opened_at)
            .limit(CHUNK)
            .select((values_of!(bars), bars::source_id, bars::recorded_at))
            .load_iter::<BarRow, _>(connection)?
            .map(|row| row?.into_price(key, &sources, false))
            .collect::<Result<_, PriceFailure>>()?;
        let (Some(first), Some(last)) = (doomed.first(), doomed.last()) else {
            break;
        };
        let (first, last) = (first.bar.opened_at().unix_micros(), last.bar.opened_at().unix_micros());
        retire(connection, key, doomed.iter(), RevisionKind::Removed, stamp, &sources)?;
        diesel::delete(
            of_series()
                .filter(bars::opened_at.ge(first))
                .filter(bars::opened_at.le(last)),
        )
        .execute(connection)?;
        removed += length(&doomed);
        gone = Some((gone.map_or(first, |(earliest, _)| earliest), last));
    }
    let range = gone.map(|(first, last)| spanned(first, last)).transpose()?.flatten();
    if let Some(range) = range {
        let bounds: (Option<i64>, Option<i64>) = of_series()
            .select((min(bars::opened_at), max(bars::opened_at)))
            .first(connection)?;
        (series.first_opened_at, series.last_opened_at) = bounds;
        series.bar_count -= removed;
        series.version += 1;
        series.updated_at = stamp.unix_micros();
        series.last_source_id = Some(sources.id_or_new(connection, &removal.source)?);
        merged.counts.updated = u64::try_from(removed).unwrap_or(0);
        merged.stamp = Some(stamp);
        let change = Change {
            series: key,
            version: series.version,
            changed_at: stamp,
            kind: ChangeKind::Removal,
            range,
            run: None,
            counts: merged.counts,
        };
        write_journal(connection, &change)?;
    }
    if series != known {
        series.save(connection)?;
    }
    merged.version = version_of(&series, key)?;
    Ok(merged)
}
