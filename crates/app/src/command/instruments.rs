//! `sentinel instruments`: list, show, add, edit, remove.

use domain::resolve_instrument::{ResolutionError, ResolveInstrument, WantedInstrument};
use domain::{
    CorporateAction, Instrument, InstrumentDetails, InstrumentFilter, InstrumentReference, InstrumentRepositoryError,
    calendar,
};
use serde_json::json;

use super::merge_words::opening;
use super::status::all_instruments;
use super::{Context, json as as_json};
use crate::command_line::{InstrumentsCommand, ListArgs, SaidOfInstrument};
use crate::exit::{Exit, UsageError};
use crate::output::{Table, counted, grouped};
use crate::store::Store;

pub(super) async fn run(context: &Context, command: InstrumentsCommand) -> anyhow::Result<Exit> {
    match command {
        InstrumentsCommand::List(args) => list(context, args).await?,
        InstrumentsCommand::Show { instrument } => show(context, &instrument).await?,
        InstrumentsCommand::Add { symbol, said } => {
            let store = context.store().await?;
            let wanted = WantedInstrument {
                exchange: said.exchange.clone(),
                asset_class: said.asset_class,
                currency: said.currency.clone(),
                calendar: said.calendar.clone(),
                name: said.name.clone(),
                ..WantedInstrument::called(symbol)
            };
            let mut details = wanted.details();
            details.provider_symbols.extend(said.provider_symbols);
            let added = store.instruments.create(known_calendar(details)?).await?;
            print(context, "added", &added)?;
        }
        InstrumentsCommand::Edit {
            instrument,
            symbol,
            active,
            said,
        } => {
            let store = context.existing_store().await?;
            let found = find(&store, &instrument).await?;
            let mut details = edited(found.details.clone(), *said);
            details.symbol = symbol.unwrap_or(details.symbol);
            details.active = active.unwrap_or(details.active);
            let changed = store.instruments.update(found.id, known_calendar(details)?).await?;
            let what = if changed.details == found.details {
                "unchanged"
            } else {
                "changed"
            };
            print(context, what, &changed)?;
        }
        InstrumentsCommand::Remove { instrument, cascade } => remove(context, &instrument, cascade).await?,
    }
    Ok(Exit::Done)
}

async fn find(store: &Store, reference: &InstrumentReference) -> Result<Instrument, ResolutionError> {
    ResolveInstrument::new(store.instruments.clone()).one(reference).await
}

/// A calendar that nobody knows would silently behave like the fallback.
fn known_calendar(details: InstrumentDetails) -> anyhow::Result<InstrumentDetails> {
    super::check_calendar(Some(&details.calendar))?;
    Ok(details)
}

/// What was said replaces what was known; a calendar that was the default of its class and exchange stays the default.
fn edited(known: InstrumentDetails, said: SaidOfInstrument) -> InstrumentDetails {
    let default = calendar::default_calendar(known.asset_class, known.exchange.as_ref());
    let followed_default = known.calendar == default;
    let asset_class = said.asset_class.unwrap_or(known.asset_class);
    let exchange = said.exchange.or(known.exchange);
    let calendar = match said.calendar {
        Some(calendar) => calendar,
        None if followed_default => calendar::default_calendar(asset_class, exchange.as_ref()),
        None => known.calendar,
    };
    let mut provider_symbols = known.provider_symbols;
    provider_symbols.extend(said.provider_symbols);
    InstrumentDetails {
        symbol: known.symbol,
        name: said.name.unwrap_or(known.name),
        asset_class,
        exchange,
        currency: said.currency.unwrap_or(known.currency),
        calendar,
        active: known.active,
        provider_symbols,
    }
}

async fn list(context: &Context, args: ListArgs) -> anyhow::Result<()> {
    let store = context.existing_store().await?;
    let filter = InstrumentFilter {
        asset_class: args.asset_class,
        exchange: args.exchange,
        currency: args.currency,
        active: args.active,
        search: args.search,
    };
    let instruments = all_instruments(&*store.instruments, &filter).await?;
    if instruments.is_empty() {
        let filtered = filter != InstrumentFilter::default();
        context.output.line(if filtered {
            "no instrument is like that"
        } else {
            "there are no instruments yet"
        })?;
    } else {
        context.output.table(&table_of(&instruments))?;
    }
    let listed: Vec<_> = instruments.iter().map(as_json::instrument).collect();
    context.output.object(&json!({ "instruments": listed }))?;
    Ok(())
}

