//! Ingest runs: the record of attempts to bring a series up to date.

use std::sync::Arc;

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::{
    IngestRun, IngestRunRepository, IngestRunRepositoryError, MergeCounts, RunEnd, RunFilter, RunId, RunState,
    SeriesKey, SourceName, TimeRange, Timestamp,
};
use time::Duration;

use crate::SqliteStore;
use crate::connections::last_id;
use crate::error::{Failure, PortError};
use crate::history::CountsRow;
use crate::market_price::PriceFailure;
use crate::market_price::rows::instant;
use crate::schema::{ingest_runs, instruments};
use crate::series::key_of;
use crate::source::Sources;

type RunFailure = Failure<IngestRunRepositoryError>;

/// How long a process counts as alive after its last sign.
const LEASE: Duration = Duration::minutes(5);

#[derive(Queryable)]
pub(crate) struct RunRow {
    id: i64,
    instrument_id: i64,
    interval: String,
    source_id: i64,
    asked: (Option<i64>, Option<i64>),
    reached: (Option<i64>, Option<i64>),
    state: String,
    counts: CountsRow,
    attempts: i64,
    error: Option<String>,
    /// Created, started, finished, leased until.
    times: (i64, Option<i64>, Option<i64>, Option<i64>),
}

macro_rules! run_columns {
    () => {
        (
            ingest_runs::id,
            ingest_runs::instrument_id,
            ingest_runs::interval,
            ingest_runs::source_id,
            (ingest_runs::asked_start, ingest_runs::asked_end),
            (ingest_runs::reached_start, ingest_runs::reached_end),
            ingest_runs::state,
            (
                ingest_runs::inserted,
                ingest_runs::updated,
                ingest_runs::unchanged,
                ingest_runs::duplicate,
                ingest_runs::rejected,
                ingest_runs::discrepant,
            ),
            ingest_runs::attempts,
            ingest_runs::error,
            (
                ingest_runs::created_at,
                ingest_runs::started_at,
                ingest_runs::finished_at,
                ingest_runs::lease_until,
            ),
        )
    };
}
pub(crate) use run_columns;

impl RunRow {
    pub(crate) fn into_run<E>(self, sources: &Sources) -> Result<IngestRun, Failure<E>> {
        let row = || format!("run {}", self.id);
        let corrupt = |what: String| Failure::Corrupt(format!("{}: {what}", row()));
        let range = |column: &str, (start, end): (Option<i64>, Option<i64>)| match (start, end) {
            (Some(start), Some(end)) => {
                let (start, end) = (instant(start, column, row)?, instant(end, column, row)?);
                TimeRange::new(start, end)
                    .map(Some)
                    .map_err(|error| corrupt(format!("{column}: {error}")))
            }
            _ => Ok(None),
        };
        let (created_at, started_at, finished_at, lease_until) = self.times;
        let optional = |column: &str, at: Option<i64>| at.map(|at| instant(at, column, row)).transpose();
        Ok(IngestRun {
            id: RunId(self.id),
            source: sources.name(self.source_id, row)?,
            series: key_of(self.instrument_id, &self.interval)?,
            asked: range("asked", self.asked)?,
            reached: range("reached", self.reached)?,
            state: self
                .state
                .parse()
                .map_err(|error: domain::UnknownRunState| corrupt(error.to_string()))?,
            counts: self.counts.into_counts(row)?,
            attempts: u32::try_from(self.attempts).map_err(|error| corrupt(format!("attempts: {error}")))?,
            error: self.error.clone(),
            created_at: instant(created_at, "created_at", row)?,
            started_at: optional("started_at", started_at)?,
            finished_at: optional("finished_at", finished_at)?,
            lease_until: optional("lease_until", lease_until)?,
        })
    }
}

/// A run that is not recorded cannot be counted for.
pub(crate) fn refuse_unknown(connection: &mut SqliteConnection, run: Option<RunId>) -> Result<(), PriceFailure> {
    let Some(run) = run else {
        return Ok(());
    };
    let known: Option<i64> = ingest_runs::table
        .filter(ingest_runs::id.eq(run.0))
        .select(ingest_runs::id)
        .first(connection)
        .optional()?;
    match known {
        Some(_) => Ok(()),
        None => Err(Failure::Refused(PortError::unavailable(
            format!("there is no run {run}").into(),
        ))),
    }
}

/// Adds to a run what a merge did for it.
pub(crate) fn progress(
    connection: &mut SqliteConnection,
    run: Option<RunId>,
    merged: MergeCounts,
    span: Option<TimeRange>,
    now: Timestamp,
) -> Result<(), PriceFailure> {
    let Some(mut run) = run.map(|id| find(connection, id)).transpose()?.flatten() else {
        return Ok(());
    };
    run.counts += merged;
    run.reached = match (run.reached, span) {
        (Some(reached), Some(span)) => Some(reached.hull(span)),
        (reached, span) => span.or(reached),
    };
    if run.state == RunState::Running {
        run.lease_until = now.checked_add(LEASE);
    }
    save(connection, &run)?;
    Ok(())
}

fn find<E>(connection: &mut SqliteConnection, id: RunId) -> Result<Option<IngestRun>, Failure<E>> {
    let row: Option<RunRow> = ingest_runs::table
        .filter(ingest_runs::id.eq(id.0))
        .select(run_columns!())
        .first(connection)
        .optional()?;
    let sources = Sources::load(connection)?;
    row.map(|row| row.into_run(&sources)).transpose()
}

