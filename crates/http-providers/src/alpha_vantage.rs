//! Alpha Vantage: stocks, currencies and crypto from one endpoint, with a key.

mod actions;
mod client;
mod decode;
mod function;
mod payload;
mod refusal;

use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    AssetClass, BarRequest, Basis, CallBudget, Clock, CorporateAction, Fetched, Instrument, Interval,
    MarketDataProvider, OfferedInterval, Page, ProviderCapabilities, ProviderError, SourceName, Symbol, SymbolMatch,
    Timestamp, Tolerance,
};
use secrecy::SecretString;
use time::macros::date;

use crate::budgeted::{BudgetSettings, CallCosts};
use crate::connection::{ApiKey, Connection, ConnectionSettings, SetupError};

/// What the key is entitled to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plan {
    /// 25 calls a day; series without the adjusted columns.
    #[default]
    Free,
    /// No bound a day; daily bars come with their splits and dividends.
    Premium,
}

/// In which form answers are asked for; both are read, whichever comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerFormat {
    /// Says its zone.
    #[default]
    Json,
    /// A third as long; times are taken to be those of New York for stocks and UTC for the rest.
    Csv,
}

/// How Alpha Vantage is reached.
#[derive(Clone, Debug)]
pub struct AlphaVantageSettings {
    /// Address, limits and the name under which we ask.
    pub connection: ConnectionSettings,
    /// The key, without which nothing is answered.
    pub api_key: Option<SecretString>,
    /// What the key is entitled to.
    pub plan: Plan,
    /// JSON or CSV.
    pub format: AnswerFormat,
    /// How often we ask; `None` for what the plan allows: 5 a minute and 25 a day, or 75 a minute.
    pub budget: Option<BudgetSettings>,
}

impl Default for AlphaVantageSettings {
    fn default() -> Self {
        Self {
            connection: ConnectionSettings::to("https://www.alphavantage.co"),
            api_key: None,
            plan: Plan::default(),
            format: AnswerFormat::default(),
            budget: None,
        }
    }
}

impl AlphaVantageSettings {
    /// How often we ask.
    #[must_use]
    pub fn effective_budget(&self) -> BudgetSettings {
        self.budget.unwrap_or(match self.plan {
            Plan::Free => BudgetSettings::of(5, 25),
            Plan::Premium => BudgetSettings::of(75, 0),
        })
    }
}

/// Raw prices of stocks, funds, currency pairs and crypto pairs, as exact decimals.
#[derive(Debug)]
pub struct AlphaVantage {
    name: SourceName,
    connection: Connection,
    plan: Plan,
    format: AnswerFormat,
    budget: BudgetSettings,
}

impl AlphaVantage {
    /// The name of this source.
    pub const NAME: &str = "alpha_vantage";

    /// A client; nothing is asked yet. Without a key every call fails as unauthorized.
    ///
    /// # Errors
    /// [`SetupError`] names the setting at fault.
    pub fn new(settings: &AlphaVantageSettings, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let key = settings.api_key.clone().map(|secret| ApiKey {
            parameter: "apikey",
            secret,
        });
        Ok(Self {
            name: Self::NAME.parse()?,
            connection: Connection::new(Self::NAME, &settings.connection, key, clock)?,
            plan: settings.plan,
            format: settings.format,
            budget: settings.effective_budget(),
        })
    }

    /// Splits and dividends are two calls, all else is one.
    #[must_use]
    pub fn costs() -> CallCosts {
        CallCosts {
            actions: NonZeroU32::MIN.saturating_add(1),
            ..CallCosts::ONE_EACH
        }
    }
}

/// "Any month in the last 20+ years since 2000-01 (January 2000) is supported", says the documentation of intraday bars.
fn first_month() -> Option<Timestamp> {
    Timestamp::midnight(date!(2000 - 01 - 01)).ok()
}

#[async_trait]
impl MarketDataProvider for AlphaVantage {
    fn name(&self) -> SourceName {
        self.name.clone()
    }

    fn capabilities(&self) -> ProviderCapabilities {
        let offered = |interval: Interval| OfferedInterval {
            interval,
            look_back: None,
            since: first_month().filter(|_| interval.is_intraday()),
            page: if interval.is_intraday() {
                Page::Month
            } else {
                Page::Whole
            },
        };
        let intervals = Interval::ALL
            .into_iter()
            .filter(|interval| *interval != Interval::FourHours);
        ProviderCapabilities {
            asset_classes: vec![
                AssetClass::Stock,
                AssetClass::Etf,
                AssetClass::Crypto,
                AssetClass::Forex,
                AssetClass::Fund,
            ],
            intervals: intervals.map(offered).collect(),
            basis: Basis::Raw,
            tolerance: Tolerance::Exact,
            silence_means_no_trade: true,
            calls_per_minute: self.budget.per_minute.map(NonZeroU32::get),
            calls_per_day: self.budget.per_day.map(NonZeroU32::get),
            corporate_actions: true,
            search: true,
        }
    }

    fn budgets(&self) -> Vec<CallBudget> {
        Vec::new()
    }

    async fn fetch_bars(&self, request: &BarRequest) -> Result<Fetched, ProviderError> {
        self.series(request).await
    }

    async fn fetch_corporate_actions(
        &self,
        spelling: &Symbol,
        instrument: &Instrument,
    ) -> Result<Vec<CorporateAction>, ProviderError> {
        if instrument.details.asset_class.has_corporate_actions() {
            self.actions(spelling, &instrument.details.currency).await
        } else {
            Ok(Vec::new())
        }
    }

    async fn search_symbols(&self, text: &str) -> Result<Vec<SymbolMatch>, ProviderError> {
        self.symbols_like(text, None).await
    }

    async fn describe_symbol(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError> {
        if let Some(pair) = decode::described_pair(spelling) {
            return Ok(pair);
        }
        let found = self.symbols_like(spelling.as_str(), Some(spelling)).await?;
        found
            .into_iter()
            .find(|found| found.spelling == *spelling)
            .ok_or_else(|| ProviderError::UnknownSymbol(spelling.clone()))
    }
}
