//! Ingest runs: the record of attempts to bring a series up to date.

mod request;
mod rows;

use std::sync::Arc;

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::{
    IngestRun, IngestRunRepository, IngestRunRepositoryError, MergeCounts, RequestedRun, RunEnd, RunFilter, RunId,
    RunRequest, SeriesKey, SourceName, TimeRange, Timestamp,
};

use crate::SqliteStore;
use crate::error::{Failure, PortError};
use crate::history::CountsRow;
use crate::market_price::PriceFailure;
use crate::schema::ingest_runs;
use crate::source::Sources;
pub(crate) use rows::{RunRow, run_columns};

type RunFailure = Failure<IngestRunRepositoryError>;

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
    run.count(merged, span, now);
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

/// A run as `change` leaves it; as it was when that fails.
fn change(
    connection: &mut SqliteConnection,
    id: RunId,
    change: impl FnOnce(&mut IngestRun) -> Result<(), IngestRunRepositoryError>,
) -> Result<IngestRun, RunFailure> {
    let mut run = find(connection, id)?.ok_or(Failure::Refused(IngestRunRepositoryError::NotFound(id)))?;
    change(&mut run).map_err(Failure::Refused)?;
    save(connection, &run)?;
    Ok(run)
}

fn begin(connection: &mut SqliteConnection, id: RunId, now: Timestamp) -> Result<IngestRun, RunFailure> {
    let others = match find(connection, id)? {
        Some(run) => request::open_runs(connection, &[run.series.instrument])?,
        None => Vec::new(),
    };
    change(connection, id, |run| run.begin(&others, now))
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
        self.write(move |connection| request::create(connection, series, &source, asked, clock.now()))
            .await
    }

    async fn request(&self, request: RunRequest) -> Result<Vec<RequestedRun>, IngestRunRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| request::request(connection, request, clock.now()))
            .await
    }

    async fn begin(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| begin(connection, id, clock.now())).await
    }

    async fn renew(&self, id: RunId, attempt: u32) -> Result<(), IngestRunRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| change(connection, id, |run| run.renew(attempt, clock.now())).map(drop))
            .await
    }

    async fn hand_back(&self, id: RunId, attempt: u32) -> Result<IngestRun, IngestRunRepositoryError> {
        self.write(move |connection| change(connection, id, |run| run.hand_back(attempt)))
            .await
    }

    async fn finish(&self, id: RunId, attempt: u32, end: RunEnd) -> Result<IngestRun, IngestRunRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| change(connection, id, |run| run.finish(attempt, end, clock.now())))
            .await
    }

    async fn cancel(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| change(connection, id, |run| run.cancel(clock.now())))
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
            if let Some(instrument) = filter.instrument {
                rows = rows.filter(ingest_runs::instrument_id.eq(instrument.0));
            }
            if let Some(interval) = filter.interval {
                rows = rows.filter(ingest_runs::interval.eq(interval.as_str()));
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
