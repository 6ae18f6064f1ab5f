//! Bars, latest, revisions and corporate actions.

use domain::{
    ActionBatch, AssetClass, CorporateAction, CorporateActionRepository, Interval, MergeBatch, Precedence,
    PriceRepository, SplitRatio,
};
use reqwest::Method;
use time::macros::date;

use crate::harness::{APPLE, Reply, Server, bar};

const PRICES: &str = "/api/v1/instruments/AAPL/prices";

fn closes(reply: &Reply) -> Vec<String> {
    let page = reply.json();
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bar| bar["close"].to_string())
        .collect()
}

async fn split_and_dividend(server: &Server, instrument: &domain::Instrument) {
    let actions = vec![
        CorporateAction::Split {
            ex_date: date!(2014 - 06 - 09),
            ratio: SplitRatio::new(7, 1).unwrap(),
        },
        CorporateAction::dividend(date!(2014 - 05 - 08), "3.29".parse().unwrap(), "USD".parse().unwrap()).unwrap(),
    ];
    let batch = ActionBatch {
        instrument: instrument.id,
        actions,
        source: "nasdaq".parse().unwrap(),
        complete: true,
        precedence: Precedence::default(),
    };
    CorporateActionRepository::merge(&*server.store, batch).await.unwrap();
}

#[tokio::test]
async fn a_page_is_exact_and_says_what_it_is() {
    let (server, _) = Server::with_apple().await;
    insta::assert_snapshot!(
        server
            .get(&format!("{PRICES}?start=2014-06-06&end=2014-06-10"))
            .await
            .told()
    );
    insta::assert_snapshot!(
        server
            .get(&format!("{PRICES}?start=2014-06-11&decimals=string"))
            .await
            .told()
    );
}

#[tokio::test]
async fn ranges_are_half_open_and_times_come_in_three_spellings() {
    let (server, _) = Server::with_apple().await;
    for query in [
        "start=2014-06-05&end=2014-06-09",
        "start=2014-06-05T00:00:00Z&end=2014-06-09T00:00:00%2B00:00",
        "start=1401926400&end=1402272000",
    ] {
        assert_eq!(
            closes(&server.get(&format!("{PRICES}?{query}")).await).len(),
            2,
            "{query}"
        );
    }
    let newest = server.get(&format!("{PRICES}?sort=desc&limit=2")).await;
    assert_eq!(newest.json()["data"][0]["timestamp"], "2014-06-11T00:00:00Z");
}

#[tokio::test]
async fn weeks_are_built_from_days_and_adjustment_comes_first() {
    let (server, apple) = Server::with_apple().await;
    split_and_dividend(&server, &apple).await;
    let weeks = server.get(&format!("{PRICES}?interval=1w&adjustment=split")).await;
    insta::assert_snapshot!(weeks.told());
}

#[tokio::test]
async fn corporate_actions_are_listed_by_ex_date() {
    let (server, apple) = Server::with_apple().await;
    split_and_dividend(&server, &apple).await;
    let path = "/api/v1/instruments/AAPL/corporate-actions";
    insta::assert_snapshot!(server.get(path).await.told());
    let later = server.get(&format!("{path}?start=2014-06-01")).await;
    assert_eq!(later.json()["data"].as_array().unwrap().len(), 1);
    insta::assert_snapshot!(server.get(&format!("{path}?as_of=2030-01-01")).await.told());
}

#[tokio::test]
async fn the_latest_bar_or_none() {
    let (server, _) = Server::with_apple().await;
    insta::assert_snapshot!(server.get(&format!("{PRICES}/latest")).await.told());
    insta::assert_snapshot!(server.get(&format!("{PRICES}/latest?interval=5m")).await.told());
    server.instrument("IBM", Some("XNYS"), AssetClass::Stock).await;
    assert_eq!(server.get("/api/v1/instruments/IBM/prices/latest").await.status, 404);
    assert_eq!(closes(&server.get("/api/v1/instruments/IBM/prices").await), [""; 0]);
}

