//! A server on a free port with a store in memory and a clock that stands where the test puts it.

use std::sync::{Arc, Mutex};

use actix_api::{AnsweredRequest, Api, ApiServer, ApiSettings, Metrics};
use domain::fake::{FakeProvider, InMemoryRunQueue, InMemoryStore, ManualClock};
use domain::ingest::{Ingest, IngestStores};
use domain::query_gaps::QueryGaps;
use domain::query_prices::QueryPrices;
use domain::record_bars::RecordBars;
use domain::resolve_instrument::ResolveInstrument;
use domain::{
    AssetClass, Bar, BarValues, Calendars, Instrument, InstrumentDetails, InstrumentRepository, Interval,
    MarketDataProvider, MergeBatch, MergeCounts, Precedence, PriceRepository, PriceRepositoryError, Providers,
    RegisteredProvider, SeriesKey, SourceName, StoreCare, Timestamp, Verification, Volume,
};
use reqwest::Method;
use reqwest::header::HeaderMap;

/// Prices shaped like AAPL's across its 7:1 split of 2014-06-09, with trailing zeros to keep: examples, from no recording.
/// The real ones are in `crates/app/demo/AAPL_1d.csv`, and the end-to-end tests read them.
pub(crate) const APPLE: [[&str; 6]; 6] = [
    ["2014-06-04", "637.4400", "647.8900", "636.1100", "644.8200", "83870500"],
    ["2014-06-05", "646.2000", "649.3700", "642.6100", "647.3500", "75951400"],
    ["2014-06-06", "649.9000", "651.2600", "644.4700", "645.5700", "87484600"],
    ["2014-06-09", "92.7000", "93.8800", "91.7500", "93.7000", "75415000"],
    ["2014-06-10", "94.7300", "95.0500", "93.5700", "94.2500", "62777000"],
    ["2014-06-11", "94.1300", "94.7600", "93.4700", "93.8600", "45681000"],
];

pub(crate) struct Server {
    pub(crate) store: Arc<InMemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    /// What is called `yahoo` here: a source with a script, which knows nothing at first.
    pub(crate) provider: Arc<FakeProvider>,
    /// Runs that were handed over.
    pub(crate) queue: Arc<InMemoryRunQueue>,
    /// The use case behind the API, to carry runs out.
    pub(crate) ingest: Ingest,
    pub(crate) base: String,
    client: reqwest::Client,
}

/// An answer that was read to its end.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, content type and body, as a snapshot shows them.
    pub(crate) fn told(&self) -> String {
        format!("{} {}\n{}", self.status, self.header("content-type"), self.text())
    }
}

/// What the service told of its requests, line by line.
#[derive(Default)]
pub(crate) struct Heard(Mutex<Vec<String>>);

