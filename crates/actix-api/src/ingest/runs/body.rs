//! Runs as they stand in answers.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use domain::{IngestRun, InstrumentId, InstrumentRepository};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ingest::counts::CountsBody;
use crate::ingest::ranges::{OpenRangeBody, RangeBody};
use crate::problem::Problem;
use crate::vocabulary::{IntervalName, RunStateName, Utc};

/// An attempt to bring one series up to date.
#[derive(Serialize, ToSchema)]
#[schema(as = IngestRun)]
pub(crate) struct RunBody {
    /// Its number.
    id: i64,
    /// From where: a provider, or what the import of a file said.
    source: String,
    instrument_id: i64,
    /// How the instrument is referred to.
    #[schema(example = "XNAS:AAPL")]
    instrument: String,
    interval: IntervalName,
    /// What was asked for; null for a file, which has what it has.
    asked: Option<OpenRangeBody>,
    /// Whether everything is asked again, also what was answered before.
    refresh: bool,
    state: RunStateName,
    /// From the opening of the first final bar that was merged to behind that of the last; null before the first.
    reached: Option<RangeBody>,
    counts: CountsBody,
    /// How often it was begun.
    attempts: u32,
    /// Why it failed or did not reach its end.
    error: Option<String>,
    created_at: Utc,
    /// When it last began.
    started_at: Option<Utc>,
    finished_at: Option<Utc>,
    /// Until when whoever is at work on it counts as alive.
    lease_until: Option<Utc>,
}

impl RunBody {
    /// `instrument` is how the run's instrument is referred to.
    pub(in crate::ingest) fn new(run: IngestRun, instrument: String) -> Self {
        let IngestRun {
            id,
            source,
            series,
            asked,
            refresh,
            reached,
            state,
            counts,
            attempts,
            error,
            created_at,
            started_at,
            finished_at,
            lease_until,
        } = run;
        Self {
            id: id.0,
            source: source.to_string(),
            instrument_id: series.instrument.0,
            instrument,
            interval: IntervalName(series.interval),
            asked: asked.map(OpenRangeBody::from),
            refresh,
            state: RunStateName(state),
            reached: reached.map(RangeBody::from),
            counts: counts.into(),
            attempts,
            error,
            created_at: Utc(created_at),
            started_at: started_at.map(Utc),
            finished_at: finished_at.map(Utc),
            lease_until: lease_until.map(Utc),
        }
    }

    /// Looks up each instrument once.
    pub(super) async fn all(
        runs: Vec<IngestRun>,
        instruments: &dyn InstrumentRepository,
    ) -> Result<Vec<Self>, Problem> {
        let mut names: BTreeMap<InstrumentId, String> = BTreeMap::new();
        for run in &runs {
            if let Entry::Vacant(unnamed) = names.entry(run.series.instrument) {
                let name = name_of(*unnamed.key(), instruments).await?;
                unnamed.insert(name);
            }
        }
        let named = |run: IngestRun| {
            let name = names.get(&run.series.instrument).cloned().unwrap_or_default();
            Self::new(run, name)
        };
        Ok(runs.into_iter().map(named).collect())
    }

    /// Looks up its instrument.
    pub(super) async fn one(run: IngestRun, instruments: &dyn InstrumentRepository) -> Result<Self, Problem> {
        let name = name_of(run.series.instrument, instruments).await?;
        Ok(Self::new(run, name))
    }
}

/// How an instrument is referred to; one that was deleted since the look at its runs took them with it.
async fn name_of(id: InstrumentId, instruments: &dyn InstrumentRepository) -> Result<String, Problem> {
    let found = instruments.get(id).await?;
    Ok(found.map_or_else(|| format!("id:{id}"), |found| found.to_string()))
}
