//! What the command line asks to be ingested.

use std::sync::Arc;

use domain::ingest::{IngestOrder, InstrumentChoice};
use domain::resolve_instrument::{ResolutionError, ResolveInstrument};
use domain::{InstrumentFilter, InstrumentReference, Providers};

use crate::command::{Context, status};
use crate::command_line::IngestArgs;
use crate::exit::UsageError;
use crate::store::Store;

/// The order that the flags say, each instrument once.
pub(super) async fn read(
    context: &Context,
    args: &IngestArgs,
    store: &Store,
    providers: &Providers,
) -> anyhow::Result<IngestOrder> {
    let IngestArgs {
        provider,
        symbols,
        groups: _,
        all,
        interval,
        start,
        end,
        refresh,
        dry_run: _,
    } = args;
    let mut named = symbols.clone();
    named.extend(members(context, args)?);
    let mut instruments = choices(&ResolveInstrument::new(Arc::clone(&store.instruments)), &named).await?;
    if *all {
        instruments.extend(every_active(args, store, providers).await?);
    }
    Ok(IngestOrder {
        provider: provider.clone(),
        instruments,
        interval: *interval,
        start: *start,
        end: *end,
        refresh: *refresh,
    })
}

/// The instruments of the groups that are named.
fn members(context: &Context, args: &IngestArgs) -> Result<Vec<InstrumentReference>, UsageError> {
    let groups = &context.config.groups;
    let mut members = Vec::new();
    for name in &args.groups {
        let Some(group) = groups.get(name) else {
            let known: Vec<String> = groups.keys().map(ToString::to_string).collect();
            let remedy = if known.is_empty() {
                format!("make it in sentinel.toml: [groups] {name} = [\"AAPL\", \"MSFT\"]")
            } else {
                format!("there are {}", known.join(", "))
            };
            return Err(UsageError(format!("there is no group {name}; {remedy}")));
        };
        members.extend(group.iter().cloned());
    }
    Ok(members)
}

/// A symbol alone may be the provider's spelling; whatever says more names an instrument that is there.
async fn choices(resolve: &ResolveInstrument, named: &[InstrumentReference]) -> anyhow::Result<Vec<InstrumentChoice>> {
    let (mut choices, mut problems) = (Vec::with_capacity(named.len()), Vec::new());
    for reference in named {
        match reference {
            InstrumentReference::Symbol(symbol) | InstrumentReference::IdOrSymbol { symbol, .. } => {
                choices.push(InstrumentChoice::Spelled(symbol.clone()));
            }
            InstrumentReference::Id(_) | InstrumentReference::Listed { .. } => match resolve.one(reference).await {
                Ok(instrument) => choices.push(InstrumentChoice::Known(instrument)),
                Err(error @ (ResolutionError::Repository(_) | ResolutionError::Catalogue(_))) => {
                    return Err(error.into());
                }
                Err(ResolutionError::NotFound(reference)) => problems.push(format!(
                    "there is no instrument {reference}; name it by its symbol alone to have it made"
                )),
                Err(error @ ResolutionError::Ambiguous { .. }) => problems.push(format!("{error}: name one of them")),
            },
        }
    }
    if problems.is_empty() {
        Ok(choices)
    } else {
        Err(UsageError(problems.join("\n  ")).into())
    }
}

/// Every active instrument of a class that the provider has.
async fn every_active(
    args: &IngestArgs,
    store: &Store,
    providers: &Providers,
) -> anyhow::Result<Vec<InstrumentChoice>> {
    let capabilities = providers
        .get(&args.provider)
        .map(|provider| provider.port.capabilities());
    let classes = capabilities.map(|can| can.asset_classes).unwrap_or_default();
    let filter = InstrumentFilter {
        active: Some(true),
        ..InstrumentFilter::default()
    };
    let all = status::all_instruments(&*store.instruments, &filter).await?;
    let offered: Vec<InstrumentChoice> = all
        .into_iter()
        .filter(|instrument| classes.contains(&instrument.details.asset_class))
        .map(InstrumentChoice::Known)
        .collect();
    if offered.is_empty() {
        let provider = &args.provider;
        let problem =
            format!("--all: there is no active instrument of a class that {provider} has; name symbols instead");
        return Err(UsageError(problem).into());
    }
    Ok(offered)
}
