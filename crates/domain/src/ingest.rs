//! Use case: what a provider has and the store has not is fetched and merged, as runs that can be resumed.
//!
//! [`Ingest::plan`] says what would be asked, [`Ingest::request`] records runs, [`Ingest::execute`] carries one out: from
//! old to new, page by page, each merged in a transaction of its own with its coverage.

mod error;
mod estimate;
mod execute;
mod failure;
mod identify;
mod order;
mod outcome;
mod plan;
mod queue;
mod request;
mod schedule;
#[cfg(test)]
mod testing;
mod walk;

use std::sync::Arc;

pub use error::IngestError;
pub use execute::Progress;
pub use order::{IngestOrder, InstrumentChoice, OrderMistake};
pub use plan::{IngestPlan, PlanRemark, SeriesPlan};
#[cfg(any(test, feature = "mock"))]
pub use queue::MockRunQueue;
pub use queue::{RunQueue, RunQueueError};
pub use request::RequestedSeries;

use crate::record_bars::RecordBars;
use crate::{
    Calendars, Clock, CorporateActionRepository, CoverageRepository, IngestRunRepository, InstrumentRepository,
    Interval, MarketDataProvider, OfferedInterval, Precedence, ProviderCapabilities, Providers, SeriesCatalogue,
    SourceName,
};

/// The stores that an ingest reads and writes beside the bars themselves.
#[derive(Clone)]
pub struct IngestStores {
    /// Instruments are found and made here.
    pub instruments: Arc<dyn InstrumentRepository>,
    /// Tells how the bars of a series lie.
    pub catalogue: Arc<dyn SeriesCatalogue>,
    /// Tells what was answered before.
    pub coverage: Arc<dyn CoverageRepository>,
    /// Takes splits and dividends.
    pub actions: Arc<dyn CorporateActionRepository>,
    /// Keeps the record of runs.
    pub runs: Arc<dyn IngestRunRepository>,
}

/// Brings series up to date from providers.
#[derive(Clone)]
pub struct Ingest {
    providers: Arc<Providers>,
    stores: IngestStores,
    record: RecordBars,
    queue: Arc<dyn RunQueue>,
    calendars: Arc<Calendars>,
    clock: Arc<dyn Clock>,
    precedence: Precedence,
}

impl Ingest {
    /// Over the sources, the stores, and whoever executes what is requested; `precedence` is the order in which sources of
    /// splits and dividends are believed, the same as that of `record`.
    #[must_use]
    pub fn new(
        providers: Arc<Providers>,
        stores: IngestStores,
        record: RecordBars,
        queue: Arc<dyn RunQueue>,
        calendars: Arc<Calendars>,
        clock: Arc<dyn Clock>,
        precedence: Precedence,
    ) -> Self {
        Self {
            providers,
            stores,
            record,
            queue,
            calendars,
            clock,
            precedence,
        }
    }

    /// The sources by name.
    #[must_use]
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// The provider of that name, ready to be asked for bars of that length.
    fn desk(&self, name: &SourceName, interval: Interval) -> Result<Desk, OrderMistake> {
        let registered = self.providers.get(name).ok_or_else(|| OrderMistake::UnknownProvider {
            name: name.clone(),
            known: self.providers.iter().map(|(known, _)| known.clone()).collect(),
        })?;
        if let Some(setting) = registered.missing {
            let provider = name.clone();
            return Err(OrderMistake::NotConfigured { provider, setting });
        }
        let capabilities = registered.port.capabilities();
        let offered = *capabilities
            .offered(interval)
            .ok_or_else(|| OrderMistake::UnsupportedInterval {
                provider: name.clone(),
                interval,
                offered: capabilities.intervals.iter().map(|offered| offered.interval).collect(),
            })?;
        Ok(Desk {
            name: name.clone(),
            provider: Arc::clone(&registered.port),
            capabilities,
            offered,
        })
    }
}

/// A provider that can be asked, and what it promises.
struct Desk {
    name: SourceName,
    provider: Arc<dyn MarketDataProvider>,
    capabilities: ProviderCapabilities,
    offered: OfferedInterval,
}
