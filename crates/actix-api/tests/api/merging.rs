//! Bars that clients put.

use std::io::Write;

use actix_api::ApiSettings;
use domain::{AssetClass, Interval, PriceHistory, SeriesKey};
use reqwest::Method;

use crate::harness::{Reply, Server};

const PRICES: &str = "/api/v1/instruments/AAPL/prices";
const GOOD: &str = r#"{"data":[
    {"timestamp":"2014-06-12T00:00:00Z","open":94.0400,"high":"94.12","low":91.900,"close":9.229E1,"volume":54749000},
    {"timestamp":"2014-06-13T00:00:00Z","open":92.20,"high":92.44,"low":90.88,"close":91.28,"volume":54525000,"vwap":91.5}]}"#;
const CSV: &str = "timestamp,open,high,low,close,volume\n2014-06-12T00:00:00Z,94.04,94.12,91.90,92.29,54749000\n";

async fn put(server: &Server, query: &str, kind: &str, body: impl Into<reqwest::Body>) -> Reply {
    server
        .send(
            Method::PUT,
            &format!("{PRICES}{query}"),
            &[("content-type", kind)],
            body,
        )
        .await
}

#[tokio::test]
async fn merges_and_counts() {
    let (server, _) = Server::with_apple().await;
    insta::assert_snapshot!(put(&server, "", "application/json", GOOD).await.told());
    let again = put(&server, "?source=api", "application/json; charset=utf-8", GOOD).await;
    assert_eq!(
        (again.json()["unchanged"].as_u64(), again.json()["version"].as_u64()),
        (Some(2), Some(2))
    );
    let csv = server
        .get(&format!("{PRICES}?format=csv&start=2014-06-12"))
        .await
        .text();
    insta::assert_snapshot!(csv);
}

#[tokio::test]
async fn what_was_read_can_be_put_back() {
    let (server, _) = Server::with_apple().await;
    for (format, kind) in [
        ("csv", "text/csv"),
        ("ndjson", "application/x-ndjson"),
        ("json", "application/json"),
    ] {
        let read = server.get(&format!("{PRICES}?format={format}")).await;
        let body = match format {
            "json" => format!("{{\"data\":{}}}", read.json()["data"]).into_bytes(),
            _ => read.body,
        };
        let reply = put(&server, "", kind, body).await;
        assert_eq!(reply.json()["unchanged"], 6, "{format}: {}", reply.text());
    }
}

#[tokio::test]
async fn bad_rows_are_told_and_stop_the_good_ones_only_when_strict() {
    let (server, _) = Server::with_apple().await;
    let body = r#"{"data":[
        {"timestamp":"2014-06-12T00:00:00Z","open":94.04,"high":94.12,"low":91.90,"close":92.29,"volume":1},
        {"timestamp":"2014-06-13T00:00:00Z","open":92.20,"high":91.00,"low":90.88,"close":91.28,"volume":1},
        {"timestamp":"2014-06-13T10:00:00Z","open":92.20,"high":92.44,"low":90.88,"close":91.28,"volume":1},
        {"timestamp":"2014-06-13T00:00:00Z","open":"NaN","high":92.44,"low":90.88,"close":91.28,"volume":1},
        {"timestamp":"2014-06-13T00:00:00Z","open":92.20,"high":92.44,"low":90.88,"close":91.28,"volume":1,"colour":"red"},
        7]}"#;
    insta::assert_snapshot!(put(&server, "?strict=true", "application/json", body).await.told());
    assert_eq!(
        server.get(&format!("{PRICES}/latest")).await.json()["timestamp"],
        "2014-06-11T00:00:00Z"
    );
    insta::assert_snapshot!(put(&server, "", "application/json", body).await.told());
    assert_eq!(
        server.get(&format!("{PRICES}/latest")).await.json()["timestamp"],
        "2014-06-12T00:00:00Z"
    );
    let all_bad = r#"{"data":[{"timestamp":"2014-06-13T00:00:00Z","open":1,"high":0.5,"low":1,"close":1,"volume":1}]}"#;
    insta::assert_snapshot!(put(&server, "", "application/json", all_bad).await.told());
}

#[tokio::test]
async fn bad_rows_are_kept_in_quarantine_also_when_no_row_is_good_unless_strict() {
    let (server, apple) = Server::with_apple().await;
    let weeks = SeriesKey {
        instrument: apple.id,
        interval: Interval::OneWeek,
    };
    let all_bad = "timestamp,open,high,low,close,volume\n2014-06-09T00:00:00Z,1,0.5,1,1,1\n";
    let kept = async || server.store.quarantine(Some(weeks), 10, 0).await.unwrap();
    assert_eq!(
        put(&server, "?interval=1w&strict=true", "text/csv", all_bad)
            .await
            .status,
        422
    );
    assert_eq!(kept().await, []);
    for _ in 0..2 {
        assert_eq!(put(&server, "?interval=1w", "text/csv", all_bad).await.status, 422);
        let reasons: Vec<String> = kept().await.into_iter().map(|row| row.reason).collect();
        assert_eq!(reasons, ["high 0.5 is below low 1"]);
    }
    let series = server.get("/api/v1/instruments/AAPL/series").await.json();
    assert_eq!(series["data"].as_array().unwrap().len(), 1, "bad rows begin no series");
}

