//! Merging a batch: everything it changes, in the one transaction that the caller has begun.

use domain::merge::MergePlan;
use domain::{
    Bar, ChangeKind, MarketPrice, MergeBatch, Merged, PriceRepositoryError, RevisionKind, SeriesKey, SourceName,
    TimeRange, Timestamp,
};

use super::PriceFailure;
use super::disputes::{self, Claim};
use super::provisional::Partial;
use super::rows::instant;
use super::writing::{self, BarsOf};
use super::{quarantine, stored};
use crate::error::Failure;
use crate::history::{Change, write_journal};
use crate::instant::Micros;
use crate::link::Link;
use crate::series::SeriesRow;
use crate::source::Sources;
use crate::{coverage, ingest_run};

/// Merges in a transaction that holds the lock of the instrument, at the time `now`, which was read under it.
pub(super) async fn merge(link: &mut Link, mut batch: MergeBatch, now: Timestamp) -> Result<Merged, PriceFailure> {
    let key = batch.series;
    let Some((actions_changed_at, known)) = SeriesRow::find_with_instrument(link, key).await? else {
        return Err(Failure::Refused(PriceRepositoryError::UnknownInstrument(
            key.instrument,
        )));
    };
    let stamp = match &known {
        Some(known) => {
            refuse_mismatch(known, &batch)?;
            next_stamp(known, now)?
        }
        // Not before the actions that a reader of these bars sees.
        None => first_stamp(key, actions_changed_at, now)?,
    };
    let (source_id, sources) = source_of(link, &batch.source).await?;

    let mut series = known.clone().unwrap_or_else(|| first_row(&batch, stamp));
    let finals = std::mem::take(&mut batch.bars);
    let unfinished = std::mem::take(&mut batch.provisional);
    let opened = instants(&finals);
    let mut told = instants(&unfinished);
    told.extend(&opened);
    told.sort_unstable();

    let there = stored::at(link, &series, key, &opened).await?;
    let decided = domain::merge::plan(finals, &batch.source, &there, batch.tolerance, &batch.precedence);
    let partial = Partial::decide(link, &series, unfinished, &opened, &batch).await?;
    let sources = sources.refreshed(link);
    let mut counts = decided.counts(batch.rejected.len());
    counts += partial.counts();

    let changed = decided.changed();
    if changed.is_some() {
        series.version += 1;
        series.updated_at = stamp.into();
        series.last_source_id = Some(source_id);
        series.bar_count = series.bar_count.saturating_add(length(&decided.inserts));
        let inserted = |bar: Option<&Bar>| bar.map(|bar| Micros::from(bar.opened_at()));
        let first = inserted(decided.inserts.first());
        series.first_opened_at = [series.first_opened_at, first].into_iter().flatten().min();
        series.last_opened_at = series.last_opened_at.max(inserted(decided.inserts.last()));
    }
    if partial.changes_something() {
        series.partial_version += 1;
    }
    series.gives_volume |= batch.gives_volume;
    // A batch of nothing but bad rows says nothing about a series that is not there.
    let begins = !told.is_empty() || batch.covered.is_some();
    if (begins || known.is_some()) && known.as_ref() != Some(&series) {
        series.save(link).await?;
    }

    let of = BarsOf {
        series: key,
        source_id,
        recorded_at: stamp,
    };
    write_bars(link, of, &decided, &sources).await?;
    partial.write(link, of).await?;
    let claim = Claim {
        series: key,
        source: &batch.source,
        source_id,
        now,
        tolerance: batch.tolerance,
        precedence: &batch.precedence,
    };
    if known.is_some() {
        disputes::settle(link, &claim, &decided, &opened).await?;
    }
    if let Some(covered) = batch.covered {
        if known.is_some() {
            disputes::withdraw(link, &claim, covered, &told).await?;
        }
        coverage::cover(link, key, source_id, covered, now).await?;
    }
    quarantine::keep(link, &batch, source_id, now).await?;
    let reached = opened
        .first()
        .zip(opened.last())
        .map(|(first, last)| spanned(*first, *last))
        .transpose()?;
    ingest_run::progress(link, batch.run, counts, reached.flatten(), now).await?;
    if let Some(range) = changed {
        let change = Change {
            series: key,
            version: series.version,
            changed_at: stamp,
            kind: ChangeKind::Merge,
            range,
            run: batch.run,
            counts,
        };
        write_journal(link, &change).await?;
    }
    Ok(Merged {
        counts,
        version: version_of(&series, key)?,
        stamp: changed.map(|_| stamp),
    })
}

/// The number of the source, and what else is known of sources without asking.
async fn source_of(link: &mut Link, name: &SourceName) -> Result<(i32, Sources), PriceFailure> {
    let seen = Sources::seen(link);
    if let Some(id) = seen.id(name) {
        return Ok((id, seen));
    }
    let mut sources = Sources::load(link).await?;
    let id = sources.id_or_new(link, name).await?;
    Ok((id, sources))
}

