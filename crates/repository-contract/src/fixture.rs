//! A fresh store with its clock, and short ways to write to it and to look at it.

use std::any::Any;
use std::sync::Arc;

use domain::fake::ManualClock;
use domain::{
    AssetClass, Bar, BarQuery, Clock, CorporateActionRepository, CoverageRepository, Discrepancy, IngestRunRepository,
    InstrumentDetails, InstrumentId, InstrumentRepository, Interval, JournalEntry, MarketPrice, MergeBatch, Merged,
    PriceHistory, PriceRepository, QuarantinedRow, Removal, Revision, RowChunk, Series, SeriesCatalogue, SeriesKey,
    StoreCare, StoreTransfer, TimeOrder, TimeRange, Timestamp,
};
use time::Duration;
use tokio::sync::RwLock;

use crate::bars::{instant, source};

/// More than any behaviour writes, where a limit is asked for and none is meant.
pub(crate) const PLENTY: usize = 1_000_000;

/// What the clock shows when a behaviour begins.
pub(crate) const START: &str = "2024-06-03T12:00:00Z";

/// Everything that a persistence adapter does; whatever implements the ports is one.
pub trait Store:
    InstrumentRepository
    + SeriesCatalogue
    + PriceRepository
    + PriceHistory
    + CorporateActionRepository
    + IngestRunRepository
    + CoverageRepository
    + StoreCare
    + StoreTransfer
{
}

impl<Adapter> Store for Adapter where
    Adapter: InstrumentRepository
        + SeriesCatalogue
        + PriceRepository
        + PriceHistory
        + CorporateActionRepository
        + IngestRunRepository
        + CoverageRepository
        + StoreCare
        + StoreTransfer
{
}

/// An empty store of its own for one test.
pub struct Fixture {
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    streams: bool,
    // Dropped after the store, in the order of the fields.
    guard: Box<dyn Any + Send>,
}

