//! All sources by name, each ready behind the port.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, MarketDataProvider, ProviderError, Providers, RegisteredProvider, SourceName};

use crate::alpha_vantage::{AlphaVantage, AlphaVantageSettings};
use crate::binance::{Binance, BinanceSettings};
use crate::budgeted::{Budget, BudgetSettings, Budgeted, CallCosts};
use crate::connection::SetupError;
use crate::observed::{CallObserver, Observed};
use crate::retrying::{RetrySettings, Retrying};
use crate::yahoo::{Yahoo, YahooSettings};

/// How all sources are reached.
#[derive(Clone, Debug, Default)]
pub struct ProvidersSettings {
    /// Alpha Vantage.
    pub alpha_vantage: AlphaVantageSettings,
    /// Binance.
    pub binance: BinanceSettings,
    /// Yahoo.
    pub yahoo: YahooSettings,
    /// When to ask again, at any of them.
    pub retry: RetrySettings,
}

/// Builds each source, configured or not; nothing is asked yet.
///
/// # Errors
/// [`SetupError`] names the setting at fault.
pub fn providers(settings: &ProvidersSettings, clock: &Arc<dyn Clock>) -> Result<Providers, SetupError> {
    let nobody: Arc<dyn CallObserver> = Arc::new(Nobody);
    observed_providers(settings, clock, &nobody)
}

/// The same, and `observer` hears of each call.
///
/// # Errors
/// As [`providers`].
pub fn observed_providers(
    settings: &ProvidersSettings,
    clock: &Arc<dyn Clock>,
    observer: &Arc<dyn CallObserver>,
) -> Result<Providers, SetupError> {
    let retry = settings.retry;
    let alpha_vantage = &settings.alpha_vantage;
    let all = [
        RegisteredProvider {
            port: dressed(
                AlphaVantage::new(alpha_vantage, Arc::clone(clock))?,
                alpha_vantage.effective_budget(),
                AlphaVantage::costs(),
                retry,
                observer,
            ),
            missing: match alpha_vantage.api_key {
                Some(_) => None,
                None => Some("providers.alpha_vantage.api_key"),
            },
        },
        RegisteredProvider::ready(dressed(
            Binance::new(&settings.binance, Arc::clone(clock))?,
            settings.binance.budget,
            Binance::costs(),
            retry,
            observer,
        )),
        RegisteredProvider::ready(dressed(
            Yahoo::new(&settings.yahoo, Arc::clone(clock))?,
            settings.yahoo.budget,
            CallCosts::ONE_EACH,
            retry,
            observer,
        )),
    ];
    Ok(all.into_iter().collect())
}

/// Observed, with a budget, and retries that spend from it.
fn dressed(
    source: impl MarketDataProvider + 'static,
    budget: BudgetSettings,
    costs: CallCosts,
    retry: RetrySettings,
    observer: &Arc<dyn CallObserver>,
) -> Arc<dyn MarketDataProvider> {
    let observed = Observed::new(source, Arc::clone(observer));
    let budgeted = Budgeted::new(observed, Arc::new(Budget::new(budget)), costs);
    Arc::new(Retrying::new(budgeted, retry))
}

/// Hears nothing.
struct Nobody;

impl CallObserver for Nobody {
    fn called(&self, _provider: &SourceName, _error: Option<&ProviderError>, _elapsed: Duration) {}
}

#[cfg(test)]
mod tests;
