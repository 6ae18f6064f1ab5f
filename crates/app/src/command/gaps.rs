//! `sentinel gaps`: bars that should be there and are not.

use std::sync::Arc;

use domain::query_gaps::{GapFilter, GapRequest, GapsError};
use domain::{Clock, Instrument, InstrumentFilter, Interval, Stretch, TimeRange};
use serde_json::{Value, json};

use super::merge_words::opening;
use super::status::all_instruments;
use super::{Context, named_instruments};
use crate::clock::SystemClock;
use crate::command_line::GapsArgs;
use crate::exit::{Exit, UsageError};
use crate::output::{Table, counted, grouped};
use crate::store::Store;
use crate::use_cases::UseCases;

/// Stretches asked for at once.
const PAGE: usize = 1_000;

pub(super) async fn run(context: &Context, args: &GapsArgs) -> anyhow::Result<Exit> {
    if let Some((start, end)) = args.start.zip(args.end) {
        TimeRange::new(start, end).map_err(|error| UsageError(format!("--start and --end: {error}")))?;
    }
    let store = context.existing_store().await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let use_cases = UseCases::over(&store, &context.config.ingest, &clock)?;
    let (mut missing, mut looked_at) = (Vec::new(), 0_usize);
    for (instrument, interval) in wanted(context, &store, &use_cases, args).await? {
        let request = GapRequest {
            instrument,
            interval,
            start: args.start,
            end: args.end,
            filter: args.state,
            after: None,
        };
        match all_stretches(&use_cases, request.clone()).await {
            Ok(stretches) => {
                looked_at += 1;
                missing.extend(stretches.into_iter().map(|stretch| Missing {
                    series: request.instrument.clone(),
                    interval,
                    stretch,
                }));
            }
            Err(error @ GapsError::NoBars { .. }) => context.output.remark(format_args!("note: {error}")),
            Err(error) => return Err(error.into()),
        }
    }
    if looked_at == 0 {
        context.output.line("there is no series to look at")?;
    } else if missing.is_empty() {
        context.output.line(match args.state {
            GapFilter::Unknown => "there is no gap",
            GapFilter::ConfirmedEmpty => "no bar is confirmed to be empty",
            GapFilter::All => "no bar is missing",
        })?;
    }
    print(context, args, &missing)?;
    Ok(Exit::Done)
}

/// An instrument that lacks bars, and which.
struct Missing {
    series: Instrument,
    interval: Interval,
    stretch: Stretch,
}

/// The series to look at: those that are stored, and one that is named in whole also when it is not.
async fn wanted(
    context: &Context,
    store: &Store,
    use_cases: &UseCases,
    args: &GapsArgs,
) -> anyhow::Result<Vec<(Instrument, Interval)>> {
    let instruments = if args.symbols.is_empty() {
        all_instruments(&*store.instruments, &InstrumentFilter::default()).await?
    } else {
        named_instruments::find(use_cases, &args.symbols).await?
    };
    let mut wanted = Vec::new();
    for instrument in instruments {
        let stored = store.catalogue.of_instrument(instrument.id).await?;
        let stored = stored.iter().map(|series| series.key.interval);
        let intervals: Vec<_> = match args.interval {
            Some(interval) if !args.symbols.is_empty() => vec![interval],
            chosen => stored
                .filter(|stored| chosen.is_none_or(|chosen| chosen == *stored))
                .collect(),
        };
        if intervals.is_empty() && !args.symbols.is_empty() {
            context.output.remark(format_args!(
                "note: nothing is stored of {instrument}: give --interval and --start to see what is missing"
            ));
        }
        wanted.extend(intervals.into_iter().map(|interval| (instrument.clone(), interval)));
    }
    Ok(wanted)
}

async fn all_stretches(use_cases: &UseCases, mut request: GapRequest) -> Result<Vec<Stretch>, GapsError> {
    let mut all = Vec::new();
    loop {
        let page = use_cases.gaps.page(&request, PAGE).await?;
        all.extend(page.stretches);
        request.after = page.next;
        if request.after.is_none() {
            return Ok(all);
        }
    }
}

fn print(context: &Context, args: &GapsArgs, missing: &[Missing]) -> anyhow::Result<()> {
    let output = context.output;
    let bars = missing
        .iter()
        .fold(0_u64, |bars, one| bars.saturating_add(one.stretch.count));
    if !missing.is_empty() {
        let mut table = Table::new(["instrument", "interval", "state", "first", "last", "bars"]);
        for Missing {
            series,
            interval,
            stretch,
        } in missing
        {
            table.push([
                series.to_string(),
                interval.to_string(),
                stretch.state.to_string(),
                opening(Some(stretch.first), *interval),
                opening(Some(stretch.last), *interval),
                grouped(stretch.count),
            ]);
        }
        output.table(&table)?;
        output.line("")?;
        output.line(format_args!(
            "{} missing in {}",
            counted(bars, "bar is", "bars are"),
            counted(u64::try_from(missing.len())?, "stretch", "stretches"),
        ))?;
    }
    output.object(&json!({
        "state": args.state.as_str(),
        "bars": bars,
        "gaps": missing.iter().map(gap_json).collect::<Vec<_>>(),
    }))?;
    Ok(())
}

fn gap_json(missing: &Missing) -> Value {
    let Missing {
        series,
        interval,
        stretch: Stretch {
            state,
            first,
            last,
            count,
        },
    } = missing;
    json!({
        "instrument_id": series.id.0,
        "instrument": series.to_string(),
        "interval": interval.as_str(),
        "state": state.as_str(),
        "first": first.to_string(),
        "last": last.to_string(),
        "count": count,
    })
}