fn first_stamp(key: SeriesKey, actions_changed_at: Option<Micros>, now: Timestamp) -> Result<Timestamp, PriceFailure> {
    let row = || format!("instrument {}", key.instrument);
    let last = actions_changed_at
        .map(|at| instant(at, "actions_changed_at", row))
        .transpose()?;
    Ok(last.map_or(now, |last: Timestamp| last.max(now)))
}

/// The later of the clock and the last stamp plus a microsecond.
pub(super) fn next_stamp(series: &SeriesRow, now: Timestamp) -> Result<Timestamp, PriceFailure> {
    let row = || format!("series {}/{}", series.instrument_id, series.interval);
    let last: Timestamp = instant(series.updated_at, "updated_at", row)?;
    Ok(now.max(last.next()))
}

pub(super) fn version_of(series: &SeriesRow, key: SeriesKey) -> Result<u64, PriceFailure> {
    u64::try_from(series.version).map_err(|error| Failure::Corrupt(format!("series {key}: version: {error}")))
}

/// From the first instant to behind the last one; `None` at the end of time.
pub(super) fn spanned(first: Micros, last: Micros) -> Result<Option<TimeRange>, PriceFailure> {
    let read = |micros: Micros| instant(micros, "opened_at", || format!("bar at {} µs", micros.0));
    Ok(TimeRange::new(read(first)?, read(last)?.next()).ok())
}

/// The length of a list as SQL counts it.
pub(super) fn length<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

fn refuse_mismatch(known: &SeriesRow, batch: &MergeBatch) -> Result<(), PriceFailure> {
    let series = batch.series;
    let corrupt = |what: String| Failure::Corrupt(format!("series {series}: {what}"));
    let stored = known
        .basis
        .parse()
        .map_err(|error: domain::UnknownBasis| corrupt(error.to_string()))?;
    if stored != batch.basis {
        return Err(Failure::Refused(PriceRepositoryError::BasisMismatch {
            series,
            stored,
            given: batch.basis,
        }));
    }
    let stored =
        u8::try_from(known.minutes_past_hour).map_err(|error| corrupt(format!("minutes_past_hour: {error}")))?;
    if stored != batch.minutes_past_hour {
        return Err(Failure::Refused(PriceRepositoryError::GridMismatch {
            series,
            stored,
            given: batch.minutes_past_hour,
        }));
    }
    Ok(())
}

/// The row of a series that is written to for the first time.
fn first_row(batch: &MergeBatch, stamp: Timestamp) -> SeriesRow {
    SeriesRow {
        instrument_id: batch.series.instrument.0,
        interval: batch.series.interval.as_str().to_owned(),
        basis: batch.basis.as_str().to_owned(),
        minutes_past_hour: batch.minutes_past_hour.into(),
        gives_volume: batch.gives_volume,
        first_opened_at: None,
        last_opened_at: None,
        bar_count: 0,
        version: 0,
        partial_version: 0,
        last_source_id: None,
        created_at: stamp.into(),
        updated_at: stamp.into(),
    }
}

/// When the bars open, sorted, each instant once.
fn instants(bars: &[Bar]) -> Vec<Micros> {
    let mut opened: Vec<Micros> = bars.iter().map(|bar| bar.opened_at().into()).collect();
    opened.sort_unstable();
    opened.dedup();
    opened
}

/// Former states go to the revisions and out of the table, then all that is new goes in at once.
async fn write_bars(link: &Link, of: BarsOf, decided: &MergePlan, sources: &Sources) -> Result<(), PriceFailure> {
    let restated: Vec<&MarketPrice> = decided.restatements.iter().map(|restated| &restated.old).collect();
    let confirmed: Vec<&MarketPrice> = decided.confirmed.iter().collect();
    let (series, stamp) = (of.series, of.recorded_at);
    writing::retire(link, series, &restated, RevisionKind::Restated, stamp, sources).await?;
    writing::retire(link, series, &confirmed, RevisionKind::Confirmed, stamp, sources).await?;
    let gone: Vec<Micros> = restated
        .iter()
        .chain(&confirmed)
        .map(|price| price.bar.opened_at().into())
        .collect();
    writing::delete(link, series, &gone).await?;
    let replacing = decided.restatements.iter().map(|restatement| &restatement.new);
    let confirmed = decided.confirmed.iter().map(|price| &price.bar);
    let mut written: Vec<&Bar> = decided.inserts.iter().chain(replacing).chain(confirmed).collect();
    written.sort_by_key(|bar| bar.opened_at());
    Ok(writing::insert(link, of, &written).await?)
}
