//! Runs that a command carries out itself, and what it says of them in the end.

mod report;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::ingest::Ingest;
use domain::{Clock, IngestRun, Instrument, RunId};

use super::Context;
use crate::clock::SystemClock;
use crate::exit::Exit;
use crate::output::{RunProgress, chain};
use crate::run_executor::{Executed, Listener, RunEvent, RunExecutor};
use crate::stop::StopFlag;
use crate::store::Store;
use report::{Outcome, Report};

/// How long the page in hand may take after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

/// A run to carry out.
pub(super) struct Errand {
    /// Of which instrument.
    pub(super) instrument: Instrument,
    /// It was not there before.
    pub(super) created_instrument: bool,
    /// As it was recorded.
    pub(super) run: IngestRun,
}

/// Carries all of them out, so many at once as is configured, and tells what became of each.
pub(super) async fn carry_out(
    context: &Context,
    ingest: Ingest,
    store: &Store,
    errands: Vec<Errand>,
    stop: StopFlag,
) -> anyhow::Result<Exit> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let executor = RunExecutor::new(
        ingest,
        Arc::clone(&store.runs),
        clock,
        context.config.ingest.concurrency,
        stop.clone(),
        GRACE,
    );
    let name = |errand: &Errand| format!("{} {}", errand.instrument, errand.run.series.interval);
    let names: HashMap<RunId, String> = errands.iter().map(|errand| (errand.run.id, name(errand))).collect();
    let numbers: Vec<RunId> = errands.iter().map(|errand| errand.run.id).collect();
    let progress = Arc::new(RunProgress::begin(names));
    let listener: Listener = Arc::new({
        let progress = Arc::clone(&progress);
        move |event| match event {
            RunEvent::Progress(reached) => progress.reach(&reached),
            RunEvent::Held { run, by, until } => progress.held(run, by, until),
            RunEvent::Over(run) => progress.over(run),
        }
    });
    let told_to_stop = tokio::spawn({
        let progress = Arc::clone(&progress);
        async move {
            stop.raised().await;
            progress.say("stopping: pages in hand are merged first; Ctrl-C again stops at once");
        }
    });
    let executed = executor.carry_out_all(&numbers, &listener).await;
    told_to_stop.abort();
    drop((listener, progress));
    let mut outcomes = Vec::with_capacity(errands.len());
    for (errand, executed) in errands.into_iter().zip(executed) {
        outcomes.push(outcome(store, errand, executed).await);
    }
    let report = Report(outcomes);
    report.print(context)?;
    Ok(report.exit())
}

/// The run as the store has it now, and why it did not end here.
async fn outcome(store: &Store, errand: Errand, executed: Executed) -> Outcome {
    let unended = match &executed {
        Executed::Ended(_) => None,
        Executed::Waits => Some("stopped: waits in the queue".to_owned()),
        Executed::TakenOver => Some("another process goes on with it".to_owned()),
        Executed::Left(error) => Some(chain(&**error)),
    };
    let waits = matches!(executed, Executed::Waits);
    let run = match executed {
        Executed::Ended(ended) => *ended,
        // A store that does not answer has said why already.
        _ => match store.runs.get(errand.run.id).await {
            Ok(Some(run)) => run,
            Ok(None) | Err(_) => errand.run.clone(),
        },
    };
    Outcome {
        errand: Errand { run, ..errand },
        unended,
        waits,
    }
}
