//! What the tests of the use case share: a provider with a script, an empty store, and an executor that does as it is told.

use std::sync::Arc;

use super::{Ingest, IngestError, IngestOrder, IngestStores, Progress, RunQueue};
use crate::fake::{FakeProvider, InMemoryRunQueue, InMemoryStore, ManualClock, flat_bar};
use crate::record_bars::RecordBars;
use crate::{
    BarQuery, BarValues, Calendars, Clock, CoverageRepository, IngestRun, IngestRunRepository, Instrument,
    InstrumentDetails, InstrumentRepository, Interval, MarketDataProvider, Precedence, PriceRepository, Providers,
    RegisteredProvider, RunId, SeriesKey, Symbol, SymbolMatch, TimeOrder, TimeRange, Timestamp,
};

pub(super) fn at(text: &str) -> Timestamp {
    let text = if text.contains('T') {
        text.to_owned()
    } else {
        format!("{text}T00:00:00Z")
    };
    text.parse().unwrap()
}

pub(super) fn range(start: &str, end: &str) -> TimeRange {
    TimeRange::new(at(start), at(end)).unwrap()
}

pub(super) fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}

/// Ranges of days as `2020-01-01..2020-01-04`; a range without a beginning as `..2020-01-04`, other times in full.
pub(super) fn print(ranges: &[TimeRange]) -> Vec<String> {
    let instant = |instant: Timestamp| match instant {
        Timestamp::MIN => String::new(),
        instant => instant.to_string().replace("T00:00:00Z", ""),
    };
    let shown = ranges
        .iter()
        .map(|range| format!("{}..{}", instant(range.start()), instant(range.end())));
    shown.collect()
}

/// Daily bars of every day from one to another, exclusive; each has the price of its number.
pub(super) fn days(from: &str, to: &str) -> Vec<BarValues> {
    let openings = std::iter::successors(Some(at(from)), |opening| opening.checked_add(time::Duration::DAY));
    let openings = openings.take_while(|opening| *opening < at(to));
    openings
        .zip(1_i128..)
        .map(|(opening, number)| flat_bar(opening, crate::Price::new(number, 0).unwrap()))
        .collect()
}

pub(super) struct Rig {
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<InMemoryStore>,
    pub(super) provider: Arc<FakeProvider>,
    pub(super) queue: Arc<InMemoryRunQueue>,
    pub(super) ingest: Ingest,
}

impl Rig {
    /// At that time, with a provider named `source` that knows nothing yet, and one named `locked` that lacks its key.
    pub(super) fn at(now: &str) -> Self {
        let clock = Arc::new(ManualClock::at(at(now)));
        let store = Arc::new(InMemoryStore::new(clock.clone()));
        let fake = |name: &str| Arc::new(FakeProvider::new(name.parse().unwrap(), clock.clone()));
        let (provider, queue) = (fake("source"), Arc::new(InMemoryRunQueue::default()));
        let locked = RegisteredProvider {
            port: fake("locked"),
            missing: Some("providers.locked.api_key"),
        };
        let ready = RegisteredProvider::ready(provider.clone());
        let providers: Providers = [ready, locked].into_iter().collect();
        let ingest = over(providers, &store, store.clone(), queue.clone(), clock.clone());
        Self {
            clock,
            store,
            provider,
            queue,
            ingest,
        }
    }

    /// With bars of every day from one date to another of `BTC-USD`, which trades around the clock.
    pub(super) fn with_days(now: &str, from: &str, to: &str) -> Self {
        let rig = Self::at(now);
        rig.provider
            .have_bars(&symbol("BTC-USD"), Interval::OneDay, days(from, to));
        rig
    }

    /// The same with another provider in place of `source`.
    pub(super) fn with_provider(&self, provider: Arc<dyn MarketDataProvider>) -> Ingest {
        let providers = [RegisteredProvider::ready(provider)].into_iter().collect();
        over(
            providers,
            &self.store,
            self.store.clone(),
            self.queue.clone(),
            self.clock.clone(),
        )
    }

    /// The same with another queue.
    pub(super) fn with_queue(&self, queue: Arc<dyn RunQueue>) -> Ingest {
        let providers = self.ingest.providers().clone();
        over(providers, &self.store, self.store.clone(), queue, self.clock.clone())
    }

    /// The same with another store of bars.
    pub(super) fn with_prices(&self, prices: Arc<dyn PriceRepository>) -> Ingest {
        let providers = self.ingest.providers().clone();
        over(providers, &self.store, prices, self.queue.clone(), self.clock.clone())
    }

