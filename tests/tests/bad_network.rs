//! The API over PostgreSQL when the network between them is bad: clear answers meanwhile, and it comes back by itself.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::fs;

use end_to_end::{Sentinel, Server};
use postgres_fixture::{ChaosProxy, Direction, Mode, TestDatabase};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;

/// Apple over its 7:1 split, as traded (Lean sample data, Apache-2.0).
const APPLE: &str = "timestamp,open,high,low,close,volume\n\
    2014-06-05,646.25,649.35,642.61,647.35,10445282\n\
    2014-06-06,650.00,651.25,644.48,645.57,12116671\n\
    2014-06-09,92.69,93.88,91.75,93.70,72875948\n";

/// A few connections, given up within a second.
const IMPATIENT: &str = "[database]\nconnections = 2\nacquire_timeout_s = 1\nconnect_timeout_s = 1\n\
    statement_timeout_s = 1\n";

const PRICES: &str = "/api/v1/instruments/AAPL/prices";

/// Every kind of path that needs the database.
const READS: [&str; 6] = [
    PRICES,
    "/api/v1/instruments/AAPL/prices/latest",
    "/api/v1/instruments/AAPL/prices?format=csv",
    "/api/v1/instruments/AAPL/revisions",
    "/api/v1/instruments/AAPL",
    "/api/v1/instruments",
];

/// A server whose database is behind a network of the test's own.
struct Behind {
    server: Server,
    client: Client,
    proxy: ChaosProxy,
    /// Past the proxy.
    database: TestDatabase,
    sentinel: Sentinel,
}

impl Behind {
    /// Three bars, served.
    async fn network() -> Self {
        let database = TestDatabase::fresh().await;
        let sentinel = Sentinel::of_this_build().unwrap();
        fs::write(sentinel.home().join("AAPL_1d.csv"), APPLE).unwrap();
        let imported = sentinel
            .run(["--database-url", &database.url(), "import", "AAPL_1d.csv"])
            .unwrap();
        assert_eq!(imported.code, Some(0), "{imported:?}");
        fs::write(sentinel.home().join("sentinel.toml"), IMPATIENT).unwrap();
        let proxy = ChaosProxy::in_front_of(database.server());
        let url = proxy.url_of(&database);
        let server = sentinel
            .serve(["--database-url", &url, "serve", "--listen", "127.0.0.1:0"])
            .unwrap();
        let behind = Self {
            server,
            client: Client::new(),
            proxy,
            database,
            sentinel,
        };
        assert_eq!(behind.get("/health/ready").await.status(), StatusCode::OK);
        behind
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(self.server.url(path)).send().await.unwrap()
    }

    /// Restates the last bar.
    async fn put(&self, close: &str) -> Response {
        let body = format!(
            r#"{{"data":[{{"timestamp":"2014-06-09","open":"92.69","high":"93.88","low":"91.75","close":"{close}","volume":72875948}}]}}"#
        );
        let request = self.client.put(self.server.url(&format!("{PRICES}?interval=1d")));
        let request = request.header("content-type", "application/json").body(body);
        request.send().await.unwrap()
    }

