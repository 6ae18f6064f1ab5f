//! `sentinel import`: files and folders, one after the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bar_formats::{NaiveTimes, ReadOptions, StampedAt};
use domain::import_bars::{ImportSettings, ImportedSeries};
use domain::resolve_instrument::WantedInstrument;
use domain::{Clock, MergeCounts};
use serde_json::{Value, json};

use super::merge_words::{Outcome, outcomes, reach, total};
use super::{Context, json as as_json};
use crate::clock::SystemClock;
use crate::command_line::{ImportArgs, Stamping};
use crate::exit::{Exit, UsageError};
use crate::import_file::{FileImporter, ImportedFile};
use crate::output::{Table, chain, counted, grouped};
use crate::stop::StopFlag;
use crate::use_cases::UseCases;

pub(super) async fn run(context: &Context, args: &ImportArgs) -> anyhow::Result<Exit> {
    let (options, settings) = said(args)?;
    super::check_calendar(args.calendar.as_ref())?;
    let mut report = Report::default();
    let mut files: Vec<PathBuf> = Vec::new();
    for path in &args.files {
        match bar_formats::bar_files(path) {
            Ok(found) => files.extend(found),
            Err(error) => report.failed(context, path, &error.into()),
        }
    }
    let store = context.store().await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let importer = FileImporter {
        use_cases: UseCases::over(&store, &context.config.ingest, &clock)?,
        instruments: store.instruments.clone(),
        stop: StopFlag::listening(),
    };
    for path in &files {
        match importer.import(path, &file_name(path), &options, &settings).await {
            Ok(imported) => report.imported(context, path, imported),
            Err(error) => report.failed(context, path, &error),
        }
        if importer.stop.is_raised() {
            report.exit = Exit::Failed;
            break;
        }
    }
    report.print(context)?;
    Ok(report.exit)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| path.display().to_string(), |name| name.display().to_string())
}

/// What the flags say about all files.
fn said(args: &ImportArgs) -> anyhow::Result<(ReadOptions, ImportSettings)> {
    let options = ReadOptions {
        symbol: args.symbol.clone(),
        interval: args.interval,
        columns: args.map.clone().unwrap_or_default(),
        no_header: args.no_header,
        date_format: args.date_format.clone(),
        naive_times: args.timezone.clone().map_or(NaiveTimes::Refused, NaiveTimes::In),
        session_zone: args.timezone.clone(),
        stamped_at: match args.timestamps {
            Stamping::Open => StampedAt::Open,
            Stamping::Close => StampedAt::Close,
        },
    };
    // The import replaces the symbol by each row's; this one stands for none.
    let nobody: domain::Symbol = "-".parse()?;
    let settings = ImportSettings {
        source: args.source.clone(),
        basis: args.basis,
        complete: args.complete,
        instrument: WantedInstrument {
            exchange: args.exchange.clone(),
            asset_class: args.asset_class,
            currency: args.currency.clone(),
            calendar: args.calendar.clone(),
            ..WantedInstrument::called(nobody)
        },
    };
    Ok((options, settings))
}

/// What became of all files.
#[derive(Default)]
struct Report {
    series: Vec<(String, ImportedSeries)>,
    files: Vec<Value>,
    counts: MergeCounts,
    failures: u64,
    exit: Exit,
}

impl Report {
    fn imported(&mut self, context: &Context, path: &Path, imported: ImportedFile) {
        let file = path.display().to_string();
        let ImportedFile {
            series,
            ignored_columns,
            warnings,
            ended_early,
        } = imported;
        for warning in &warnings {
            context.output.remark(format_args!("warning: {file}: {warning}"));
        }
        if !ignored_columns.is_empty() {
            let columns = ignored_columns.join(", ");
            context
                .output
                .remark(format_args!("note: {file}: columns that are not read: {columns}"));
        }
        let mut told = json!({
            "file": file,
            "series": series.iter().map(series_json).collect::<Vec<_>>(),
            "ignored_columns": ignored_columns,
            "warnings": warnings,
        });
        if let (Some(error), Some(fields)) = (&ended_early, told.as_object_mut()) {
            let text = self.remark_failure(context, &file, error);
            fields.insert("error".to_owned(), text.into());
            self.exit = self.exit.max(Exit::Failed);
        }
        self.files.push(told);
        for one in series {
            self.counts += one.counts;
            if one.counts.rejected > 0 {
                self.exit = self.exit.max(Exit::InPart);
            }
            self.series.push((file_name(path), one));
        }
    }

    fn failed(&mut self, context: &Context, path: &Path, error: &anyhow::Error) {
        let file = path.display().to_string();
        let text = self.remark_failure(context, &file, error.as_ref());
        self.files.push(json!({ "file": file, "error": text }));
        self.exit = self.exit.max(if error.is::<UsageError>() {
            Exit::WrongUsage
        } else {
            Exit::Failed
        });
    }

    /// Counts the failure, and says why.
    fn remark_failure(&mut self, context: &Context, file: &str, error: &(dyn std::error::Error + 'static)) -> String {
        let text = chain(error);
        // Errors of the file itself name it, with the place in it.
        let told = if text.contains(file) {
            text.clone()
        } else {
            format!("{file}: {text}")
        };
        context.output.remark(format_args!("error: {told}"));
        self.failures += 1;
        text
    }

    fn print(&self, context: &Context) -> anyhow::Result<()> {
        let output = context.output;
        if !self.series.is_empty() {
            output.table(&self.table())?;
            output.line("")?;
            let series = counted(u64::try_from(self.series.len())?, "series", "series");
            output.line(format_args!("{series}, {}", total(self.counts)))?;
        }
        if self.counts.rejected > 0 {
            let rows = counted(self.counts.rejected, "row went", "rows went");
            output.line(format_args!("{rows} to quarantine; see `sentinel status --quarantine`"))?;
        }
        if self.failures > 0 && self.files.len() > 1 {
            let failures = counted(self.failures, "file was", "files were");
            output.line(format_args!("{failures} not imported, or not to the end"))?;
        }
        output.object(&json!({
            "files": self.files,
            "counts": as_json::counts(self.counts),
            "failed_files": self.failures,
        }))?;
        Ok(())
    }

    /// Outcomes that no row had have no column.
    fn table(&self) -> Table {
        let outcomes: Vec<Outcome> = outcomes()
            .into_iter()
            .filter(|(name, of)| *name == "inserted" || of(self.counts) > 0)
            .collect();
        let mut header = vec!["file", "instrument", "interval", "rows"];
        header.extend(outcomes.iter().map(|(name, _)| *name));
        header.extend(["from", "to"]);
        let mut table = Table::new(header);
        for (file, one) in &self.series {
            let name = if one.created {
                format!("{} (new)", one.instrument)
            } else {
                one.instrument.to_string()
            };
            let mut cells = vec![
                file.clone(),
                name,
                one.interval.to_string(),
                grouped(one.counts.fetched()),
            ];
            cells.extend(outcomes.iter().map(|(_, of)| grouped(of(one.counts))));
            let (from, to) = reach(one.range, one.interval);
            cells.extend([from, to]);
            table.push(cells);
        }
        table
    }
}

fn series_json(imported: &ImportedSeries) -> Value {
    let ImportedSeries {
        instrument,
        created,
        interval,
        run,
        counts,
        range,
    } = imported;
    json!({
        "instrument": as_json::instrument(instrument),
        "created": created,
        "interval": interval.as_str(),
        "run_id": run.0,
        "counts": as_json::counts(*counts),
        "range": as_json::range(*range),
    })
}
