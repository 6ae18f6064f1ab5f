//! `sentinel ingest --dry-run`: what would be asked for, and how much that is.

use std::sync::Arc;

use domain::ingest::{IngestPlan, SeriesPlan};
use domain::{Clock, Interval, Providers, TimeRange, Timestamp};
use serde_json::{Value, json};

use super::{order, refused};
use crate::clock::SystemClock;
use crate::command::{Context, json as as_json, providers::quota};
use crate::command_line::IngestArgs;
use crate::config::{Adapter, DatabaseConfig};
use crate::exit::Exit;
use crate::output::{Table, counted, grouped};
use crate::run_executor::OwnErrand;
use crate::store::Store;
use crate::use_cases::UseCases;

pub(super) async fn run(context: &Context, args: &IngestArgs, providers: Arc<Providers>) -> anyhow::Result<Exit> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let nowhere = tempfile::tempdir()?;
    let store = match &context.config.database.adapter {
        // Looking does not make a database: an empty one elsewhere says the same.
        Adapter::Sqlite(path) if !path.exists() => {
            let empty = DatabaseConfig {
                adapter: Adapter::Sqlite(nowhere.path().join("empty.db")),
                migrate: true,
            };
            Store::open(&empty, Arc::clone(&clock)).await?
        }
        _ => context.existing_store().await?,
    };
    let use_cases = UseCases::over(&store, &context.config.ingest, &clock)?;
    let order = order::read(context, args, &store, &providers).await?;
    let ingest = use_cases.ingest(&store, Arc::clone(&providers), Arc::new(OwnErrand));
    let plan = ingest
        .plan(&order)
        .await
        .map_err(|error| refused(error, &order, &providers))?;
    print(context, &plan)?;
    Ok(Exit::Done)
}

fn print(context: &Context, plan: &IngestPlan) -> anyhow::Result<()> {
    let output = context.output;
    let IngestPlan {
        provider,
        interval,
        series,
        budgets,
    } = plan;
    let mut table = Table::new([
        "instrument",
        "spelling",
        "interval",
        "would be asked for",
        "calls",
        "bars",
    ]);
    for one in series {
        let ranges: Vec<String> = one.fetch.iter().map(|range| stretch(*range, *interval)).collect();
        table.push([
            name(one),
            one.spelling.to_string(),
            interval.to_string(),
            if ranges.is_empty() {
                "-".to_owned()
            } else {
                ranges.join(", ")
            },
            or_unknown(one.calls),
            or_unknown(one.bars),
        ]);
    }
    output.table(&table)?;
    for one in series {
        for remark in &one.remarks {
            output.line(format_args!("{}: {remark}", name(one)))?;
        }
    }
    let (calls, bars) = (sum(series, |one| one.calls), sum(series, |one| one.bars));
    let about = |(known, all_known): (u64, bool), one: &str, many: &str| match (known, all_known) {
        (_, true) => format!("about {}", counted(known, one, many)),
        (0, false) => format!("nobody knows how many {many}"),
        (_, false) => format!("at least {}", counted(known, one, many)),
    };
    output.line(format_args!(
        "\n{}, {}; quota of {provider} left: {}",
        about(calls, "call", "calls"),
        about(bars, "bar", "bars"),
        quota(budgets),
    ))?;
    let all_of = |(known, all_known): (u64, bool)| all_known.then_some(known);
    output.object(&json!({
        "provider": provider.as_str(),
        "interval": interval.as_str(),
        "series": series.iter().map(series_json).collect::<Vec<_>>(),
        "calls": all_of(calls),
        "bars": all_of(bars),
        "budgets": budgets.iter().map(as_json::budget).collect::<Vec<_>>(),
    }))?;
    Ok(())
}

fn name(plan: &SeriesPlan) -> String {
    match &plan.instrument {
        Some(instrument) => instrument.to_string(),
        None => format!("{} (new)", plan.details.symbol),
    }
}

/// `2014-01-01 to 2024-06-01`, end excluded, with words for open ends.
fn stretch(range: TimeRange, interval: Interval) -> String {
    let shown = |instant: Timestamp| {
        if interval.is_intraday() || !instant.is_midnight() {
            // Fractions of the second in which it was planned interest nobody.
            Timestamp::from_unix_seconds(instant.unix_seconds())
                .unwrap_or(instant)
                .to_string()
        } else {
            instant.date().to_string()
        }
    };
    let start = if range.start() == Timestamp::MIN {
        "the first bar".to_owned()
    } else {
        shown(range.start())
    };
    format!("{start} to {}", shown(range.end()))
}

fn or_unknown(number: Option<u64>) -> String {
    number.map_or_else(|| "-".to_owned(), grouped)
}

/// The sum of what is known, and whether that is all.
fn sum(series: &[SeriesPlan], of: impl Fn(&SeriesPlan) -> Option<u64>) -> (u64, bool) {
    let known = series.iter().filter_map(&of).fold(0_u64, u64::saturating_add);
    (known, series.iter().all(|one| of(one).is_some()))
}

fn series_json(plan: &SeriesPlan) -> Value {
    let remarks: Vec<Value> = plan
        .remarks
        .iter()
        .map(|remark| json!({ "code": remark.code(), "text": remark.to_string() }))
        .collect();
    json!({
        "instrument": plan.instrument.as_ref().map(as_json::instrument),
        "symbol": plan.details.symbol.as_str(),
        "spelling": plan.spelling.as_str(),
        "asked": as_json::asked(plan.asked),
        "fetch": plan.fetch.iter().map(|range| as_json::asked(*range)).collect::<Vec<_>>(),
        "calls": plan.calls,
        "bars": plan.bars,
        "remarks": remarks,
    })
}
