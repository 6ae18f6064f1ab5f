//! How old the newest bar of each series is: read from the catalogue now and then, told from memory in between.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{
    Clock, InstrumentCursor, InstrumentFilter, InstrumentId, InstrumentOrder, InstrumentRepository, InstrumentSort,
    Series, SeriesCatalogue, Timestamp,
};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::catalogue;
use super::exposition::Exposition;

/// How long what was read is told again.
const FRESH: Duration = Duration::from_secs(15);
/// How long somebody who asks is kept waiting; the reading itself goes on, for whoever asks next.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many instruments are read at once.
const PAGE: usize = 1_000;

/// Where the ages come from.
#[derive(Clone)]
pub(super) struct SeriesAges {
    catalogue: Arc<dyn SeriesCatalogue>,
    instruments: Arc<dyn InstrumentRepository>,
    clock: Arc<dyn Clock>,
    most: usize,
    runtime: Handle,
    last: Arc<Mutex<Option<Reading>>>,
}

/// What the catalogue said, and when; nothing when it could not be asked.
#[derive(Debug)]
struct Reading {
    at: Instant,
    newest: Option<Arc<Newest>>,
}

/// The newest bars of as many series as are told.
#[derive(Debug, Default)]
struct Newest {
    bars: Vec<NewestBar>,
    /// There are more series.
    omitted: bool,
}

#[derive(Debug)]
struct NewestBar {
    instrument: String,
    interval: &'static str,
    opened_at: Timestamp,
}

impl SeriesAges {
    /// Of at most so many series, the oldest instruments first. Call it within a runtime, which then does the reading.
    pub(super) fn new(
        catalogue: Arc<dyn SeriesCatalogue>,
        instruments: Arc<dyn InstrumentRepository>,
        clock: Arc<dyn Clock>,
        most: usize,
    ) -> Self {
        Self {
            catalogue,
            instruments,
            clock,
            most,
            runtime: Handle::current(),
            last: Arc::default(),
        }
    }

    /// Writes the ages; nothing when they cannot be had now.
    pub(super) async fn write(&self, exposition: &mut Exposition) {
        if self.most == 0 {
            return;
        }
        let Some(newest) = self.newest().await else { return };
        let now = self.clock.now();
        let ages = newest.bars.iter().map(|bar| {
            let age = now.since(bar.opened_at).as_seconds_f64();
            ([bar.instrument.as_str(), bar.interval], age)
        });
        exposition.family(&catalogue::SERIES_AGE, ages);
        exposition.value(&catalogue::SERIES_OMITTED, f64::from(u8::from(newest.omitted)));
    }

    /// What was read last, read again where that was too long ago.
    async fn newest(&self) -> Option<Arc<Newest>> {
        let ages = self.clone();
        let reading = self.runtime.spawn(async move {
            let mut last = ages.last.lock().await;
            match &*last {
                Some(Reading { at, newest }) if at.elapsed() < FRESH => newest.clone(),
                _ => {
                    let newest = ages.ask().await.map(Arc::new);
                    // Also that it could not be had: a database that is away is not asked by every scrape.
                    *last = Some(Reading {
                        at: Instant::now(),
                        newest: newest.clone(),
                    });
                    newest
                }
            }
        });
        tokio::time::timeout(PATIENCE, reading).await.ok()?.ok()?
    }

    async fn ask(&self) -> Option<Newest> {
        let told = self.read_store().await;
        told.inspect_err(
            |error| tracing::warn!(error = %domain::ErrorChain(&**error), "series ages cannot be read now"),
        )
        .ok()
    }

    async fn read_store(&self) -> Result<Newest, domain::BoxError> {
        let mut series = self.catalogue.list(self.most.saturating_add(1), None).await?;
        let omitted = series.len() > self.most;
        series.truncate(self.most);
        let names = self.names(series.last()).await?;
        let bars = series
            .into_iter()
            .filter_map(|series| {
                Some(NewestBar {
                    instrument: names.get(&series.key.instrument)?.clone(),
                    interval: series.key.interval.as_str(),
                    opened_at: series.last?,
                })
            })
            .collect();
        Ok(Newest { bars, omitted })
    }

