//! Instruments: made, found, changed and deleted.

use domain::AssetClass;
use reqwest::Method;

use crate::harness::{Reply, Server};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn post(server: &Server, body: &str) -> Reply {
    server
        .send(Method::POST, "/api/v1/instruments", &[JSON], body.to_owned())
        .await
}

async fn patch(server: &Server, body: &str) -> Reply {
    let kind = ("content-type", "application/merge-patch+json");
    server
        .send(Method::PATCH, "/api/v1/instruments/AAPL", &[kind], body.to_owned())
        .await
}

#[tokio::test]
async fn a_key_that_comes_twice_is_refused() {
    let server = Server::start().await;
    let body = r#"{"symbol":"MSFT","symbol":"AAPL","asset_class":"stock"}"#;
    let headers = [("content-type", "application/json")];
    let reply = server.send(Method::POST, "/api/v1/instruments", &headers, body).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(reply.json()["errors"][0]["field"], "symbol");
}

#[tokio::test]
async fn creates_with_defaults_and_says_where() {
    let server = Server::start().await;
    let reply = post(&server, r#"{"symbol":"BTC-USD","asset_class":"crypto"}"#).await;
    assert_eq!(reply.header("location"), "/api/v1/instruments/id:1");
    insta::assert_snapshot!(reply.told());
    let found = server.get(reply.header("location")).await;
    assert_eq!((found.status, found.body), (200, reply.body));
}

#[tokio::test]
async fn refuses_all_bad_fields_at_once() {
    let server = Server::start().await;
    let body = r#"{"symbol":"A:B","asset_class":"shares","name":"","currency":"us dollar","calendar":"MOON",
        "active":"yes","exchnge":"XNAS","provider_symbols":{"Yahoo!":"AAPL","yahoo":7}}"#;
    insta::assert_snapshot!(post(&server, body).await.told());
    insta::assert_snapshot!(post(&server, "{}").await.told());
    insta::assert_snapshot!(post(&server, "[]").await.told());
    insta::assert_snapshot!(post(&server, "{\"symbol\":").await.told());
    assert_eq!(post(&server, "").await.status, 400);
    let plain = server
        .send(
            Method::POST,
            "/api/v1/instruments",
            &[("content-type", "text/plain")],
            "{}",
        )
        .await;
    insta::assert_snapshot!(plain.told());
    let large = format!("{{\"symbol\":\"{}\"}}", "A".repeat(300_000));
    assert_eq!(post(&server, &large).await.status, 413);
}

