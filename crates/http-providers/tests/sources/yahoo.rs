//! Yahoo's requests and refusals.

use domain::{AssetClass, BarRequest, CorporateAction, Interval, MarketDataProvider, ProviderError};
use http_providers::{ConnectionSettings, Yahoo, YahooSettings};

use crate::played::{Play, Played, chain, clock, instrument, request};

const APPLE: &[u8] = include_bytes!("../fixtures/yahoo/v8_chart__AAPL__1d_split_dividend.json");
const NOT_FOUND: &[u8] = include_bytes!("../fixtures/yahoo/ERROR__v8_chart_not_found.json");

fn yahoo(server: &Played) -> Yahoo {
    let defaults = YahooSettings::default();
    let connection = ConnectionSettings {
        base_url: server.base_url.clone(),
        ..defaults.connection
    };
    Yahoo::new(&YahooSettings { connection, ..defaults }, clock()).unwrap()
}

fn apple(interval: Interval, start: &str, end: &str) -> BarRequest {
    request("AAPL", AssetClass::Stock, interval, start, end)
}

fn apple_days() -> BarRequest {
    apple(Interval::OneDay, "2020-08-31T00:00:00Z", "2020-11-07T00:00:00Z")
}

async fn refused(play: Play) -> ProviderError {
    let server = Played::new(vec![play]).await;
    yahoo(&server).fetch_bars(&apple_days()).await.unwrap_err()
}

#[tokio::test]
async fn asks_for_days_with_a_day_on_either_side() {
    let server = Played::new(vec![Play::ok(APPLE)]).await;
    let fetched = yahoo(&server).fetch_bars(&apple_days()).await.unwrap();
    assert_eq!((fetched.rows.len(), fetched.covered), (49, Some(apple_days().range)));
    assert_eq!(fetched.fetched_at, crate::played::at(crate::played::NOW));
    assert_eq!(
        server.targets(),
        [
            "/played/v8/finance/chart/AAPL?period1=1598745600&period2=1604793600&interval=1d&events=div%7Csplit&includePrePost=false"
        ]
    );
    let request = &server.requests()[0];
    assert!(
        request.contains("user-agent: mozilla/5.0 (compatible; market-sentinel/"),
        "{request}"
    );
    assert!(request.contains("accept-encoding: gzip"), "{request}");
}

#[tokio::test]
async fn minutes_come_in_pages_of_a_week() {
    let weekend = include_bytes!("../fixtures/yahoo/v8_chart__AAPL__1m_weekend_no_timestamps.json");
    let server = Played::new(vec![Play::ok(weekend)]).await;
    let asked = apple(Interval::OneMinute, "2024-05-10T00:00:00Z", "2024-06-01T00:00:00Z");
    let fetched = yahoo(&server).fetch_bars(&asked).await.unwrap();
    assert_eq!(
        fetched.covered.unwrap().to_string(),
        "[2024-05-10T00:00:00Z, 2024-05-17T00:00:00Z)"
    );
    assert!(server.targets()[0].contains("period1=1715299200&period2=1715904000&interval=1m"));
}

#[tokio::test]
async fn symbols_are_written_as_a_path_wants_them() {
    let server = Played::new(vec![Play::status("404 Not Found", NOT_FOUND)]).await;
    for (symbol, path) in [
        ("^GSPC", "%5EGSPC"),
        ("EURUSD=X", "EURUSD=X"),
        ("A/B", "A%2FB"),
        ("..", ".."),
    ] {
        let spelling = symbol.parse().unwrap();
        let error = yahoo(&server).describe_symbol(&spelling).await.unwrap_err();
        assert!(matches!(error, ProviderError::UnknownSymbol(_)), "{symbol}: {error}");
        let target = server.targets().pop().unwrap();
        let chart = target
            .split(['?'])
            .next()
            .unwrap()
            .rsplit_once("/chart/")
            .map(|(_, symbol)| symbol.to_owned());
        assert_eq!(
            chart.as_deref().unwrap_or_default(),
            if symbol == ".." { "" } else { path },
            "{target}"
        );
    }
}

#[tokio::test]
async fn all_actions_come_from_the_whole_history() {
    let server = Played::new(vec![Play::ok(APPLE)]).await;
    let apple = instrument("AAPL", AssetClass::Stock);
    let actions = yahoo(&server)
        .fetch_corporate_actions(&apple.details.symbol, &apple)
        .await
        .unwrap();
    assert!(
        matches!(
            &actions[..],
            [CorporateAction::Split { .. }, CorporateAction::Dividend { .. }]
        ),
        "{actions:?}"
    );
    assert!(server.targets()[0].contains("period1=-2208988800&period2=1717243200&interval=1d&events=div%7Csplit"));
    let bitcoin = instrument("BTC-USD", AssetClass::Crypto);
    let none = yahoo(&server)
        .fetch_corporate_actions(&bitcoin.details.symbol, &bitcoin)
        .await
        .unwrap();
    assert_eq!((none.len(), server.targets().len()), (0, 1), "a coin is not asked for");
}

