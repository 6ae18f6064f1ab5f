//! `sentinel providers`: what each source of bars can do, and how it spells its symbols.

use std::sync::Arc;
use std::time::Duration;

use domain::{
    AssetClass, CallBudget, MarketDataProvider, OfferedInterval, ProviderCapabilities, ProviderError, Providers,
    RegisteredProvider, SourceName, SymbolMatch,
};
use serde_json::{Value, json};

use super::{Context, json as as_json};
use crate::command_line::{ProvidersArgs, ProvidersCommand};
use crate::config::variable_of;
use crate::exit::{Exit, UsageError};
use crate::output::{Table, counted, grouped};

pub(super) async fn run(context: &Context, args: &ProvidersArgs) -> anyhow::Result<Exit> {
    let providers = context.providers()?;
    match &args.command {
        None => list(context, &providers),
        Some(ProvidersCommand::Search { provider, text }) => {
            let port = askable(&providers, provider)?;
            search(context, &*port, &text.join(" ")).await
        }
    }
}

/// A provider that is there and has what it needs to be asked.
///
/// # Errors
/// [`UsageError`] with those there are, or with the setting that is missing.
pub(super) fn askable(providers: &Providers, name: &SourceName) -> Result<Arc<dyn MarketDataProvider>, UsageError> {
    match providers.get(name) {
        None => {
            let known: Vec<&str> = providers.iter().map(|(name, _)| name.as_str()).collect();
            Err(UsageError(format!(
                "there is no provider {name}; there are {}",
                known.join(", ")
            )))
        }
        Some(RegisteredProvider { missing: Some(key), .. }) => Err(UsageError(format!(
            "{name} cannot be asked yet: set {key}, or {} in the environment",
            variable_of(key)
        ))),
        Some(RegisteredProvider { port, missing: None }) => Ok(Arc::clone(port)),
    }
}

fn list(context: &Context, providers: &Providers) -> anyhow::Result<Exit> {
    let mut table = Table::new([
        "provider",
        "ready",
        "intervals (how far back)",
        "classes",
        "prices",
        "actions",
        "search",
        "quota left",
    ]);
    let mut told = Vec::new();
    for (name, RegisteredProvider { port, missing }) in providers.iter() {
        let (can, budgets) = (port.capabilities(), port.budgets());
        let yes_or_no = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
        table.push([
            name.to_string(),
            missing.map_or_else(|| "yes".to_owned(), |key| format!("set {key}")),
            intervals(&can.intervals),
            classes(&can.asset_classes),
            can.basis.to_string(),
            yes_or_no(can.corporate_actions),
            yes_or_no(can.search),
            quota(&budgets),
        ]);
        told.push(provider_json(name, *missing, &can, &budgets));
    }
    context.output.table(&table)?;
    context.output.object(&json!({ "providers": told }))?;
    Ok(Exit::Done)
}

/// `1m (29 d), 5m 15m 30m (59 d), 1d 1w`: those that reach as far back stand together.
fn intervals(offered: &[OfferedInterval]) -> String {
    let reach = |one: &OfferedInterval| (one.look_back, one.since);
    let stretches: Vec<String> = offered
        .chunk_by(|one, other| reach(one) == reach(other))
        .filter_map(|stretch| {
            let names: Vec<&str> = stretch.iter().map(|one| one.interval.as_str()).collect();
            let names = names.join(" ");
            let first = stretch.first()?;
            Some(match (first.look_back, first.since) {
                (None, None) => names,
                (Some(back), None) => format!("{names} ({} d)", back.whole_days()),
                (None, Some(since)) => format!("{names} (since {})", since.date()),
                (Some(back), Some(since)) => {
                    format!("{names} ({} d, since {})", back.whole_days(), since.date())
                }
            })
        })
        .collect();
    stretches.join(", ")
}

fn classes(classes: &[AssetClass]) -> String {
    if AssetClass::ALL.iter().all(|class| classes.contains(class)) {
        return "all".to_owned();
    }
    let names: Vec<&str> = classes.iter().map(|class| class.as_str()).collect();
    names.join(" ")
}

/// `60 of 60 a minute, 24 of 25 a day`.
pub(super) fn quota(budgets: &[CallBudget]) -> String {
    if budgets.is_empty() {
        return "no bound".to_owned();
    }
    let told: Vec<String> = budgets
        .iter()
        .map(|budget| {
            let CallBudget { limit, left, per } = *budget;
            let per = match per {
                per if per == Duration::from_secs(60) => "a minute".to_owned(),
                per if per == Duration::from_secs(86_400) => "a day".to_owned(),
                per => format!("in {} s", grouped(per.as_secs())),
            };
            format!("{} of {} {per}", grouped(left.into()), grouped(limit.into()))
        })
        .collect();
    told.join(", ")
}

