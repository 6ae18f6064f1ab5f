//! `sentinel copy`: everything from one database to another.

use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::Context as _;
use domain::Part;
use domain::copy_store::{CopiedPart, CopyError, CopyProgress, CopyStage, CopyStore, LineHash};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Context;
use crate::clock::SystemClock;
use crate::command_line::CopyArgs;
use crate::config::{Adapter, DatabaseConfig};
use crate::exit::{Exit, UsageError};
use crate::output::{Output, Progress, Table, counted, grouped};
use crate::stop::StopFlag;
use crate::store::Store;

pub(super) async fn run(context: &Context, args: &CopyArgs) -> anyhow::Result<Exit> {
    // `--from` stands in for the configured database.
    let from = &context.config.database;
    let to = DatabaseConfig::of_flag("--to", &args.to)?;
    if from.adapter.is_same_as(&to.adapter) {
        let problem = format!(
            "--from and --to name the same database, {}: name another one to copy to",
            from.shown()
        );
        return Err(UsageError(problem).into());
    }
    refuse_missing(from)?;
    let source = Store::open_existing(from, Arc::new(SystemClock))
        .await
        .context("--from cannot be opened")?;
    let target = Store::open(&to, Arc::new(SystemClock))
        .await
        .context("--to cannot be opened")?;
    let mut telling = Telling::new(StopFlag::listening());
    let parts = CopyStore::new(source.transfer, target.transfer)
        .copy(&new_hash, &mut |progress| telling.tell(progress))
        .await
        .map_err(usage_or_failure)?;
    drop(telling);
    print(context.output, from, &to, &parts)?;
    Ok(Exit::Done)
}

/// The source is never made.
fn refuse_missing(from: &DatabaseConfig) -> Result<(), UsageError> {
    let Adapter::Sqlite(path) = &from.adapter else {
        // A server says so itself when it has no such database.
        return Ok(());
    };
    if path.exists() {
        return Ok(());
    }
    let path = path.display();
    Err(UsageError(format!(
        "there is no database at {path} to copy: name one that is there with --from sqlite:FILE"
    )))
}

/// A target with other data is mended by naming another one.
fn usage_or_failure(error: CopyError) -> anyhow::Error {
    match error {
        CopyError::OtherContent(_) => UsageError(error.to_string()).into(),
        other => other.into(),
    }
}

/// SHA-256 of the lines, each with its line end.
struct Sha256Lines(Sha256);

impl LineHash for Sha256Lines {
    fn take(&mut self, line: &str) {
        self.0.update(line);
        self.0.update("\n");
    }

    fn finish(self: Box<Self>) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn new_hash() -> Box<dyn LineHash> {
    Box::new(Sha256Lines(Sha256::new()))
}

/// Shows how far the copy is, part by part, until somebody asks to stop.
struct Telling {
    stop: StopFlag,
    shown: Option<(CopyStage, Part, Progress)>,
}

impl Telling {
    fn new(stop: StopFlag) -> Self {
        Self { stop, shown: None }
    }

    fn tell(&mut self, progress: CopyProgress) -> ControlFlow<()> {
        let CopyProgress {
            stage,
            part,
            records,
            total,
        } = progress;
        match &mut self.shown {
            Some((shown_stage, shown_part, bar)) if (*shown_stage, *shown_part) == (stage, part) => bar.reach(records),
            shown => {
                let what = match stage {
                    CopyStage::Resuming => "looking at",
                    CopyStage::Copying => "copying",
                    CopyStage::Verifying => "comparing",
                };
                // The former bar goes before the next one comes.
                *shown = None;
                let mut bar = Progress::begin(&format!("{what} {part}"), total);
                bar.reach(records);
                *shown = Some((stage, part, bar));
            }
        }
        if self.stop.is_raised() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

fn print(output: Output, from: &DatabaseConfig, to: &DatabaseConfig, parts: &[CopiedPart]) -> anyhow::Result<()> {
    let mut table = Table::new(["part", "records", "copied now"]);
    let (mut records, mut copied) = (0_u64, 0_u64);
    let mut whole = new_hash();
    for part in parts {
        whole.take(&format!("{} {}", part.part, part.hash));
        // Not data: they only keep numbers from being given twice.
        if part.part == Part::Counters {
            continue;
        }
        records += part.records;
        copied += part.copied;
        table.push([part.part.to_string(), grouped(part.records), grouped(part.copied)]);
    }
    let hash = whole.finish();
    output.table(&table)?;
    output.line(format_args!(
        "\n{} has everything that {} has, digit for digit: {}, {} of them copied now",
        to.shown(),
        from.shown(),
        counted(records, "record", "records"),
        grouped(copied),
    ))?;
    output.line(format_args!("hash {hash}"))?;
    let told: Vec<_> = parts
        .iter()
        .map(|part| {
            json!({
                "part": part.part.as_str(),
                "records": part.records,
                "copied": part.copied,
                "hash": part.hash,
            })
        })
        .collect();
    output.object(&json!({
        "from": from.shown(),
        "to": to.shown(),
        "records": records,
        "copied": copied,
        "parts": told,
        "hash": hash,
    }))?;
    Ok(())
}