impl Fixture {
    /// A store that stamps its writes with `clock`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<ManualClock>) -> Self {
        Self {
            store,
            clock,
            streams: true,
            guard: Box::new(()),
        }
    }

    /// A clock that shows 2024-06-03T12:00:00Z, from which every behaviour starts.
    #[must_use]
    pub fn clock_at_start() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(instant(START)))
    }

    /// Keeps `guard` alive as long as the store: a temporary folder, a database to drop.
    #[must_use]
    pub fn keeping(self, guard: impl Any + Send) -> Self {
        Self {
            guard: Box::new((self.guard, guard)),
            ..self
        }
    }

    /// For a store that holds all bars in memory, so that reading them piece by piece saves nothing.
    #[must_use]
    pub fn in_memory(self) -> Self {
        Self { streams: false, ..self }
    }

    /// Whether bars that are not being read take no memory.
    #[must_use]
    pub fn streams(&self) -> bool {
        self.streams
    }

    /// The store, to be shared with spawned tasks.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// Instruments.
    #[must_use]
    pub fn instruments(&self) -> &dyn InstrumentRepository {
        &*self.store
    }

    /// The catalogue.
    #[must_use]
    pub fn catalogue(&self) -> &dyn SeriesCatalogue {
        &*self.store
    }

    /// Bars.
    #[must_use]
    pub fn prices(&self) -> &dyn PriceRepository {
        &*self.store
    }

    /// The past of bars.
    #[must_use]
    pub fn history(&self) -> &dyn PriceHistory {
        &*self.store
    }

    /// Splits and dividends.
    #[must_use]
    pub fn actions(&self) -> &dyn CorporateActionRepository {
        &*self.store
    }

    /// Runs.
    #[must_use]
    pub fn runs(&self) -> &dyn IngestRunRepository {
        &*self.store
    }

    /// Coverage.
    #[must_use]
    pub fn coverage(&self) -> &dyn CoverageRepository {
        &*self.store
    }

    /// Care.
    #[must_use]
    pub fn care(&self) -> &dyn StoreCare {
        &*self.store
    }

    /// Everything, as it is.
    #[must_use]
    pub fn transfer(&self) -> &dyn StoreTransfer {
        &*self.store
    }

    /// What the store's clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sets the store's clock on, or back when `duration` is negative.
    pub fn advance(&self, duration: Duration) -> Timestamp {
        self.clock.advance(duration)
    }

    /// Keeps a new stock of that symbol.
    pub async fn stock(&self, symbol: &str) -> InstrumentId {
        let details = InstrumentDetails::bare(symbol.parse().unwrap(), AssetClass::Stock);
        self.instruments().create(details).await.unwrap().id
    }

    /// The daily series of a new stock of that symbol.
    pub async fn daily_series(&self, symbol: &str) -> SeriesKey {
        SeriesKey {
            instrument: self.stock(symbol).await,
            interval: Interval::OneDay,
        }
    }

    /// Merges a batch that must be taken.
    pub async fn merge(&self, batch: MergeBatch) -> Merged {
        let fetched = batch.fetched();
        let merged = self.prices().merge(batch).await.unwrap();
        assert_eq!(merged.counts.fetched(), fetched, "the counts sum to what was fetched");
        merged
    }

    /// Merges final bars that `name` gives.
    pub async fn merge_from(&self, name: &str, series: SeriesKey, bars: impl IntoIterator<Item = Bar>) -> Merged {
        let bars = bars.into_iter().collect();
        self.merge(MergeBatch::of_bars(series, source(name), bars)).await
    }

    /// Removes the bars that open in a range, on behalf of `api`.
    pub async fn remove(&self, series: SeriesKey, range: TimeRange) -> Merged {
        let source = source("api");
        self.prices().remove(Removal { series, range, source }).await.unwrap()
    }

    /// All current final bars, oldest first.
    pub async fn bars(&self, series: SeriesKey) -> Vec<MarketPrice> {
        self.read(&everything(series)).await
    }

    /// All current bars, unfinished ones included, oldest first.
    pub async fn bars_with_partial(&self, series: SeriesKey) -> Vec<MarketPrice> {
        let query = BarQuery {
            include_partial: true,
            ..everything(series)
        };
        self.read(&query).await
    }

    /// All final bars that were believed at an instant, oldest first.
    pub async fn bars_as_of(&self, series: SeriesKey, instant: Timestamp) -> Vec<MarketPrice> {
        let query = BarQuery {
            as_of: Some(instant),
            ..everything(series)
        };
        self.read(&query).await
    }

    /// The bars of a query, of which the same are shown.
    pub async fn read(&self, query: &BarQuery) -> Vec<MarketPrice> {
        let chunk = self.prices().read(query).await.unwrap();
        // Beside a writer only a state that is over is the same twice.
        let pinned = BarQuery {
            as_of: Some(chunk.pinned),
            ..*query
        };
        let shown = self.prices().rows(&pinned).await.unwrap();
        assert_eq!(format!("{shown:?}"), format!("{:?}", RowChunk::from(chunk.clone())));
        chunk.bars
    }

    /// The line of the catalogue, which must be there.
    pub async fn line(&self, series: SeriesKey) -> Series {
        self.catalogue().find(series).await.unwrap().unwrap()
    }

    /// All revisions.
    pub async fn revisions(&self, series: SeriesKey) -> Vec<Revision> {
        self.history()
            .revisions(series, TimeRange::ALL, PLENTY, None)
            .await
            .unwrap()
    }

    /// All discrepancies, closed ones included. The catalogue says whether one of them is open.
    pub async fn discrepancies(&self, series: SeriesKey) -> Vec<Discrepancy> {
        let all = self
            .history()
            .discrepancies(series, TimeRange::ALL, PLENTY)
            .await
            .unwrap();
        let open = all.iter().any(|known| known.closed_at.is_none());
        assert_eq!(
            self.disputed(series.instrument).await.contains(&series),
            open,
            "{series}"
        );
        all
    }

    /// The series of an instrument about which the catalogue says that a discrepancy is open.
    pub async fn disputed(&self, instrument: InstrumentId) -> Vec<SeriesKey> {
        let standings = self.catalogue().standings(instrument).await.unwrap();
        let disputed = standings.into_iter().filter(|standing| standing.disputed);
        disputed.map(|standing| standing.line.key).collect()
    }

    /// All rows in quarantine.
    pub async fn quarantine(&self) -> Vec<QuarantinedRow> {
        self.history().quarantine(None, PLENTY, 0).await.unwrap()
    }

    /// The lines of the journal about a series.
    pub async fn journal(&self, series: SeriesKey) -> Vec<JournalEntry> {
        let mut lines = self.history().journal(PLENTY, 0).await.unwrap();
        lines.retain(|line| line.series == series);
        lines
    }

    /// Everything that is kept about a series, digit for digit; coverage and runs are not part of it.
    pub async fn picture(&self, series: SeriesKey) -> String {
        format!(
            "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}",
            self.catalogue().find(series).await.unwrap(),
            self.bars_with_partial(series).await,
            self.revisions(series).await,
            self.discrepancies(series).await,
            self.quarantine().await,
            self.journal(series).await,
        )
    }
}

/// A query for all current final bars of a series, oldest first.
#[must_use]
pub(crate) fn everything(series: SeriesKey) -> BarQuery {
    BarQuery {
        series,
        range: TimeRange::ALL,
        order: TimeOrder::Ascending,
        limit: PLENTY,
        as_of: None,
        include_partial: false,
    }
}

/// What a behaviour may share its process with.
static PROCESS: RwLock<()> = RwLock::const_new(());

/// Runs one behaviour, then asks the store whether it still keeps all of its rules.
pub async fn check(fixture: Fixture, behaviour: impl AsyncFn(&Fixture)) {
    let _beside_others = PROCESS.read().await;
    run(fixture, behaviour).await;
}

/// The same for a behaviour that looks at the process itself, such as its memory: plain `cargo test` runs the tests of a
/// file in one process, so the others wait.
pub async fn check_alone(fixture: Fixture, behaviour: impl AsyncFn(&Fixture)) {
    let _alone = PROCESS.write().await;
    run(fixture, behaviour).await;
}

async fn run(fixture: Fixture, behaviour: impl AsyncFn(&Fixture)) {
    Box::pin(behaviour(&fixture)).await;
    let verification = fixture.care().verify().await.unwrap();
    assert_eq!(verification.violations, [], "the store breaks its own rules");
}
