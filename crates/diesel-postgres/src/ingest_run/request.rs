//! Recording runs that are to be executed.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use domain::{
    Clock, IdempotencyKey, IngestRun, IngestRunRepositoryError, InstrumentId, RequestedRun, RunId, RunRequest,
    RunState, SeriesKey, SourceName, TimeRange, Timestamp,
};

use super::{RunFailure, RunRow, find, run_columns};
use crate::error::{Failure, PortError};
use crate::instant::Micros;
use crate::link::Link;
use crate::lock;
use crate::schema::{ingest_request_runs, ingest_runs, instruments};
use crate::source::Sources;

/// Records one run, as of a file.
pub(super) async fn create(
    link: &mut Link,
    series: SeriesKey,
    source: &SourceName,
    asked: Option<TimeRange>,
    clock: &dyn Clock,
) -> Result<IngestRun, RunFailure> {
    keep_home(link, series).await?;
    let now = clock.now();
    let source_id = Sources::load(link).await?.id_or_new(link, source).await?;
    let id = insert(link, series, source_id, asked, false, now).await?;
    let created = find(link, id).await?;
    created.ok_or(Failure::Refused(IngestRunRepositoryError::NotFound(id)))
}

/// Records those that are not there yet. Nobody else requests runs meanwhile, so of two that ask for the same at once,
/// the second is given the runs of the first.
pub(super) async fn request(
    link: &mut Link,
    request: RunRequest,
    clock: &dyn Clock,
) -> Result<Vec<RequestedRun>, RunFailure> {
    lock::runs(link).await?;
    if let Some(key) = &request.key {
        let recorded = under_key(link, key).await?;
        if !recorded.is_empty() {
            return request.repeated(key, recorded).map_err(Failure::Refused);
        }
    }
    let RunRequest { runs, key } = request;
    let now = clock.now();
    let instruments: Vec<_> = runs.iter().map(|new| new.series.instrument).collect();
    let mut open = open_runs(link, &instruments).await?;
    let mut sources = Sources::load(link).await?;
    let mut given = Vec::with_capacity(runs.len());
    for new in runs {
        let there = open.iter().find(|run| run.answers(&new)).cloned();
        let created = there.is_none();
        let run = match there {
            Some(run) => run,
            None => {
                keep_home(link, new.series).await?;
                let source_id = sources.id_or_new(link, &new.source).await?;
                let id = insert(link, new.series, source_id, Some(new.asked), new.refresh, now).await?;
                let run = IngestRun::queued(id, new, now);
                open.push(run.clone());
                run
            }
        };
        given.push(RequestedRun { run, created });
    }
    if let Some(key) = key {
        remember(link, &key, &given).await?;
    }
    Ok(given)
}

/// The runs of some instruments that wait or are at work, oldest first.
pub(super) async fn open_runs(link: &mut Link, instruments: &[InstrumentId]) -> Result<Vec<IngestRun>, RunFailure> {
    let sources = Sources::load(link).await?;
    let instruments: Vec<i64> = instruments.iter().map(|id| id.0).collect();
    ingest_runs::table
        .filter(ingest_runs::instrument_id.eq_any(instruments))
        // Written out, because a bound value would not tell the planner that the partial index holds these rows.
        .filter(sql::<Bool>("state IN ('queued', 'running')"))
        .order(ingest_runs::id)
        .select(run_columns!())
        .load::<RunRow>(link)
        .await?
        .into_iter()
        .map(|row| row.into_run(&sources))
        .collect()
}

async fn insert(
    link: &mut Link,
    series: SeriesKey,
    source_id: i32,
    asked: Option<TimeRange>,
    refresh: bool,
    now: Timestamp,
) -> QueryResult<RunId> {
    diesel::insert_into(ingest_runs::table)
        .values((
            ingest_runs::instrument_id.eq(series.instrument.0),
            ingest_runs::interval.eq(series.interval.as_str()),
            ingest_runs::source_id.eq(source_id),
            ingest_runs::asked_start.eq(asked.map(|range| Micros::from(range.start()))),
            ingest_runs::asked_end.eq(asked.map(|range| Micros::from(range.end()))),
            ingest_runs::refresh.eq(refresh),
            ingest_runs::state.eq(RunState::Queued.as_str()),
            ingest_runs::created_at.eq(Micros::from(now)),
        ))
        .returning(ingest_runs::id)
        .get_result(link)
        .await
        .map(RunId)
}

/// The instrument stays until the run refers to it.
async fn keep_home(link: &mut Link, series: SeriesKey) -> Result<(), RunFailure> {
    let known: Option<i64> = instruments::table
        .filter(instruments::id.eq(series.instrument.0))
        .select(instruments::id)
        .for_key_share()
        .first(link)
        .await
        .optional()?;
    match known {
        Some(_) => Ok(()),
        None => Err(Failure::Refused(PortError::unavailable(
            format!("there is no instrument {}", series.instrument).into(),
        ))),
    }
}

/// The runs that were given under a key, in their order.
async fn under_key(link: &mut Link, key: &IdempotencyKey) -> Result<Vec<IngestRun>, RunFailure> {
    let sources = Sources::load(link).await?;
    ingest_runs::table
        .inner_join(ingest_request_runs::table.on(ingest_request_runs::run_id.eq(ingest_runs::id)))
        .filter(ingest_request_runs::idempotency_key.eq(key.as_str()))
        .order(ingest_request_runs::position)
        .select(run_columns!())
        .load::<RunRow>(link)
        .await?
        .into_iter()
        .map(|row| row.into_run(&sources))
        .collect()
}

async fn remember(link: &mut Link, key: &IdempotencyKey, given: &[RequestedRun]) -> QueryResult<()> {
    let rows: Vec<_> = (0_i32..)
        .zip(given)
        .map(|(position, requested)| {
            (
                ingest_request_runs::idempotency_key.eq(key.as_str()),
                ingest_request_runs::position.eq(position),
                ingest_request_runs::run_id.eq(requested.run.id.0),
            )
        })
        .collect();
    diesel::insert_into(ingest_request_runs::table)
        .values(rows)
        .execute(link)
        .await
        .map(drop)
}
