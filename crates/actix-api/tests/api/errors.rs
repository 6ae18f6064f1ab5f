//! Every wrong request has one clear answer.

use std::sync::Arc;

use actix_api::{Api, ApiSettings};
use async_trait::async_trait;
use domain::query_prices::QueryPrices;
use domain::{BarChunk, BarQuery, MergeBatch, Merged, PriceRepository, PriceRepositoryError, Removal};
use reqwest::Method;

use crate::harness::Server;

const PRICES: &str = "/api/v1/instruments/AAPL/prices";

#[tokio::test]
async fn malformed_parameters_are_named_all_at_once() {
    let (server, _) = Server::with_apple().await;
    let get = async |query: &str| server.get(&format!("{PRICES}?{query}")).await.told();
    insta::assert_snapshot!(
        get("interval=1M&limit=10001&sort=up&adjustment=none&decimals=float&format=xlsx&include_partial=1").await
    );
    insta::assert_snapshot!(get("start=1402272000000&as_of=now").await);
    insta::assert_snapshot!(get("start=2014-06-05&end=2014-06-05").await);
    insta::assert_snapshot!(get("start=2014-06-06&end=2014-06-05").await);
    insta::assert_snapshot!(get("intervall=1d").await);
    insta::assert_snapshot!(get("limit=5&limit=6").await);
    insta::assert_snapshot!(get("as_of=2999-01-01").await);
    insta::assert_snapshot!(get("limit=").await);
}

#[tokio::test]
async fn nothing_acceptable() {
    let (server, _) = Server::with_apple().await;
    let excel = server
        .send(Method::GET, PRICES, &[("accept", "application/vnd.ms-excel")], "")
        .await;
    insta::assert_snapshot!(excel.told());
    let encoding = server
        .send(
            Method::GET,
            PRICES,
            &[("accept-encoding", "identity;q=0, compress")],
            "",
        )
        .await;
    insta::assert_snapshot!(encoding.told());
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    let (server, _) = Server::with_apple().await;
    insta::assert_snapshot!(server.get("/api/v2/none").await.told());
    for method in ["POST", "TRACE", "OPTIONS", "BREW"] {
        let reply = server.send(method.parse().unwrap(), PRICES, &[], "").await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, "GET, HEAD, PUT, DELETE"),
            "{method}"
        );
        assert_eq!(reply.header("content-type"), "application/problem+json", "{method}");
    }
    let posted = server.send(Method::POST, "/health", &[], "").await;
    assert_eq!((posted.status, posted.header("allow")), (405, "GET, HEAD"));
}

#[tokio::test]
async fn a_page_of_another_site_may_not_write() {
    let (server, _) = Server::with_apple().await;
    let delete = async |origin: &str| {
        let path = "/api/v1/instruments/AAPL?cascade=true";
        server.send(Method::DELETE, path, &[("origin", origin)], "").await
    };
    insta::assert_snapshot!(delete("https://evil.example").await.told());
    assert_eq!(delete("null").await.status, 403);
    assert_eq!(delete(&server.base).await.status, 204);
}

#[tokio::test]
async fn nobody_writes_from_elsewhere_until_there_are_keys() {
    let server = Server::start_with(|api| api, ApiSettings::on("0.0.0.0:0".parse().unwrap())).await;
    for (method, path) in [
        (Method::POST, "/api/v1/instruments"),
        (Method::PATCH, "/api/v1/instruments/AAPL"),
        (Method::DELETE, "/api/v1/instruments/AAPL"),
        (Method::PUT, PRICES),
        (Method::DELETE, PRICES),
    ] {
        let reply = server
            .send(method.clone(), path, &[("content-type", "application/json")], "{}")
            .await;
        assert_eq!(reply.status, 403, "{method} {path}");
    }
    insta::assert_snapshot!(server.send(Method::POST, "/api/v1/instruments", &[], "{}").await.told());
    assert_eq!(server.get("/api/v1/instruments").await.status, 200);
}

/// Gives the bars that it has, and then fails.
struct Failing {
    inner: Arc<dyn PriceRepository>,
    reads_before: u64,
    reads: std::sync::atomic::AtomicU64,
}

#[async_trait]
impl PriceRepository for Failing {
    async fn merge(&self, batch: MergeBatch) -> Result<Merged, PriceRepositoryError> {
        self.inner.merge(batch).await
    }

    async fn remove(&self, removal: Removal) -> Result<Merged, PriceRepositoryError> {
        self.inner.remove(removal).await
    }

    async fn read(&self, query: &BarQuery) -> Result<BarChunk, PriceRepositoryError> {
        if self.reads.fetch_add(1, std::sync::atomic::Ordering::SeqCst) >= self.reads_before {
            return Err(PriceRepositoryError::Unavailable("the disk /dev/sda1 is gone".into()));
        }
        let mut chunk = self.inner.read(&BarQuery { limit: 2, ..*query }).await?;
        chunk.more = true;
        Ok(chunk)
    }
}

async fn failing_after(reads_before: u64) -> Server {
    let failing = |api: Api| {
        let prices = Arc::new(Failing {
            inner: api.prices.clone(),
            reads_before,
            reads: 0.into(),
        });
        let query = QueryPrices::new(
            prices,
            api.catalogue.clone(),
            api.actions.clone(),
            api.calendars.clone(),
            api.clock.clone(),
        );
        Api { query, ..api }
    };
    let server = Server::start_with(failing, ApiSettings::on("127.0.0.1:0".parse().unwrap())).await;
    let apple = server.instrument("AAPL", Some("XNAS"), domain::AssetClass::Stock).await;
    server
        .merge(&apple, domain::Interval::OneDay, &crate::harness::APPLE)
        .await;
    server
}

#[tokio::test]
async fn a_store_that_is_away_is_503_with_a_time_to_wait() {
    let server = failing_after(0).await;
    let reply = server.get(PRICES).await;
    assert_eq!(reply.header("retry-after"), "5");
    insta::assert_snapshot!(reply.told());
    assert_eq!(server.get(&format!("{PRICES}?format=csv")).await.status, 503);
    assert_eq!(
        server
            .send(Method::HEAD, &format!("{PRICES}?format=csv"), &[], "")
            .await
            .status,
        503
    );
}

/// A store with a fault.
struct Panicking;

#[async_trait]
impl domain::StoreCare for Panicking {
    async fn ping(&self) -> Result<(), PriceRepositoryError> {
        panic!("index out of bounds in /src/secret.rs")
    }

    async fn verify(&self) -> Result<domain::Verification, PriceRepositoryError> {
        Ok(domain::Verification::default())
    }
}

#[tokio::test]
async fn a_panic_is_500_and_tells_nothing_of_the_inside() {
    let panicking = |api| Api {
        care: Arc::new(Panicking),
        ..api
    };
    let server = Server::start_with(panicking, ApiSettings::on("127.0.0.1:0".parse().unwrap())).await;
    let reply = server.get("/health/ready").await;
    assert_eq!(reply.header("x-request-id"), "test");
    insta::assert_snapshot!(reply.told());
    assert_eq!(server.get("/health").await.status, 200);
}

#[tokio::test]
async fn a_store_that_fails_in_mid_stream_breaks_the_connection_off() {
    let server = failing_after(1).await;
    // The connection may end before the first byte leaves, or after; what must not happen is a whole file.
    let whole = match reqwest::get(format!("{}{PRICES}?format=csv", server.base)).await {
        Ok(answer) => answer.bytes().await.is_ok(),
        Err(_) => false,
    };
    assert!(!whole, "a broken file must not look whole");
}