    pub(super) async fn store_instrument(&self, details: InstrumentDetails) -> Instrument {
        InstrumentRepository::create(&*self.store, details).await.unwrap()
    }

    /// Records a run of the first instrument of an order.
    pub(super) async fn request(&self, order: &IngestOrder) -> IngestRun {
        let requested = self.ingest.request(order, None).await.unwrap();
        requested.into_iter().next().unwrap().run
    }

    /// Carries out a run without listening.
    pub(super) async fn execute(&self, run: RunId) -> Result<IngestRun, IngestError> {
        self.ingest.execute(run, &|_| {}).await
    }

    /// From the order to the end of its first run, and a second later.
    pub(super) async fn run(&self, order: &IngestOrder) -> IngestRun {
        let run = self.request(order).await;
        let ended = self.execute(run.id).await.unwrap();
        self.clock.advance(time::Duration::SECOND);
        ended
    }

    /// How often it told what, and the ended run.
    pub(super) async fn watched(&self, run: RunId) -> (Vec<Progress>, IngestRun) {
        let told = std::sync::Mutex::new(Vec::new());
        let ended = self
            .ingest
            .execute(run, &|progress| told.lock().unwrap().push(progress))
            .await;
        (told.into_inner().unwrap(), ended.unwrap())
    }

    pub(super) async fn instrument(&self, name: &str) -> Instrument {
        let mut found = self.store.with_symbol(&symbol(name)).await.unwrap();
        found.pop().unwrap()
    }

    pub(super) async fn series(&self, name: &str, interval: Interval) -> SeriesKey {
        SeriesKey {
            instrument: self.instrument(name).await.id,
            interval,
        }
    }

    /// All final bars of a series.
    pub(super) async fn bars(&self, name: &str, interval: Interval) -> Vec<BarValues> {
        let query = BarQuery {
            series: self.series(name, interval).await,
            range: TimeRange::ALL,
            order: TimeOrder::Ascending,
            limit: 100_000,
            as_of: None,
            include_partial: false,
        };
        let chunk = self.store.read(&query).await.unwrap();
        chunk.bars.into_iter().map(|price| price.bar.values().clone()).collect()
    }

    pub(super) async fn covered(&self, name: &str, interval: Interval) -> Vec<String> {
        let series = self.series(name, interval).await;
        let covered = self.store.covered(series).await.unwrap();
        print(
            &covered
                .iter()
                .map(|known| known.range)
                .collect::<crate::RangeSet>()
                .into_iter()
                .collect::<Vec<_>>(),
        )
    }

    pub(super) async fn run_of(&self, id: RunId) -> IngestRun {
        IngestRunRepository::get(&*self.store, id).await.unwrap().unwrap()
    }
}

fn over(
    providers: Providers,
    store: &Arc<InMemoryStore>,
    prices: Arc<dyn PriceRepository>,
    queue: Arc<dyn RunQueue>,
    clock: Arc<dyn Clock>,
) -> Ingest {
    let stores = IngestStores {
        instruments: store.clone(),
        catalogue: store.clone(),
        coverage: store.clone(),
        actions: store.clone(),
        runs: store.clone(),
    };
    let calendars = Arc::new(Calendars::built_in().unwrap());
    let precedence = Precedence::default();
    let record = RecordBars::new(
        prices,
        store.clone(),
        store.clone(),
        calendars.clone(),
        clock.clone(),
        precedence.clone(),
    );
    Ingest::new(Arc::new(providers), stores, record, queue, calendars, clock, precedence)
}

/// Daily bars of `BTC-USD` with open ends.
pub(super) fn daily() -> IngestOrder {
    order("BTC-USD", Interval::OneDay)
}

pub(super) fn order(name: &str, interval: Interval) -> IngestOrder {
    IngestOrder {
        provider: "source".parse().unwrap(),
        instruments: vec![symbol(name).into()],
        interval,
        start: None,
        end: None,
        refresh: false,
    }
}

pub(super) fn from(start: &str, order: IngestOrder) -> IngestOrder {
    IngestOrder {
        start: Some(at(start)),
        ..order
    }
}

pub(super) fn until(end: &str, order: IngestOrder) -> IngestOrder {
    IngestOrder {
        end: Some(at(end)),
        ..order
    }
}

/// What a provider says of a symbol, in a few words.
pub(super) fn known(spelling: &str, class: crate::AssetClass) -> SymbolMatch {
    SymbolMatch {
        spelling: symbol(spelling),
        symbol: None,
        name: format!("{spelling} Inc."),
        asset_class: Some(class),
        exchange: None,
        currency: None,
    }
}
