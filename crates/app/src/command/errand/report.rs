//! What became of runs: a table, a total, and how to go on.

use domain::{IngestRun, MergeCounts, RunState};
use serde_json::{Value, json};

use super::Errand;
use crate::command::merge_words::{Outcome as RowOutcome, outcomes, reached, total};
use crate::command::{Context, json as as_json};
use crate::exit::Exit;
use crate::output::{Table, counted, grouped};

/// What became of one run.
pub(super) struct Outcome {
    /// With the run as it is now.
    pub(super) errand: Errand,
    /// Why it did not end here.
    pub(super) unended: Option<String>,
    /// It waits in the queue, because somebody asked to stop.
    pub(super) waits: bool,
}

impl Outcome {
    fn run(&self) -> &IngestRun {
        &self.errand.run
    }

    fn error(&self) -> Option<&str> {
        self.unended.as_deref().or(self.run().error.as_deref())
    }

    fn is(&self, state: RunState) -> bool {
        self.unended.is_none() && self.run().state == state
    }
}

/// What became of all of them.
pub(super) struct Report(pub(super) Vec<Outcome>);

impl Report {
    /// Done when all succeeded, failed when none did anything or somebody asked to stop, in part otherwise.
    pub(super) fn exit(&self) -> Exit {
        let number = |state| self.0.iter().filter(|one| one.is(state)).count();
        let (succeeded, partial) = (number(RunState::Succeeded), number(RunState::Partial));
        if succeeded == self.0.len() {
            Exit::Done
        } else if succeeded + partial == 0 || self.0.iter().any(|one| one.waits) {
            Exit::Failed
        } else {
            Exit::InPart
        }
    }

    pub(super) fn print(&self, context: &Context) -> anyhow::Result<()> {
        let output = context.output;
        let counts = self.counts();
        output.table(&self.table(counts))?;
        let runs = counted(u64::try_from(self.0.len())?, "run", "runs");
        output.line(format_args!("\n{runs}, {}", total(counts)))?;
        if counts.rejected > 0 {
            let rows = counted(counts.rejected, "row went", "rows went");
            output.line(format_args!("{rows} to quarantine; see `sentinel status --quarantine`"))?;
        }
        let waiting = u64::try_from(self.0.iter().filter(|one| one.waits).count())?;
        if waiting > 0 {
            let waiting = counted(waiting, "run waits", "runs wait");
            output.remark(format_args!(
                "stopped: {waiting}; the same command goes on with what is left, and so does `sentinel runs resume`"
            ));
        }
        output.object(&json!({
            "runs": self.0.iter().map(outcome_json).collect::<Vec<_>>(),
            "counts": as_json::counts(counts),
            "waiting": waiting,
        }))?;
        Ok(())
    }

    fn counts(&self) -> MergeCounts {
        let mut counts = MergeCounts::default();
        for one in &self.0 {
            counts += one.run().counts;
        }
        counts
    }

    /// Rare outcomes that no row had have no column, and errors have one when there are any.
    fn table(&self, counts: MergeCounts) -> Table {
        const ALWAYS: [&str; 4] = ["inserted", "updated", "unchanged", "rejected"];
        let outcomes: Vec<RowOutcome> = outcomes()
            .into_iter()
            .filter(|(name, of)| ALWAYS.contains(name) || of(counts) > 0)
            .collect();
        let with_errors = self.0.iter().any(|one| one.error().is_some());
        let mut header = vec!["instrument", "interval", "run", "state", "fetched"];
        header.extend(outcomes.iter().map(|(name, _)| *name));
        header.extend(["from", "to"]);
        header.extend(with_errors.then_some("error"));
        let mut table = Table::new(header);
        for one in &self.0 {
            let Errand {
                instrument,
                created_instrument,
                run,
            } = &one.errand;
            let new = if *created_instrument { " (new)" } else { "" };
            let mut cells = vec![
                format!("{instrument}{new}"),
                run.series.interval.to_string(),
                run.id.to_string(),
                run.state.as_str().to_owned(),
                grouped(run.counts.fetched()),
            ];
            cells.extend(outcomes.iter().map(|(_, of)| grouped(of(run.counts))));
            let (from, to) = reached(run);
            cells.extend([from, to]);
            cells.extend(with_errors.then(|| one.error().unwrap_or("-").to_owned()));
            table.push(cells);
        }
        table
    }
}

fn outcome_json(outcome: &Outcome) -> Value {
    let Errand {
        instrument,
        created_instrument,
        run,
    } = &outcome.errand;
    let mut told = as_json::run(run);
    if let Some(fields) = told.as_object_mut() {
        fields.insert("instrument".to_owned(), as_json::instrument(instrument));
        fields.insert("created_instrument".to_owned(), json!(created_instrument));
        if let Some(unended) = &outcome.unended {
            fields.insert("error".to_owned(), json!(unended));
        }
    }
    told
}
