//! `sentinel runs`: the record of ingest runs, and what can be done about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use domain::{
    Clock, IngestRun, IngestRunRepositoryError, Instrument, InstrumentId, RunFilter, RunId, RunState, TimeRange,
    Timestamp,
};
use serde_json::{Value, json};

use super::errand::{Errand, carry_out};
use super::merge_words::{reached, total};
use super::status::name;
use super::{Context, json as as_json};
use crate::clock::SystemClock;
use crate::command_line::{ListRunsArgs, RunsArgs, RunsCommand};
use crate::exit::{Exit, UsageError};
use crate::output::{Table, grouped};
use crate::run_executor::OwnErrand;
use crate::stop::StopFlag;
use crate::store::Store;
use crate::use_cases::UseCases;

pub(super) async fn run(context: &Context, args: &RunsArgs) -> anyhow::Result<Exit> {
    let store = context.existing_store().await?;
    match &args.command {
        None => list(context, &store, &args.list).await,
        Some(RunsCommand::List(args)) => list(context, &store, args).await,
        Some(RunsCommand::Show { id }) => show(context, &store, *id).await,
        Some(RunsCommand::Cancel { id }) => cancel(context, &store, *id).await,
        Some(RunsCommand::Resume) => resume(context, &store).await,
    }
}

async fn list(context: &Context, store: &Store, args: &ListRunsArgs) -> anyhow::Result<Exit> {
    let runs = matching(context, store, args).await?;
    let instruments = instruments_of(store, &runs).await?;
    let output = context.output;
    let mut table = Table::new([
        "run",
        "source",
        "instrument",
        "interval",
        "state",
        "fetched",
        "inserted",
        "updated",
        "rejected",
        "from",
        "to",
        "created",
    ]);
    for run in &runs {
        let (from, to) = reached(run);
        let counts = run.counts;
        table.push([
            run.id.to_string(),
            run.source.to_string(),
            name(&instruments, run.series.instrument),
            run.series.interval.to_string(),
            run.state.as_str().to_owned(),
            grouped(counts.fetched()),
            grouped(counts.inserted),
            grouped(counts.updated),
            grouped(counts.rejected),
            from,
            to,
            second(run.created_at),
        ]);
    }
    if runs.is_empty() {
        output.line("there is no such run")?;
    } else {
        output.table(&table)?;
    }
    let told: Vec<Value> = runs.iter().map(|run| run_json(&instruments, run)).collect();
    output.object(&json!({ "runs": told }))?;
    Ok(Exit::Done)
}

/// The newest runs that the flags name.
async fn matching(context: &Context, store: &Store, args: &ListRunsArgs) -> anyhow::Result<Vec<IngestRun>> {
    let ListRunsArgs {
        provider,
        symbol,
        interval,
        state,
        limit,
    } = args;
    let instrument = match symbol {
        Some(reference) => {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            let use_cases = UseCases::over(store, &context.config.ingest, &clock)?;
            Some(use_cases.resolve.one(reference).await?.id)
        }
        None => None,
    };
    let filter = RunFilter {
        instrument,
        interval: *interval,
        source: provider.clone(),
        state: *state,
    };
    Ok(store.runs.list(&filter, *limit, None).await?)
}

async fn show(context: &Context, store: &Store, id: RunId) -> anyhow::Result<Exit> {
    let run = store.runs.get(id).await?.ok_or_else(|| unknown(id))?;
    let instruments = instruments_of(store, std::slice::from_ref(&run)).await?;
    let output = context.output;
    let (from, to) = reached(&run);
    let mut lines = vec![
        ("run", run.id.to_string()),
        ("source", run.source.to_string()),
        ("instrument", name(&instruments, run.series.instrument)),
        ("interval", run.series.interval.to_string()),
        ("asked", asked(run.asked)),
        ("refresh", if run.refresh { "yes" } else { "no" }.to_owned()),
        ("state", run.state.as_str().to_owned()),
        ("rows", total(run.counts)),
        (
            "reached",
            match run.reached {
                Some(_) => format!("{from} to {to}"),
                None => "nothing yet".to_owned(),
            },
        ),
        ("attempts", run.attempts.to_string()),
        ("created", second(run.created_at)),
    ];
    let stamps = [
        ("started", run.started_at),
        (
            "alive until",
            run.lease_until.filter(|_| run.state == RunState::Running),
        ),
        ("finished", run.finished_at),
    ];
    lines.extend(stamps.into_iter().filter_map(|(what, at)| Some((what, second(at?)))));
    lines.extend(run.error.clone().map(|error| ("error", error)));
    for (what, text) in lines {
        output.line(format_args!("{what:<12}{text}"))?;
    }
    output.object(&run_json(&instruments, &run))?;
    Ok(Exit::Done)
}

