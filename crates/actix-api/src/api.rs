//! What the handlers call: the use cases and ports that `app` composes.

use std::sync::Arc;

use domain::ingest::Ingest;
use domain::query_gaps::QueryGaps;
use domain::query_prices::QueryPrices;
use domain::record_bars::RecordBars;
use domain::resolve_instrument::ResolveInstrument;
use domain::{
    Calendars, Clock, CorporateActionRepository, IngestRunRepository, InstrumentRepository, PriceHistory,
    PriceRepository, SeriesCatalogue, StoreCare,
};

use crate::Metrics;

/// The use cases and ports behind the API; cheap to clone.
#[derive(Clone)]
pub struct Api {
    /// Answers for prices.
    pub query: QueryPrices,
    /// Tells which bars are missing.
    pub gaps: QueryGaps,
    /// Writes bars.
    pub record: RecordBars,
    /// Plans, requests and cancels runs, and knows the providers.
    pub ingest: Ingest,
    /// Tells what became of runs.
    pub runs: Arc<dyn IngestRunRepository>,
    /// Finds the instrument that a path names.
    pub resolve: ResolveInstrument,
    /// Keeps instruments.
    pub instruments: Arc<dyn InstrumentRepository>,
    /// Removes ranges of bars.
    pub prices: Arc<dyn PriceRepository>,
    /// Tells what series there are.
    pub catalogue: Arc<dyn SeriesCatalogue>,
    /// Tells what was believed before.
    pub history: Arc<dyn PriceHistory>,
    /// Keeps splits and dividends.
    pub actions: Arc<dyn CorporateActionRepository>,
    /// Tells whether the store answers.
    pub care: Arc<dyn StoreCare>,
    /// The calendars that an instrument may name.
    pub calendars: Arc<Calendars>,
    /// Hears of requests, and tells the figures of the whole program.
    pub metrics: Arc<dyn Metrics>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}
