//! Pages of prices are one state, whatever is written between them.

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
