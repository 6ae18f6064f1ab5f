//! Instruments, bars and the rules they obey: entities, value types that cannot be invalid, ports and use cases.
//!
//! Nothing here reads a clock, a file or a socket; adapters implement the ports, and `app` composes them.

mod adjustment;
mod asset_class;
mod bar;
mod basis;
pub mod calendar;
mod clock;
mod code;
pub mod copy_store;
mod corporate_action;
mod coverage;
mod decimal;
mod error_chain;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
pub mod fingerprint;
mod free_text;
mod history;
pub mod import_bars;
pub mod ingest;
mod ingest_run;
mod instrument;
mod interval;
mod market_price;
pub mod merge;
mod price;
mod price_repository;
mod provider;
pub mod query_gaps;
pub mod query_prices;
pub mod record_bars;
mod resampling;
pub mod resolve_instrument;
mod series;
mod store;
mod symbol;
mod time_range;
mod timestamp;
mod transfer;
mod volume;

pub use adjustment::{Adjustment, AdjustmentError, AdjustmentFactors, UnknownAdjustment};
pub use asset_class::{AssetClass, UnknownAssetClass};
pub use bar::{Bar, BarError, BarField, BarValues};
pub use basis::{BasisError, shortest_float32, spans_an_ex_date, undo_splits};
pub use calendar::{CalendarError, Calendars, MarketZone, TradingCalendar, ZoneError};
pub use clock::Clock;
pub use code::{CalendarName, CodeError, Currency, Exchange, SourceName};
pub use corporate_action::{
    ActionBatch, CorporateAction, CorporateActionError, CorporateActionKind, CorporateActionRepository,
    CorporateActionRepositoryError, RecordedAction, SplitRatio,
};
pub use coverage::{BarState, CoverageRepository, CoveredRange, RangeSet, Stretch, confirmed, expected_openings, gaps};
pub use decimal::{DecimalError, MAX_FRACTION_DIGITS, MAX_WHOLE_DIGITS};
pub use error_chain::ErrorChain;
pub use free_text::storable;
pub use history::{
    ChangeKind, Discrepancy, Dispute, JournalEntry, PriceHistory, QuarantinedRow, Revision, RevisionKind,
};
pub use ingest_run::{
    IdempotencyKey, IdempotencyKeyError, IngestRun, IngestRunRepository, IngestRunRepositoryError, NewRun,
    RequestedRun, RunEnd, RunFilter, RunId, RunRequest, RunState, UnknownRunState,
};
pub use instrument::{
    Instrument, InstrumentCursor, InstrumentDetails, InstrumentFilter, InstrumentId, InstrumentOrder, InstrumentPage,
    InstrumentReference, InstrumentRepository, InstrumentRepositoryError, InstrumentSort, ReferenceError,
};
pub use interval::{Interval, UnknownInterval};
pub use market_price::{MarketPrice, PriceRow, SeriesKey};
pub use merge::{MergeBatch, MergeCounts, Merged, Precedence, RejectedRow, Tolerance};
pub use price::Price;
pub use price_repository::{BarChunk, BarQuery, PriceRepository, PriceRepositoryError, Removal, RowChunk, TimeOrder};
pub use provider::{
    BarRequest, CallBudget, Fetched, MarketDataProvider, OfferedInterval, Page, ProviderCapabilities, ProviderError,
    Providers, RegisteredProvider, SymbolMatch,
};
pub use resampling::{Resampler, bucket_start, parts_range};
pub use series::{Basis, Listing, Series, SeriesCatalogue, SeriesStanding, UnknownBasis};
pub use store::{StoreCare, Verification, Violation};
pub use symbol::{Symbol, SymbolError};
pub use time_range::{TimeRange, TimeRangeError};
pub use timestamp::{Timestamp, TimestampError};
pub use transfer::{
    ActionCompleteness, ActionRevision, Counter, CounterRecord, CoverageRecord, InstrumentRecord, Part, Record,
    RecordKey, StoreTransfer, StoreTransferError,
};
pub use volume::Volume;

/// The technical cause of an error, whatever the adapter.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Mocks of the ports, for the tests of the crates that use them.
#[cfg(any(test, feature = "mock"))]
pub mod mock {
    pub use crate::calendar::MockTradingCalendar;
    pub use crate::clock::MockClock;
    pub use crate::corporate_action::MockCorporateActionRepository;
    pub use crate::coverage::MockCoverageRepository;
    pub use crate::history::MockPriceHistory;
    pub use crate::ingest::MockRunQueue;
    pub use crate::ingest_run::MockIngestRunRepository;
    pub use crate::instrument::MockInstrumentRepository;
    pub use crate::price_repository::MockPriceRepository;
    pub use crate::provider::MockMarketDataProvider;
    pub use crate::series::MockSeriesCatalogue;
    pub use crate::store::MockStoreCare;
    pub use crate::transfer::MockStoreTransfer;
}