#[tokio::test]
async fn bodies_that_are_none_are_refused() {
    let (server, _) = Server::with_apple().await;
    for (kind, body) in [
        ("application/json", ""),
        ("application/json", "{\"data\":[]}"),
        ("application/json", "{\"bars\":[]}"),
        ("application/json", "{\"data\":"),
        ("application/x-ndjson", ""),
        ("text/csv", ""),
        ("text/csv", "timestamp,open,high,low,close,volume\n"),
        ("text/csv", "time,open\n1,2\n"),
    ] {
        let reply = put(&server, "", kind, body).await;
        assert_eq!(reply.status, 400, "{kind} {body:?}: {}", reply.text());
    }
    insta::assert_snapshot!(put(&server, "", "text/plain", GOOD).await.told());
    assert_eq!(server.send(Method::PUT, PRICES, &[], GOOD).await.status, 415);
    let packed = [("content-type", "text/csv"), ("content-encoding", "br")];
    assert_eq!(server.send(Method::PUT, PRICES, &packed, CSV).await.status, 415);
    insta::assert_snapshot!(
        put(
            &server,
            "?interval=2d&basis=adjusted&source=Me&strict=1",
            "text/csv",
            CSV
        )
        .await
        .told()
    );
    let several = "timestamp,open,high,low,close,volume,source\n2014-06-12T00:00:00Z,1,1,1,1,1,a\n2014-06-13T00:00:00Z,1,1,1,1,1,b\n";
    insta::assert_snapshot!(put(&server, "", "text/csv", several).await.told());
}

#[tokio::test]
async fn gzip_is_taken_and_counted_inflated() {
    let settings = ApiSettings {
        body_limit: 10_000,
        ..ApiSettings::on("127.0.0.1:0".parse().unwrap())
    };
    let server = Server::start_with(|api| api, settings).await;
    server.instrument("AAPL", Some("XNAS"), AssetClass::Stock).await;
    let gzip = |text: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    };
    let headers = [("content-type", "text/csv"), ("content-encoding", "gzip")];
    let put = async |body: Vec<u8>| server.send(Method::PUT, PRICES, &headers, body).await;
    assert_eq!(put(gzip(CSV.as_bytes())).await.json()["inserted"], 1);
    let bomb = gzip(&vec![b' '; 10_000_000]);
    assert!(bomb.len() > 1_000 && bomb.len() < 12_000);
    let small_bomb = gzip(&[b' '; 20_000]);
    insta::assert_snapshot!(put(small_bomb).await.told());
    assert_eq!(put(bomb).await.status, 413);
    assert_eq!(put(CSV.as_bytes().to_vec()).await.status, 400);
    let mut cut = gzip(CSV.as_bytes());
    cut.truncate(40);
    assert_eq!(put(cut).await.status, 400);
}

#[tokio::test]
async fn prices_of_another_basis_do_not_mix() {
    let (server, _) = Server::with_apple().await;
    insta::assert_snapshot!(
        put(&server, "?basis=split_dividend_adjusted", "text/csv", CSV)
            .await
            .told()
    );
}

#[tokio::test]
async fn a_bar_that_has_not_closed_is_only_shown_when_asked_for() {
    let server = Server::start().await;
    let bitcoin = server.instrument("AAPL", None, AssetClass::Crypto).await;
    let today = CSV.replace("2014-06-12", "2014-06-16");
    assert_eq!(put(&server, "", "text/csv", today).await.json()["inserted"], 1);
    assert_eq!(server.get(&format!("{PRICES}/latest")).await.status, 404);
    let partial = server.get(&format!("{PRICES}?include_partial=true")).await;
    assert_eq!(partial.json()["warnings"][0]["code"], "provisional_bars");
    let tag = partial.header("etag").to_owned();
    let changed = CSV.replace("2014-06-12", "2014-06-16").replace("92.29", "93.00");
    put(&server, "", "text/csv", changed).await;
    assert_ne!(
        server
            .get(&format!("{PRICES}?include_partial=true"))
            .await
            .header("etag"),
        tag
    );
    let counts = server
        .merge(&bitcoin, Interval::OneDay, &[["2014-06-13", "1", "1", "1", "1", "1"]])
        .await;
    assert_eq!(counts.inserted, 1);
}

#[tokio::test]
async fn hourly_bars_open_where_the_first_one_does() {
    let (server, _) = Server::with_apple().await;
    let hours = "timestamp,open,high,low,close,volume\n2014-06-12T13:30:00Z,94,95,93,94,1\n2014-06-12T14:30:00Z,94,95,93,94,1\n";
    assert_eq!(
        put(&server, "?interval=1h", "text/csv", hours).await.json()["inserted"],
        2
    );
    let other = hours.replace(":30:", ":00:");
    assert_eq!(put(&server, "?interval=1h", "text/csv", other).await.status, 422);
}
