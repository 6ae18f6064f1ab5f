//! Everything but bars, many rows in one statement.

mod actions;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Bar, CoverageRecord, Dispute, InstrumentRecord, Price, Record, Timestamp, storable};

use super::TransferFailure;
use crate::history::CountsRow;
use crate::instant::Micros;
use crate::instrument;
use crate::link::Link;
use crate::lock;
use crate::market_price::quarantine::content_hash;
use crate::numeric::Digits;
use crate::schema::{coverage, discrepancies, ingest_runs, journal, quarantine, series};
use crate::series::SeriesRow;
use crate::source::Sources;

/// How many rows go in one statement, which has room for 65,535 values.
pub(crate) const AT_ONCE: usize = 1_000;

/// Writes rows of a table as they are, unless their keys are there already.
macro_rules! insert_new {
    ($link:expr, $table:ident, $key:expr, $rows:expr) => {{
        let mut rows = $rows.collect::<Result<Vec<_>, TransferFailure>>()?;
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min($crate::transfer::rows::AT_ONCE));
            diesel::insert_into($table::table)
                .values(std::mem::replace(&mut rows, rest))
                .on_conflict($key)
                .do_nothing()
                .execute($link)
                .await?;
        }
    }};
}
use insert_new;

/// The records of one kind.
macro_rules! all_of {
    ($records:expr, $kind:path) => {
        $records.iter().filter_map(|record| match record {
            $kind(record) => Some(record),
            _ => None,
        })
    };
}
use all_of;

/// Writes what is no bar among the records, each part behind those that it refers to.
pub(super) async fn write(link: &mut Link, records: &[Record], sources: &Sources) -> Result<(), TransferFailure> {
    let instruments: Vec<&InstrumentRecord> = all_of!(records, Record::Instrument).collect();
    instrument::keep(link, &instruments).await?;
    runs(link, records, sources).await?;
    catalogue(link, records, sources).await?;
    disputes(link, records, sources).await?;
    quarantined(link, records, sources).await?;
    journal_lines(link, records).await?;
    covered(link, records, sources).await?;
    actions::write(link, records, sources).await
}

fn micros(at: Option<Timestamp>) -> Option<Micros> {
    at.map(Micros::from)
}

async fn runs(link: &mut Link, records: &[Record], sources: &Sources) -> Result<(), TransferFailure> {
    let rows = all_of!(records, Record::Run).map(|run| {
        let counts = CountsRow::from(run.counts);
        Ok((
            ingest_runs::id.eq(run.id.0),
            ingest_runs::instrument_id.eq(run.series.instrument.0),
            ingest_runs::interval.eq(run.series.interval.as_str()),
            ingest_runs::source_id.eq(sources.known_id(&run.source)?),
            ingest_runs::asked_start.eq(micros(run.asked.map(|range| range.start()))),
            ingest_runs::asked_end.eq(micros(run.asked.map(|range| range.end()))),
            ingest_runs::reached_start.eq(micros(run.reached.map(|range| range.start()))),
            ingest_runs::reached_end.eq(micros(run.reached.map(|range| range.end()))),
            ingest_runs::state.eq(run.state.as_str()),
            ingest_runs::inserted.eq(counts.inserted),
            ingest_runs::updated.eq(counts.updated),
            ingest_runs::unchanged.eq(counts.unchanged),
            ingest_runs::duplicate.eq(counts.duplicate),
            ingest_runs::rejected.eq(counts.rejected),
            ingest_runs::discrepant.eq(counts.discrepant),
            ingest_runs::attempts.eq(i32::try_from(run.attempts).unwrap_or(i32::MAX)),
            ingest_runs::error.eq(run.error.as_deref().map(storable)),
            ingest_runs::created_at.eq(Micros::from(run.created_at)),
            ingest_runs::started_at.eq(micros(run.started_at)),
            ingest_runs::finished_at.eq(micros(run.finished_at)),
            ingest_runs::lease_until.eq(micros(run.lease_until)),
            ingest_runs::refresh.eq(run.refresh),
        ))
    });
    insert_new!(link, ingest_runs, ingest_runs::id, rows);
    Ok(())
}

async fn catalogue(link: &mut Link, records: &[Record], sources: &Sources) -> Result<(), TransferFailure> {
    let kept = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let rows = all_of!(records, Record::Series).map(|line| {
        let last_source = line.last_source.as_ref();
        Ok(SeriesRow {
            instrument_id: line.key.instrument.0,
            interval: line.key.interval.as_str().to_owned(),
            basis: line.basis.as_str().to_owned(),
            minutes_past_hour: line.minutes_past_hour.into(),
            gives_volume: line.gives_volume,
            first_opened_at: micros(line.first),
            last_opened_at: micros(line.last),
            bar_count: kept(line.count),
            version: kept(line.version),
            partial_version: kept(line.partial_version),
            last_source_id: last_source.map(|source| sources.known_id(source)).transpose()?,
            created_at: line.created_at.into(),
            updated_at: line.updated_at.into(),
        })
    });
    insert_new!(link, series, (series::instrument_id, series::interval), rows);
    Ok(())
}