    /// The process lives and says that it is not ready, and each path that there is says when to come again.
    async fn is_away(&self) {
        assert_eq!(self.get("/health").await.status(), StatusCode::OK);
        let readiness = self.get("/health/ready").await;
        assert_eq!(readiness.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(readiness.headers()["retry-after"], "5");
        let told: Value = serde_json::from_str(&readiness.text().await.unwrap()).unwrap();
        assert_eq!(told["dependencies"]["database"]["status"], "down", "{told}");
        // Figures are told all the same, but for the one that has to be asked for.
        let figures = self.get("/metrics").await;
        assert_eq!(figures.status(), StatusCode::OK);
        let figures = figures.text().await.unwrap();
        assert!(figures.contains("sentinel_database_pool_connections{"), "{figures}");
        assert!(!figures.contains("sentinel_series_age_seconds"), "{figures}");
        let health = self.sentinel.run(["health", "--url", self.server.address()]).unwrap();
        assert_eq!(health.code, Some(1), "{health:?}");
        assert!(
            health.stderr.contains("answers 503: its database does not answer"),
            "{health:?}"
        );
        for path in READS {
            is_unavailable(path, self.get(path).await).await;
        }
        is_unavailable("PUT", self.put("93.71").await).await;
    }

    /// The same process answers again, at the latest when connections that are lost have been noticed.
    async fn comes_back(&self) {
        self.proxy.set(Mode::Pass);
        let mut asked = 0;
        while self.get("/health/ready").await.status() != StatusCode::OK {
            asked += 1;
            assert!(asked < 8, "not ready after {asked} questions");
        }
        for path in READS {
            let answer = self.get(path).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
        }
        assert_eq!(self.put("93.72").await.status(), StatusCode::OK);
    }

    /// The close of the last bar, read past the proxy; and no rule of the store is broken.
    fn stored_close(&self) -> String {
        let url = self.database.url();
        let verified = self.sentinel.run(["--database-url", &url, "verify"]).unwrap();
        assert_eq!(verified.code, Some(0), "{verified:?}");
        let export = ["--database-url", &url, "export", "AAPL", "--interval", "1d"];
        let exported = self.sentinel.run([&export[..], &["--format", "csv"]].concat()).unwrap();
        assert_eq!(exported.code, Some(0), "{exported:?}");
        assert_eq!(exported.stdout.lines().count(), 4, "{exported:?}");
        let last = exported.stdout.lines().last().unwrap();
        last.split(',').nth(4).unwrap().to_owned()
    }
}

/// A problem as RFC 9457 has them, with the seconds after which to ask again.
async fn is_unavailable(asked: &str, answer: Response) {
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{asked}");
    assert_eq!(answer.headers()["content-type"], "application/problem+json", "{asked}");
    assert_eq!(answer.headers()["retry-after"], "5", "{asked}");
    let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(
        (&told["status"], &told["type"]),
        (&503.into(), &"/problems/unavailable".into()),
        "{told}"
    );
    let detail = told["detail"].as_str().unwrap();
    assert_eq!(detail, "the database cannot be reached: try again in a few seconds");
}

#[tokio::test]
async fn a_network_that_is_cut_makes_503_until_it_is_back() {
    let behind = Behind::network().await;
    behind.proxy.set(Mode::Refuse);
    behind.proxy.cut();
    behind.is_away().await;
    assert_eq!(behind.stored_close(), "93.70", "nothing was written meanwhile");
    behind.comes_back().await;
    assert_eq!(behind.stored_close(), "93.72");
}

#[tokio::test]
async fn connections_that_were_cut_while_nobody_asked_are_replaced() {
    let behind = Behind::network().await;
    behind.proxy.cut();
    behind.comes_back().await;
    assert_eq!(behind.stored_close(), "93.72");
}

#[tokio::test]
async fn a_network_that_is_silent_makes_503_within_the_time_limits() {
    let behind = Behind::network().await;
    behind.proxy.set(Mode::Freeze);
    behind.is_away().await;
    behind.comes_back().await;
    assert_eq!(behind.stored_close(), "93.72");
}

#[tokio::test]
async fn a_connection_half_closed_makes_503() {
    let behind = Behind::network().await;
    behind.proxy.set(Mode::HalfClose);
    behind.is_away().await;
    behind.comes_back().await;
    assert_eq!(behind.stored_close(), "93.72");
}

/// Wherever a write is cut, the answer is success or 503, and what is stored is the one or the other, never a part.
#[tokio::test]
async fn a_write_that_is_cut_anywhere_is_whole_or_nothing() {
    let behind = Behind::network().await;
    let mut refused = 0;
    let mut before = "93.70".to_owned();
    let after = [0, 40, 150, 400, 900, 2_000];
    let cuts = [Direction::ToServer, Direction::ToClient].map(|direction| after.map(|bytes| (direction, bytes)));
    for (number, (direction, bytes)) in cuts.into_iter().flatten().enumerate() {
        let close = format!("93.{}", 31 + number);
        behind.proxy.set(Mode::CutAfter { direction, bytes });
        let answer = behind.put(&close).await;
        behind.proxy.set(Mode::Pass);
        let was_written = answer.status() == StatusCode::OK;
        if !was_written {
            is_unavailable(&close, answer).await;
            refused += 1;
        }
        let stored = behind.stored_close();
        assert!(
            stored == close || (stored == before && !was_written),
            "{stored}, not {close} or {before}"
        );
        before = stored;
    }
    assert!(refused >= 4, "only {refused} were cut");
    behind.comes_back().await;
}

#[tokio::test]
async fn a_server_whose_database_is_away_stops_when_it_is_told() {
    let behind = Behind::network().await;
    behind.proxy.set(Mode::Freeze);
    is_unavailable(PRICES, behind.get(PRICES).await).await;
    assert_eq!(behind.server.terminate().unwrap().0, Some(0));
}
