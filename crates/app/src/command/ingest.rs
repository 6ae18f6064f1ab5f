//! `sentinel ingest`: bars from a provider, several runs side by side.

mod order;
mod plan;

use std::sync::Arc;

use domain::ingest::{IngestError, IngestOrder, OrderMistake, RequestedSeries};
use domain::{Clock, Instrument, Providers};

use super::Context;
use super::errand::{Errand, carry_out};
use crate::clock::SystemClock;
use crate::command_line::IngestArgs;
use crate::exit::{Exit, UsageError};
use crate::run_executor::OwnErrand;
use crate::stop::StopFlag;
use crate::use_cases::UseCases;

pub(super) async fn run(context: &Context, args: &IngestArgs) -> anyhow::Result<Exit> {
    let providers = Arc::new(context.providers()?);
    super::providers::askable(&providers, &args.provider)?;
    if args.dry_run {
        return plan::run(context, args, providers).await;
    }
    let store = context.store().await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let use_cases = UseCases::over(&store, &context.config.ingest, &clock)?;
    let order = order::read(context, args, &store, &providers).await?;
    let ingest = use_cases.ingest(&store, Arc::clone(&providers), Arc::new(OwnErrand));
    let stop = StopFlag::listening();
    let requested = tokio::select! {
        () = stop.raised() => anyhow::bail!("stopped before anything was asked for"),
        requested = ingest.request(&order, None) => requested.map_err(|error| refused(error, &order, &providers))?,
    };
    let errands: Vec<Errand> = requested
        .into_iter()
        .map(|requested| told(context, requested))
        .collect();
    carry_out(context, ingest, &store, errands, stop).await
}

/// What is new, and what goes on.
fn told(context: &Context, requested: RequestedSeries) -> Errand {
    let RequestedSeries {
        instrument,
        created_instrument,
        run,
        created_run,
    } = requested;
    if created_instrument {
        context
            .output
            .remark(format_args!("note: {}", introduction(&instrument)));
    }
    if !created_run {
        let id = run.id;
        context.output.remark(format_args!(
            "note: {instrument}: run {id} was asked for before, and goes on"
        ));
    }
    Errand {
        instrument,
        created_instrument,
        run,
    }
}

/// Who a new instrument is, and how to correct that.
fn introduction(instrument: &Instrument) -> String {
    let details = &instrument.details;
    let (class, currency) = (details.asset_class, &details.currency);
    let name = if details.name == details.symbol.as_str() {
        String::new()
    } else {
        format!(", {}", details.name)
    };
    let correction = if currency.is_unknown() {
        format!("; `sentinel instruments edit {instrument} --currency CODE` says which")
    } else {
        String::new()
    };
    let currency = if currency.is_unknown() {
        "an unknown currency (XXX)".to_owned()
    } else {
        currency.to_string()
    };
    format!("{instrument} is new: {class}{name}, in {currency}{correction}")
}

/// What the user mends by typing something else is wrong usage.
fn refused(error: IngestError, order: &IngestOrder, providers: &Providers) -> anyhow::Error {
    let IngestError::Order(mistakes) = error else {
        return error.into();
    };
    let mut lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    let is_unknown = |mistake: &OrderMistake| matches!(mistake, OrderMistake::UnknownSymbol { .. });
    let provider = &order.provider;
    let searches = providers
        .get(provider)
        .is_some_and(|provider| provider.port.capabilities().search);
    if searches && mistakes.iter().any(is_unknown) {
        lines.push(format!("`sentinel providers search {provider} TEXT` finds spellings"));
    }
    UsageError(lines.join("\n  ")).into()
}
