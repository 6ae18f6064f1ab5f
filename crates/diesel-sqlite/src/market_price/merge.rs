//! Merging a batch: everything it changes, in the one transaction that the caller has begun.

use diesel::prelude::*;
use domain::merge::MergePlan;
use domain::{
    Bar, ChangeKind, MarketPrice, MergeBatch, Merged, PriceRepositoryError, RevisionKind, SeriesKey, TimeRange,
    Timestamp,
};

use super::PriceFailure;
use super::disputes::{self, Claim};
use super::provisional::Partial;
use super::rows::{BarsOf, Ended, NewBar, ReplacedBar, RevisionOf, instant};
use super::{quarantine, stored};
use crate::bulk_insert::insert_all;
use crate::error::Failure;
use crate::history::{Change, write_journal};
use crate::series::SeriesRow;
use crate::source::Sources;
use crate::{coverage, ingest_run, instrument};

/// Merges at the time `now`, which was read under the write lock.
pub(super) fn merge(
    connection: &mut SqliteConnection,
    mut batch: MergeBatch,
    now: Timestamp,
) -> Result<Merged, PriceFailure> {
    let key = batch.series;
    let Some(actions_changed_at) = instrument::actions_changed_at(connection, key.instrument)? else {
        return Err(Failure::Refused(PriceRepositoryError::UnknownInstrument(
            key.instrument,
        )));
    };
    ingest_run::refuse_unknown(connection, batch.run)?;
    let known = SeriesRow::find(connection, key)?;
    if let Some(known) = &known {
        refuse_mismatch(known, &batch)?;
    }
    let stamp = match &known {
        Some(known) => next_stamp(known, now)?,
        // Not before the actions that a reader of these bars sees.
        None => actions_changed_at.map_or(now, |last| last.max(now)),
    };
    let mut sources = Sources::load(connection)?;
    let source_id = sources.id_or_new(connection, &batch.source)?;

    let mut series = known.clone().unwrap_or_else(|| first_row(&batch, stamp));
    let finals = std::mem::take(&mut batch.bars);
    let unfinished = std::mem::take(&mut batch.provisional);
    let opened = instants(&finals);
    let mut told = instants(&unfinished);
    told.extend(&opened);
    told.sort_unstable();

    let there = stored::at(connection, &series, key, &opened, &sources)?;
    let decided = domain::merge::plan(finals, &batch.source, &there, batch.tolerance, &batch.precedence);
    let partial = Partial::decide(connection, &series, unfinished, &opened, &batch, &sources)?;
    let mut counts = decided.counts(batch.rejected.len());
    counts += partial.counts();

    let changed = decided.changed();
    if changed.is_some() {
        series.version += 1;
        series.updated_at = stamp.unix_micros();
        series.last_source_id = Some(source_id);
        series.bar_count = series.bar_count.saturating_add(length(&decided.inserts));
        let inserted = |bar: Option<&Bar>| bar.map(|bar| bar.opened_at().unix_micros());
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
        series.save(connection)?;
    }

    write_bars(connection, key, source_id, &decided, stamp, &sources)?;
    partial.write(connection, key, source_id, stamp)?;
    let claim = Claim {
        series: key,
        source: &batch.source,
        source_id,
        now,
        tolerance: batch.tolerance,
        precedence: &batch.precedence,
    };
    if known.is_some() {
        disputes::settle(connection, &claim, &decided, &opened, &sources)?;
    }
    if let Some(covered) = batch.covered {
        if known.is_some() {
            disputes::withdraw(connection, &claim, covered, &told)?;
        }
        coverage::cover(connection, key, source_id, covered, now)?;
    }
    quarantine::keep(connection, &batch, source_id, now)?;
    let reached = opened
        .first()
        .zip(opened.last())
        .map(|(first, last)| spanned(*first, *last))
        .transpose()?;
    ingest_run::progress(connection, batch.run, counts, reached.flatten(), now)?;
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
        write_journal(connection, &change)?;
    }
    Ok(Merged {
        counts,
        version: version_of(&series, key)?,
        stamp: changed.map(|_| stamp),
    })
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

/// From the first instant, in microseconds, to behind the last one; `None` at the end of time.
pub(super) fn spanned(first: i64, last: i64) -> Result<Option<TimeRange>, PriceFailure> {
    let read = |micros| instant(micros, "opened_at", || format!("bar at {micros} µs"));
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
        created_at: stamp.unix_micros(),
        updated_at: stamp.unix_micros(),
    }
}

/// When the bars open, sorted, each instant once.
fn instants(bars: &[Bar]) -> Vec<i64> {
    let mut opened: Vec<i64> = bars.iter().map(|bar| bar.opened_at().unix_micros()).collect();
    opened.sort_unstable();
    opened.dedup();
    opened
}

fn write_bars(
    connection: &mut SqliteConnection,
    series: SeriesKey,
    source_id: i64,
    decided: &MergePlan,
    stamp: Timestamp,
    sources: &Sources,
) -> Result<(), PriceFailure> {
    let shared = BarsOf {
        series,
        source_id,
        recorded_at: stamp.unix_micros(),
    };
    let inserts: Vec<NewBar> = decided.inserts.iter().map(NewBar::from).collect();
    insert_all(connection, &shared, &inserts)?;
    let restated = decided.restatements.iter();
    let former = restated.clone().map(|restatement| &restatement.old);
    retire(connection, series, former, RevisionKind::Restated, stamp, sources)?;
    retire(
        connection,
        series,
        decided.confirmed.iter(),
        RevisionKind::Confirmed,
        stamp,
        sources,
    )?;
    let confirmed = decided.confirmed.iter().map(|price| &price.bar);
    let replaced: Vec<ReplacedBar> = restated
        .map(|restatement| &restatement.new)
        .chain(confirmed)
        .map(ReplacedBar::from)
        .collect();
    insert_all(connection, &shared, &replaced)?;
    Ok(())
}

/// Copies bars that are believed no longer to the revisions.
pub(super) fn retire<'a>(
    connection: &mut SqliteConnection,
    series: SeriesKey,
    former: impl Iterator<Item = &'a MarketPrice>,
    kind: RevisionKind,
    stamp: Timestamp,
    sources: &Sources,
) -> Result<(), PriceFailure> {
    let shared = Ended {
        series,
        kind,
        believed_until: stamp.unix_micros(),
    };
    let revisions: Vec<RevisionOf> = former
        .map(|old| RevisionOf::new(old, sources))
        .collect::<Result<_, PriceFailure>>()?;
    insert_all(connection, &shared, &revisions)?;
    Ok(())
}