fn table_of(instruments: &[Instrument]) -> Table {
    let header = [
        "id", "symbol", "name", "class", "exchange", "currency", "calendar", "active",
    ];
    let mut table = Table::new(header);
    for Instrument { id, details, .. } in instruments {
        table.push([
            id.to_string(),
            details.symbol.to_string(),
            details.name.clone(),
            details.asset_class.to_string(),
            details
                .exchange
                .as_ref()
                .map_or_else(|| "-".to_owned(), ToString::to_string),
            details.currency.to_string(),
            details.calendar.to_string(),
            if details.active { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table
}

fn print(context: &Context, what: &str, instrument: &Instrument) -> std::io::Result<()> {
    context
        .output
        .line(format_args!("{what} {instrument} (id:{})", instrument.id))?;
    context.output.table(&table_of(std::slice::from_ref(instrument)))?;
    context
        .output
        .object(&json!({ "outcome": what, "instrument": as_json::instrument(instrument) }))
}

async fn show(context: &Context, reference: &InstrumentReference) -> anyhow::Result<()> {
    let store = context.existing_store().await?;
    let found = find(&store, reference).await?;
    let series = store.catalogue.of_instrument(found.id).await?;
    let actions = store.actions.list(found.id, None).await?;
    let output = context.output;
    output.table(&table_of(std::slice::from_ref(&found)))?;
    for (provider, symbol) in &found.details.provider_symbols {
        output.line(format_args!("{provider} spells it {symbol}"))?;
    }
    if !series.is_empty() {
        let mut table = Table::new(["interval", "bars", "first", "last", "basis", "version", "source"]);
        for one in &series {
            let interval = one.key.interval;
            table.push([
                interval.to_string(),
                grouped(one.count),
                opening(one.first, interval),
                opening(one.last, interval),
                one.basis.to_string(),
                one.version.to_string(),
                one.last_source
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), ToString::to_string),
            ]);
        }
        output.line("")?;
        output.table(&table)?;
    }
    let mut splits = Table::new(["split on", "ratio", "source"]);
    let mut dividends = 0_u64;
    for recorded in &actions {
        match &recorded.action {
            CorporateAction::Split { ex_date, ratio } => splits.push([
                ex_date.to_string(),
                format!("{}:{}", ratio.new_shares(), ratio.old_shares()),
                recorded.source.to_string(),
            ]),
            CorporateAction::Dividend { .. } => dividends += 1,
        }
    }
    if u64::try_from(actions.len())? > dividends {
        output.line("")?;
        output.table(&splits)?;
    }
    if dividends > 0 {
        output.line(format_args!("\n{}", counted(dividends, "dividend", "dividends")))?;
    }
    let series: Vec<_> = series
        .iter()
        .map(|one| {
            json!({
                "interval": one.key.interval.as_str(),
                "basis": one.basis.as_str(),
                "first": one.first.map(|at| at.to_string()),
                "last": one.last.map(|at| at.to_string()),
                "count": one.count,
                "version": one.version,
            })
        })
        .collect();
    let splits = u64::try_from(actions.len())?.saturating_sub(dividends);
    output.object(&json!({
        "instrument": as_json::instrument(&found),
        "series": series,
        "splits": splits,
        "dividends": dividends,
    }))?;
    Ok(())
}

async fn remove(context: &Context, reference: &InstrumentReference, cascade: bool) -> anyhow::Result<()> {
    let store = context.existing_store().await?;
    let found = find(&store, reference).await?;
    let bars = if cascade {
        store.instruments.delete_with_bars(found.id).await?
    } else {
        match store.instruments.delete(found.id).await {
            Ok(()) => 0,
            Err(InstrumentRepositoryError::HasBars { bars, .. }) => {
                let bars = counted(bars, "bar", "bars");
                return Err(UsageError(format!(
                    "{found} has {bars}, revisions included; --cascade removes them with it, for good"
                ))
                .into());
            }
            Err(error) => return Err(error.into()),
        }
    };
    let with_bars = if bars > 0 {
        format!(" and {}", counted(bars, "bar", "bars"))
    } else {
        String::new()
    };
    context
        .output
        .line(format_args!("removed {found} (id:{}){with_bars}", found.id))?;
    context.output.object(&json!({
        "outcome": "removed",
        "instrument": as_json::instrument(&found),
        "bars": bars,
    }))?;
    Ok(())
}
