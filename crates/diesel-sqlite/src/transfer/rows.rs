//! Everything but bars, row by row: statements that stay prepared.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use domain::{
    ActionCompleteness, ActionRevision, Bar, CounterRecord, CoverageRecord, Discrepancy, Dispute, IngestRun,
    JournalEntry, QuarantinedRow, Record, RecordedAction, Series, Timestamp,
};

use super::{TransferFailure, table_of};
use crate::corporate_action::WrittenAction;
use crate::history::CountsRow;
use crate::instrument;
use crate::market_price::quarantine::content_hash;
use crate::schema::{
    corporate_action_revisions, corporate_action_sources, corporate_actions, coverage, discrepancies, ingest_runs,
    journal, quarantine, series,
};
use crate::series::SeriesRow;
use crate::source::Sources;

/// Writes a record as it is, unless its key is there already.
pub(super) fn write(
    connection: &mut SqliteConnection,
    record: &Record,
    sources: &mut Sources,
) -> Result<(), TransferFailure> {
    match record {
        Record::Instrument(record) => instrument::keep(connection, record)?,
        Record::Run(record) => run(connection, record, sources)?,
        Record::Series(record) => catalogue_line(connection, record, sources)?,
        Record::Discrepancy(record) => discrepancy(connection, record, sources)?,
        Record::QuarantinedRow(record) => quarantined_row(connection, record, sources)?,
        Record::JournalEntry(record) => journal_line(connection, record)?,
        Record::Coverage(record) => covered(connection, record, sources)?,
        Record::Action(record) => action(connection, record, sources)?,
        Record::ActionRevision(record) => action_revision(connection, record, sources)?,
        Record::ActionCompleteness(record) => completeness(connection, record, sources)?,
        Record::Counter(record) => counter(connection, *record)?,
        // Written many at once.
        Record::Bar(_) | Record::ProvisionalBar(_) | Record::Revision(_) => {}
    }
    Ok(())
}

fn micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::unix_micros)
}

fn run(connection: &mut SqliteConnection, run: &IngestRun, sources: &mut Sources) -> QueryResult<()> {
    let counts = CountsRow::from(run.counts);
    let source_id = sources.id_or_new(connection, &run.source)?;
    diesel::insert_into(ingest_runs::table)
        .values((
            ingest_runs::id.eq(run.id.0),
            ingest_runs::instrument_id.eq(run.series.instrument.0),
            ingest_runs::interval.eq(run.series.interval.as_str()),
            ingest_runs::source_id.eq(source_id),
            ingest_runs::asked_start.eq(run.asked.map(|range| range.start().unix_micros())),
            ingest_runs::asked_end.eq(run.asked.map(|range| range.end().unix_micros())),
            ingest_runs::reached_start.eq(run.reached.map(|range| range.start().unix_micros())),
            ingest_runs::reached_end.eq(run.reached.map(|range| range.end().unix_micros())),
            ingest_runs::state.eq(run.state.as_str()),
            ingest_runs::inserted.eq(counts.inserted),
            ingest_runs::updated.eq(counts.updated),
            ingest_runs::unchanged.eq(counts.unchanged),
            ingest_runs::duplicate.eq(counts.duplicate),
            ingest_runs::rejected.eq(counts.rejected),
            ingest_runs::discrepant.eq(counts.discrepant),
            ingest_runs::attempts.eq(i64::from(run.attempts)),
            ingest_runs::error.eq(run.error.as_deref()),
            ingest_runs::created_at.eq(run.created_at.unix_micros()),
            ingest_runs::started_at.eq(micros(run.started_at)),
            ingest_runs::finished_at.eq(micros(run.finished_at)),
            ingest_runs::lease_until.eq(micros(run.lease_until)),
            ingest_runs::refresh.eq(run.refresh),
        ))
        .on_conflict(ingest_runs::id)
        .do_nothing()
        .execute(connection)
        .map(drop)
}

fn catalogue_line(connection: &mut SqliteConnection, line: &Series, sources: &mut Sources) -> QueryResult<()> {
    let kept = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let last_source = line.last_source.as_ref();
    let row = SeriesRow {
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
        last_source_id: last_source
            .map(|source| sources.id_or_new(connection, source))
            .transpose()?,
        created_at: line.created_at.unix_micros(),
        updated_at: line.updated_at.unix_micros(),
    };
    diesel::insert_into(series::table)
        .values(row)
        .on_conflict((series::instrument_id, series::interval))
        .do_nothing()
        .execute(connection)
        .map(drop)
}

