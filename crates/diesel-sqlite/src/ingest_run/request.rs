//! Recording runs that are to be executed.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::{
    IdempotencyKey, IngestRun, IngestRunRepositoryError, InstrumentId, RequestedRun, RunId, RunRequest, RunState,
    SeriesKey, SourceName, TimeRange, Timestamp,
};

use super::{RunFailure, RunRow, find, run_columns};
use crate::connections::last_id;
use crate::error::{Failure, PortError};
use crate::schema::{ingest_request_runs, ingest_runs, instruments};
use crate::source::Sources;

/// Records one run, as of a file.
pub(super) fn create(
    connection: &mut SqliteConnection,
    series: SeriesKey,
    source: &SourceName,
    asked: Option<TimeRange>,
    now: Timestamp,
) -> Result<IngestRun, RunFailure> {
    refuse_homeless(connection, series)?;
    let source_id = Sources::load(connection)?.id_or_new(connection, source)?;
    let id = insert(connection, series, source_id, asked, false, now)?;
    find(connection, id)?.ok_or(Failure::Refused(IngestRunRepositoryError::NotFound(id)))
}

/// Records those that are not there yet.
pub(super) fn request(
    connection: &mut SqliteConnection,
    request: RunRequest,
    now: Timestamp,
) -> Result<Vec<RequestedRun>, RunFailure> {
    if let Some(key) = &request.key {
        let recorded = under_key(connection, key)?;
        if !recorded.is_empty() {
            return request.repeated(key, recorded).map_err(Failure::Refused);
        }
    }
    let RunRequest { runs, key } = request;
    let instruments: Vec<_> = runs.iter().map(|new| new.series.instrument).collect();
    let mut open = open_runs(connection, &instruments)?;
    let mut sources = Sources::load(connection)?;
    let mut given = Vec::with_capacity(runs.len());
    for new in runs {
        let there = open.iter().find(|run| run.answers(&new)).cloned();
        let created = there.is_none();
        let run = match there {
            Some(run) => run,
            None => {
                refuse_homeless(connection, new.series)?;
                let source_id = sources.id_or_new(connection, &new.source)?;
                let id = insert(connection, new.series, source_id, Some(new.asked), new.refresh, now)?;
                let run = IngestRun::queued(id, new, now);
                open.push(run.clone());
                run
            }
        };
        given.push(RequestedRun { run, created });
    }
    if let Some(key) = key {
        remember(connection, &key, &given)?;
    }
    Ok(given)
}

/// The runs of some instruments that wait or are at work, oldest first.
pub(super) fn open_runs(
    connection: &mut SqliteConnection,
    instruments: &[InstrumentId],
) -> Result<Vec<IngestRun>, RunFailure> {
    let sources = Sources::load(connection)?;
    ingest_runs::table
        .filter(ingest_runs::instrument_id.eq_any(instruments.iter().map(|id| id.0)))
        // Written out, because a bound value would not tell SQLite that the partial index holds these rows.
        .filter(sql::<Bool>("state IN ('queued', 'running')"))
        .order(ingest_runs::id)
        .select(run_columns!())
        .load::<RunRow>(connection)?
        .into_iter()
        .map(|row| row.into_run(&sources))
        .collect()
}

fn insert(
    connection: &mut SqliteConnection,
    series: SeriesKey,
    source_id: i64,
    asked: Option<TimeRange>,
    refresh: bool,
    now: Timestamp,
) -> QueryResult<RunId> {
    diesel::insert_into(ingest_runs::table)
        .values((
            ingest_runs::instrument_id.eq(series.instrument.0),
            ingest_runs::interval.eq(series.interval.as_str()),
            ingest_runs::source_id.eq(source_id),
            ingest_runs::asked_start.eq(asked.map(|range| range.start().unix_micros())),
            ingest_runs::asked_end.eq(asked.map(|range| range.end().unix_micros())),
            ingest_runs::refresh.eq(refresh),
            ingest_runs::state.eq(RunState::Queued.as_str()),
            ingest_runs::created_at.eq(now.unix_micros()),
        ))
        .execute(connection)?;
    last_id(connection).map(RunId)
}

fn refuse_homeless(connection: &mut SqliteConnection, series: SeriesKey) -> Result<(), RunFailure> {
    let known: Option<i64> = instruments::table
        .filter(instruments::id.eq(series.instrument.0))
        .select(instruments::id)
        .first(connection)
        .optional()?;
    match known {
        Some(_) => Ok(()),
        None => Err(Failure::Refused(PortError::unavailable(
            format!("there is no instrument {}", series.instrument).into(),
        ))),
    }
}

/// The runs that were given under a key, in their order.
fn under_key(connection: &mut SqliteConnection, key: &IdempotencyKey) -> Result<Vec<IngestRun>, RunFailure> {
    let sources = Sources::load(connection)?;
    ingest_runs::table
        .inner_join(ingest_request_runs::table.on(ingest_request_runs::run_id.eq(ingest_runs::id)))
        .filter(ingest_request_runs::idempotency_key.eq(key.as_str()))
        .order(ingest_request_runs::position)
        .select(run_columns!())
        .load::<RunRow>(connection)?
        .into_iter()
        .map(|row| row.into_run(&sources))
        .collect()
}

fn remember(connection: &mut SqliteConnection, key: &IdempotencyKey, given: &[RequestedRun]) -> QueryResult<()> {
    for (position, requested) in (0_i64..).zip(given) {
        diesel::insert_into(ingest_request_runs::table)
            .values((
                ingest_request_runs::idempotency_key.eq(key.as_str()),
                ingest_request_runs::position.eq(position),
                ingest_request_runs::run_id.eq(requested.run.id.0),
            ))
            .execute(connection)?;
    }
    Ok(())
}
