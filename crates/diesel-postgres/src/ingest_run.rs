//! Ingest runs: the record of attempts to bring a series up to date.

mod request;
mod rows;

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use domain::{
    Clock, IngestRun, IngestRunRepository, IngestRunRepositoryError, MergeCounts, RequestedRun, RunEnd, RunFilter,
    RunId, RunRequest, SeriesKey, SourceName, TimeRange, Timestamp, storable,
};

use crate::error::{Failure, PortError};
use crate::history::CountsRow;
use crate::instant::Micros;
use crate::link::Link;
use crate::market_price::PriceFailure;
use crate::schema::ingest_runs;
use crate::source::Sources;
use crate::{PostgresStore, lock};
pub(crate) use rows::{RunRow, run_columns};

type RunFailure = Failure<IngestRunRepositoryError>;

/// Adds to a run what a merge did for it. A run that is not recorded cannot be counted for.
pub(crate) async fn progress(
    link: &mut Link,
    run: Option<RunId>,
    merged: MergeCounts,
    span: Option<TimeRange>,
    now: Timestamp,
) -> Result<(), PriceFailure> {
    let Some(run) = run else {
        return Ok(());
    };
    // Of a range and nothing, `least` and `greatest` give the range.
    const PROGRESS: &str = "UPDATE ingest_runs SET inserted = inserted + $2, updated = updated + $3, \
                            unchanged = unchanged + $4, duplicate = duplicate + $5, rejected = rejected + $6, \
                            discrepant = discrepant + $7, reached_start = least(reached_start, $8), \
                            reached_end = greatest(reached_end, $9), \
                            lease_until = CASE state WHEN 'running' THEN $10 ELSE lease_until END WHERE id = $1";
    let counts = CountsRow::from(merged);
    let (start, end) = (span.map(TimeRange::start), span.map(TimeRange::end));
    let known = link
        .run(
            PROGRESS,
            &[
                &run.0,
                &counts.inserted,
                &counts.updated,
                &counts.unchanged,
                &counts.duplicate,
                &counts.rejected,
                &counts.discrepant,
                &start.map(Micros::from),
                &end.map(Micros::from),
                &now.checked_add(IngestRun::LEASE).map(Micros::from),
            ],
        )
        .await?;
    match known {
        0 => Err(Failure::Refused(PortError::unavailable(
            format!("there is no run {run}").into(),
        ))),
        _ => Ok(()),
    }
}

async fn find<E>(link: &mut Link, id: RunId) -> Result<Option<IngestRun>, Failure<E>> {
    let row: Option<RunRow> = ingest_runs::table
        .filter(ingest_runs::id.eq(id.0))
        .select(run_columns!())
        .first(link)
        .await
        .optional()?;
    into_run(link, row).await
}

/// The same, waiting for whoever is changing it, and keeping others from it until the transaction ends.
async fn find_to_change<E>(link: &mut Link, id: RunId) -> Result<Option<IngestRun>, Failure<E>> {
    let row: Option<RunRow> = ingest_runs::table
        .filter(ingest_runs::id.eq(id.0))
        .select(run_columns!())
        .for_update()
        .first(link)
        .await
        .optional()?;
    into_run(link, row).await
}

async fn into_run<E>(link: &mut Link, row: Option<RunRow>) -> Result<Option<IngestRun>, Failure<E>> {
    let Some(row) = row else {
        return Ok(None);
    };
    let sources = Sources::load(link).await?;
    row.into_run(&sources).map(Some)
}

/// Writes what can change of a run.
async fn save(link: &mut Link, run: &IngestRun) -> QueryResult<()> {
    let counts = CountsRow::from(run.counts);
    let micros = |at: Option<Timestamp>| at.map(Micros::from);
    diesel::update(ingest_runs::table.filter(ingest_runs::id.eq(run.id.0)))
        .set((
            ingest_runs::reached_start.eq(micros(run.reached.map(TimeRange::start))),
            ingest_runs::reached_end.eq(micros(run.reached.map(TimeRange::end))),
            ingest_runs::state.eq(run.state.as_str()),
            ingest_runs::inserted.eq(counts.inserted),
            ingest_runs::updated.eq(counts.updated),
            ingest_runs::unchanged.eq(counts.unchanged),
            ingest_runs::duplicate.eq(counts.duplicate),
            ingest_runs::rejected.eq(counts.rejected),
            ingest_runs::discrepant.eq(counts.discrepant),
            ingest_runs::attempts.eq(i32::try_from(run.attempts).unwrap_or(i32::MAX)),
            ingest_runs::error.eq(run.error.as_deref()),
            ingest_runs::started_at.eq(micros(run.started_at)),
            ingest_runs::finished_at.eq(micros(run.finished_at)),
            ingest_runs::lease_until.eq(micros(run.lease_until)),
        ))
        .execute(link)
        .await
        .map(drop)
}

