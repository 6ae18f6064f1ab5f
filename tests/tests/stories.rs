//! What a user does first: the demo, an import, a read, a stop.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::io::Write;

use end_to_end::{Sentinel, Server, on_each_database};
use serde_json::Value;

async fn text(server: &Server, path: &str) -> String {
    let response = reqwest::get(server.url(path)).await.unwrap();
    assert!(response.status().is_success(), "{path}: {}", response.status());
    response.text().await.unwrap()
}

async fn json(server: &Server, path: &str) -> Value {
    serde_json::from_str(&text(server, path).await).unwrap()
}

/// Apple over its 7:1 split, as traded (Lean sample data, Apache-2.0), some prices with a zero more.
const APPLE: &str = "timestamp,open,high,low,close,volume\n\
    2014-06-05T00:00:00Z,646.25,649.35,642.61,647.35,10445282\n\
    2014-06-06T00:00:00Z,650.00,651.25,644.48,645.57,12116671\n\
    2014-06-09T00:00:00Z,92.69,93.88,91.75,93.70,72875948\n";

/// The same rows as they are served.
const SERVED: &str = "timestamp,open,high,low,close,volume,trade_count,vwap,source\n\
    2014-06-05T00:00:00Z,646.25,649.35,642.61,647.35,10445282,,,file\n\
    2014-06-06T00:00:00Z,650.00,651.25,644.48,645.57,12116671,,,file\n\
    2014-06-09T00:00:00Z,92.69,93.88,91.75,93.70,72875948,,,file\n";

on_each_database! {
    exports_and_answers_are_the_same_bytes,
    a_restated_bar_is_still_known_as_of_before,
    pages_follow_one_another_to_the_end,
    a_gzip_of_two_members_and_a_plain_file_are_the_same_import,
    bad_rows_are_kept_with_their_reason_and_told_once,
    a_busy_port_says_so_and_names_the_way_out,
}

/// Three bars in the store.
fn with_apple(sentinel: Sentinel) -> Sentinel {
    fs::write(sentinel.home().join("AAPL_1d.csv"), APPLE).unwrap();
    let imported = sentinel.run(["import", "AAPL_1d.csv"]).unwrap();
    assert_eq!(imported.code, Some(0), "{imported:?}");
    sentinel
}