    /// What the instruments are called, up to that of the last series.
    async fn names(&self, last: Option<&Series>) -> Result<HashMap<InstrumentId, String>, domain::BoxError> {
        let order = InstrumentOrder {
            by: InstrumentSort::Id,
            descending: false,
        };
        let mut names = HashMap::new();
        let Some(last) = last.map(|series| series.key.instrument) else {
            return Ok(names);
        };
        let mut after: Option<InstrumentCursor> = None;
        loop {
            let page = self
                .instruments
                .list(&InstrumentFilter::default(), order, PAGE, after)
                .await?;
            names.extend(page.instruments.iter().map(|one| (one.id, one.to_string())));
            match page.next {
                Some(next) if next.id < last => after = Some(next),
                _ => return Ok(names),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::fake::{InMemoryStore, ManualClock};
    use domain::mock::MockSeriesCatalogue;
    use domain::{
        AssetClass, Bar, BarValues, InstrumentDetails, Interval, Listing, MergeBatch, PriceRepository,
        PriceRepositoryError, SeriesKey, SeriesStanding, SourceName, Symbol,
    };

    use super::*;

    /// A store with as many instruments as symbols, each with one bar of 2026-01-01.
    async fn store(symbols: &[&str]) -> (Arc<InMemoryStore>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at("2026-01-02T00:00:00Z".parse().unwrap()));
        let store = Arc::new(InMemoryStore::new(clock.clone()));
        for symbol in symbols {
            let details = InstrumentDetails {
                exchange: Some("XNAS".parse().unwrap()),
                ..InstrumentDetails::bare(symbol.parse().unwrap(), AssetClass::Stock)
            };
            let instrument = store.create(details).await.unwrap();
            let values = BarValues {
                opened_at: "2026-01-01T00:00:00Z".parse().unwrap(),
                open: "1".parse().unwrap(),
                high: "1".parse().unwrap(),
                low: "1".parse().unwrap(),
                close: "1".parse().unwrap(),
                volume: "1".parse().unwrap(),
                trade_count: None,
                vwap: None,
            };
            let bar = Bar::new(values, AssetClass::Stock).unwrap();
            let key = SeriesKey {
                instrument: instrument.id,
                interval: Interval::OneDay,
            };
            let batch = MergeBatch::of_bars(key, SourceName::file(), vec![bar]);
            PriceRepository::merge(&*store, batch).await.unwrap();
        }
        (store, clock)
    }

    async fn told(ages: &SeriesAges) -> String {
        let mut exposition = Exposition::default();
        ages.write(&mut exposition).await;
        let all = exposition.behind(String::new());
        all.lines()
            .filter(|line| !line.starts_with('#'))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[tokio::test]
    async fn tells_the_age_of_each_series_up_to_a_bound() {
        let (store, clock) = store(&["AAPL", "MSFT"]).await;
        let ages = |most| SeriesAges::new(store.clone(), store.clone(), clock.clone(), most);
        insta::assert_snapshot!(told(&ages(2)).await, @r#"
        sentinel_series_age_seconds{instrument="XNAS:AAPL",interval="1d"} 86400
        sentinel_series_age_seconds{instrument="XNAS:MSFT",interval="1d"} 86400
        sentinel_series_omitted 0
        "#);
        insta::assert_snapshot!(told(&ages(1)).await, @r#"
        sentinel_series_age_seconds{instrument="XNAS:AAPL",interval="1d"} 86400
        sentinel_series_omitted 1
        "#);
        assert_eq!(told(&ages(0)).await, "");
    }

    #[tokio::test(start_paused = true)]
    async fn the_catalogue_is_asked_now_and_then_and_ages_grow_in_between() {
        let (store, clock) = store(&["AAPL"]).await;
        let mut catalogue = MockSeriesCatalogue::new();
        let behind = store.clone();
        let series = SeriesCatalogue::list(&*behind, 2, None).await.unwrap();
        catalogue
            .expect_list()
            .times(2)
            .returning(move |_, _| Ok(series.clone()));
        let ages = SeriesAges::new(Arc::new(catalogue), store, clock.clone(), 9);
        assert!(told(&ages).await.contains("} 86400\n"));
        clock.advance(time::Duration::SECOND);
        assert!(told(&ages).await.contains("} 86401\n"));
        tokio::time::advance(FRESH).await;
        assert!(told(&ages).await.contains("} 86401\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_is_away_is_left_out_and_not_asked_by_every_scrape() {
        let (store, clock) = store(&[]).await;
        let mut catalogue = MockSeriesCatalogue::new();
        catalogue
            .expect_list()
            .once()
            .returning(|_, _| Err(PriceRepositoryError::Unavailable("connection refused".into())));
        let ages = SeriesAges::new(Arc::new(catalogue), store, clock, 9);
        assert_eq!(told(&ages).await, "");
        assert_eq!(told(&ages).await, "");
    }

    /// Never answers.
    struct Silent;

    #[async_trait::async_trait]
    impl SeriesCatalogue for Silent {
        async fn find(&self, _key: SeriesKey) -> Result<Option<Series>, PriceRepositoryError> {
            std::future::pending().await
        }

        async fn standings(&self, _instrument: InstrumentId) -> Result<Vec<SeriesStanding>, PriceRepositoryError> {
            std::future::pending().await
        }

        async fn listings(&self, _symbol: &Symbol) -> Result<Vec<Listing>, PriceRepositoryError> {
            std::future::pending().await
        }

        async fn list(&self, _limit: usize, _after: Option<SeriesKey>) -> Result<Vec<Series>, PriceRepositoryError> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_does_not_answer_keeps_nobody() {
        let (store, clock) = store(&[]).await;
        let ages = SeriesAges::new(Arc::new(Silent), store, clock, 9);
        let began = Instant::now();
        for scrapes in 1..=3 {
            assert_eq!(told(&ages).await, "");
            assert!(began.elapsed() < scrapes * PATIENCE + Duration::from_millis(10));
        }
    }
}
