//! `sentinel status`: what is stored.

use std::collections::BTreeMap;

use domain::{
    IngestRun, Instrument, InstrumentFilter, InstrumentId, InstrumentOrder, InstrumentRepository, PriceHistory,
    PriceRepositoryError, QuarantinedRow, RunFilter, Series, SeriesCatalogue, Timestamp,
};
use serde_json::{Value, json};

use super::merge_words::opening;
use super::{Context, json as as_json};
use crate::command_line::StatusArgs;
use crate::exit::Exit;
use crate::output::{Table, counted, grouped};
use crate::store::Store;

/// Rows asked for at once.
const PAGE: usize = 1_000;

pub(super) async fn run(context: &Context, args: &StatusArgs) -> anyhow::Result<Exit> {
    let store = context.existing_store().await?;
    let output = context.output;
    let instruments: BTreeMap<InstrumentId, Instrument> =
        all_instruments(&*store.instruments, &InstrumentFilter::default())
            .await?
            .into_iter()
            .map(|instrument| (instrument.id, instrument))
            .collect();
    let mut series = Vec::new();
    for one in all_series(&*store.catalogue).await? {
        let last_run = store.runs.list(&RunFilter::of_series(one.key), 1, None).await?.pop();
        series.push((one, last_run));
    }
    series.sort_by_key(|(one, _)| (name(&instruments, one.key.instrument), one.key.interval));
    let bars = series
        .iter()
        .fold(0_u64, |bars, (one, _)| bars.saturating_add(one.count));
    let quarantine = Quarantine::read(&store, if args.quarantine { args.limit } else { 0 }).await?;

    output.line(format_args!(
        "{}: {}, {}, {}",
        context.config.database.adapter.location(),
        counted(u64::try_from(instruments.len())?, "instrument", "instruments"),
        counted(u64::try_from(series.len())?, "series", "series"),
        counted(bars, "bar", "bars"),
    ))?;
    if !series.is_empty() && !args.quarantine {
        output.line("")?;
        output.table(&table_of(&instruments, &series))?;
    }
    if quarantine.count > 0 || args.quarantine {
        output.line("")?;
        quarantine.print(context, &instruments, args)?;
    }
    output.object(&json!({
        "database": context.config.database.adapter.location(),
        "instruments": instruments.len(),
        "bars": bars,
        "quarantined": quarantine.count,
        "series": series.iter().map(|(one, run)| series_json(&instruments, one, run.as_ref())).collect::<Vec<_>>(),
        "quarantine": quarantine.listed.iter()
            .map(|row| as_json::quarantined(row, &name(&instruments, row.series.instrument)))
            .collect::<Vec<_>>(),
    }))?;
    Ok(Exit::Done)
}

/// All instruments that pass, by symbol.
pub(super) async fn all_instruments(
    repository: &dyn InstrumentRepository,
    filter: &InstrumentFilter,
) -> anyhow::Result<Vec<Instrument>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = repository.list(filter, InstrumentOrder::default(), PAGE, after).await?;
        all.extend(page.instruments);
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// The whole catalogue.
pub(super) async fn all_series(catalogue: &dyn SeriesCatalogue) -> Result<Vec<Series>, PriceRepositoryError> {
    let mut all: Vec<Series> = Vec::new();
    loop {
        let page = catalogue.list(PAGE, all.last().map(|last| last.key)).await?;
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

pub(super) fn name(instruments: &BTreeMap<InstrumentId, Instrument>, id: InstrumentId) -> String {
    instruments
        .get(&id)
        .map_or_else(|| format!("id:{id}"), ToString::to_string)
}

fn table_of(instruments: &BTreeMap<InstrumentId, Instrument>, series: &[(Series, Option<IngestRun>)]) -> Table {
    let mut table = Table::new([
        "instrument",
        "interval",
        "bars",
        "first",
        "last",
        "basis",
        "version",
        "source",
        "last run",
    ]);
    for (one, run) in series {
        let interval = one.key.interval;
        let run = run.as_ref().map_or_else(
            || "-".to_owned(),
            |run| {
                let at = run.finished_at.or(run.started_at).unwrap_or(run.created_at);
                let second: Timestamp = Timestamp::from_unix_seconds(at.unix_seconds()).unwrap_or(at);
                format!("{} {} {second}", run.id, run.state.as_str())
            },
        );
        table.push([
            name(instruments, one.key.instrument),
            interval.to_string(),
            grouped(one.count),
            opening(one.first, interval),
            opening(one.last, interval),
            one.basis.to_string(),
            one.version.to_string(),
            one.last_source
                .as_ref()
                .map_or_else(|| "-".to_owned(), ToString::to_string),
            run,
        ]);
    }
    table
}

fn series_json(instruments: &BTreeMap<InstrumentId, Instrument>, one: &Series, run: Option<&IngestRun>) -> Value {
    json!({
        "instrument_id": one.key.instrument.0,
        "instrument": name(instruments, one.key.instrument),
        "interval": one.key.interval.as_str(),
        "basis": one.basis.as_str(),
        "first": one.first.map(|at| at.to_string()),
        "last": one.last.map(|at| at.to_string()),
        "count": one.count,
        "version": one.version,
        "source": one.last_source.as_ref().map(domain::SourceName::as_str),
        "updated_at": one.updated_at.to_string(),
        "last_run": run.map(as_json::run),
    })
}

/// Rows that made no bar: how many there are, and the newest of them.
struct Quarantine {
    count: u64,
    listed: Vec<QuarantinedRow>,
}

impl Quarantine {
    async fn read(store: &Store, limit: usize) -> Result<Self, PriceRepositoryError> {
        let history: &dyn PriceHistory = &*store.history;
        let (mut count, mut listed, mut after) = (0_u64, std::collections::VecDeque::new(), 0);
        loop {
            let page = history.quarantine(None, PAGE, after).await?;
            let is_last = page.len() < PAGE;
            for row in page {
                count += 1;
                after = row.id;
                listed.push_back(row);
                if listed.len() > limit {
                    listed.pop_front();
                }
            }
            if is_last {
                return Ok(Self {
                    count,
                    listed: listed.into(),
                });
            }
        }
    }

    fn print(
        &self,
        context: &Context,
        instruments: &BTreeMap<InstrumentId, Instrument>,
        args: &StatusArgs,
    ) -> anyhow::Result<()> {
        let output = context.output;
        let rows = counted(self.count, "row", "rows");
        if !args.quarantine {
            output.line(format_args!("{rows} in quarantine; see `sentinel status --quarantine`"))?;
            return Ok(());
        }
        if self.count == 0 {
            output.line("no row is in quarantine")?;
            return Ok(());
        }
        let listed = u64::try_from(self.listed.len())?;
        let newest = if listed < self.count {
            format!(", the newest {}", grouped(listed))
        } else {
            String::new()
        };
        output.line(format_args!("{rows} in quarantine{newest}:"))?;
        let mut table = Table::new(["id", "instrument", "interval", "source", "reason", "row"]);
        for row in &self.listed {
            table.push([
                row.id.to_string(),
                name(instruments, row.series.instrument),
                row.series.interval.to_string(),
                row.source.to_string(),
                row.reason.clone(),
                row.raw.clone(),
            ]);
        }
        output.table(&table)?;
        Ok(())
    }
}