#[tokio::test]
async fn the_demo_serves_its_sample_digit_for_digit() {
    let sentinel = Sentinel::of_this_build().unwrap();
    let server = sentinel.serve(["demo", "--listen", "127.0.0.1:0"]).unwrap();
    assert_eq!(text(&server, "/health").await, r#"{"status":"ok"}"#);

    let instruments = json(&server, "/api/v1/instruments?limit=100").await;
    let mut symbols: Vec<&str> = instruments["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["symbol"].as_str().unwrap())
        .collect();
    symbols.sort_unstable();
    assert_eq!(
        symbols,
        [
            "AAPL", "AIG", "BAC", "BTC-USD", "ETH-USD", "IBM", "MSFT", "SPY", "^GSPC", "^IXIC"
        ]
    );

    let raw = text(
        &server,
        "/api/v1/instruments/AAPL/prices?start=2014-06-05&end=2014-06-10&format=csv",
    )
    .await;
    let sample = include_str!("../../crates/app/demo/AAPL_1d.csv");
    let expected: Vec<&str> = sample
        .lines()
        .filter(|line| line.starts_with("2014-06-0"))
        .skip(3)
        .collect();
    let served: Vec<String> = raw
        .lines()
        .skip(1)
        .map(|line| line.split(',').take(6).collect::<Vec<_>>().join(","))
        .collect();
    assert_eq!(served.len(), 3);
    assert_eq!(served, expected);

    let adjusted = json(
        &server,
        "/api/v1/instruments/AAPL/prices?start=2014-06-06&end=2014-06-10&adjustment=split&decimals=string",
    )
    .await;
    // Raw 645.57 on the last session before 7:1, and before 4:1 in 2020: 645.57 / 28.
    assert_eq!(adjusted["data"][0]["close"], "23.056071");
    // Raw 93.7 on the first session after 7:1: 93.7 / 4.
    assert_eq!(adjusted["data"][1]["close"], "23.425000");

    let page = text(&server, "/docs/").await;
    assert!(page.contains("swagger"), "{page}");
    assert!(!page.contains("//cdn"), "the page works offline: {page}");
    assert_eq!(server.terminate().unwrap().0, Some(0));
}

#[tokio::test]
async fn a_second_demo_finds_its_file_again() {
    let sentinel = Sentinel::of_this_build().unwrap();
    let first = sentinel.run(["--json", "demo", "--no-serve"]).unwrap();
    assert_eq!(first.code, Some(0), "{first:?}");
    let before = sentinel
        .run(["--json", "--database-url", "sqlite:./sentinel-demo.db", "verify"])
        .unwrap()
        .json()
        .unwrap();
    let second = sentinel.run(["--json", "demo", "--no-serve"]).unwrap();
    assert_eq!(second.code, Some(0), "{second:?}");
    let after = sentinel
        .run(["--json", "--database-url", "sqlite:./sentinel-demo.db", "verify"])
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(before["fingerprint"], after["fingerprint"]);
    assert!(before["bars"].as_u64().unwrap() > 50_000, "{before}");
}

async fn exports_and_answers_are_the_same_bytes(sentinel: Sentinel) {
    let sentinel = with_apple(sentinel);
    let server = sentinel.serve(["serve", "--listen", "127.0.0.1:0"]).unwrap();
    for format in ["csv", "ndjson"] {
        let served = text(&server, &format!("/api/v1/instruments/AAPL/prices?format={format}")).await;
        let exported = sentinel
            .run(["export", "AAPL", "--interval", "1d", "--format", format])
            .unwrap();
        assert_eq!(exported.code, Some(0), "{exported:?}");
        assert_eq!(served, exported.stdout);
    }
    assert_eq!(
        text(&server, "/api/v1/instruments/AAPL/prices?format=csv").await,
        SERVED
    );
}

async fn a_restated_bar_is_still_known_as_of_before(sentinel: Sentinel) {
    let sentinel = with_apple(sentinel);
    let server = sentinel.serve(["serve", "--listen", "127.0.0.1:0"]).unwrap();
    let path = "/api/v1/instruments/AAPL/prices";
    let body = r#"{"data":[{"timestamp":"2014-06-06T00:00:00Z","open":650.00,"high":651.25,"low":644.48,"close":"645.58","volume":12116671}]}"#;
    let put = || {
        let request = reqwest::Client::new().put(server.url(&format!("{path}?interval=1d")));
        request.header("content-type", "application/json").body(body).send()
    };
    let answer: Value = serde_json::from_str(&put().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(answer["updated"], 1, "{answer}");
    let again: Value = serde_json::from_str(&put().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(again["unchanged"], 1, "{again}");

    let revisions = json(&server, "/api/v1/instruments/AAPL/revisions").await;
    assert_eq!(revisions["data"].as_array().unwrap().len(), 1, "{revisions}");
    assert_eq!(revisions["data"][0]["close"].to_string(), "645.57");
    let believed_from = revisions["data"][0]["believed_from"].as_str().unwrap();

    assert!(text(&server, &format!("{path}?format=csv")).await.contains(",645.58,"));
    assert_eq!(
        text(&server, &format!("{path}?format=csv&as_of={believed_from}")).await,
        SERVED
    );
}

async fn pages_follow_one_another_to_the_end(sentinel: Sentinel) {
    let sentinel = with_apple(sentinel);
    let server = sentinel.serve(["serve", "--listen", "127.0.0.1:0"]).unwrap();
    for (sort, expected) in [
        ("asc", ["2014-06-05", "2014-06-06", "2014-06-09"]),
        ("desc", ["2014-06-09", "2014-06-06", "2014-06-05"]),
    ] {
        let path = format!("/api/v1/instruments/AAPL/prices?limit=1&sort={sort}");
        let (mut next, mut seen) = (path.clone(), Vec::new());
        loop {
            let page = json(&server, &next).await;
            seen.extend(
                page["data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|bar| bar["timestamp"].as_str().unwrap()[..10].to_owned()),
            );
            match page["next_page_token"].as_str() {
                Some(token) => next = format!("{path}&page_token={token}"),
                None => break,
            }
        }
        assert_eq!(seen, expected);
    }
}

async fn a_gzip_of_two_members_and_a_plain_file_are_the_same_import(sentinel: Sentinel) {
    let sentinel = with_apple(sentinel);
    let (first, second) = APPLE.split_at(APPLE.len() / 2);
    let mut packed = Vec::new();
    for half in [first, second] {
        let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        member.write_all(half.as_bytes()).unwrap();
        packed.extend(member.finish().unwrap());
    }
    fs::write(sentinel.home().join("AAPL_1d.csv.gz"), packed).unwrap();
    let imported = sentinel.run(["--json", "import", "AAPL_1d.csv.gz"]).unwrap();
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let told = imported.json().unwrap();
    assert_eq!(told["counts"]["unchanged"], 3, "{told}");
}

async fn bad_rows_are_kept_with_their_reason_and_told_once(sentinel: Sentinel) {
    let rows = "timestamp,open,high,low,close,volume\n\
        2023-05-02T00:00:00Z,4037,4032,3917,3965,11818133\n\
        2023-05-03T00:00:00Z,3975,4098,3968,4095,14657028\n";
    fs::write(sentinel.home().join("SSW_1d.csv"), rows).unwrap();
    for inserted in [1, 0] {
        let imported = sentinel.run(["--json", "import", "SSW_1d.csv"]).unwrap();
        assert_eq!(imported.code, Some(3), "done in part: {imported:?}");
        let told = imported.json().unwrap();
        assert_eq!(
            (told["counts"]["inserted"].as_u64(), told["counts"]["rejected"].as_u64()),
            (Some(inserted), Some(1)),
            "{told}"
        );
    }
    let status = sentinel.run(["--json", "status"]).unwrap().json().unwrap();
    assert_eq!(status["quarantined"], 1, "one row per content: {status}");
}

async fn a_busy_port_says_so_and_names_the_way_out(sentinel: Sentinel) {
    let sentinel = with_apple(sentinel);
    let server = sentinel.serve(["serve", "--listen", "127.0.0.1:0"]).unwrap();
    let taken = server.address().trim_start_matches("http://").to_owned();
    let second = sentinel.run(["serve", "--listen", &taken]).unwrap();
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("--listen"), "{second:?}");
}

#[test]
fn verify_lists_what_is_broken_in_a_damaged_file() {
    let sentinel = with_apple(Sentinel::of_this_build().unwrap());
    let path = sentinel.home().join("sentinel.db");
    let mut bytes = fs::read(&path).unwrap();
    let (price, damaged) = (b"645.57", b"645.5x");
    let place = bytes.windows(price.len()).position(|window| window == price).unwrap();
    bytes[place..place + price.len()].copy_from_slice(damaged);
    fs::write(&path, bytes).unwrap();
    let verified = sentinel.run(["--json", "verify"]).unwrap();
    assert_eq!(verified.code, Some(1), "{verified:?}");
    let told = verified.json().unwrap();
    assert_eq!(told["fingerprint"], Value::Null);
    let detail = told["violations"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("645.5x"), "{told}");
}
