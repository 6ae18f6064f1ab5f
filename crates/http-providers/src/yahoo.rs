//! Yahoo: the v8 chart of its finance site, which needs no key and has no published terms for programs.

mod actions;
mod client;
mod decode;
mod payload;
mod refusal;
mod venue;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    AssetClass, BarRequest, Basis, CallBudget, Clock, CorporateAction, Fetched, Instrument, Interval,
    MarketDataProvider, OfferedInterval, Page, ProviderCapabilities, ProviderError, SourceName, Symbol, SymbolMatch,
    Tolerance,
};
use time::Duration;

use crate::budgeted::BudgetSettings;
use crate::connection::{Connection, ConnectionSettings, SetupError};

/// How Yahoo is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YahooSettings {
    /// Address, limits and the name under which we ask.
    pub connection: ConnectionSettings,
    /// How often we ask. Yahoo publishes no limit and answers 429 to whoever asks too often.
    pub budget: BudgetSettings,
}

impl Default for YahooSettings {
    fn default() -> Self {
        let connection = ConnectionSettings::to("https://query1.finance.yahoo.com");
        Self {
            connection: ConnectionSettings {
                // Clients report 429 for names that are not like a browser's.
                user_agent: format!("Mozilla/5.0 (compatible; {})", connection.user_agent),
                ..connection
            },
            budget: BudgetSettings::of(60, 0),
        }
    }
}

/// Bars of Yahoo's v8 chart. Its prices are 32-bit floats, adjusted for the splits up to the moment of the fetch.
#[derive(Debug)]
pub struct Yahoo {
    name: SourceName,
    connection: Connection,
    budget: BudgetSettings,
}

impl Yahoo {
    /// The name of this source.
    pub const NAME: &str = "yahoo";

    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`SetupError`] names the setting at fault.
    pub fn new(settings: &YahooSettings, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Ok(Self {
            name: Self::NAME.parse()?,
            connection: Connection::new(Self::NAME, &settings.connection, None, clock)?,
            budget: settings.budget,
        })
    }
}

/// The intervals, how far back each goes and how much one answer holds. Yahoo's own errors say 30, 60 and 730 days and 7
/// days of minutes a request ("1m data not available for startTime=… The requested range must be within the last 30
/// days."); the day at the wall is refused already.
fn offered() -> Vec<OfferedInterval> {
    let offered = |interval, look_back: Option<i64>, page| OfferedInterval {
        interval,
        look_back: look_back.map(Duration::days),
        since: None,
        page,
    };
    vec![
        offered(Interval::OneMinute, Some(29), Page::Span(Duration::days(7))),
        offered(Interval::FiveMinutes, Some(59), Page::Whole),
        offered(Interval::FifteenMinutes, Some(59), Page::Whole),
        offered(Interval::ThirtyMinutes, Some(59), Page::Whole),
        offered(Interval::OneHour, Some(729), Page::Whole),
        offered(Interval::OneDay, None, Page::Whole),
        offered(Interval::OneWeek, None, Page::Whole),
        offered(Interval::OneMonth, None, Page::Whole),
    ]
}

#[async_trait]
impl MarketDataProvider for Yahoo {
    fn name(&self) -> SourceName {
        self.name.clone()
    }

    fn capabilities(&self) -> ProviderCapabilities {
        ProviderCapabilities {
            asset_classes: AssetClass::ALL.to_vec(),
            intervals: offered(),
            basis: Basis::SplitAdjusted,
            tolerance: Tolerance::Float32,
            // Sessions that were traded are missing or null now and then: INR=X on 2017-07-11 is.
            silence_means_no_trade: false,
            calls_per_minute: self.budget.per_minute.map(std::num::NonZeroU32::get),
            calls_per_day: self.budget.per_day.map(std::num::NonZeroU32::get),
            corporate_actions: true,
            search: false,
        }
    }

    fn budgets(&self) -> Vec<CallBudget> {
        Vec::new()
    }

    async fn fetch_bars(&self, request: &BarRequest) -> Result<Fetched, ProviderError> {
        self.chart_bars(request).await
    }

    async fn fetch_corporate_actions(
        &self,
        spelling: &Symbol,
        instrument: &Instrument,
    ) -> Result<Vec<CorporateAction>, ProviderError> {
        if instrument.details.asset_class.has_corporate_actions() {
            self.chart_actions(spelling).await
        } else {
            Ok(Vec::new())
        }
    }

    async fn search_symbols(&self, _text: &str) -> Result<Vec<SymbolMatch>, ProviderError> {
        Err(ProviderError::Unsupported {
            what: "a search for symbols; write the symbol as Yahoo's site does".to_owned(),
        })
    }

    async fn describe_symbol(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError> {
        self.chart_description(spelling).await
    }
}