impl Heard {
    fn line(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

#[async_trait::async_trait]
impl Metrics for Heard {
    fn request_began(&self) {
        self.line("began".to_owned());
    }

    fn request_ended(&self, request: &AnsweredRequest<'_>) {
        let AnsweredRequest {
            method,
            route,
            status,
            elapsed: _,
        } = request;
        self.line(format!("{method} {route} {status}"));
    }

    async fn render(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

/// A store that is away.
pub(crate) struct Away;

#[async_trait::async_trait]
impl StoreCare for Away {
    async fn ping(&self) -> Result<(), PriceRepositoryError> {
        Err(PriceRepositoryError::Unavailable("connection refused".into()))
    }

    async fn verify(&self) -> Result<Verification, PriceRepositoryError> {
        Err(PriceRepositoryError::Unavailable("connection refused".into()))
    }
}

impl Server {
    /// A server at noon UTC of 2014-06-16, a Monday.
    pub(crate) async fn start() -> Self {
        Self::start_with(|api| api, ApiSettings::on("127.0.0.1:0".parse().unwrap())).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(Api) -> Api, settings: ApiSettings) -> Self {
        let clock = Arc::new(ManualClock::at("2014-06-16T12:00:00Z".parse().unwrap()));
        let store = Arc::new(InMemoryStore::new(clock.clone()));
        let calendars = Arc::new(Calendars::built_in().unwrap());
        let query = QueryPrices::new(
            store.clone(),
            store.clone(),
            store.clone(),
            calendars.clone(),
            clock.clone(),
        );
        let record = RecordBars::new(
            store.clone(),
            store.clone(),
            store.clone(),
            calendars.clone(),
            clock.clone(),
            Precedence::default(),
        );
        let (provider, locked) = (source("yahoo", &clock), source("locked", &clock));
        let queue = Arc::new(InMemoryRunQueue::default());
        let ingest = Ingest::new(
            Arc::new(providers(&provider, &locked)),
            IngestStores {
                instruments: store.clone(),
                catalogue: store.clone(),
                coverage: store.clone(),
                actions: store.clone(),
                runs: store.clone(),
            },
            record.clone(),
            queue.clone(),
            calendars.clone(),
            clock.clone(),
            Precedence::default(),
        );
        let api = change(Api {
            query,
            gaps: QueryGaps::new(
                store.clone(),
                store.clone(),
                store.clone(),
                calendars.clone(),
                clock.clone(),
            ),
            record,
            ingest: ingest.clone(),
            runs: store.clone(),
            resolve: ResolveInstrument::new(store.clone()),
            instruments: store.clone(),
            prices: store.clone(),
            catalogue: store.clone(),
            history: store.clone(),
            actions: store.clone(),
            care: store.clone(),
            calendars,
            metrics: Arc::new(Heard::default()),
            clock: clock.clone(),
        });
        let settings = ApiSettings {
            workers: Some(1),
            ..settings
        };
        let server = ApiServer::bind(api, &settings).unwrap();
        let base = format!("http://127.0.0.1:{}", server.address().port());
        tokio::spawn(server.run_until(std::future::pending()));
        // The whole workspace shares one reqwest, whose TLS wants its provider of cryptography before the first client.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            store,
            clock,
            provider,
            queue,
            ingest,
            base,
            client,
        }
    }

    /// A server that knows Apple and its [`APPLE`] days.
    pub(crate) async fn with_apple() -> (Self, Instrument) {
        let server = Self::start().await;
        let apple = server.instrument("AAPL", Some("XNAS"), AssetClass::Stock).await;
        server.merge(&apple, Interval::OneDay, &APPLE).await;
        (server, apple)
    }

    pub(crate) async fn instrument(&self, symbol: &str, exchange: Option<&str>, class: AssetClass) -> Instrument {
        let details = InstrumentDetails {
            exchange: exchange.map(|exchange| exchange.parse().unwrap()),
            currency: "USD".parse().unwrap(),
            ..InstrumentDetails::bare(symbol.parse().unwrap(), class)
        };
        self.store.create(details).await.unwrap()
    }

    pub(crate) async fn merge(&self, instrument: &Instrument, interval: Interval, rows: &[[&str; 6]]) -> MergeCounts {
        let bars = rows.iter().map(bar).collect();
        let series = SeriesKey {
            instrument: instrument.id,
            interval,
        };
        let source: SourceName = "nasdaq".parse().unwrap();
        PriceRepository::merge(&*self.store, MergeBatch::of_bars(series, source, bars))
            .await
            .unwrap()
            .counts
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], "").await
    }

    /// Sends a request whose id is `test`.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header("x-request-id", "test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body).send().await.unwrap();
        Reply {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.unwrap().to_vec(),
        }
    }
}

fn source(name: &str, clock: &Arc<ManualClock>) -> Arc<FakeProvider> {
    Arc::new(FakeProvider::new(name.parse().unwrap(), clock.clone()))
}

/// One that can be asked, and one that lacks its key.
fn providers(ready: &Arc<FakeProvider>, locked: &Arc<FakeProvider>) -> Providers {
    let port = |provider: &Arc<FakeProvider>| -> Arc<dyn MarketDataProvider> { provider.clone() };
    let locked = RegisteredProvider {
        port: port(locked),
        missing: Some("providers.locked.api_key"),
    };
    [RegisteredProvider::ready(port(ready)), locked].into_iter().collect()
}

/// A bar from its date or instant and its figures.
pub(crate) fn bar([at, open, high, low, close, volume]: &[&str; 6]) -> Bar {
    let opened_at: Timestamp = if at.len() == 10 {
        format!("{at}T00:00:00Z")
    } else {
        (*at).to_owned()
    }
    .parse()
    .unwrap();
    let values = BarValues {
        opened_at,
        open: open.parse().unwrap(),
        high: high.parse().unwrap(),
        low: low.parse().unwrap(),
        close: close.parse().unwrap(),
        volume: volume.parse::<Volume>().unwrap(),
        trade_count: None,
        vwap: None,
    };
    Bar::new(values, AssetClass::Stock).unwrap()
}
