//! Pages of everything but bars, in the order of the keys.

mod actions;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::{CoverageRecord, InstrumentRecord, Part, Record};

use super::TransferFailure;
use super::behind::{Behind, behind};
use crate::coverage::{Answer, covered_range};
use crate::history::{
    DiscrepancyRow, JournalRow, QuarantineRow, discrepancy_columns, journal_columns, quarantine_columns,
};
use crate::ingest_run::{RunRow, run_columns};
use crate::instant::Micros;
use crate::instrument::{InstrumentRow, instrument_columns, with_spellings};
use crate::link::Link;
use crate::market_price::rows::{instant, values_of};
use crate::schema::{coverage, discrepancies, ingest_runs, instruments, journal, quarantine, series, sources};
use crate::series::{SeriesRow, key_of};
use crate::source::Sources;

/// At most `limit` records of a part, from behind a key.
pub(super) async fn page(
    link: &mut Link,
    part: Part,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    match part {
        Part::Instruments => instruments_page(link, after, limit).await,
        Part::Runs => runs_page(link, after, limit, sources).await,
        Part::Series => series_page(link, after, limit, sources).await,
        Part::Discrepancies => discrepancies_page(link, after, limit, sources).await,
        Part::Quarantine => quarantine_page(link, after, limit, sources).await,
        Part::Journal => journal_page(link, after, limit).await,
        Part::Coverage => coverage_page(link, after, limit, sources).await,
        Part::Actions => actions::page(link, after, limit, sources).await,
        Part::ActionRevisions => actions::revisions_page(link, after, limit, sources).await,
        Part::ActionCompleteness => actions::completeness_page(link, after, limit, sources).await,
        // Read in other ways.
        Part::Bars | Part::ProvisionalBars | Part::Revisions | Part::Counters => Ok(Vec::new()),
    }
}

async fn instruments_page(link: &mut Link, after: &Behind, limit: i64) -> Result<Vec<Record>, TransferFailure> {
    let rows: Vec<(InstrumentRow, Option<Micros>)> = instruments::table
        .filter(instruments::id.gt(after.id))
        .order(instruments::id)
        .limit(limit)
        .select((instrument_columns!(), instruments::actions_changed_at))
        .load(link)
        .await?;
    let (rows, stamps): (Vec<InstrumentRow>, Vec<Option<Micros>>) = rows.into_iter().unzip();
    with_spellings(link, rows)
        .await?
        .into_iter()
        .zip(stamps)
        .map(|(instrument, changed_at)| {
            let row = || format!("instrument {}", instrument.id);
            let actions_changed_at = changed_at
                .map(|at| instant(at, "actions_changed_at", row))
                .transpose()?;
            Ok(Record::Instrument(InstrumentRecord {
                instrument,
                actions_changed_at,
            }))
        })
        .collect()
}

async fn runs_page(
    link: &mut Link,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    ingest_runs::table
        .filter(ingest_runs::id.gt(after.id))
        .order(ingest_runs::id)
        .limit(limit)
        .select(run_columns!())
        .load::<RunRow>(link)
        .await?
        .into_iter()
        .map(|row| row.into_run(sources).map(Record::Run))
        .collect()
}

async fn series_page(
    link: &mut Link,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    series::table
        .filter(behind!(r#"instrument_id, "interval""#, BigInt: after.id, Text: after.interval))
        .order((series::instrument_id, series::interval))
        .limit(limit)
        .select(SeriesRow::as_select())
        .load::<SeriesRow>(link)
        .await?
        .into_iter()
        .map(|row| row.into_series(sources).map(Record::Series))
        .collect()
}

/// By the name of the source, whose number is another one in each store.
async fn discrepancies_page(
    link: &mut Link,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    let rows: Vec<(i64, String, DiscrepancyRow)> = discrepancies::table
        .inner_join(sources::table.on(sources::id.eq(discrepancies::source_id)))
        .filter(behind!(
            r#"instrument_id, "interval", opened_at, sources.name, value_key"#,
            BigInt: after.id, Text: after.interval, Timestamptz: after.at, Text: &after.source, Text: &after.value
        ))
        .order((
            discrepancies::instrument_id,
            discrepancies::interval,
            discrepancies::opened_at,
            sources::name,
            discrepancies::value_key,
        ))
        .limit(limit)
        .select((
            discrepancies::instrument_id,
            discrepancies::interval,
            discrepancy_columns!(),
        ))
        .load(link)
        .await?;
    rows.into_iter()
        .map(|(instrument, interval, row)| {
            let key = key_of(instrument, &interval)?;
            row.into_discrepancy(key, sources).map(Record::Discrepancy)
        })
        .collect()
}

async fn quarantine_page(
    link: &mut Link,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    quarantine::table
        .filter(quarantine::id.gt(after.id))
        .order(quarantine::id)
        .limit(limit)
        .select(quarantine_columns!())
        .load::<QuarantineRow>(link)
        .await?
        .into_iter()
        .map(|row| row.into_row(sources).map(Record::QuarantinedRow))
        .collect()
}

async fn journal_page(link: &mut Link, after: &Behind, limit: i64) -> Result<Vec<Record>, TransferFailure> {
    journal::table
        .filter(journal::id.gt(after.id))
        .order(journal::id)
        .limit(limit)
        .select(journal_columns!())
        .load::<JournalRow>(link)
        .await?
        .into_iter()
        .map(|row| row.into_entry().map(Record::JournalEntry))
        .collect()
}

async fn coverage_page(
    link: &mut Link,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    let rows: Vec<(i64, String, i32, Answer)> = coverage::table
        .inner_join(sources::table.on(sources::id.eq(coverage::source_id)))
        .filter(behind!(
            r#"instrument_id, "interval", sources.name, range_start"#,
            BigInt: after.id, Text: after.interval, Text: &after.source, Timestamptz: after.at
        ))
        .order((
            coverage::instrument_id,
            coverage::interval,
            sources::name,
            coverage::range_start,
        ))
        .limit(limit)
        .select((
            coverage::instrument_id,
            coverage::interval,
            coverage::source_id,
            (coverage::range_start, coverage::range_end, coverage::answered_at),
        ))
        .load(link)
        .await?;
    rows.into_iter()
        .map(|(instrument, interval, source_id, answer)| {
            let series = key_of(instrument, &interval)?;
            let covered = covered_range(series, source_id, answer, sources)?;
            Ok(Record::Coverage(CoverageRecord { series, covered }))
        })
        .collect()
}