#[tokio::test]
async fn describes_what_a_symbol_stands_for() {
    let describe = async |symbol: &str, body: &[u8]| {
        let server = Played::new(vec![Play::ok(body)]).await;
        let found = yahoo(&server).describe_symbol(&symbol.parse().unwrap()).await.unwrap();
        let (class, exchange, currency) = (found.asset_class, found.exchange, found.currency);
        format!(
            "{} | {} | {class:?} | {exchange:?} | {currency:?}",
            found.spelling, found.name
        )
    };
    assert_eq!(
        describe("aapl", APPLE).await,
        "AAPL | Apple Inc. | Some(Stock) | Some(XNAS) | Some(USD)"
    );
    assert_eq!(
        describe(
            "OCDO.L",
            include_bytes!("../fixtures/yahoo/v8_chart__OCDO.L__1d_gbp_pence.json")
        )
        .await,
        "OCDO.L | Ocado Group plc | Some(Stock) | Some(XLON) | Some(GBX)"
    );
    assert_eq!(
        describe(
            "BTC-USD",
            include_bytes!("../fixtures/yahoo/v8_chart__BTC-USD__1d.json")
        )
        .await,
        "BTC-USD | Bitcoin USD | Some(Crypto) | None | Some(USD)"
    );
    assert_eq!(
        describe("GC=F", include_bytes!("../fixtures/yahoo/v8_chart__GC_F__1d.json")).await,
        "GC=F | Gold Apr 25 | Some(Future) | Some(XCEC) | Some(USD)"
    );
}

#[tokio::test]
async fn error_bodies_are_told_apart() {
    let body = |code: &str, description: &str| {
        format!(r#"{{"chart":{{"result":null,"error":{{"code":"{code}","description":"{description}"}}}}}}"#)
            .into_bytes()
    };
    let unknown = refused(Play::status("404 Not Found", NOT_FOUND)).await;
    assert_eq!(unknown.to_string(), "unknown symbol AAPL");
    // Sentences as seen in public logs.
    let far = "1m data not available for startTime=1592110800 and endTime=1592715600. The requested range must be within the last 30 days.";
    let far = refused(Play::status(
        "422 Unprocessable Entity",
        &body("Unprocessable Entity", far),
    ))
    .await;
    assert!(matches!(far, ProviderError::OutOfReach { .. }), "{far}");
    let much = "1m data not available for startTime=1676577600 and endTime=1678996800. Only 7 days worth of 1m granularity data are allowed to be fetched per request.";
    let much = refused(Play::status(
        "422 Unprocessable Entity",
        &body("Unprocessable Entity", much),
    ))
    .await;
    assert!(matches!(much, ProviderError::OutOfReach { .. }), "{much}");
    let crumb = br#"{"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}}"#;
    let crumb = refused(Play::status("401 Unauthorized", crumb)).await;
    assert_eq!(crumb.to_string(), "unauthorized: Unauthorized: Invalid Crumb");
    let other = refused(Play::status("400 Bad Request", &body("Bad Request", "Invalid input"))).await;
    assert_eq!(other.to_string(), "refused: Bad Request: Invalid input");
    let inside = refused(Play::status("500 Internal Server Error", &body("Internal", "oops"))).await;
    assert!(inside.is_transient(), "{inside}");
    let away = refused(Play::status("999 Unable to process request at this time", b"").with("retry-after", "7")).await;
    assert_eq!(away.to_string(), "rate limited, ask again in 7 s");
}

#[tokio::test]
async fn a_range_before_the_first_bar_is_empty() {
    let body = br#"{"chart":{"result":null,"error":{"code":"Bad Request","description":"Data doesn't exist for startDate = 1, endDate = 2"}}}"#;
    let server = Played::new(vec![Play::status("400 Bad Request", body)]).await;
    let fetched = yahoo(&server).fetch_bars(&apple_days()).await.unwrap();
    assert_eq!((fetched.rows.len(), fetched.covered), (0, Some(apple_days().range)));
}

#[tokio::test]
async fn nothing_is_asked_for_what_it_does_not_offer() {
    let server = Played::new(vec![Play::Silence]).await;
    let asked = apple(Interval::FourHours, "2024-05-01T00:00:00Z", "2024-06-01T00:00:00Z");
    let error = yahoo(&server).fetch_bars(&asked).await.unwrap_err();
    assert_eq!(error.to_string(), "no 4h bars");
    let error = yahoo(&server).search_symbols("apple").await.unwrap_err();
    assert!(
        chain(&error).starts_with("not offered: a search for symbols"),
        "{error}"
    );
    assert_eq!(server.connections(), 0);
}
