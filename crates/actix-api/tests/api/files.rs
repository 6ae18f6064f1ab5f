//! CSV and NDJSON: whole ranges, `HEAD` and `Range`.

use reqwest::Method;

use crate::harness::Server;

const CSV: &str = "/api/v1/instruments/AAPL/prices?format=csv";

#[tokio::test]
async fn csv_and_ndjson_give_the_whole_range() {
    let (server, _) = Server::with_apple().await;
    insta::assert_snapshot!(server.get(CSV).await.told());
    let ndjson = server.send(
        Method::GET,
        "/api/v1/instruments/AAPL/prices",
        &[("accept", "application/x-ndjson")],
        "",
    );
    insta::assert_snapshot!(ndjson.await.told());
    let two = server.get(&format!("{CSV}&limit=2&sort=desc")).await.text();
    assert_eq!(two.lines().count(), 3, "{two}");
}

#[tokio::test]
async fn head_tells_the_exact_length_and_sends_nothing() {
    let (server, _) = Server::with_apple().await;
    let whole = server.get(CSV).await;
    let head = server.send(Method::HEAD, CSV, &[("accept-encoding", "gzip")], "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), whole.body.len().to_string());
    assert_eq!(
        (head.header("accept-ranges"), head.header("content-encoding")),
        ("bytes", "")
    );
    assert_eq!(head.header("etag"), whole.header("etag"));
    assert_eq!(
        server
            .send(Method::HEAD, "/health", &[], "")
            .await
            .header("content-length"),
        "15"
    );
}

#[tokio::test]
async fn ranges_glue_to_the_whole_file() {
    let (server, _) = Server::with_apple().await;
    let whole = server.get(CSV).await.body;
    let total = whole.len();
    let range = async |range: &str| {
        server
            .send(Method::GET, CSV, &[("range", range), ("accept-encoding", "gzip")], "")
            .await
    };
    let first = range("bytes=0-99").await;
    let rest = range("bytes=100-").await;
    assert_eq!(
        (first.status, first.header("content-range")),
        (206, format!("bytes 0-99/{total}").as_str())
    );
    assert_eq!([first.body, rest.body].concat(), whole);
    let clamped = range("bytes=0-262143").await;
    assert_eq!(
        (clamped.status, clamped.header("content-length")),
        (206, total.to_string().as_str())
    );
    assert_eq!(range("bytes=-262144").await.body, whole);
    assert_eq!(range("bytes=-10").await.body, whole[total - 10..]);
    let beyond = range(&format!("bytes={total}-")).await;
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, format!("bytes */{total}").as_str())
    );
    assert_eq!(beyond.header("content-type"), "application/problem+json");
    assert_eq!(range("bytes=0-1,4-5").await.status, 200);
}

#[tokio::test]
async fn a_range_of_another_state_is_the_whole_file() {
    let (server, _) = Server::with_apple().await;
    let tag = server.get(CSV).await.header("etag").to_owned();
    let part = async |tag: &str| {
        server
            .send(Method::GET, CSV, &[("range", "bytes=0-9"), ("if-range", tag)], "")
            .await
    };
    assert_eq!(part(&tag).await.status, 206);
    let other = part("\"another\"").await;
    assert_eq!((other.status, other.body), (200, server.get(CSV).await.body));
}

#[tokio::test]
async fn a_file_too_large_for_the_spool_is_still_measured_and_sent() {
    let settings = actix_api::ApiSettings {
        spool_limit: 10,
        ..actix_api::ApiSettings::on("127.0.0.1:0".parse().unwrap())
    };
    let server = Server::start_with(|api| api, settings).await;
    let apple = server.instrument("AAPL", None, domain::AssetClass::Stock).await;
    server
        .merge(&apple, domain::Interval::OneDay, &crate::harness::APPLE)
        .await;
    let whole = server.get(CSV).await.body;
    let head = server.send(Method::HEAD, CSV, &[], "").await;
    assert_eq!(head.header("content-length"), whole.len().to_string());
    let ranged = server.send(Method::GET, CSV, &[("range", "bytes=0-9")], "").await;
    assert_eq!((ranged.status, ranged.body), (200, whole));
}