async fn disputes(link: &mut Link, records: &[Record], sources: &Sources) -> Result<(), TransferFailure> {
    let rows = all_of!(records, Record::Discrepancy).map(|record| {
        let bar = match &record.dispute {
            Dispute::Differs(bar) => Some(&**bar),
            Dispute::Withdrawn => None,
        };
        let price = |of: fn(&Bar) -> Price| bar.map(|bar| Digits(of(bar)));
        Ok((
            discrepancies::instrument_id.eq(record.series.instrument.0),
            discrepancies::interval.eq(record.series.interval.as_str()),
            discrepancies::opened_at.eq(Micros::from(record.opened_at)),
            discrepancies::source_id.eq(sources.known_id(&record.source)?),
            discrepancies::value_key.eq(record.dispute.value_key()),
            discrepancies::open.eq(price(Bar::open)),
            discrepancies::high.eq(price(Bar::high)),
            discrepancies::low.eq(price(Bar::low)),
            discrepancies::close.eq(price(Bar::close)),
            discrepancies::volume.eq(bar.map(|bar| Digits(bar.volume()))),
            discrepancies::trade_count.eq(bar.and_then(Bar::trade_count).map(u64::cast_signed)),
            discrepancies::vwap.eq(bar.and_then(Bar::vwap).map(Digits)),
            discrepancies::noticed_at.eq(Micros::from(record.noticed_at)),
            discrepancies::closed_at.eq(micros(record.closed_at)),
        ))
    });
    let key = (
        discrepancies::instrument_id,
        discrepancies::interval,
        discrepancies::opened_at,
        discrepancies::source_id,
        discrepancies::value_key,
    );
    insert_new!(link, discrepancies, key, rows);
    Ok(())
}

async fn quarantined(link: &mut Link, records: &[Record], sources: &Sources) -> Result<(), TransferFailure> {
    let rows = all_of!(records, Record::QuarantinedRow).map(|row| {
        let content = [row.raw.as_str(), &row.field, &row.reason];
        Ok((
            quarantine::id.eq(row.id),
            quarantine::instrument_id.eq(row.series.instrument.0),
            quarantine::interval.eq(row.series.interval.as_str()),
            quarantine::source_id.eq(sources.known_id(&row.source)?),
            quarantine::run_id.eq(row.run.map(|run| run.0)),
            quarantine::raw.eq(storable(&row.raw)),
            quarantine::field.eq(storable(&row.field)),
            quarantine::reason.eq(storable(&row.reason)),
            quarantine::quarantined_at.eq(Micros::from(row.quarantined_at)),
            quarantine::content_hash.eq(content_hash(row.series, &row.source, content)),
        ))
    });
    insert_new!(link, quarantine, quarantine::id, rows);
    Ok(())
}

async fn journal_lines(link: &mut Link, records: &[Record]) -> Result<(), TransferFailure> {
    if all_of!(records, Record::JournalEntry).next().is_none() {
        return Ok(());
    }
    lock::journal_line(link).await?;
    let rows = all_of!(records, Record::JournalEntry).map(|entry| {
        let counts = CountsRow::from(entry.counts);
        Ok((
            journal::id.eq(entry.id),
            journal::instrument_id.eq(entry.series.instrument.0),
            journal::interval.eq(entry.series.interval.as_str()),
            journal::version.eq(i64::try_from(entry.version).unwrap_or(i64::MAX)),
            journal::changed_at.eq(Micros::from(entry.changed_at)),
            journal::kind.eq(entry.kind.as_str()),
            journal::range_start.eq(Micros::from(entry.range.start())),
            journal::range_end.eq(Micros::from(entry.range.end())),
            journal::run_id.eq(entry.run.map(|run| run.0)),
            journal::inserted.eq(counts.inserted),
            journal::updated.eq(counts.updated),
            journal::unchanged.eq(counts.unchanged),
            journal::duplicate.eq(counts.duplicate),
            journal::rejected.eq(counts.rejected),
            journal::discrepant.eq(counts.discrepant),
        ))
    });
    insert_new!(link, journal, journal::id, rows);
    Ok(())
}

async fn covered(link: &mut Link, records: &[Record], sources: &Sources) -> Result<(), TransferFailure> {
    let rows = all_of!(records, Record::Coverage).map(|record| {
        let CoverageRecord { series, covered } = record;
        Ok((
            coverage::instrument_id.eq(series.instrument.0),
            coverage::interval.eq(series.interval.as_str()),
            coverage::source_id.eq(sources.known_id(&covered.source)?),
            coverage::range_start.eq(Micros::from(covered.range.start())),
            coverage::range_end.eq(Micros::from(covered.range.end())),
            coverage::answered_at.eq(Micros::from(covered.answered_at)),
        ))
    });
    let key = (
        coverage::instrument_id,
        coverage::interval,
        coverage::source_id,
        coverage::range_start,
    );
    insert_new!(link, coverage, key, rows);
    Ok(())
}
