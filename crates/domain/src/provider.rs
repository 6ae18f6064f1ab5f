//! The port to sources of bars outside this system.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    AssetClass, Bar, Basis, BoxError, CorporateAction, Instrument, Interval, RejectedRow, SourceName, Symbol,
    TimeRange, Timestamp, Tolerance,
};

/// What a provider can do, as it declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderCapabilities {
    /// Which classes it knows.
    pub asset_classes: Vec<AssetClass>,
    /// Which intervals, and how far back each goes; `None` without a limit.
    pub intervals: Vec<(Interval, Option<time::Duration>)>,
    /// How many bars one answer holds at most.
    pub page_size: Option<u32>,
    /// What its prices are.
    pub basis: Basis,
    /// When two of its bars count as equal.
    pub tolerance: Tolerance,
    /// Whether a missing bar means that nothing was traded.
    pub silence_means_no_trade: bool,
    /// Calls a minute that its terms allow.
    pub calls_per_minute: Option<u32>,
    /// Whether it tells splits and dividends.
    pub corporate_actions: bool,
    /// Whether it can be searched for symbols.
    pub search: bool,
}

/// What to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarRequest {
    /// How the provider spells the instrument.
    pub spelling: Symbol,
    /// The instrument itself: its class and zone decide how an answer is read.
    pub instrument: Instrument,
    /// How long the bars are.
    pub interval: Interval,
    /// Bars that open in this range.
    pub range: TimeRange,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Bars that open in the range, oldest first, in UTC.
    pub bars: Vec<Bar>,
    /// Rows of the answer that make no bar.
    pub rejected: Vec<RejectedRow>,
    /// How far the answer reaches; less than was asked when more pages follow.
    pub covered: TimeRange,
    /// Splits and dividends that came along.
    pub actions: Vec<CorporateAction>,
    /// When the provider answered: bars that had not closed by then are provisional.
    pub fetched_at: Timestamp,
}

/// One hit of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolMatch {
    /// How the provider spells it.
    pub spelling: Symbol,
    /// What people call it.
    pub name: String,
    /// What it is, when the provider says.
    pub asset_class: Option<AssetClass>,
}

/// Why a provider gave no bars.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// Ask again, not before `retry_after` when the source names one.
    #[error("rate limited")]
    RateLimited {
        /// How long to wait.
        retry_after: Option<Duration>,
    },
    /// The provider does not know the symbol.
    #[error("unknown symbol {0}")]
    UnknownSymbol(Symbol),
    /// The key is missing, wrong or not allowed to do this.
    #[error("unauthorized: check the key")]
    Unauthorized,
    /// The answer is not what the source documents.
    #[error("invalid payload near `{excerpt}`")]
    InvalidPayload {
        /// At most 200 bytes, secrets removed.
        excerpt: String,
        /// What the decoder said.
        #[source]
        source: BoxError,
    },
    /// No usable answer: connection, TLS, timeout, 5xx.
    #[error("source unavailable")]
    Unavailable(#[source] BoxError),
    /// The provider has no bars of this length.
    #[error("no {0} bars")]
    UnsupportedInterval(Interval),
}

impl ProviderError {
    /// Whether asking again later can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unavailable(_) => true,
            Self::UnknownSymbol(_)
            | Self::Unauthorized
            | Self::InvalidPayload { .. }
            | Self::UnsupportedInterval(_) => false,
        }
    }
}

/// A source of bars outside this system.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait MarketDataProvider: Send + Sync {
    /// Its name, which becomes the provenance of its bars.
    fn name(&self) -> SourceName;

    /// What it can do.
    fn capabilities(&self) -> ProviderCapabilities;

    /// Bars that open within the range, oldest first, in UTC; [`Fetched::covered`] says how far it got.
    ///
    /// # Errors
    /// [`ProviderError::RateLimited`] when the source, or our own budget for it, says wait; the others as they say.
    async fn fetch_bars(&self, request: &BarRequest) -> Result<Fetched, ProviderError>;

    /// All splits and dividends that the provider knows of.
    ///
    /// # Errors
    /// As [`MarketDataProvider::fetch_bars`].
    async fn fetch_corporate_actions(&self, instrument: &Instrument) -> Result<Vec<CorporateAction>, ProviderError>;

    /// Symbols that match a text, best first.
    ///
    /// # Errors
    /// As [`MarketDataProvider::fetch_bars`].
    async fn search_symbols(&self, text: &str) -> Result<Vec<SymbolMatch>, ProviderError>;
}
