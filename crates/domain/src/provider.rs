//! The port to sources of bars outside this system.

mod error;
mod registry;

use std::time::Duration;

use async_trait::async_trait;

pub use error::ProviderError;
pub use registry::{Providers, RegisteredProvider};

use crate::record_bars::DecodedRow;
use crate::{
    AssetClass, Basis, CorporateAction, Currency, Exchange, Instrument, Interval, SourceName, Symbol, TimeRange,
    Timestamp, Tolerance,
};

/// How much one answer holds at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Everything that was asked for.
    Whole,
    /// So many bars.
    Bars(u32),
    /// Bars that open within so much time, from wherever a range begins.
    Span(time::Duration),
    /// Bars of the calendar month in which a range begins: the page before cannot be overlapped.
    Month,
}

/// Bars of one length, as a provider offers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedInterval {
    /// How long they are.
    pub interval: Interval,
    /// How far back they go from now; `None` to the first that the provider has.
    pub look_back: Option<time::Duration>,
    /// Before this instant the provider has none of anything, and refuses to be asked; `None` where it may be asked for
    /// any time.
    pub since: Option<Timestamp>,
    /// How many come at once.
    pub page: Page,
}

/// What a provider can do, as it declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderCapabilities {
    /// Which classes it knows.
    pub asset_classes: Vec<AssetClass>,
    /// Which bars it offers, shortest first.
    pub intervals: Vec<OfferedInterval>,
    /// What its prices are.
    pub basis: Basis,
    /// When two of its bars count as equal.
    pub tolerance: Tolerance,
    /// Whether a missing bar means that nothing was traded.
    pub silence_means_no_trade: bool,
    /// Calls a minute that its terms, or our own budget for it, allow.
    pub calls_per_minute: Option<u32>,
    /// Calls a day that its terms, or our own budget for it, allow.
    pub calls_per_day: Option<u32>,
    /// Whether it tells splits and dividends.
    pub corporate_actions: bool,
    /// Whether it can be searched for symbols.
    pub search: bool,
}

impl OfferedInterval {
    /// The first instant for which the provider may be asked at the time `now`; the least there is where nothing bounds it.
    #[must_use]
    pub fn reach(&self, now: Timestamp) -> Timestamp {
        let back = self.look_back.and_then(|back| now.checked_add(-back));
        [back, self.since]
            .into_iter()
            .flatten()
            .fold(Timestamp::MIN, Timestamp::max)
    }
}

impl ProviderCapabilities {
    /// How it offers bars of that length, if at all.
    #[must_use]
    pub fn offered(&self, interval: Interval) -> Option<&OfferedInterval> {
        self.intervals.iter().find(|offered| offered.interval == interval)
    }
}

/// What may still be asked of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallBudget {
    /// How much there is when nothing was asked: calls, or what the provider counts in their stead.
    pub limit: u32,
    /// How much of it is left now.
    pub left: u32,
    /// In how long it is whole again.
    pub per: Duration,
}

/// What to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarRequest {
    /// How the provider spells the instrument.
    pub spelling: Symbol,
    /// The instrument itself: its class decides how an answer is read.
    pub instrument: Instrument,
    /// How long the bars are.
    pub interval: Interval,
    /// Bars that open in this range.
    pub range: TimeRange,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Rows that open in the range, oldest first, in UTC, as they came: not yet checked as bars, and those whose values
    /// cannot be read among them.
    pub rows: Vec<DecodedRow>,
    /// The part of the range that the answer speaks for; it ends early when more pages follow, and is `None` when the
    /// answer says nothing about the range. It may reach beyond the last final bar.
    pub covered: Option<TimeRange>,
    /// Splits and dividends that came along, by ex-date; those of a part of the range only.
    pub actions: Vec<CorporateAction>,
    /// What the prices are in, when the provider says.
    pub currency: Option<Currency>,
    /// Whether volumes are told; when not, those of the rows are zero.
    pub gives_volume: bool,
    /// How many minutes past the hour hourly bars open; 0 for other intervals.
    pub minutes_past_hour: u8,
    /// When the provider was asked: bars that had not closed by then are provisional.
    pub fetched_at: Timestamp,
}

/// What a provider calls by a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolMatch {
    /// How the provider spells it.
    pub spelling: Symbol,
    /// How we write it where that differs from the spelling: `BTC-USDT` for `BTCUSDT`.
    pub symbol: Option<Symbol>,
    /// What people call it.
    pub name: String,
    /// What it is, when the provider says.
    pub asset_class: Option<AssetClass>,
    /// Where it trades, when the provider says.
    pub exchange: Option<Exchange>,
    /// What its prices are in, when the provider says.
    pub currency: Option<Currency>,
}

/// A source of bars outside this system.
///
/// Nothing is kept between calls: asking the same again is safe, and a call that is dropped half-way leaves nothing.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait MarketDataProvider: Send + Sync {
    /// Its name, which becomes the provenance of its bars.
    fn name(&self) -> SourceName;

    /// What it can do.
    fn capabilities(&self) -> ProviderCapabilities;

    /// What may still be asked of it, as far as is known here; empty when nothing bounds it.
    fn budgets(&self) -> Vec<CallBudget>;

    /// One page of bars that open within the range, oldest first, in UTC; [`Fetched::covered`] says how far it got.
    ///
    /// # Errors
    /// [`ProviderError::RateLimited`] and [`ProviderError::QuotaExhausted`] when the source, or our own budget for it,
    /// says wait; [`ProviderError::UnsupportedInterval`] and [`ProviderError::Unsupported`] before anything is asked;
    /// the others as they say.
    async fn fetch_bars(&self, request: &BarRequest) -> Result<Fetched, ProviderError>;

    /// All splits and dividends that the provider knows of, by ex-date, amounts as they were paid for a share of their
    /// day; empty where there are none or the provider tells none.
    ///
    /// # Errors
    /// As [`MarketDataProvider::fetch_bars`].
    async fn fetch_corporate_actions(
        &self,
        spelling: &Symbol,
        instrument: &Instrument,
    ) -> Result<Vec<CorporateAction>, ProviderError>;

    /// Symbols that match a text, best first.
    ///
    /// # Errors
    /// [`ProviderError::Unsupported`] where the provider cannot be searched; else as [`MarketDataProvider::fetch_bars`].
    async fn search_symbols(&self, text: &str) -> Result<Vec<SymbolMatch>, ProviderError>;

    /// What the provider calls by exactly that symbol.
    ///
    /// # Errors
    /// [`ProviderError::UnknownSymbol`] when nothing; else as [`MarketDataProvider::fetch_bars`].
    async fn describe_symbol(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError>;
}