async fn cancel(context: &Context, store: &Store, id: RunId) -> anyhow::Result<Exit> {
    let run = store.runs.cancel(id).await.map_err(|error| match error {
        IngestRunRepositoryError::NotFound(id) => unknown(id).into(),
        other => anyhow::Error::new(other),
    })?;
    let instruments = instruments_of(store, std::slice::from_ref(&run)).await?;
    context.output.line(format_args!(
        "run {id} of {} {} is cancelled; {} of it stay",
        name(&instruments, run.series.instrument),
        run.series.interval,
        crate::output::counted(run.counts.fetched() - run.counts.rejected, "row", "rows"),
    ))?;
    context.output.object(&run_json(&instruments, &run))?;
    Ok(Exit::Done)
}

async fn resume(context: &Context, store: &Store) -> anyhow::Result<Exit> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let providers = Arc::new(context.providers()?);
    let use_cases = UseCases::over(store, &context.config.ingest, &clock)?;
    let ingest = use_cases.ingest(store, providers, Arc::new(OwnErrand));
    let left = ingest.leftovers().await?;
    if left.is_empty() {
        context.output.line("no run waits, and none was left behind")?;
        context
            .output
            .object(&json!({ "runs": [], "counts": as_json::counts(domain::MergeCounts::default()), "waiting": 0 }))?;
        return Ok(Exit::Done);
    }
    let mut instruments = instruments_of(store, &left).await?;
    let errands = left
        .into_iter()
        .filter_map(|run| {
            // A run goes with its instrument: one without is gone by now.
            let instrument = instruments.get(&run.series.instrument).cloned()?;
            Some(Errand {
                instrument,
                created_instrument: false,
                run,
            })
        })
        .collect();
    instruments.clear();
    carry_out(context, ingest, store, errands, StopFlag::listening()).await
}

fn unknown(id: RunId) -> UsageError {
    UsageError(format!("there is no run {id}; `sentinel runs` lists them"))
}

async fn instruments_of(store: &Store, runs: &[IngestRun]) -> anyhow::Result<BTreeMap<InstrumentId, Instrument>> {
    let mut instruments = BTreeMap::new();
    for run in runs {
        let id = run.series.instrument;
        if let std::collections::btree_map::Entry::Vacant(place) = instruments.entry(id)
            && let Some(instrument) = store.instruments.get(id).await.context("instruments cannot be read")?
        {
            place.insert(instrument);
        }
    }
    Ok(instruments)
}

/// Fractions of a second interest nobody here.
fn second(at: Timestamp) -> String {
    Timestamp::from_unix_seconds(at.unix_seconds())
        .unwrap_or(at)
        .to_string()
}

fn asked(range: Option<TimeRange>) -> String {
    let Some(range) = range else {
        return "what the file has".to_owned();
    };
    let start = match range.start() {
        Timestamp::MIN => "the first bar".to_owned(),
        start => start.to_string(),
    };
    match range.end() {
        Timestamp::MAX => format!("{start} to now"),
        end => format!("{start} to {end}, exclusive"),
    }
}

fn run_json(instruments: &BTreeMap<InstrumentId, Instrument>, run: &IngestRun) -> Value {
    let mut told = as_json::run(run);
    if let Some(fields) = told.as_object_mut() {
        let instrument = instruments.get(&run.series.instrument);
        fields.insert("instrument".to_owned(), json!(instrument.map(as_json::instrument)));
    }
    told
}
