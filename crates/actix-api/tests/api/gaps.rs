//! Bars that should be there and are not.

use domain::{Interval, MergeBatch, PriceRepository, SeriesKey, TimeRange};

use crate::harness::{Server, bar};

const GAPS: &str = "/api/v1/instruments/AAPL/gaps";

/// Apple's days and the 13th of June, which its source was asked for together with the 12th. It is noon in Greenwich of Monday,
/// the 16th.
async fn with_holes() -> Server {
    let (server, apple) = Server::with_apple().await;
    let series = SeriesKey {
        instrument: apple.id,
        interval: Interval::OneDay,
    };
    let friday = bar(&["2014-06-13", "92.20", "92.44", "90.88", "91.28", "54525000"]);
    let asked = TimeRange::new(
        "2014-06-12T00:00:00Z".parse().unwrap(),
        "2014-06-14T00:00:00Z".parse().unwrap(),
    );
    let batch = MergeBatch {
        covered: asked.ok(),
        ..MergeBatch::of_bars(series, "nasdaq".parse().unwrap(), vec![friday])
    };
    PriceRepository::merge(&*server.store, batch).await.unwrap();
    server
}

#[tokio::test]
async fn missing_bars_are_told_as_stretches_of_one_state() {
    let server = with_holes().await;
    let told = async |query: &str| server.get(&format!("{GAPS}{query}")).await.told();
    insta::assert_snapshot!(told("?start=2014-05-30").await);
    insta::assert_snapshot!(told("?state=confirmed_empty").await);
    insta::assert_snapshot!(told("?start=2014-06-02&end=2014-06-13&state=all").await);
    insta::assert_snapshot!(told("").await);
}

#[tokio::test]
async fn pages_of_missing_bars_are_one_list() {
    let server = with_holes().await;
    let query = "start=2014-06-02&state=all";
    let whole = server.get(&format!("{GAPS}?{query}")).await.json();
    let first = server.get(&format!("{GAPS}?{query}&limit=1")).await;
    assert!(
        first.header("link").ends_with("; rel=\"next\""),
        "{}",
        first.header("link")
    );
    let token = first.json()["next_page_token"].as_str().unwrap().to_owned();
    let second = server
        .get(&format!("{GAPS}?{query}&limit=1&page_token={token}"))
        .await
        .json();
    let told = [&first.json()["data"][0], &second["data"][0]].map(Clone::clone);
    assert_eq!(whole["data"].as_array().unwrap(), &told);
    assert!(second["next_page_token"].is_null());
    let other = server.get(&format!("{GAPS}?start=2014-06-03&page_token={token}")).await;
    assert_eq!(other.status, 400);
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_refused_with_a_remedy() {
    let server = with_holes().await;
    let told = async |query: &str| server.get(&format!("{GAPS}{query}")).await.told();
    insta::assert_snapshot!(told("?interval=5m").await);
    insta::assert_snapshot!(told("?start=2014-06-10&end=2014-06-01").await);
    insta::assert_snapshot!(told("?state=present&interval=2d&limit=0").await);
    insta::assert_snapshot!(told("?interval=1m&start=1900-01-01").await);
}
