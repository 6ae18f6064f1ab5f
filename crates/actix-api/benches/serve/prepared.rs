//! A market whose bars are ready: reading them costs a copy and nothing else.

use std::hint::black_box;
use std::sync::Arc;

use actix_api::{AnsweredRequest, Api, Metrics};
use async_trait::async_trait;
use domain::fake::{InMemoryRunQueue, InMemoryStore, ManualClock};
use domain::ingest::{Ingest, IngestStores};
use domain::query_gaps::QueryGaps;
use domain::query_prices::QueryPrices;
use domain::record_bars::RecordBars;
use domain::resolve_instrument::ResolveInstrument;
use domain::{
    ActionBatch, AssetClass, Bar, BarChunk, BarQuery, BarValues, Calendars, CorporateAction, CorporateActionRepository,
    Instrument, InstrumentDetails, InstrumentRepository, Interval, MarketPrice, MergeBatch, Merged, Precedence, Price,
    PriceRepository, PriceRepositoryError, Providers, Removal, SeriesKey, SourceName, SplitRatio, TimeOrder, TimeRange,
    Timestamp, Volume,
};

use super::Outcome;
use super::limit::{PlainBar, STORED};

/// Figures are not measured here.
struct NoMetrics;

#[async_trait]
impl Metrics for NoMetrics {
    fn request_began(&self) {}

    fn request_ended(&self, _request: &AnsweredRequest<'_>) {}

    async fn render(&self) -> String {
        String::new()
    }
}

/// One instrument with one series.
pub(super) struct Market {
    pub(super) instrument: Instrument,
    pub(super) query: QueryPrices,
    store: Arc<InMemoryStore>,
    prices: Arc<PreparedBars>,
    calendars: Arc<Calendars>,
    clock: Arc<ManualClock>,
}

impl Market {
    pub(super) async fn open(bars: &[PlainBar]) -> Outcome<Self> {
        let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse()?));
        let store = Arc::new(InMemoryStore::new(clock.clone()));
        let details = InstrumentDetails {
            currency: "USD".parse()?,
            ..InstrumentDetails::bare("BENCH".parse()?, AssetClass::Stock)
        };
        let instrument = store.create(details).await?;
        let series = SeriesKey {
            instrument: instrument.id,
            interval: Interval::OneDay,
        };
        let bars = Self::build(bars)?;
        // The catalogue has to know that there is a series; its bars come from elsewhere.
        let first = bars.first().cloned().into_iter().collect();
        PriceRepository::merge(&*store, MergeBatch::of_bars(series, SourceName::file(), first)).await?;
        let actions = ActionBatch {
            instrument: instrument.id,
            actions: actions()?,
            source: SourceName::file(),
            complete: true,
            precedence: Precedence::default(),
        };
        CorporateActionRepository::merge(&*store, actions).await?;
        let prices = Arc::new(PreparedBars::new(series, bars));
        let calendars = Arc::new(Calendars::built_in()?);
        let query = QueryPrices::new(
            prices.clone(),
            store.clone(),
            store.clone(),
            calendars.clone(),
            clock.clone(),
        );
        Ok(Self {
            instrument,
            query,
            store,
            prices,
            calendars,
            clock,
        })
    }

    pub(super) fn api(&self) -> Api {
        let record = RecordBars::new(
            self.prices.clone(),
            self.store.clone(),
            self.store.clone(),
            self.calendars.clone(),
            self.clock.clone(),
            Precedence::default(),
        );
        Api {
            query: self.query.clone(),
            gaps: QueryGaps::new(
                self.prices.clone(),
                self.store.clone(),
                self.store.clone(),
                self.calendars.clone(),
                self.clock.clone(),
            ),
            ingest: self.ingest(record.clone()),
            runs: self.store.clone(),
            record,
            resolve: ResolveInstrument::new(self.store.clone()),
            instruments: self.store.clone(),
            prices: self.prices.clone(),
            catalogue: self.store.clone(),
            history: self.store.clone(),
            actions: self.store.clone(),
            care: self.store.clone(),
            calendars: self.calendars.clone(),
            metrics: Arc::new(NoMetrics),
            clock: self.clock.clone(),
        }
    }

    /// Without any provider: nothing is ingested here.
    fn ingest(&self, record: RecordBars) -> Ingest {
        let stores = IngestStores {
            instruments: self.store.clone(),
            catalogue: self.store.clone(),
            coverage: self.store.clone(),
            actions: self.store.clone(),
            runs: self.store.clone(),
        };
        Ingest::new(
            Arc::new(Providers::default()),
            stores,
            record,
            Arc::new(InMemoryRunQueue::default()),
            self.calendars.clone(),
            self.clock.clone(),
            Precedence::default(),
        )
    }

    /// Builds bars from their digits, as a store does that reads them.
    pub(super) fn build(plain: &[PlainBar]) -> Outcome<Vec<Bar>> {
        let mut bars = Vec::with_capacity(plain.len());
        for plain in plain {
            bars.push(bar(plain)?);
        }
        Ok(bars)
    }

    /// What the store gives for a page of that size.
    pub(super) async fn hand_out(&self, size: usize) -> Outcome<()> {
        let query = BarQuery {
            series: self.prices.series,
            range: TimeRange::ALL,
            order: TimeOrder::Ascending,
            limit: size + 1,
            as_of: None,
            include_partial: false,
        };
        black_box(self.prices.read(&query).await?);
        Ok(())
    }
}

