//! What is measured: the use case over a real store and the real adapter of Binance.

use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use domain::ingest::{Ingest, IngestOrder, IngestStores, InstrumentChoice, RunQueue, RunQueueError};
use domain::record_bars::RecordBars;
use domain::{
    AssetClass, Bar, BarRequest, Calendars, Clock, CorporateActionRepository, CoverageRepository, Fetched,
    IngestRunRepository, Instrument, InstrumentDetails, InstrumentRepository, Interval, MergeBatch, Precedence,
    PriceRepository, Providers, RunId, RunState, SeriesCatalogue, SeriesKey, SourceName, TimeRange, Timestamp,
};
use http_providers::{BudgetSettings, ProvidersSettings};

use crate::Outcome;

/// 2020-01-01.
const START: i64 = 1_577_836_800;
const PAGE: u32 = 1_000;

/// A store, behind all ports that an ingest needs.
#[derive(Clone)]
pub(crate) struct Ports {
    prices: Arc<dyn PriceRepository>,
    stores: IngestStores,
}

pub(crate) fn ports<S>(store: S) -> Ports
where
    S: InstrumentRepository
        + PriceRepository
        + SeriesCatalogue
        + CoverageRepository
        + CorporateActionRepository
        + IngestRunRepository
        + 'static,
{
    let store = Arc::new(store);
    Ports {
        prices: store.clone(),
        stores: IngestStores {
            instruments: store.clone(),
            catalogue: store.clone(),
            coverage: store.clone(),
            actions: store.clone(),
            runs: store,
        },
    }
}

pub(crate) struct Subject {
    providers: Arc<Providers>,
    ports: Ports,
    ingest: Ingest,
    source: SourceName,
}

impl Subject {
    pub(crate) fn new(base_url: &str, ports: Ports) -> Outcome<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let mut settings = ProvidersSettings::default();
        base_url.clone_into(&mut settings.binance.connection.base_url);
        // A budget that is spent from and never used up.
        settings.binance.budget = BudgetSettings {
            per_minute: NonZeroU32::new(1_000_000_000),
            ..settings.binance.budget
        };
        let providers = Arc::new(http_providers::providers(&settings, &clock)?);
        let calendars = Arc::new(Calendars::built_in()?);
        let record = RecordBars::new(
            ports.prices.clone(),
            ports.stores.catalogue.clone(),
            ports.stores.actions.clone(),
            calendars.clone(),
            clock.clone(),
            Precedence::default(),
        );
        let ingest = Ingest::new(
            providers.clone(),
            ports.stores.clone(),
            record,
            Arc::new(NoQueue),
            calendars,
            clock,
            Precedence::default(),
        );
        Ok(Self {
            providers,
            ports,
            ingest,
            source: "binance".parse()?,
        })
    }

    /// The pages, decoded and kept.
    pub(crate) async fn fetch(&self, symbol: &str, pages: u32) -> Outcome<Vec<Fetched>> {
        let provider = self.providers.get(&self.source).ok_or("Binance is gone")?;
        let mut request = BarRequest {
            spelling: symbol.parse()?,
            instrument: self.instrument(symbol).await?,
            interval: Interval::OneMinute,
            range: range(pages)?,
        };
        let mut fetched = Vec::new();
        loop {
            let page = provider.port.fetch_bars(&request).await?;
            let covered = page.covered.ok_or("a page covers nothing")?;
            fetched.push(page);
            if covered.end() >= request.range.end() {
                return Ok(fetched);
            }
            request.range = TimeRange::new(covered.end(), request.range.end())?;
        }
    }

    /// Bars that are decoded already, page by page.
    pub(crate) async fn merge(&self, symbol: &str, pages: Vec<Vec<Bar>>) -> Outcome<()> {
        let series = SeriesKey {
            instrument: self.instrument(symbol).await?.id,
            interval: Interval::OneMinute,
        };
        for page in pages {
            let batch = MergeBatch::of_bars(series, self.source.clone(), page);
            self.ports.prices.merge(batch).await?;
        }
        Ok(())
    }

    /// From the order to the end of its run.
    pub(crate) async fn ingest(&self, symbol: &str, pages: u32) -> Outcome<()> {
        let range = range(pages)?;
        let order = IngestOrder {
            provider: self.source.clone(),
            instruments: vec![InstrumentChoice::Known(self.instrument(symbol).await?)],
            interval: Interval::OneMinute,
            start: Some(range.start()),
            end: Some(range.end()),
            refresh: false,
        };
        for requested in self.ingest.request(&order, None).await? {
            let ended = self.ingest.execute(requested.run.id, &|_| {}).await?;
            if ended.state != RunState::Succeeded || ended.counts.inserted != u64::from(pages * PAGE) {
                return Err(format!("the run ended otherwise: {ended:?}").into());
            }
        }
        Ok(())
    }

    async fn instrument(&self, symbol: &str) -> Outcome<Instrument> {
        let details = InstrumentDetails::bare(symbol.parse()?, AssetClass::Crypto);
        Ok(self.ports.stores.instruments.create(details).await?)
    }
}

/// The rows of each page as bars.
pub(crate) fn bars(pages: Vec<Fetched>) -> Outcome<Vec<Vec<Bar>>> {
    let page = |fetched: Fetched| -> Outcome<Vec<Bar>> {
        let rows = fetched.rows.into_iter();
        rows.map(|row| Ok(Bar::new(row.values?, AssetClass::Crypto)?)).collect()
    };
    pages.into_iter().map(page).collect()
}

fn range(pages: u32) -> Outcome<TimeRange> {
    let start = Timestamp::from_unix_seconds(START)?;
    let end = Timestamp::from_unix_seconds(START + i64::from(pages) * i64::from(PAGE) * 60)?;
    Ok(TimeRange::new(start, end)?)
}

/// The bench carries out itself what it asks for.
struct NoQueue;

#[async_trait]
impl RunQueue for NoQueue {
    async fn submit(&self, _runs: &[RunId]) -> Result<(), RunQueueError> {
        Ok(())
    }
}

/// The time of day, for stamps.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the port to the clock is implemented here")]
    fn now(&self) -> Timestamp {
        Timestamp::try_from(time::OffsetDateTime::now_utc()).unwrap_or(Timestamp::MIN)
    }
}