#[tokio::test]
async fn one_that_exists_is_named() {
    let (server, _) = Server::with_apple().await;
    let reply = post(&server, r#"{"symbol":"aapl","asset_class":"stock","exchange":"XNAS"}"#).await;
    insta::assert_snapshot!(reply.told());
}

#[tokio::test]
async fn a_path_names_an_instrument_in_many_ways() {
    let server = Server::start().await;
    server.instrument("AAPL", Some("XNAS"), AssetClass::Stock).await;
    server.instrument("ETH/BTC", None, AssetClass::Crypto).await;
    server.instrument("^GSPC", None, AssetClass::Index).await;
    server.instrument("0002", Some("XHKG"), AssetClass::Stock).await;
    for (path, id) in [
        ("AAPL", 1),
        ("aapl", 1),
        ("XNAS:AAPL", 1),
        ("1", 1),
        ("id:1", 1),
        ("ETH%2FBTC", 2),
        ("eth%2fbtc", 2),
        ("%5EGSPC", 3),
        (":0002", 4),
    ] {
        let reply = server.get(&format!("/api/v1/instruments/{path}")).await;
        assert_eq!(reply.json()["id"], id, "{path}: {}", reply.text());
    }
    insta::assert_snapshot!(server.get("/api/v1/instruments/0002").await.told());
    insta::assert_snapshot!(server.get("/api/v1/instruments/NONE").await.told());
    insta::assert_snapshot!(server.get("/api/v1/instruments/id:x").await.told());
    assert_eq!(server.get("/api/v1/instruments/A%20B").await.status, 400);
    assert_eq!(server.get("/api/v1/instruments/%FF").await.status, 400);
    assert_eq!(server.get("/api/v1/instruments/A%252FB").await.status, 400);
}

#[tokio::test]
async fn lists_by_filter_order_and_page() {
    let server = Server::start().await;
    for symbol in ["AAPL", "MSFT", "IBM", "BAC"] {
        server.instrument(symbol, Some("XNYS"), AssetClass::Stock).await;
    }
    server.instrument("BTC-USD", None, AssetClass::Crypto).await;
    let symbols = |reply: &Reply| -> Vec<String> {
        let listed = reply.json()["data"].as_array().unwrap().clone();
        listed
            .iter()
            .map(|instrument| instrument["symbol"].as_str().unwrap().to_owned())
            .collect()
    };
    let list = async |query: &str| server.get(&format!("/api/v1/instruments{query}")).await;
    assert_eq!(symbols(&list("").await), ["AAPL", "BAC", "BTC-USD", "IBM", "MSFT"]);
    assert_eq!(symbols(&list("?sort=-id&limit=2").await), ["BTC-USD", "BAC"]);
    assert_eq!(symbols(&list("?asset_class=crypto").await), ["BTC-USD"]);
    assert_eq!(symbols(&list("?exchange=XNYS&search=b").await), ["BAC", "IBM"]);
    assert_eq!(symbols(&list("?active=false").await), [""; 0]);

    let mut path = "/api/v1/instruments?limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = server.get(&path).await;
        seen.extend(symbols(&page));
        match page
            .header("link")
            .strip_prefix('<')
            .and_then(|link| link.split_once('>'))
        {
            Some((next, _)) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["AAPL", "BAC", "BTC-USD", "IBM", "MSFT"]);
    insta::assert_snapshot!(list("?asset_klass=stock&limit=0&sort=price&active=1").await.told());
    let token = list("?limit=2").await.json()["next_page_token"]
        .as_str()
        .unwrap()
        .to_owned();
    insta::assert_snapshot!(list(&format!("?limit=2&active=true&page_token={token}")).await.told());
}

#[tokio::test]
async fn a_merge_patch_changes_what_it_names() {
    let (server, _) = Server::with_apple().await;
    let first = patch(
        &server,
        r#"{"name":"Apple Inc.","provider_symbols":{"yahoo":"AAPL","stooq":"aapl.us"}}"#,
    )
    .await;
    assert_eq!(
        first.json()["provider_symbols"].to_string(),
        r#"{"stooq":"aapl.us","yahoo":"AAPL"}"#
    );
    let second = patch(
        &server,
        r#"{"exchange":null,"active":false,"provider_symbols":{"stooq":null}}"#,
    )
    .await;
    insta::assert_snapshot!(second.told());
    insta::assert_snapshot!(patch(&server, r#"{"name":null,"id":7,"currency":"GBp"}"#).await.told());
    assert_eq!(patch(&server, "{}").await.body, second.body);
}

#[tokio::test]
async fn deletes_one_with_bars_only_when_told() {
    let (server, _) = Server::with_apple().await;
    let delete = async |path: &str| server.send(Method::DELETE, path, &[], "").await;
    insta::assert_snapshot!(delete("/api/v1/instruments/AAPL").await.told());
    assert_eq!(delete("/api/v1/instruments/AAPL?cascade=true").await.status, 204);
    assert_eq!(server.get("/api/v1/instruments/AAPL").await.status, 404);
    assert_eq!(delete("/api/v1/instruments/AAPL").await.status, 404);
}

#[tokio::test]
async fn the_catalogue_is_in_step() {
    let (server, _) = Server::with_apple().await;
    insta::assert_snapshot!(server.get("/api/v1/instruments/AAPL/series").await.told());
}
