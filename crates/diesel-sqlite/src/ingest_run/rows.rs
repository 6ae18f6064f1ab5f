//! Rows of ingest runs, and how they become runs.

use diesel::prelude::*;
use domain::{IngestRun, RunId, TimeRange};

use crate::error::Failure;
use crate::history::CountsRow;
use crate::market_price::rows::instant;
use crate::series::key_of;
use crate::source::Sources;

/// A row of `ingest_runs`.
#[derive(Queryable)]
pub(crate) struct RunRow {
    id: i64,
    instrument_id: i64,
    interval: String,
    source_id: i64,
    asked: (Option<i64>, Option<i64>),
    refresh: bool,
    reached: (Option<i64>, Option<i64>),
    state: String,
    counts: CountsRow,
    attempts: i64,
    error: Option<String>,
    /// Created, started, finished, leased until.
    times: (i64, Option<i64>, Option<i64>, Option<i64>),
}

/// The columns of [`RunRow`].
macro_rules! run_columns {
    () => {
        (
            ingest_runs::id,
            ingest_runs::instrument_id,
            ingest_runs::interval,
            ingest_runs::source_id,
            (ingest_runs::asked_start, ingest_runs::asked_end),
            ingest_runs::refresh,
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
            refresh: self.refresh,
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
