//! Tags, freshness and compression.

use domain::{AssetClass, Interval};
use reqwest::Method;

use crate::harness::{APPLE, Server};

const PRICES: &str = "/api/v1/instruments/AAPL/prices";

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let (server, apple) = Server::with_apple().await;
    let first = server.get(PRICES).await;
    let tag = first.header("etag").to_owned();
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let again = server.send(Method::GET, PRICES, &[("if-none-match", &tag)], "").await;
    assert_eq!(
        (again.status, again.body.len(), again.header("etag")),
        (304, 0, tag.as_str())
    );

    server.merge(&apple, Interval::OneDay, &APPLE).await;
    assert_eq!(
        server.get(PRICES).await.header("etag"),
        tag,
        "merging the same changes nothing"
    );
    server
        .merge(&apple, Interval::OneDay, &[["2014-06-12", "94", "95", "93", "94", "1"]])
        .await;
    let changed = server.send(Method::GET, PRICES, &[("if-none-match", &tag)], "").await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test]
async fn a_304_has_the_tag_that_the_client_has() {
    let (server, _) = Server::with_apple().await;
    let openapi = server
        .send(Method::GET, "/openapi.json", &[("accept-encoding", "gzip")], "")
        .await;
    let tag = openapi.header("etag").to_owned();
    assert!(tag.ends_with("-gzip\""), "{tag}");
    for path in [
        "/openapi.json",
        PRICES,
        "/api/v1/instruments/AAPL",
        "/api/v1/instruments/AAPL/prices/latest",
    ] {
        let plain = server.send(Method::HEAD, path, &[], "").await.header("etag").to_owned();
        let packed = format!("{}-gzip\"", plain.trim_end_matches('"'));
        for tag in [plain, packed] {
            let headers = [("if-none-match", tag.as_str()), ("accept-encoding", "gzip")];
            let again = server.send(Method::GET, path, &headers, "").await;
            assert_eq!((again.status, again.header("etag")), (304, tag.as_str()), "{path}");
        }
    }
}

#[tokio::test]
async fn every_query_and_format_has_its_own_tag() {
    let (server, _) = Server::with_apple().await;
    let mut tags = Vec::new();
    for query in [
        "",
        "?limit=2",
        "?sort=desc",
        "?decimals=string",
        "?format=csv",
        "?format=ndjson",
        "?start=2014-06-05",
    ] {
        tags.push(server.get(&format!("{PRICES}{query}")).await.header("etag").to_owned());
    }
    let count = tags.len();
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), count);
}

#[tokio::test]
async fn a_past_instant_is_kept_for_good() {
    let (server, _) = Server::with_apple().await;
    server.clock.advance(time::Duration::hours(1));
    let past = server.get(&format!("{PRICES}?as_of=2014-06-16T12:30:00Z")).await;
    assert_eq!(past.header("cache-control"), "private, max-age=31536000, immutable");
    let partial = server
        .get(&format!("{PRICES}?as_of=2014-06-16T12:30:00Z&include_partial=true"))
        .await;
    assert_eq!(partial.header("cache-control"), "private, no-cache");
}

#[tokio::test]
async fn the_tag_of_a_derived_answer_moves_when_its_last_bar_closes() {
    let server = Server::start().await;
    let apple = server.instrument("AAPL", Some("XNAS"), AssetClass::Stock).await;
    server.merge(&apple, Interval::OneDay, &APPLE).await;
    server.clock.set("2014-06-15T23:59:30Z".parse().unwrap());
    let weeks = format!("{PRICES}?interval=1w");
    let open = server.get(&weeks).await;
    server.clock.set("2014-06-16T00:00:00Z".parse().unwrap());
    let closed = server
        .send(Method::GET, &weeks, &[("if-none-match", open.header("etag"))], "")
        .await;
    assert_eq!(closed.status, 200);
    assert_eq!(
        closed.json()["data"].as_array().unwrap().len(),
        open.json()["data"].as_array().unwrap().len() + 1
    );
}

#[tokio::test]
async fn large_answers_are_compressed_and_have_a_tag_of_their_own() {
    let (server, _) = Server::with_apple().await;
    let plain = server.get(PRICES).await;
    for encoding in ["gzip", "br", "zstd"] {
        let packed = server
            .send(Method::GET, PRICES, &[("accept-encoding", encoding)], "")
            .await;
        assert_eq!(packed.header("content-encoding"), encoding);
        assert!(packed.body.len() < plain.body.len());
        let tag = format!("{}-{encoding}\"", plain.header("etag").trim_end_matches('"'));
        assert_eq!(packed.header("etag"), tag);
        assert_eq!(packed.header("vary"), "accept, accept-encoding");
        let known = [("accept-encoding", encoding), ("if-none-match", packed.header("etag"))];
        assert_eq!(server.send(Method::GET, PRICES, &known, "").await.status, 304);
    }
    let small = server
        .send(Method::GET, "/health", &[("accept-encoding", "gzip")], "")
        .await;
    assert_eq!(
        (small.header("content-encoding"), small.text().as_str()),
        ("", "{\"status\":\"ok\"}")
    );
}

#[tokio::test]
async fn the_same_tag_means_the_same_bytes_also_of_a_page_with_a_token() {
    let (server, _) = Server::with_apple().await;
    let first = server.get(&format!("{PRICES}?limit=2")).await;
    server.clock.advance(time::Duration::hours(1));
    let again = server.get(&format!("{PRICES}?limit=2")).await;
    assert_eq!(first.header("etag"), again.header("etag"));
    assert_eq!(first.text(), again.text());
}