fn discrepancy(connection: &mut SqliteConnection, record: &Discrepancy, sources: &mut Sources) -> QueryResult<()> {
    let bar = match &record.dispute {
        Dispute::Differs(bar) => Some(&**bar),
        Dispute::Withdrawn => None,
    };
    let price = |of: fn(&Bar) -> domain::Price| bar.map(|bar| of(bar).to_string());
    diesel::insert_into(discrepancies::table)
        .values((
            discrepancies::instrument_id.eq(record.series.instrument.0),
            discrepancies::interval.eq(record.series.interval.as_str()),
            discrepancies::opened_at.eq(record.opened_at.unix_micros()),
            discrepancies::source_id.eq(sources.id_or_new(connection, &record.source)?),
            discrepancies::value_key.eq(record.dispute.value_key()),
            discrepancies::open.eq(price(Bar::open)),
            discrepancies::high.eq(price(Bar::high)),
            discrepancies::low.eq(price(Bar::low)),
            discrepancies::close.eq(price(Bar::close)),
            discrepancies::volume.eq(bar.map(|bar| bar.volume().to_string())),
            discrepancies::trade_count.eq(bar.and_then(Bar::trade_count).map(u64::cast_signed)),
            discrepancies::vwap.eq(bar.and_then(Bar::vwap).map(|vwap| vwap.to_string())),
            discrepancies::noticed_at.eq(record.noticed_at.unix_micros()),
            discrepancies::closed_at.eq(micros(record.closed_at)),
        ))
        .on_conflict((
            discrepancies::instrument_id,
            discrepancies::interval,
            discrepancies::opened_at,
            discrepancies::source_id,
            discrepancies::value_key,
        ))
        .do_nothing()
        .execute(connection)
        .map(drop)
}

fn quarantined_row(connection: &mut SqliteConnection, row: &QuarantinedRow, sources: &mut Sources) -> QueryResult<()> {
    diesel::insert_into(quarantine::table)
        .values((
            quarantine::id.eq(row.id),
            quarantine::instrument_id.eq(row.series.instrument.0),
            quarantine::interval.eq(row.series.interval.as_str()),
            quarantine::source_id.eq(sources.id_or_new(connection, &row.source)?),
            quarantine::run_id.eq(row.run.map(|run| run.0)),
            quarantine::raw.eq(&row.raw),
            quarantine::field.eq(&row.field),
            quarantine::reason.eq(&row.reason),
            quarantine::quarantined_at.eq(row.quarantined_at.unix_micros()),
            quarantine::content_hash.eq(content_hash(
                row.series,
                &row.source,
                [&row.raw, &row.field, &row.reason],
            )),
        ))
        .on_conflict(quarantine::id)
        .do_nothing()
        .execute(connection)
        .map(drop)
}

fn journal_line(connection: &mut SqliteConnection, entry: &JournalEntry) -> QueryResult<()> {
    let counts = CountsRow::from(entry.counts);
    diesel::insert_into(journal::table)
        .values((
            journal::id.eq(entry.id),
            journal::instrument_id.eq(entry.series.instrument.0),
            journal::interval.eq(entry.series.interval.as_str()),
            journal::version.eq(i64::try_from(entry.version).unwrap_or(i64::MAX)),
            journal::changed_at.eq(entry.changed_at.unix_micros()),
            journal::kind.eq(entry.kind.as_str()),
            journal::range_start.eq(entry.range.start().unix_micros()),
            journal::range_end.eq(entry.range.end().unix_micros()),
            journal::run_id.eq(entry.run.map(|run| run.0)),
            journal::inserted.eq(counts.inserted),
            journal::updated.eq(counts.updated),
            journal::unchanged.eq(counts.unchanged),
            journal::duplicate.eq(counts.duplicate),
            journal::rejected.eq(counts.rejected),
            journal::discrepant.eq(counts.discrepant),
        ))
        .on_conflict(journal::id)
        .do_nothing()
        .execute(connection)
        .map(drop)
}

