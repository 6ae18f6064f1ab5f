//! `sentinel demo`: real data in, served, and what to try.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bar_formats::ReadOptions;
use domain::import_bars::{ImportSettings, RowsError};
use domain::resolve_instrument::WantedInstrument;
use domain::{ActionBatch, Basis, Clock, Currency, InstrumentReference, MergeCounts};
use serde_json::json;

use super::{Context, json as as_json};
use crate::application::Application;
use crate::clock::SystemClock;
use crate::command_line::DemoArgs;
use crate::demo::{SAMPLES, Sample, actions_of};
use crate::exit::Exit;
use crate::import_file::FileImporter;
use crate::metrics::Recorder;
use crate::output::{Table, counted, grouped};
use crate::stop::StopFlag;
use crate::store::Store;
use crate::use_cases::UseCases;

pub(super) async fn run(context: Context, args: &DemoArgs, began: Instant) -> anyhow::Result<Exit> {
    let output = context.output;
    if !args.no_serve {
        // A busy port is told before the work, not after it.
        crate::application::refuse_busy(context.config.server.listen)?;
    }
    let recorder = Arc::new(Recorder::new()?);
    let stop = StopFlag::listening();
    let (counts, actions) = import(&context, &recorder, &stop).await?;
    let database = match args.configured {
        true => context.config.database.shown(),
        false => args.database.display().to_string(),
    };
    output.line(format_args!("\n{}", told(&database, counts, actions)))?;
    if args.no_serve {
        output.object(&json!({
            "database": database,
            "counts": as_json::counts(counts),
            "corporate_actions": as_json::counts(actions),
        }))?;
        return Ok(Exit::Done);
    }
    let application = Application::build_on(context.config, recorder, stop).await?;
    application.log_start(began);
    let url = format!("http://{}", application.address());
    output.line(format_args!("\nlistening on {url}"))?;
    output.line(what_to_try(&url))?;
    output.object(&json!({
        "database": database,
        "counts": as_json::counts(counts),
        "corporate_actions": as_json::counts(actions),
        "listening": url,
    }))?;
    application.run_until_stopped().await?;
    Ok(Exit::Done)
}

fn told(database: &str, bars: MergeCounts, actions: MergeCounts) -> String {
    let mut both = bars;
    both += actions;
    let sample = format!(
        "{} and {}",
        counted(bars.fetched(), "bar", "bars"),
        counted(actions.fetched(), "split or dividend", "splits and dividends")
    );
    match both.inserted + both.updated {
        0 => format!("{database} has the sample already: {sample}"),
        changed => format!("{database} has the sample: {sample}, {} of them new", grouped(changed)),
    }
}

fn what_to_try(url: &str) -> String {
    let apple = format!("{url}/api/v1/instruments/AAPL/prices");
    let bitcoin = format!("{url}/api/v1/instruments/BTC-USD/prices");
    format!(
        "\nOpen\n  {url}/docs/  every endpoint, to try in the browser\n  {url}/api/v1/instruments  what is here\n\n\
         Apple across its 7:1 split of 2014-06-09, as it was traded:\n  \
         curl '{apple}?start=2014-06-05&end=2014-06-11&format=csv'\n\
         The same in today's shares:\n  \
         curl '{apple}?start=2014-06-05&end=2014-06-11&adjustment=split&format=csv'\n\
         Bitcoin by weeks, built from its days:\n  \
         curl '{bitcoin}?interval=1w&start=2017-11-01&end=2018-02-01&format=csv'\n\n\
         Ctrl-C stops it."
    )
}

/// Takes the sample through the pipeline that every import takes.
async fn import(
    context: &Context,
    recorder: &Arc<Recorder>,
    stop: &StopFlag,
) -> anyhow::Result<(MergeCounts, MergeCounts)> {
    let store = context.store().await?.counted_by(recorder);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let importer = FileImporter {
        use_cases: UseCases::over(&store, &context.config.ingest, &clock)?,
        instruments: store.instruments.clone(),
        stop: stop.clone(),
    };
    let folder = tempfile::tempdir()?;
    let mut table = Table::new(["instrument", "interval", "bars", "new", "source"]);
    let (mut bars, mut actions) = (MergeCounts::default(), MergeCounts::default());
    for sample in &SAMPLES {
        let path = folder.path().join(sample.file);
        std::fs::write(&path, sample.csv)?;
        bars += import_sample(&importer, &path, sample, &mut table).await?;
        std::fs::remove_file(&path)?;
        if importer.stop.is_raised() {
            return Err(RowsError::Stopped.into());
        }
    }
    for (symbol, source) in SAMPLES
        .iter()
        .map(|sample| (sample.symbol, sample.source))
        .collect::<std::collections::BTreeSet<_>>()
    {
        actions += import_actions(&store, &importer.use_cases, context, symbol, source).await?;
    }
    context.output.table(&table)?;
    Ok((bars, actions))
}

async fn import_sample(
    importer: &FileImporter,
    path: &Path,
    sample: &Sample,
    table: &mut Table,
) -> anyhow::Result<MergeCounts> {
    let symbol: domain::Symbol = sample.symbol.parse()?;
    let options = ReadOptions {
        symbol: Some(symbol.clone()),
        interval: Some(sample.interval),
        ..ReadOptions::default()
    };
    let settings = ImportSettings {
        source: sample.source.parse()?,
        basis: Basis::Raw,
        complete: false,
        instrument: WantedInstrument {
            exchange: sample.exchange.map(str::parse).transpose()?,
            asset_class: Some(sample.asset_class),
            currency: Some("USD".parse::<Currency>()?),
            calendar: Some(sample.calendar.parse()?),
            name: Some(sample.name.to_owned()),
            ..WantedInstrument::called(symbol)
        },
    };
    let imported = importer.import(path, sample.symbol, &options, &settings).await?;
    if let Some(error) = imported.ended_early {
        return Err(error.into());
    }
    let mut counts = MergeCounts::default();
    for series in imported.series {
        counts += series.counts;
        table.push([
            series.instrument.to_string(),
            series.interval.to_string(),
            grouped(series.counts.fetched()),
            grouped(series.counts.inserted),
            sample.origin.to_owned(),
        ]);
    }
    Ok(counts)
}

async fn import_actions(
    store: &Store,
    use_cases: &UseCases,
    context: &Context,
    symbol: &str,
    source: &str,
) -> anyhow::Result<MergeCounts> {
    let actions = actions_of(symbol)?;
    if actions.is_empty() {
        return Ok(MergeCounts::default());
    }
    let reference: InstrumentReference = symbol.parse()?;
    let batch = ActionBatch {
        instrument: use_cases.resolve.one(&reference).await?.id,
        actions,
        source: source.parse()?,
        // The sample ends in 2021: later splits are not in it.
        complete: false,
        precedence: context.config.ingest.precedence.clone(),
    };
    Ok(store.actions.merge(batch).await?)
}
