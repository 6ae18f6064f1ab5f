//! Bars from providers: plans, runs, their record and their end by hand.

use actix_api::ApiSettings;
use domain::{AssetClass, Interval, RunId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{APPLE, Reply, Server, bar};

const RUNS: &str = "/api/v1/ingest/runs";

/// A server whose provider has [`APPLE`].
async fn with_provider() -> Server {
    let server = Server::start().await;
    let bars = APPLE.iter().map(|row| bar(row).values().clone());
    server
        .provider
        .have_bars(&"AAPL".parse().unwrap(), Interval::OneDay, bars);
    server
}

async fn post(server: &Server, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    let path = format!("/api/v1/ingest/{path}");
    server.send(Method::POST, &path, &all, body.to_string()).await
}

fn apple() -> Value {
    json!({ "provider": "yahoo", "instruments": ["AAPL"], "start": "2014-06-04" })
}

/// The numbers of the runs of an answer.
fn ids(reply: &Reply) -> Vec<i64> {
    let reply = reply.json();
    let runs = reply["data"].as_array().unwrap();
    let number = |run: &Value| run.get("run").unwrap_or(run)["id"].as_i64().unwrap();
    runs.iter().map(number).collect()
}

#[tokio::test]
async fn a_plan_tells_what_would_be_asked_and_changes_nothing() {
    let server = with_provider().await;
    insta::assert_snapshot!(post(&server, "plan", &[], &apple()).await.told());
    let open = json!({ "provider": "yahoo", "instruments": ["AAPL", ":AAPL"], "end": 1_402_531_200 });
    insta::assert_snapshot!(post(&server, "plan", &[], &open).await.told());
    assert_eq!(server.get("/api/v1/instruments").await.json()["data"], json!([]));
    assert_eq!(server.get(RUNS).await.json()["data"], json!([]));
    assert!(server.provider.requests().is_empty());
}

#[tokio::test]
async fn a_run_is_accepted_carried_out_and_told() {
    let server = with_provider().await;
    let accepted = post(&server, "run", &[], &apple()).await;
    assert_eq!(accepted.header("location"), "/api/v1/ingest/runs/1");
    insta::assert_snapshot!(accepted.told());
    assert_eq!(server.queue.take(), [RunId(1)]);

    server.clock.advance(time::Duration::SECOND);
    server.ingest.execute(RunId(1), &|_| {}).await.unwrap();
    insta::assert_snapshot!(server.get(accepted.header("location")).await.told());
    let prices = server.get("/api/v1/instruments/AAPL/prices").await.json();
    assert_eq!(prices["data"].as_array().unwrap().len(), APPLE.len());
}

#[tokio::test]
async fn several_runs_are_found_in_the_list() {
    let server = with_provider().await;
    server.instrument("MSFT", Some("XNAS"), AssetClass::Stock).await;
    let two =
        json!({ "provider": "yahoo", "instruments": ["AAPL", "XNAS:MSFT", "id:1"], "interval": "1w", "refresh": true });
    let accepted = post(&server, "run", &[], &two).await;
    assert_eq!((accepted.status, accepted.header("location")), (202, RUNS));
    let runs = accepted.json()["data"].clone();
    let told = [&runs[0], &runs[1]].map(|run| (run["run"]["instrument"].clone(), run["created_instrument"].clone()));
    assert_eq!(told, [(json!("AAPL"), json!(true)), (json!("XNAS:MSFT"), json!(false))]);
    assert_eq!(
        (&runs[0]["run"]["refresh"], runs.as_array().unwrap().len()),
        (&json!(true), 2)
    );
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_given_the_same_runs() {
    let server = with_provider().await;
    let key = [("idempotency-key", "8e03978e-40d5-43e8-bc93-6894a57f9324")];
    let first = post(&server, "run", &key, &apple()).await;
    assert_eq!(first.json()["data"][0]["created_run"], true);
    let waiting = post(&server, "run", &[], &apple()).await;
    assert_eq!(ids(&waiting), ids(&first), "it waits already");
    server.ingest.cancel(RunId(1)).await.unwrap();
    let again = post(&server, "run", &key, &apple()).await;
    assert_eq!((again.status, ids(&again)), (202, ids(&first)));
    assert_eq!(again.json()["data"][0]["created_run"], false);
    assert_eq!(again.json()["data"][0]["run"]["state"], "cancelled");
    assert_ne!(
        ids(&post(&server, "run", &[], &apple()).await),
        ids(&first),
        "without the key it is a new one"
    );

    let other = json!({ "provider": "yahoo", "instruments": ["AAPL"] });
    insta::assert_snapshot!(post(&server, "run", &key, &other).await.told());
    for wrong in [vec![("idempotency-key", "two words")], [key, key].concat()] {
        let refused = post(&server, "run", &wrong, &apple()).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.json()["errors"][0]["field"], "Idempotency-Key");
    }
}

#[tokio::test]
async fn runs_are_listed_newest_first_by_filter_and_page() {
    let server = with_provider().await;
    server.instrument("MSFT", Some("XNAS"), AssetClass::Stock).await;
    for (symbol, interval) in [("AAPL", "1d"), ("MSFT", "1d"), ("AAPL", "1w"), ("AAPL", "1h")] {
        let order = json!({ "provider": "yahoo", "instruments": [symbol], "interval": interval });
        assert_eq!(post(&server, "run", &[], &order).await.status, 202);
    }
    server.ingest.cancel(RunId(3)).await.unwrap();
    let listed = async |query: &str| ids(&server.get(&format!("{RUNS}?{query}")).await);
    assert_eq!(listed("").await, [4, 3, 2, 1]);
    assert_eq!(listed("instrument=aapl").await, [4, 3, 1]);
    assert_eq!(listed("interval=1d&provider=yahoo").await, [2, 1]);
    assert_eq!(listed("state=cancelled&instrument=id:2").await, [3]);
    assert_eq!(listed("provider=file").await, [0; 0]);
    assert_eq!(server.get(&format!("{RUNS}?instrument=NOPE")).await.status, 404);
    insta::assert_snapshot!(server.get(&format!("{RUNS}?state=done&limit=0&sort=asc")).await.told());

    let first = server.get(&format!("{RUNS}?limit=3")).await;
    assert!(
        first.header("link").ends_with("; rel=\"next\""),
        "{}",
        first.header("link")
    );
    let token = first.json()["next_page_token"].as_str().unwrap().to_owned();
    let last = server.get(&format!("{RUNS}?limit=3&page_token={token}")).await;
    assert_eq!(
        (ids(&last), last.json()["next_page_token"].clone()),
        (vec![1], Value::Null)
    );
    assert_eq!(
        server
            .get(&format!("{RUNS}?state=queued&page_token={token}"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_run_is_cancelled_once() {
    let server = with_provider().await;
    post(&server, "run", &[], &apple()).await;
    let cancel = async |id: &str| server.send(Method::POST, &format!("{RUNS}/{id}/cancel"), &[], "").await;
    let cancelled = cancel("1").await;
    assert_eq!(
        (cancelled.status, &cancelled.json()["state"]),
        (200, &json!("cancelled"))
    );
    assert_eq!(server.get(&format!("{RUNS}/1")).await.json(), cancelled.json());
    insta::assert_snapshot!(cancel("1").await.told());
    insta::assert_snapshot!(cancel("2").await.told());
    insta::assert_snapshot!(cancel("one").await.told());
    assert_eq!(server.get(&format!("{RUNS}/2")).await.status, 404);
}

#[tokio::test]
async fn a_wrong_order_is_told_with_everything_that_is_wrong() {
    let server = with_provider().await;
    for exchange in ["XNAS", "XNYS"] {
        server.instrument("TWICE", Some(exchange), AssetClass::Stock).await;
    }
    let told = async |order: Value| {
        let (planned, run) = (
            post(&server, "plan", &[], &order).await,
            post(&server, "run", &[], &order).await,
        );
        assert_eq!(planned.told(), run.told());
        run.told()
    };
    let malformed = json!({
        "provider": "Yahoo!", "instruments": ["AAPL", 7, "A B"], "interval": "2d", "start": "soon", "refresh": 1, "ende": null
    });
    insta::assert_snapshot!(told(malformed).await);
    insta::assert_snapshot!(told(json!({ "instruments": [] })).await);
    insta::assert_snapshot!(told(json!({ "provider": "stooq", "instruments": ["AAPL"], "start": "2030-01-01" })).await);
    insta::assert_snapshot!(told(json!({ "provider": "locked", "instruments": ["AAPL"] })).await);
    insta::assert_snapshot!(told(json!({ "provider": "yahoo", "instruments": ["NOPE", "AAPL"] })).await);
    insta::assert_snapshot!(told(json!({ "provider": "yahoo", "instruments": ["id:99", "XLON:AAPL"] })).await);
    let reversed = json!({ "provider": "yahoo", "instruments": ["AAPL"], "start": "2014-06-05", "end": "2014-06-04" });
    insta::assert_snapshot!(told(reversed).await);
    let many = vec!["AAPL"; 501];
    insta::assert_snapshot!(told(json!({ "provider": "yahoo", "instruments": many })).await);
    // The provider knows the symbol, and does not say on which exchange.
    server
        .provider
        .have_bars(&"TWICE".parse().unwrap(), Interval::OneDay, []);
    let ambiguous = post(
        &server,
        "run",
        &[],
        &json!({ "provider": "yahoo", "instruments": ["TWICE"] }),
    )
    .await;
    assert_eq!(ambiguous.status, 409);
    assert_eq!(ambiguous.json()["candidates"].as_array().unwrap().len(), 2);
    assert_eq!(server.get(RUNS).await.json()["data"], json!([]));
}

#[tokio::test]
async fn nobody_asks_for_runs_from_elsewhere() {
    let server = Server::start_with(|api| api, ApiSettings::on("0.0.0.0:0".parse().unwrap())).await;
    assert_eq!(post(&server, "run", &[], &apple()).await.status, 403);
    assert_eq!(post(&server, "runs/1/cancel", &[], &json!({})).await.status, 403);
}
