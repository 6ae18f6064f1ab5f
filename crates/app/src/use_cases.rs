//! The use cases, over the ports of one store.

use std::sync::Arc;

use anyhow::Context;
use domain::import_bars::ImportBars;
use domain::ingest::{Ingest, IngestStores, RunQueue};
use domain::query_gaps::QueryGaps;
use domain::query_prices::QueryPrices;
use domain::record_bars::RecordBars;
use domain::resolve_instrument::ResolveInstrument;
use domain::{Calendars, Clock, Precedence, Providers};

use crate::config::IngestConfig;
use crate::store::Store;

/// What can be done with a store.
#[derive(Clone)]
pub(crate) struct UseCases {
    /// Finds instruments.
    pub(crate) resolve: ResolveInstrument,
    /// Takes in rows of one series.
    pub(crate) record: RecordBars,
    /// Takes in files.
    pub(crate) import: ImportBars,
    /// Answers for prices.
    pub(crate) query: QueryPrices,
    /// Tells which bars are missing.
    pub(crate) gaps: QueryGaps,
    /// When markets trade.
    pub(crate) calendars: Arc<Calendars>,
    clock: Arc<dyn Clock>,
    precedence: Precedence,
}

impl UseCases {
    /// Over a store, with the configured order in which sources are believed.
    ///
    /// # Errors
    /// When the calendars cannot be had.
    pub(crate) fn over(store: &Store, ingest: &IngestConfig, clock: &Arc<dyn Clock>) -> anyhow::Result<Self> {
        let calendars = Arc::new(Calendars::built_in().context("the trading calendars are not usable")?);
        let resolve = ResolveInstrument::new(store.instruments.clone());
        let record = RecordBars::new(
            store.prices.clone(),
            store.catalogue.clone(),
            store.actions.clone(),
            calendars.clone(),
            clock.clone(),
            ingest.precedence.clone(),
        );
        let import = ImportBars::new(resolve.clone(), record.clone(), store.runs.clone(), calendars.clone());
        let query = QueryPrices::new(
            store.prices.clone(),
            store.catalogue.clone(),
            store.actions.clone(),
            calendars.clone(),
            clock.clone(),
        );
        let gaps = QueryGaps::new(
            store.prices.clone(),
            store.catalogue.clone(),
            store.coverage.clone(),
            calendars.clone(),
            clock.clone(),
        );
        Ok(Self {
            resolve,
            record,
            import,
            query,
            gaps,
            calendars,
            clock: clock.clone(),
            precedence: ingest.precedence.clone(),
        })
    }

    /// Ingesting into the same store, from these sources; `queue` leads to whoever carries out what is requested.
    pub(crate) fn ingest(&self, store: &Store, providers: Arc<Providers>, queue: Arc<dyn RunQueue>) -> Ingest {
        let stores = IngestStores {
            instruments: store.instruments.clone(),
            catalogue: store.catalogue.clone(),
            coverage: store.coverage.clone(),
            actions: store.actions.clone(),
            runs: store.runs.clone(),
        };
        Ingest::new(
            providers,
            stores,
            self.record.clone(),
            queue,
            self.calendars.clone(),
            self.clock.clone(),
            self.precedence.clone(),
        )
    }
}
