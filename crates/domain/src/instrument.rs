//! Instruments: things with a price, and the port that keeps them.

mod reference;
mod repository;

use std::collections::BTreeMap;
use std::fmt;

pub use reference::{InstrumentReference, ReferenceError};
#[cfg(any(test, feature = "mock"))]
pub use repository::MockInstrumentRepository;
pub use repository::{
    InstrumentCursor, InstrumentFilter, InstrumentOrder, InstrumentPage, InstrumentRepository,
    InstrumentRepositoryError, InstrumentSort,
};

use crate::{AssetClass, CalendarName, Currency, Exchange, SourceName, Symbol, Timestamp};

/// The number of an instrument in one store; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentId(pub i64);

impl AsRef<Self> for Instrument {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Display for InstrumentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// What is said of an instrument; unique by upper-cased symbol and exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentDetails {
    /// How it is written.
    pub symbol: Symbol,
    /// What people call it: 1 to 200 characters; the symbol where nothing better is known.
    pub name: String,
    /// What it is.
    pub asset_class: AssetClass,
    /// Where it trades, when that is known.
    pub exchange: Option<Exchange>,
    /// What its prices are in; `XXX` when unknown.
    pub currency: Currency,
    /// When it trades.
    pub calendar: CalendarName,
    /// Whether it is still brought up to date.
    pub active: bool,
    /// How each provider spells it.
    pub provider_symbols: BTreeMap<SourceName, Symbol>,
}

impl InstrumentDetails {
    /// An instrument of which only symbol and class are known: named after its symbol, in an unknown currency, on the
    /// default calendar of its class.
    #[must_use]
    pub fn bare(symbol: Symbol, asset_class: AssetClass) -> Self {
        Self {
            name: symbol.as_str().to_owned(),
            calendar: crate::calendar::default_calendar(asset_class, None),
            symbol,
            asset_class,
            exchange: None,
            currency: Currency::unknown(),
            active: true,
            provider_symbols: BTreeMap::new(),
        }
    }
}

/// Something with a price: `AAPL` on XNAS, `^GSPC`, `BTC-USD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Its number in this store.
    pub id: InstrumentId,
    /// What is said of it.
    pub details: InstrumentDetails,
    /// When it was first kept.
    pub created_at: Timestamp,
    /// When its details last changed; bars do not count.
    pub updated_at: Timestamp,
}

impl fmt::Display for Instrument {
    /// `EXCHANGE:SYMBOL`, or the symbol alone.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.details.exchange {
            Some(exchange) => write!(formatter, "{exchange}:{}", self.details.symbol),
            None => fmt::Display::fmt(&self.details.symbol, formatter),
        }
    }
}
