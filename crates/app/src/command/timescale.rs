//! `sentinel timescale`: the table of bars as a hypertable.

use diesel_postgres::{
    Hypertable, PostgresSettings, StepOutcome, TimescaleOptions, TimescaleReport, TimescaleStatus, enable_timescale,
    timescale_status,
};
use serde_json::{Value, json};

use super::Context;
use crate::command_line::TimescaleCommand;
use crate::config::Adapter;
use crate::exit::{Exit, UsageError};
use crate::output::{Output, Table, counted, grouped};
use crate::store;

pub(super) async fn run(context: &Context, command: TimescaleCommand) -> anyhow::Result<Exit> {
    let settings = server(context)?;
    match command {
        TimescaleCommand::Enable(args) => {
            if context.config.database.migrate {
                store::migrate_up(&context.config.database).await?;
            }
            let options = TimescaleOptions {
                chunk_days: args.chunk_days,
                compress_after_days: args.compress_after_days,
            };
            tell_report(&enable_timescale(settings, options).await?, context.output)?;
        }
        TimescaleCommand::Status => tell_status(&timescale_status(settings).await?, context.output)?,
    }
    Ok(Exit::Done)
}

/// Only a server can have the extension.
fn server(context: &Context) -> anyhow::Result<&PostgresSettings> {
    match &context.config.database.adapter {
        Adapter::Postgres(settings) => Ok(settings),
        sqlite @ Adapter::Sqlite(_) => Err(UsageError(format!(
            "the database is {}, and TimescaleDB is an extension of PostgreSQL: name a server with --database-url \
             postgres://USER:PASSWORD@HOST:5432/DATABASE",
            sqlite.location()
        ))
        .into()),
    }
}

fn tell_report(report: &TimescaleReport, output: Output) -> anyhow::Result<()> {
    let TimescaleReport {
        extension,
        hypertable,
        compression,
        policy,
        status,
    } = report;
    let table = status.hypertable.as_ref();
    let mut steps = Table::new(["step", "outcome", "now"]);
    steps.push(["extension", said(*extension), &version(status)]);
    steps.push(["hypertable", said(*hypertable), &table.map(chunks).unwrap_or_default()]);
    steps.push([
        "compression",
        said(*compression),
        "by instrument and interval, in order of time",
    ]);
    steps.push(["policy", said(*policy), &table.map(policy_of).unwrap_or_default()]);
    output.table(&steps)?;
    warn(table, output);
    output.object(&json!({
        "extension": word(*extension),
        "hypertable": word(*hypertable),
        "compression": word(*compression),
        "policy": word(*policy),
        "status": json_of(status),
    }))?;
    Ok(())
}

fn tell_status(status: &TimescaleStatus, output: Output) -> anyhow::Result<()> {
    let mut facts = Table::new(["what", "now"]);
    facts.push(["extension", &version(status)]);
    match &status.hypertable {
        None => facts.push([
            "bars",
            "a plain table: `sentinel timescale enable` makes it a hypertable",
        ]),
        Some(table) => {
            facts.push(["bars", &chunks(table)]);
            facts.push(["policy", &policy_of(table)]);
            facts.push(["compressed", &compressed(table)]);
        }
    }
    output.table(&facts)?;
    warn(status.hypertable.as_ref(), output);
    output.object(&json_of(status))?;
    Ok(())
}

fn warn(table: Option<&Hypertable>, output: Output) {
    for index in table.iter().flat_map(|table| &table.time_indexes) {
        output.remark(format_args!(
            "warning: the index {index} begins with the time and draws the planner away from the key: DROP INDEX {index}"
        ));
    }
}

fn said(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Done => "done",
        StepOutcome::Changed => "changed",
        StepOutcome::AlreadyThere => "already there",
    }
}

fn word(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Done => "done",
        StepOutcome::Changed => "changed",
        StepOutcome::AlreadyThere => "already_there",
    }
}

fn version(status: &TimescaleStatus) -> String {
    match (&status.installed, &status.available) {
        (Some(version), _) => format!("TimescaleDB {version}"),
        (None, Some(version)) => format!("not in this database; the server has TimescaleDB {version}"),
        (None, None) => "the server has no TimescaleDB".to_owned(),
    }
}

fn chunks(table: &Hypertable) -> String {
    let number = counted(unsigned(table.chunks), "chunk", "chunks");
    match table.chunk_days {
        Some(days) => format!("{number}, of {} each", counted(unsigned(days), "day", "days")),
        None => format!("{number}, not of whole days"),
    }
}

fn policy_of(table: &Hypertable) -> String {
    match table.compress_after_days {
        Some(days) => {
            let days = counted(unsigned(days), "day", "days");
            format!("chunks that ended {days} ago are compressed, in the background")
        }
        None => "none: no chunk is compressed by itself".to_owned(),
    }
}

fn compressed(table: &Hypertable) -> String {
    let kilobytes = |bytes: i64| grouped(unsigned(bytes).div_ceil(1_000));
    match (table.compression, table.compressed_chunks) {
        (false, _) => "compression is off: `sentinel timescale enable` sets it up".to_owned(),
        (true, 0) => "no chunk yet".to_owned(),
        (true, number) => format!(
            "{}, from {} to {} kB",
            counted(unsigned(number), "chunk", "chunks"),
            kilobytes(table.bytes_before),
            kilobytes(table.bytes_after)
        ),
    }
}

/// The server counts in signed numbers.
fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn json_of(status: &TimescaleStatus) -> Value {
    let TimescaleStatus {
        available,
        installed,
        hypertable,
    } = status;
    let table = hypertable.as_ref().map(|table| {
        let Hypertable {
            chunk_days,
            chunks,
            compression,
            compress_after_days,
            compressed_chunks,
            bytes_before,
            bytes_after,
            time_indexes,
        } = table;
        json!({
            "chunk_days": chunk_days,
            "chunks": chunks,
            "compression": compression,
            "compress_after_days": compress_after_days,
            "compressed_chunks": compressed_chunks,
            "bytes_before": bytes_before,
            "bytes_after": bytes_after,
            "time_indexes": time_indexes,
        })
    });
    json!({ "available": available, "installed": installed, "hypertable": table })
}