/// A dividend each quarter and a split every ten years: what an old company has.
fn actions() -> Outcome<Vec<CorporateAction>> {
    let quarter = |number: i64| Timestamp::from_unix_seconds(number * 91 * 86_400);
    let dividends = (1..STORED / 91).map(|number| {
        Ok(CorporateAction::Dividend {
            ex_date: quarter(number)?.date(),
            amount: "0.24".parse()?,
            currency: "USD".parse()?,
        })
    });
    let splits = (1..STORED / 3_640).map(|number| {
        Ok(CorporateAction::Split {
            ex_date: quarter(number * 40)?.date(),
            ratio: SplitRatio::new(2 + u64::try_from(number)?, 1)?,
        })
    });
    dividends.chain(splits).collect()
}

fn bar(plain: &PlainBar) -> Outcome<Bar> {
    let [open, high, low, close] = plain.prices.map(|cents| Price::new(i128::from(cents), 2));
    let values = BarValues {
        opened_at: Timestamp::from_unix_seconds(plain.opened_at)?,
        open: open?,
        high: high?,
        low: low?,
        close: close?,
        volume: Volume::new(i128::from(plain.volume), 3)?,
        trade_count: None,
        vwap: None,
    };
    Ok(Bar::new(values, AssetClass::Stock)?)
}

/// Hands out copies of its bars, oldest first.
struct PreparedBars {
    series: SeriesKey,
    bars: Vec<MarketPrice>,
}

impl PreparedBars {
    fn new(series: SeriesKey, bars: Vec<Bar>) -> Self {
        let source = SourceName::file();
        let price = |bar| MarketPrice {
            series,
            bar,
            source: source.clone(),
            recorded_at: Timestamp::MIN,
            provisional: false,
        };
        Self {
            series,
            bars: bars.into_iter().map(price).collect(),
        }
    }
}

#[async_trait]
impl PriceRepository for PreparedBars {
    async fn merge(&self, _batch: MergeBatch) -> Result<Merged, PriceRepositoryError> {
        Err(PriceRepositoryError::Unavailable("prepared bars are only read".into()))
    }

    async fn remove(&self, _removal: Removal) -> Result<Merged, PriceRepositoryError> {
        Err(PriceRepositoryError::Unavailable("prepared bars are only read".into()))
    }

    async fn read(&self, query: &BarQuery) -> Result<BarChunk, PriceRepositoryError> {
        let before = |instant| self.bars.partition_point(|price| price.bar.opened_at() < instant);
        let (first, end) = (before(query.range.start()), before(query.range.end()));
        let within = self.bars.get(first..end).unwrap_or_default();
        let skipped = match query.order {
            TimeOrder::Ascending => 0,
            // Only ever asked for the newest one.
            TimeOrder::Descending => within.len().saturating_sub(query.limit),
        };
        let bars = within.iter().skip(skipped).take(query.limit).cloned().collect();
        Ok(BarChunk {
            bars,
            more: within.len() > query.limit,
            pinned: query.as_of.unwrap_or(Timestamp::MIN),
            version: 1,
        })
    }
}