fn covered(connection: &mut SqliteConnection, record: &CoverageRecord, sources: &mut Sources) -> QueryResult<()> {
    let CoverageRecord { series, covered } = record;
    diesel::insert_into(coverage::table)
        .values((
            coverage::instrument_id.eq(series.instrument.0),
            coverage::interval.eq(series.interval.as_str()),
            coverage::source_id.eq(sources.id_or_new(connection, &covered.source)?),
            coverage::range_start.eq(covered.range.start().unix_micros()),
            coverage::range_end.eq(covered.range.end().unix_micros()),
            coverage::answered_at.eq(covered.answered_at.unix_micros()),
        ))
        .on_conflict((
            coverage::instrument_id,
            coverage::interval,
            coverage::source_id,
            coverage::range_start,
        ))
        .do_nothing()
        .execute(connection)
        .map(drop)
}

fn action(connection: &mut SqliteConnection, record: &RecordedAction, sources: &mut Sources) -> QueryResult<()> {
    let row = WrittenAction::from(&record.action);
    diesel::insert_into(corporate_actions::table)
        .values((
            corporate_actions::instrument_id.eq(record.instrument.0),
            corporate_actions::kind.eq(row.kind),
            corporate_actions::ex_date.eq(row.ex_date),
            corporate_actions::new_shares.eq(row.new_shares),
            corporate_actions::old_shares.eq(row.old_shares),
            corporate_actions::amount.eq(row.amount),
            corporate_actions::currency.eq(row.currency),
            corporate_actions::source_id.eq(sources.id_or_new(connection, &record.source)?),
            corporate_actions::recorded_at.eq(record.recorded_at.unix_micros()),
        ))
        .on_conflict((
            corporate_actions::instrument_id,
            corporate_actions::kind,
            corporate_actions::ex_date,
        ))
        .do_nothing()
        .execute(connection)
        .map(drop)
}

fn action_revision(
    connection: &mut SqliteConnection,
    record: &ActionRevision,
    sources: &mut Sources,
) -> QueryResult<()> {
    let ActionRevision { action, believed_until } = record;
    let row = WrittenAction::from(&action.action);
    diesel::insert_into(corporate_action_revisions::table)
        .values((
            corporate_action_revisions::instrument_id.eq(action.instrument.0),
            corporate_action_revisions::kind.eq(row.kind),
            corporate_action_revisions::ex_date.eq(row.ex_date),
            corporate_action_revisions::believed_from.eq(action.recorded_at.unix_micros()),
            corporate_action_revisions::believed_until.eq(believed_until.unix_micros()),
            corporate_action_revisions::new_shares.eq(row.new_shares),
            corporate_action_revisions::old_shares.eq(row.old_shares),
            corporate_action_revisions::amount.eq(row.amount),
            corporate_action_revisions::currency.eq(row.currency),
            corporate_action_revisions::source_id.eq(sources.id_or_new(connection, &action.source)?),
        ))
        .on_conflict((
            corporate_action_revisions::instrument_id,
            corporate_action_revisions::kind,
            corporate_action_revisions::ex_date,
            corporate_action_revisions::believed_from,
        ))
        .do_nothing()
        .execute(connection)
        .map(drop)
}

fn completeness(
    connection: &mut SqliteConnection,
    record: &ActionCompleteness,
    sources: &mut Sources,
) -> QueryResult<()> {
    diesel::insert_into(corporate_action_sources::table)
        .values((
            corporate_action_sources::instrument_id.eq(record.instrument.0),
            corporate_action_sources::source_id.eq(sources.id_or_new(connection, &record.source)?),
            corporate_action_sources::complete_since.eq(record.complete_since.unix_micros()),
        ))
        .on_conflict((
            corporate_action_sources::instrument_id,
            corporate_action_sources::source_id,
        ))
        .do_nothing()
        .execute(connection)
        .map(drop)
}

/// SQLite has a row for each table that ever had one, and no key to it.
fn counter(connection: &mut SqliteConnection, record: CounterRecord) -> QueryResult<()> {
    let CounterRecord { counter, last } = record;
    let table = table_of(counter);
    diesel::sql_query("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?")
        .bind::<BigInt, _>(last)
        .bind::<Text, _>(table)
        .execute(connection)?;
    diesel::sql_query(
        "INSERT INTO sqlite_sequence (name, seq) SELECT ?, ? WHERE NOT EXISTS \
         (SELECT 1 FROM sqlite_sequence WHERE name = ?)",
    )
    .bind::<Text, _>(table)
    .bind::<BigInt, _>(last)
    .bind::<Text, _>(table)
    .execute(connection)
    .map(drop)
}
