//! All sources by name, each ready behind the port.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Clock, MarketDataProvider, SourceName};

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

/// A source and whether it can be asked.
#[derive(Clone)]
pub struct RegisteredProvider {
    /// The source, with a budget and retries around it.
    pub port: Arc<dyn MarketDataProvider>,
    /// The setting that has to be given before it can be asked; `None` when it can.
    pub missing: Option<&'static str>,
}

impl RegisteredProvider {
    /// Whether it can be asked: its key is there, or it needs none.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.missing.is_none()
    }
}

/// The sources by name.
#[derive(Clone)]
pub struct Providers(BTreeMap<SourceName, RegisteredProvider>);

impl Providers {
    /// Builds each source, configured or not; nothing is asked yet.
    ///
    /// # Errors
    /// [`SetupError`] names the setting at fault.
    pub fn from_settings(settings: &ProvidersSettings, clock: &Arc<dyn Clock>) -> Result<Self, SetupError> {
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
            RegisteredProvider {
                port: dressed(
                    Binance::new(&settings.binance, Arc::clone(clock))?,
                    settings.binance.budget,
                    Binance::costs(),
                    retry,
                ),
                missing: None,
            },
            RegisteredProvider {
                port: dressed(
                    Yahoo::new(&settings.yahoo, Arc::clone(clock))?,
                    settings.yahoo.budget,
                    CallCosts::ONE_EACH,
                    retry,
                ),
                missing: None,
            },
        ];
        Ok(Self(all.into_iter().map(|entry| (entry.port.name(), entry)).collect()))
    }

    /// The source of that name.
    #[must_use]
    pub fn get(&self, name: &SourceName) -> Option<&RegisteredProvider> {
        self.0.get(name)
    }

    /// All of them by name.
    pub fn iter(&self) -> impl Iterator<Item = (&SourceName, &RegisteredProvider)> {
        self.0.iter()
    }
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
