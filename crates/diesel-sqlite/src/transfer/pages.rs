//! Pages of each table, in the order of its keys.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use domain::{
    ActionCompleteness, ActionRevision, Counter, CounterRecord, CoverageRecord, InstrumentId, InstrumentRecord, Part,
    Record,
};

use super::behind::{Behind, behind};
use super::{TransferFailure, table_of};
use crate::corporate_action::{ActionRow, action_columns};
use crate::coverage::{Answer, covered_range};
use crate::history::{
    DiscrepancyRow, JournalRow, QuarantineRow, RevisionRow, discrepancy_columns, journal_columns, quarantine_columns,
    revision_columns,
};
use crate::ingest_run::{RunRow, run_columns};
use crate::instrument::{InstrumentRow, instrument_columns, with_spellings};
use crate::market_price::rows::{BarRow, instant, values_of};
use crate::schema::{
    bar_revisions, bars, corporate_action_revisions, corporate_action_sources, corporate_actions, coverage,
    discrepancies, ingest_runs, instruments, journal, provisional_bars, quarantine, series, sources,
};
use crate::series::{SeriesRow, key_of};
use crate::source::Sources;

/// At most `limit` records of a part, from behind a key.
pub(super) fn page(
    connection: &mut SqliteConnection,
    part: Part,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    match part {
        Part::Instruments => instruments_page(connection, after, limit),
        Part::Runs => runs_page(connection, after, limit, sources),
        Part::Series => series_page(connection, after, limit, sources),
        Part::Bars => bars_page(connection, after, limit, sources),
        Part::ProvisionalBars => provisional_page(connection, after, limit, sources),
        Part::Revisions => revisions_page(connection, after, limit, sources),
        Part::Discrepancies => discrepancies_page(connection, after, limit, sources),
        Part::Quarantine => quarantine_page(connection, after, limit, sources),
        Part::Journal => journal_page(connection, after, limit),
        Part::Coverage => coverage_page(connection, after, limit, sources),
        Part::Actions => actions_page(connection, after, limit, sources),
        Part::ActionRevisions => action_revisions_page(connection, after, limit, sources),
        Part::ActionCompleteness => completeness_page(connection, after, limit, sources),
        Part::Counters => counters_page(connection, after.counter, limit),
    }
}