/// Writes what can change of a run.
fn save(connection: &mut SqliteConnection, run: &IngestRun) -> QueryResult<()> {
    let counts = CountsRow::from(run.counts);
    let micros = |at: Option<Timestamp>| at.map(Timestamp::unix_micros);
    diesel::update(ingest_runs::table.filter(ingest_runs::id.eq(run.id.0)))
        .set((
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
            ingest_runs::started_at.eq(micros(run.started_at)),
            ingest_runs::finished_at.eq(micros(run.finished_at)),
            ingest_runs::lease_until.eq(micros(run.lease_until)),
        ))
        .execute(connection)
        .map(drop)
}

/// A run that has not ended.
fn unfinished(connection: &mut SqliteConnection, id: RunId) -> Result<IngestRun, RunFailure> {
    match find(connection, id)? {
        None => Err(Failure::Refused(IngestRunRepositoryError::NotFound(id))),
        Some(run) if run.state.is_final() => Err(Failure::Refused(IngestRunRepositoryError::Ended {
            id,
            state: run.state,
        })),
        Some(run) => Ok(run),
    }
}

#[async_trait]
impl IngestRunRepository for SqliteStore {
    async fn create(
        &self,
        series: SeriesKey,
        source: &SourceName,
        asked: Option<TimeRange>,
    ) -> Result<IngestRun, IngestRunRepositoryError> {
        let (clock, source) = (Arc::clone(&self.clock), source.clone());
        self.write(move |connection| {
            let known: Option<i64> = instruments::table
                .filter(instruments::id.eq(series.instrument.0))
                .select(instruments::id)
                .first(connection)
                .optional()?;
            if known.is_none() {
                let cause = format!("there is no instrument {}", series.instrument);
                return Err(Failure::Refused(PortError::unavailable(cause.into())));
            }
            let created_at = clock.now();
            let source_id = Sources::load(connection)?.id_or_new(connection, &source)?;
            diesel::insert_into(ingest_runs::table)
                .values((
                    ingest_runs::instrument_id.eq(series.instrument.0),
                    ingest_runs::interval.eq(series.interval.as_str()),
                    ingest_runs::source_id.eq(source_id),
                    ingest_runs::asked_start.eq(asked.map(|range| range.start().unix_micros())),
                    ingest_runs::asked_end.eq(asked.map(|range| range.end().unix_micros())),
                    ingest_runs::state.eq(RunState::Queued.as_str()),
                    ingest_runs::created_at.eq(created_at.unix_micros()),
                ))
                .execute(connection)?;
            let id = RunId(last_id(connection)?);
            find(connection, id)?.ok_or(Failure::Refused(IngestRunRepositoryError::NotFound(id)))
        })
        .await
    }

    async fn begin(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| {
            let mut run = unfinished(connection, id)?;
            let now = clock.now();
            run.state = RunState::Running;
            run.attempts = run.attempts.saturating_add(1);
            run.started_at = Some(now);
            run.lease_until = now.checked_add(LEASE);
            save(connection, &run)?;
            Ok(run)
        })
        .await
    }

    async fn finish(&self, id: RunId, end: RunEnd) -> Result<IngestRun, IngestRunRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| {
            let mut run = unfinished(connection, id)?;
            run.state = end.state;
            run.error = end.error;
            run.finished_at = Some(clock.now());
            run.lease_until = None;
            save(connection, &run)?;
            Ok(run)
        })
        .await
    }

    async fn get(&self, id: RunId) -> Result<Option<IngestRun>, IngestRunRepositoryError> {
        self.read(move |connection| find(connection, id)).await
    }

    async fn list(
        &self,
        filter: &RunFilter,
        limit: usize,
        after: Option<RunId>,
    ) -> Result<Vec<IngestRun>, IngestRunRepositoryError> {
        let filter = filter.clone();
        self.read(move |connection| {
            let sources = Sources::load(connection)?;
            let mut rows = ingest_runs::table
                .order(ingest_runs::id.desc())
                .limit(i64::try_from(limit).unwrap_or(i64::MAX))
                .select(run_columns!())
                .into_boxed();
            if let Some(after) = after {
                rows = rows.filter(ingest_runs::id.lt(after.0));
            }
            if let Some(series) = filter.series {
                rows = rows
                    .filter(ingest_runs::instrument_id.eq(series.instrument.0))
                    .filter(ingest_runs::interval.eq(series.interval.as_str()));
            }
            if let Some(source) = &filter.source {
                let Some(source_id) = sources.id(source) else {
                    return Ok(Vec::new());
                };
                rows = rows.filter(ingest_runs::source_id.eq(source_id));
            }
            if let Some(state) = filter.state {
                rows = rows.filter(ingest_runs::state.eq(state.as_str()));
            }
            rows.load::<RunRow>(connection)?
                .into_iter()
                .map(|row| row.into_run(&sources))
                .collect()
        })
        .await
    }

    async fn orphaned(&self) -> Result<Vec<IngestRun>, IngestRunRepositoryError> {
        let now = self.clock.now();
        self.read(move |connection| {
            let sources = Sources::load(connection)?;
            ingest_runs::table
                // Written out, because a bound value would not tell SQLite that the partial index holds these rows.
                .filter(sql::<Bool>("state = 'running'"))
                .filter(
                    ingest_runs::lease_until
                        .is_null()
                        .or(ingest_runs::lease_until.le(now.unix_micros())),
                )
                .order(ingest_runs::id)
                .select(run_columns!())
                .load::<RunRow>(connection)?
                .into_iter()
                .map(|row| row.into_run(&sources))
                .collect()
        })
        .await
    }
}
