//! The port that keeps instruments.

use async_trait::async_trait;

use super::{Instrument, InstrumentDetails, InstrumentId};
use crate::{AssetClass, BoxError, Currency, Exchange, SourceName, Symbol};

/// Why a store of instruments could not answer.
#[derive(Debug, thiserror::Error)]
pub enum InstrumentRepositoryError {
    /// Another instrument has this symbol on this exchange.
    #[error("{0} exists already")]
    AlreadyExists(Box<Instrument>),
    /// Another instrument has this spelling at this provider.
    #[error("{provider} spells another instrument {spelling} already: {taken_by}")]
    SpellingTaken {
        /// The provider.
        provider: SourceName,
        /// Its spelling.
        spelling: Symbol,
        /// The instrument that has it.
        taken_by: Box<Instrument>,
    },
    /// There is no such instrument.
    #[error("there is no instrument {0}")]
    NotFound(InstrumentId),
    /// The instrument has bars, and deleting them was not asked for.
    #[error("instrument {id} has {bars} bars")]
    HasBars {
        /// Which instrument.
        id: InstrumentId,
        /// How many bars, revisions included.
        bars: u64,
    },
    /// What is stored breaks a rule of the domain; `verify` tells more.
    #[error("the store holds an instrument that breaks a rule: {0}")]
    Corrupt(String),
    /// The store cannot be reached; asking again later may help.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
}

/// Which instruments to list; `None` stands for any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstrumentFilter {
    /// Only this class.
    pub asset_class: Option<AssetClass>,
    /// Only this exchange.
    pub exchange: Option<Exchange>,
    /// Only this currency.
    pub currency: Option<Currency>,
    /// Only active or only inactive ones.
    pub active: Option<bool>,
    /// Only those whose symbol or name contains this text, in any case of any script; no character is a wildcard.
    pub search: Option<String>,
}

/// By what instruments are sorted; the id breaks ties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InstrumentSort {
    /// By upper-cased symbol.
    #[default]
    Symbol,
    /// By name, in byte order.
    Name,
    /// By id, which is the order of creation.
    Id,
}

/// Sort key and direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct InstrumentOrder {
    /// By what.
    pub by: InstrumentSort,
    /// Largest first.
    pub descending: bool,
}

/// Where a page of instruments ended: the sort key of its last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentCursor {
    /// Its upper-cased symbol, its name, or nothing, as [`InstrumentSort`] says.
    pub key: String,
    /// Its id.
    pub id: InstrumentId,
}

/// One page of instruments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentPage {
    /// At most as many as were asked for.
    pub instruments: Vec<Instrument>,
    /// Where to go on; `None` on the last page.
    pub next: Option<InstrumentCursor>,
}

/// Keeps instruments.
///
/// Symbols are compared upper-cased. Every method sees what earlier ones wrote.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait InstrumentRepository: Send + Sync {
    /// Keeps a new instrument, stamped by the store's clock, and gives it an id that no instrument ever had.
    ///
    /// # Errors
    /// [`InstrumentRepositoryError::AlreadyExists`] when symbol and exchange are taken,
    /// [`InstrumentRepositoryError::SpellingTaken`] when a provider's spelling is.
    async fn create(&self, details: InstrumentDetails) -> Result<Instrument, InstrumentRepositoryError>;

    /// The instrument with this id.
    ///
    /// # Errors
    /// [`InstrumentRepositoryError::Unavailable`].
    async fn get(&self, id: InstrumentId) -> Result<Option<Instrument>, InstrumentRepositoryError>;

    /// All instruments with this symbol, by id, whatever their exchange.
    ///
    /// # Errors
    /// [`InstrumentRepositoryError::Unavailable`].
    async fn with_symbol(&self, symbol: &Symbol) -> Result<Vec<Instrument>, InstrumentRepositoryError>;

    /// The instrument that this provider spells so, compared exactly.
    ///
    /// # Errors
    /// [`InstrumentRepositoryError::Unavailable`].
    async fn with_provider_symbol(
        &self,
        provider: &SourceName,
        spelling: &Symbol,
    ) -> Result<Option<Instrument>, InstrumentRepositoryError>;

    /// At most `limit` instruments that pass the filter, in order, from behind `after`.
    ///
    /// # Errors
    /// [`InstrumentRepositoryError::Unavailable`].
    async fn list(
        &self,
        filter: &InstrumentFilter,
        order: InstrumentOrder,
        limit: usize,
        after: Option<InstrumentCursor>,
    ) -> Result<InstrumentPage, InstrumentRepositoryError>;

    /// Replaces the details; `updated_at` moves only when something differs, be it the case of a symbol.
    ///
    /// # Errors
    /// [`InstrumentRepositoryError::NotFound`], and those of [`InstrumentRepository::create`].
    async fn update(
        &self,
        id: InstrumentId,
        details: InstrumentDetails,
    ) -> Result<Instrument, InstrumentRepositoryError>;

    /// Forgets an instrument that has no bars, with its quarantine, actions, coverage and runs.
    ///
    /// # Errors
    /// [`InstrumentRepositoryError::NotFound`]; [`InstrumentRepositoryError::HasBars`] when bars or revisions exist.
    async fn delete(&self, id: InstrumentId) -> Result<(), InstrumentRepositoryError>;

    /// Forgets an instrument with its bars, revisions, discrepancies, quarantine, journal, actions, coverage and runs:
    /// the only real erasure there is.
    /// Returns how many bars went, revisions included.
    ///
    /// # Errors
    /// [`InstrumentRepositoryError::NotFound`].
    async fn delete_with_bars(&self, id: InstrumentId) -> Result<u64, InstrumentRepositoryError>;
}