fn instruments_page(
    connection: &mut SqliteConnection,
    after: &Behind,
    limit: i64,
) -> Result<Vec<Record>, TransferFailure> {
    let rows: Vec<(InstrumentRow, Option<i64>)> = instruments::table
        .filter(instruments::id.gt(after.id))
        .order(instruments::id)
        .limit(limit)
        .select((instrument_columns!(), instruments::actions_changed_at))
        .load(connection)?;
    let (rows, stamps): (Vec<InstrumentRow>, Vec<Option<i64>>) = rows.into_iter().unzip();
    with_spellings(connection, rows)?
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

fn runs_page(
    connection: &mut SqliteConnection,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    ingest_runs::table
        .filter(ingest_runs::id.gt(after.id))
        .order(ingest_runs::id)
        .limit(limit)
        .select(run_columns!())
        .load_iter::<RunRow, _>(connection)?
        .map(|row| row?.into_run(sources).map(Record::Run))
        .collect()
}

fn series_page(
    connection: &mut SqliteConnection,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    series::table
        .filter(behind!("instrument_id, interval", BigInt: after.id, Text: after.interval))
        .order((series::instrument_id, series::interval))
        .limit(limit)
        .select(SeriesRow::as_select())
        .load_iter::<SeriesRow, _>(connection)?
        .map(|row| row?.into_series(sources).map(Record::Series))
        .collect()
}

/// The pages of a table of bars, which differ in its name alone.
macro_rules! pages_of_bars {
    ($name:ident, $table:ident, $provisional:literal, $record:path) => {
        fn $name(
            connection: &mut SqliteConnection,
            after: &Behind,
            limit: i64,
            sources: &Sources,
        ) -> Result<Vec<Record>, TransferFailure> {
            $table::table
                .filter(behind!(
                    "instrument_id, interval, opened_at",
                    BigInt: after.id, Text: after.interval, BigInt: after.at
                ))
                .order(($table::instrument_id, $table::interval, $table::opened_at))
                .limit(limit)
                .select((
                    $table::instrument_id,
                    $table::interval,
                    (values_of!($table), $table::source_id, $table::recorded_at),
                ))
                .load_iter::<(i64, String, BarRow), _>(connection)?
                .map(|row| {
                    let (instrument, interval, row) = row?;
                    let key = key_of(instrument, &interval)?;
                    row.into_price(key, sources, $provisional).map($record)
                })
                .collect()
        }
    };
}

pages_of_bars!(bars_page, bars, false, Record::Bar);
pages_of_bars!(provisional_page, provisional_bars, true, Record::ProvisionalBar);

fn revisions_page(
    connection: &mut SqliteConnection,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    bar_revisions::table
        .filter(behind!(
            "instrument_id, interval, opened_at, believed_from",
            BigInt: after.id, Text: after.interval, BigInt: after.at, BigInt: after.believed_from
        ))
        .order((
            bar_revisions::instrument_id,
            bar_revisions::interval,
            bar_revisions::opened_at,
            bar_revisions::believed_from,
        ))
        .limit(limit)
        .select((
            bar_revisions::instrument_id,
            bar_revisions::interval,
            revision_columns!(),
        ))
        .load_iter::<(i64, String, RevisionRow), _>(connection)?
        .map(|row| {
            let (instrument, interval, row) = row?;
            let key = key_of(instrument, &interval)?;
            row.into_revision(key, sources).map(Record::Revision)
        })
        .collect()
}

/// By the name of the source, whose number is another one in each store.
fn discrepancies_page(
    connection: &mut SqliteConnection,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    discrepancies::table
        .inner_join(sources::table.on(sources::id.eq(discrepancies::source_id)))
        .filter(behind!(
            "instrument_id, interval, opened_at, sources.name, value_key",
            BigInt: after.id, Text: after.interval, BigInt: after.at, Text: &after.source, Text: &after.value
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
        .load_iter::<(i64, String, DiscrepancyRow), _>(connection)?
        .map(|row| {
            let (instrument, interval, row) = row?;
            let key = key_of(instrument, &interval)?;
            row.into_discrepancy(key, sources).map(Record::Discrepancy)
        })
        .collect()
}

fn quarantine_page(
    connection: &mut SqliteConnection,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    quarantine::table
        .filter(quarantine::id.gt(after.id))
        .order(quarantine::id)
        .limit(limit)
        .select(quarantine_columns!())
        .load_iter::<QuarantineRow, _>(connection)?
        .map(|row| row?.into_row(sources).map(Record::QuarantinedRow))
        .collect()
}

fn journal_page(connection: &mut SqliteConnection, after: &Behind, limit: i64) -> Result<Vec<Record>, TransferFailure> {
    journal::table
        .filter(journal::id.gt(after.id))
        .order(journal::id)
        .limit(limit)
        .select(journal_columns!())
        .load_iter::<JournalRow, _>(connection)?
        .map(|row| row?.into_entry().map(Record::JournalEntry))
        .collect()
}

fn coverage_page(
    connection: &mut SqliteConnection,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    let rows: Vec<(i64, String, i64, Answer)> = coverage::table
        .inner_join(sources::table.on(sources::id.eq(coverage::source_id)))
        .filter(behind!(
            "instrument_id, interval, sources.name, range_start",
            BigInt: after.id, Text: after.interval, Text: &after.source, BigInt: after.at
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
        .load(connection)?;
    rows.into_iter()
        .map(|(instrument, interval, source_id, answer)| {
            let series = key_of(instrument, &interval)?;
            let covered = covered_range(series, source_id, answer, sources)?;
            Ok(Record::Coverage(CoverageRecord { series, covered }))
        })
        .collect()
}

fn actions_page(
    connection: &mut SqliteConnection,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    corporate_actions::table
        .filter(behind!(
            "instrument_id, kind, ex_date",
            BigInt: after.id, Text: after.kind, Text: &after.ex_date
        ))
        .order((
            corporate_actions::instrument_id,
            corporate_actions::kind,
            corporate_actions::ex_date,
        ))
        .limit(limit)
        .select((
            corporate_actions::instrument_id,
            action_columns!(corporate_actions, recorded_at),
        ))
        .load_iter::<(i64, ActionRow), _>(connection)?
        .map(|row| {
            let (instrument, row) = row?;
            row.into_action(InstrumentId(instrument), sources).map(Record::Action)
        })
        .collect()
}

fn action_revisions_page(
    connection: &mut SqliteConnection,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    corporate_action_revisions::table
        .filter(behind!(
            "instrument_id, kind, ex_date, believed_from",
            BigInt: after.id, Text: after.kind, Text: &after.ex_date, BigInt: after.believed_from
        ))
        .order((
            corporate_action_revisions::instrument_id,
            corporate_action_revisions::kind,
            corporate_action_revisions::ex_date,
            corporate_action_revisions::believed_from,
        ))
        .limit(limit)
        .select((
            corporate_action_revisions::instrument_id,
            action_columns!(corporate_action_revisions, believed_from),
            corporate_action_revisions::believed_until,
        ))
        .load_iter::<(i64, ActionRow, i64), _>(connection)?
        .map(|row| {
            let (instrument, row, until) = row?;
            let action = row.into_action(InstrumentId(instrument), sources)?;
            let key = || format!("a former action of instrument {instrument}");
            let believed_until = instant(until, "believed_until", key)?;
            Ok(Record::ActionRevision(ActionRevision { action, believed_until }))
        })
        .collect()
}

fn completeness_page(
    connection: &mut SqliteConnection,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    let rows: Vec<(i64, i64, i64)> = corporate_action_sources::table
        .inner_join(sources::table.on(sources::id.eq(corporate_action_sources::source_id)))
        .filter(behind!("instrument_id, sources.name", BigInt: after.id, Text: &after.source))
        .order((corporate_action_sources::instrument_id, sources::name))
        .limit(limit)
        .select((
            corporate_action_sources::instrument_id,
            corporate_action_sources::source_id,
            corporate_action_sources::complete_since,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(instrument, source_id, since)| {
            let row = || format!("sources of actions of instrument {instrument}");
            Ok(Record::ActionCompleteness(ActionCompleteness {
                instrument: InstrumentId(instrument),
                source: sources.name(source_id, row)?,
                complete_since: instant(since, "complete_since", row)?,
            }))
        })
        .collect()
}

#[derive(QueryableByName)]
struct Sequence {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

fn counters_page(
    connection: &mut SqliteConnection,
    after: Option<Counter>,
    limit: i64,
) -> Result<Vec<Record>, TransferFailure> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let behind = Counter::ALL.into_iter().filter(|counter| Some(*counter) > after);
    behind
        .take(limit)
        .map(|counter| {
            let given: Option<Sequence> = diesel::sql_query("SELECT seq FROM sqlite_sequence WHERE name = ?")
                .bind::<Text, _>(table_of(counter))
                .get_result(connection)
                .optional()?;
            let last = given.map_or(0, |given| given.seq);
            Ok(Record::Counter(CounterRecord { counter, last }))
        })
        .collect()
}