/// A run as `change` leaves it; as it was when that fails.
async fn change(
    link: &mut Link,
    id: RunId,
    change: impl FnOnce(&mut IngestRun) -> Result<(), IngestRunRepositoryError>,
) -> Result<IngestRun, RunFailure> {
    let found = find_to_change(link, id).await?;
    let mut run = found.ok_or(Failure::Refused(IngestRunRepositoryError::NotFound(id)))?;
    change(&mut run).map_err(Failure::Refused)?;
    save(link, &run).await?;
    Ok(run)
}

/// Nobody else begins a run meanwhile, so what has a lease now is all that could stand in the way.
async fn begin(link: &mut Link, id: RunId, clock: &dyn Clock) -> Result<IngestRun, RunFailure> {
    lock::runs(link).await?;
    let others = match find(link, id).await? {
        Some(run) => request::open_runs(link, &[run.series.instrument]).await?,
        None => Vec::new(),
    };
    change(link, id, |run| run.begin(&others, clock.now())).await
}

async fn list(
    link: &mut Link,
    filter: &RunFilter,
    limit: usize,
    after: Option<RunId>,
) -> Result<Vec<IngestRun>, RunFailure> {
    let sources = Sources::load(link).await?;
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
    rows.load::<RunRow>(link)
        .await?
        .into_iter()
        .map(|row| row.into_run(&sources))
        .collect()
}

async fn orphaned(link: &mut Link, now: Timestamp) -> Result<Vec<IngestRun>, RunFailure> {
    let sources = Sources::load(link).await?;
    ingest_runs::table
        // Written out, because a bound value would not tell the planner that the partial index holds these rows.
        .filter(sql::<Bool>("state = 'running'"))
        .filter(
            ingest_runs::lease_until
                .is_null()
                .or(ingest_runs::lease_until.le(Micros::from(now))),
        )
        .order(ingest_runs::id)
        .select(run_columns!())
        .load::<RunRow>(link)
        .await?
        .into_iter()
        .map(|row| row.into_run(&sources))
        .collect()
}

#[async_trait]
impl IngestRunRepository for PostgresStore {
    async fn create(
        &self,
        series: SeriesKey,
        source: &SourceName,
        asked: Option<TimeRange>,
    ) -> Result<IngestRun, IngestRunRepositoryError> {
        let mut write = self.write().await?;
        let created = request::create(&mut write, series, source, asked, &*self.clock).await;
        write.finish(created).await
    }

    async fn request(&self, request: RunRequest) -> Result<Vec<RequestedRun>, IngestRunRepositoryError> {
        let mut write = self.write().await?;
        let given = request::request(&mut write, request, &*self.clock).await;
        write.finish(given).await
    }

    async fn begin(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError> {
        let mut write = self.write().await?;
        let begun = begin(&mut write, id, &*self.clock).await;
        write.finish(begun).await
    }

    async fn renew(&self, id: RunId, attempt: u32) -> Result<(), IngestRunRepositoryError> {
        let mut write = self.write().await?;
        let renewed = change(&mut write, id, |run| run.renew(attempt, self.clock.now())).await;
        write.finish(renewed).await.map(drop)
    }

    async fn hand_back(&self, id: RunId, attempt: u32) -> Result<IngestRun, IngestRunRepositoryError> {
        let mut write = self.write().await?;
        let handed_back = change(&mut write, id, |run| run.hand_back(attempt)).await;
        write.finish(handed_back).await
    }

    async fn finish(&self, id: RunId, attempt: u32, end: RunEnd) -> Result<IngestRun, IngestRunRepositoryError> {
        let end = RunEnd {
            error: end.error.map(|error| storable(&error).into_owned()),
            ..end
        };
        let mut write = self.write().await?;
        let ended = change(&mut write, id, |run| run.finish(attempt, end, self.clock.now())).await;
        write.finish(ended).await
    }

    async fn cancel(&self, id: RunId) -> Result<IngestRun, IngestRunRepositoryError> {
        let mut write = self.write().await?;
        let cancelled = change(&mut write, id, |run| run.cancel(self.clock.now())).await;
        write.finish(cancelled).await
    }

    async fn get(&self, id: RunId) -> Result<Option<IngestRun>, IngestRunRepositoryError> {
        let mut look = self.look().await?;
        let found = find(&mut look, id).await;
        look.finish(found).await
    }

    async fn list(
        &self,
        filter: &RunFilter,
        limit: usize,
        after: Option<RunId>,
    ) -> Result<Vec<IngestRun>, IngestRunRepositoryError> {
        let mut look = self.look().await?;
        let found = list(&mut look, filter, limit, after).await;
        look.finish(found).await
    }

    /// A replica that lags would show leases that were long renewed.
    async fn orphaned(&self) -> Result<Vec<IngestRun>, IngestRunRepositoryError> {
        let now = self.clock.now();
        let mut look = self.look_at_primary().await?;
        let found = orphaned(&mut look, now).await;
        look.finish(found).await
    }
}