#[tokio::test]
async fn what_was_believed_before_stays_readable() {
    let (server, apple) = Server::with_apple().await;
    let before = server.get(PRICES).await.json()["as_of"].as_str().unwrap().to_owned();
    server.clock.advance(time::Duration::hours(1));
    server
        .merge(
            &apple,
            Interval::OneDay,
            &[["2014-06-11", "94.13", "94.76", "93.47", "93.87", "45681000"]],
        )
        .await;
    server.clock.advance(time::Duration::hours(1));
    assert_eq!(closes(&server.get(PRICES).await).last().unwrap(), "93.87");
    let then = server.get(&format!("{PRICES}?as_of={before}")).await;
    assert!(then.text().contains("\"close\":93.8600"), "{}", then.text());
    insta::assert_snapshot!(server.get("/api/v1/instruments/AAPL/revisions").await.told());
}

#[tokio::test]
async fn a_removed_range_goes_to_the_revisions() {
    let (server, _) = Server::with_apple().await;
    let delete = async |query: &str| server.send(Method::DELETE, &format!("{PRICES}{query}"), &[], "").await;
    insta::assert_snapshot!(delete("").await.told());
    assert_eq!(closes(&server.get(PRICES).await).len(), APPLE.len());
    let gone = delete("?interval=1d&start=2014-06-04&end=2014-06-09").await;
    insta::assert_snapshot!(gone.told());
    assert_eq!(closes(&server.get(PRICES).await).len(), 3);
    let page = server.get("/api/v1/instruments/AAPL/revisions?limit=2").await;
    let first = page.json();
    let next = server
        .get(&format!(
            "/api/v1/instruments/AAPL/revisions?limit=2&page_token={}",
            first["next_page_token"].as_str().unwrap()
        ))
        .await
        .json();
    assert_eq!(first["data"].as_array().unwrap().len(), 2);
    assert_eq!(next["data"][0]["kind"], "removed");
    assert_eq!(next["next_page_token"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_page_warns_of_open_discrepancies_about_its_bars_and_its_tag_knows_them() {
    let (server, apple) = Server::with_apple().await;
    let said = async |close: &str| {
        let series = domain::SeriesKey {
            instrument: apple.id,
            interval: Interval::OneDay,
        };
        let bars = vec![bar(&["2014-06-05", "646.2", "649.37", "642.61", close, "75951400"])];
        let batch = MergeBatch {
            precedence: Precedence::new(vec!["nasdaq".parse().unwrap()]),
            ..MergeBatch::of_bars(series, "other".parse().unwrap(), bars)
        };
        PriceRepository::merge(&*server.store, batch).await.unwrap();
    };
    let agreed = server.get(PRICES).await;
    let weeks = format!("{PRICES}?interval=1w&start=2014-06-02");
    let agreed_weeks = server.get(&weeks).await;
    server.clock.advance(time::Duration::hours(1));
    said("645").await;
    let warned = "1 open about these bars, such as: other says open 646.2 high 649.37 low 642.61 close 645 volume \
                  75951400 of 2014-06-05T00:00:00Z";
    let expected = serde_json::json!([{"code": "discrepancies", "message": warned}]);
    for (path, before) in [(PRICES, &agreed), (weeks.as_str(), &agreed_weeks)] {
        let now = server.get(path).await;
        assert_eq!(before.json()["warnings"], serde_json::json!([]));
        assert_eq!(now.json()["warnings"], expected, "{path}");
        assert_ne!(now.header("etag"), before.header("etag"), "{path}");
    }
    for query in [
        "start=2014-06-06",
        "as_of=2014-06-16T12:30:00Z",
        "as_of=2014-06-16T13:00:00Z",
    ] {
        let other = server.get(&format!("{PRICES}?{query}")).await;
        assert_eq!(other.json()["warnings"], serde_json::json!([]), "{query}");
    }
    said("647.35").await;
    let settled = server.get(PRICES).await;
    assert_eq!(settled.json()["warnings"], serde_json::json!([]));
    assert_eq!(settled.header("etag"), agreed.header("etag"));
}
