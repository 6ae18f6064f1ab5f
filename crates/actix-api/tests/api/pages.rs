//! Pages of prices are one state, whatever is written between them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{AssetClass, Interval};

use crate::harness::{APPLE, Server};

const PRICES: &str = "/api/v1/instruments/AAPL/prices";

/// All bars of a query, page by page, with something done between the pages.
async fn paged(server: &Server, query: &str, mut between: impl AsyncFnMut()) -> Vec<serde_json::Value> {
    let mut path = format!("{PRICES}?{query}");
    let mut bars = Vec::new();
    loop {
        let page = server.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text());
        bars.extend(page.json()["data"].as_array().unwrap().clone());
        between().await;
        match page
            .header("link")
            .strip_prefix('<')
            .and_then(|link| link.split_once('>'))
        {
            Some((next, _)) => path = next.to_owned(),
            None => return bars,
        }
    }
}

#[tokio::test]
async fn all_pages_are_what_one_read_would_have_given() {
    let (server, apple) = Server::with_apple().await;
    for order in ["asc", "desc"] {
        let whole = server.get(&format!("{PRICES}?sort={order}")).await.json()["data"]
            .as_array()
            .unwrap()
            .clone();
        let mut day = 12;
        let bars = paged(&server, &format!("sort={order}&limit=2"), async || {
            server.clock.advance(time::Duration::hours(1));
            let fresh = format!("2014-06-{day}");
            let close = format!("93.{day}");
            let rows = [
                [&fresh, "94.00", "94.76", "93.00", "93.50", "1"],
                [
                    "2014-06-04",
                    "637.44",
                    "647.89",
                    "636.11",
                    &close.replace("93", "640"),
                    "83870500",
                ],
            ];
            server.merge(&apple, Interval::OneDay, &rows).await;
            day += 1;
        })
        .await;
        assert_eq!(bars, whole, "{order}");
    }
}

#[tokio::test]
async fn a_bar_that_closes_between_pages_is_in_none_of_them() {
    let server = Server::start().await;
    let apple = server.instrument("AAPL", Some("XNAS"), AssetClass::Stock).await;
    server.merge(&apple, Interval::OneDay, &APPLE).await;
    // The week of 2014-06-09 is open on its Wednesday.
    server.clock.set("2014-06-11T22:00:00Z".parse().unwrap());
    let weeks = paged(&server, "interval=1w&limit=1", async || {
        server.clock.set("2014-06-20T00:00:00Z".parse().unwrap());
    })
    .await;
    assert_eq!(weeks.len(), 1);
    assert_eq!(paged(&server, "interval=1w&limit=1", async || {}).await.len(), 2);
}

#[tokio::test]
async fn a_token_belongs_to_its_query() {
    let (server, _) = Server::with_apple().await;
    let first = server.get(&format!("{PRICES}?limit=2")).await.json();
    let token = first["next_page_token"].as_str().unwrap();
    insta::assert_snapshot!(
        server
            .get(&format!("{PRICES}?limit=2&sort=desc&page_token={token}"))
            .await
            .told()
    );
    insta::assert_snapshot!(
        server
            .get(&format!("{PRICES}?limit=2&page_token=nonsense"))
            .await
            .told()
    );
    insta::assert_snapshot!(
        server
            .get(&format!("{PRICES}?format=csv&page_token={token}"))
            .await
            .told()
    );
}

#[tokio::test]
async fn reading_as_of_what_a_page_says_gives_the_page_again_also_when_its_last_bar_closed_later() {
    let server = Server::start().await;
    let apple = server.instrument("AAPL", None, AssetClass::Crypto).await;
    server.clock.set("2014-06-12T09:00:00Z".parse().unwrap());
    server.merge(&apple, Interval::OneDay, &APPLE).await;
    for (now, weeks) in [
        ("2014-06-13T00:00:00Z", 1),
        ("2014-06-16T00:00:00Z", 2),
        ("2015-01-01T00:00:00Z", 2),
    ] {
        server.clock.set(now.parse().unwrap());
        for query in ["interval=1w", "interval=1w&limit=1", "interval=1w&limit=1&sort=desc"] {
            let page = server.get(&format!("{PRICES}?{query}")).await.json();
            let as_of = page["as_of"].as_str().unwrap();
            let again = server.get(&format!("{PRICES}?{query}&as_of={as_of}")).await.json();
            assert_eq!(
                (&again["data"], again["as_of"].as_str()),
                (&page["data"], Some(as_of)),
                "{now} {query}"
            );
            assert_eq!(again["next_page_token"].is_null(), page["next_page_token"].is_null());
            if let Some(token) = page["next_page_token"].as_str() {
                let next = server.get(&format!("{PRICES}?{query}&page_token={token}")).await.json();
                assert_eq!(next["as_of"].as_str(), Some(as_of), "{now} {query}");
            }
        }
        let all = server.get(&format!("{PRICES}?interval=1w")).await.json();
        assert_eq!(all["data"].as_array().unwrap().len(), weeks, "{now}");
    }
}

#[tokio::test]
async fn a_forged_position_is_malformed() {
    let (server, _) = Server::with_apple().await;
    let path = format!("{PRICES}?limit=2&start=2014-06-04&end=2014-06-12");
    let token = server.get(&path).await.json()["next_page_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let inside: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap();
    for (place, micros) in [
        (2, i64::MAX),
        (2, i64::MIN),
        (2, 4_000_000_000_000_000),
        (0, i64::MAX),
        (1, i64::MIN),
    ] {
        let mut forged = inside.clone();
        forged["p"][place] = micros.into();
        let forged = URL_SAFE_NO_PAD.encode(forged.to_string());
        let reply = server.get(&format!("{path}&page_token={forged}")).await;
        assert_eq!(reply.status, 400, "{place} {micros}: {}", reply.text());
    }
}