fn provider_json(
    name: &SourceName,
    missing: Option<&str>,
    capabilities: &ProviderCapabilities,
    budgets: &[CallBudget],
) -> Value {
    let ProviderCapabilities {
        asset_classes,
        intervals,
        basis,
        tolerance: _,
        silence_means_no_trade,
        calls_per_minute,
        calls_per_day,
        corporate_actions,
        search,
    } = capabilities;
    let classes: Vec<&str> = asset_classes.iter().map(|class| class.as_str()).collect();
    let intervals: Vec<Value> = intervals
        .iter()
        .map(|offered| {
            json!({
                "interval": offered.interval.as_str(),
                "look_back_days": offered.look_back.map(time::Duration::whole_days),
                "since": offered.since.map(|since| since.to_string()),
            })
        })
        .collect();
    json!({
        "name": name.as_str(),
        "configured": missing.is_none(),
        "missing_setting": missing,
        "asset_classes": classes,
        "intervals": intervals,
        "basis": basis.as_str(),
        "silence_means_no_trade": silence_means_no_trade,
        "calls_per_minute": calls_per_minute,
        "calls_per_day": calls_per_day,
        "corporate_actions": corporate_actions,
        "search": search,
        "budgets": budgets.iter().map(as_json::budget).collect::<Vec<_>>(),
    })
}

async fn search(context: &Context, provider: &dyn MarketDataProvider, text: &str) -> anyhow::Result<Exit> {
    let name = provider.name();
    let found = match provider.search_symbols(text).await {
        Ok(found) => found,
        Err(error @ ProviderError::Unsupported { .. }) => return Err(UsageError(format!("{name}: {error}")).into()),
        Err(error) => return Err(anyhow::Error::new(error).context(format!("{name} could not be searched"))),
    };
    let output = context.output;
    let mut table = Table::new(["spelling", "ours", "name", "class", "exchange", "currency"]);
    let mut told = Vec::new();
    for one in &found {
        let SymbolMatch {
            spelling,
            symbol,
            name,
            asset_class,
            exchange,
            currency,
        } = one;
        let ours = symbol.as_ref().unwrap_or(spelling);
        let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let class = asset_class.map(AssetClass::as_str);
        let (exchange, currency) = (
            exchange.as_ref().map(domain::Exchange::as_str),
            currency.as_ref().map(domain::Currency::as_str),
        );
        table.push([
            spelling.to_string(),
            ours.to_string(),
            name.clone(),
            or_dash(class),
            or_dash(exchange),
            or_dash(currency),
        ]);
        told.push(json!({
            "spelling": spelling.as_str(),
            "symbol": ours.as_str(),
            "name": name,
            "asset_class": class,
            "exchange": exchange,
            "currency": currency,
        }));
    }
    if found.is_empty() {
        output.line(format_args!("{name} knows nothing like `{text}`"))?;
    } else {
        output.table(&table)?;
        let matches = counted(u64::try_from(found.len())?, "match", "matches");
        output.line(format_args!(
            "\n{matches}; ingest one with `sentinel ingest {name} SPELLING`"
        ))?;
    }
    output.object(&json!({ "provider": name.as_str(), "matches": told }))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use domain::{Interval, Page};

    use super::*;

    #[test]
    fn intervals_that_reach_as_far_back_stand_together() {
        let offered = |interval, days: Option<i64>| OfferedInterval {
            interval,
            look_back: days.map(time::Duration::days),
            since: None,
            page: Page::Whole,
        };
        let all = [
            offered(Interval::OneMinute, Some(29)),
            offered(Interval::FiveMinutes, Some(59)),
            offered(Interval::FifteenMinutes, Some(59)),
            offered(Interval::OneDay, None),
        ];
        assert_eq!(intervals(&all), "1m (29 d), 5m 15m (59 d), 1d");
    }

    #[test]
    fn a_quota_says_of_how_much_and_for_how_long() {
        let budget = |left, limit, seconds| CallBudget {
            limit,
            left,
            per: Duration::from_secs(seconds),
        };
        let check = |budgets: &[CallBudget], text: &str| assert_eq!(quota(budgets), text);
        check(
            &[budget(59, 60, 60), budget(24, 25, 86_400)],
            "59 of 60 a minute, 24 of 25 a day",
        );
        check(&[budget(5_980, 6_000, 10)], "5,980 of 6,000 in 10 s");
        check(&[], "no bound");
    }
}
