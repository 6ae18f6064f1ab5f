//! All sources by name, each ready behind the port.

use std::sync::Arc;

use domain::{Clock, MarketDataProvider, Providers, RegisteredProvider};

use crate::alpha_vantage::{AlphaVantage, AlphaVantageSettings};
use crate::binance::{Binance, BinanceSettings};
use crate::budgeted::{Budget, BudgetSettings, Budgeted, CallCosts};
use crate::connection::SetupError;
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
    let retry = settings.retry;
    let alpha_vantage = &settings.alpha_vantage;
    let all = [
        RegisteredProvider {
            port: dressed(
                AlphaVantage::new(alpha_vantage, Arc::clone(clock))?,
                alpha_vantage.effective_budget(),
                AlphaVantage::costs(),
                retry,
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
        )),
        RegisteredProvider::ready(dressed(
            Yahoo::new(&settings.yahoo, Arc::clone(clock))?,
            settings.yahoo.budget,
            CallCosts::ONE_EACH,
            retry,
        )),
    ];
    Ok(all.into_iter().collect())
}

/// With a budget, and retries that spend from it.
fn dressed(
    source: impl MarketDataProvider + 'static,
    budget: BudgetSettings,
    costs: CallCosts,
    retry: RetrySettings,
) -> Arc<dyn MarketDataProvider> {
    let budgeted = Budgeted::new(source, Arc::new(Budget::new(budget)), costs);
    Arc::new(Retrying::new(budgeted, retry))
}

#[cfg(test)]
mod tests;
