//! Binance: the spot market's klines, which need no key.

mod client;
mod decode;
mod payload;
mod refusal;
mod weight;

use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    AssetClass, BarRequest, Basis, CallBudget, Clock, CorporateAction, Fetched, Instrument, Interval,
    MarketDataProvider, OfferedInterval, Page, ProviderCapabilities, ProviderError, SourceName, Symbol, SymbolMatch,
    Tolerance,
};

use crate::budgeted::{BudgetSettings, CallCosts};
use crate::connection::{Connection, ConnectionSettings, SetupError};
use weight::UsedWeight;

/// How many klines one answer holds at most.
const PAGE: u32 = 1_000;
/// What one call of klines weighs, whatever its length.
const KLINES_WEIGHT: u32 = 2;
/// What the list of symbols weighs.
const SYMBOLS_WEIGHT: u32 = 20;

/// How Binance is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinanceSettings {
    /// Address, limits and the name under which we ask.
    pub connection: ConnectionSettings,
    /// How much request weight we spend, by default half of the 6,000 a minute that an address has: klines weigh 2, the
    /// list of symbols 20.
    pub budget: BudgetSettings,
}

impl Default for BinanceSettings {
    fn default() -> Self {
        Self {
            connection: ConnectionSettings::to("https://api.binance.com"),
            budget: BudgetSettings::of(3_000, 0),
        }
    }
}

/// Klines of the spot market: exact decimals, with the number of trades.
#[derive(Debug)]
pub struct Binance {
    name: SourceName,
    connection: Connection,
    budget: BudgetSettings,
    used: UsedWeight,
}

impl Binance {
    /// The name of this source.
    pub const NAME: &str = "binance";

    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`SetupError`] names the setting at fault.
    pub fn new(settings: &BinanceSettings, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Ok(Self {
            name: Self::NAME.parse()?,
            connection: Connection::new(Self::NAME, &settings.connection, None, clock)?,
            budget: settings.budget,
            used: UsedWeight::default(),
        })
    }

    /// What each operation weighs.
    #[must_use]
    pub fn costs() -> CallCosts {
        let weight = |weight| NonZeroU32::new(weight).unwrap_or(NonZeroU32::MIN);
        CallCosts {
            bars: weight(KLINES_WEIGHT),
            actions: NonZeroU32::MIN,
            symbols: weight(SYMBOLS_WEIGHT),
        }
    }
}

#[async_trait]
impl MarketDataProvider for Binance {
    fn name(&self) -> SourceName {
        self.name.clone()
    }

    fn capabilities(&self) -> ProviderCapabilities {
        let offered = |interval| OfferedInterval {
            interval,
            look_back: None,
            since: None,
            page: Page::Bars(PAGE),
        };
        let klines = |weight: Option<NonZeroU32>| weight.map(|weight| weight.get() / KLINES_WEIGHT);
        ProviderCapabilities {
            asset_classes: vec![AssetClass::Crypto],
            intervals: Interval::ALL.into_iter().map(offered).collect(),
            basis: Basis::Raw,
            tolerance: Tolerance::Exact,
            // A minute without a trade is a kline without volume; one that is missing is a halt of the exchange.
            silence_means_no_trade: true,
            calls_per_minute: klines(self.budget.per_minute),
            calls_per_day: klines(self.budget.per_day),
            corporate_actions: false,
            search: true,
        }
    }

    fn budgets(&self) -> Vec<CallBudget> {
        self.used.left().into_iter().collect()
    }

    async fn fetch_bars(&self, request: &BarRequest) -> Result<Fetched, ProviderError> {
        self.klines(request).await
    }

    async fn fetch_corporate_actions(
        &self,
        _spelling: &Symbol,
        _instrument: &Instrument,
    ) -> Result<Vec<CorporateAction>, ProviderError> {
        Ok(Vec::new())
    }

    async fn search_symbols(&self, text: &str) -> Result<Vec<SymbolMatch>, ProviderError> {
        self.symbols_like(text).await
    }

    async fn describe_symbol(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError> {
        self.one_symbol(spelling).await
    }
}
