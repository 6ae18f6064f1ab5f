//! Binance's requests, weights and refusals.

use std::time::Duration;

use domain::{AssetClass, BarRequest, CallBudget, Interval, MarketDataProvider, ProviderError};
use http_providers::{Binance, BinanceSettings, ConnectionSettings};

use crate::played::{Play, Played, clock, request};

const PAGE_1: &[u8] = include_bytes!("../fixtures/binance/klines__BTCUSDT__1h_page1_of_2.json");
const PAGE_2: &[u8] = include_bytes!("../fixtures/binance/klines__BTCUSDT__1h_page2_of_2.json");
const SYMBOLS: &[u8] = include_bytes!("../fixtures/binance/exchangeInfo__full.json");
const WRONG_INTERVAL: &[u8] = include_bytes!("../fixtures/binance/ERROR__get_klines_interval_err.json");
const WRONG_SYMBOL: &[u8] = include_bytes!("../fixtures/binance/ERROR__get_ticker_error.json");

fn binance(server: &Played) -> Binance {
    let defaults = BinanceSettings::default();
    let connection = ConnectionSettings {
        base_url: server.base_url.clone(),
        ..defaults.connection
    };
    Binance::new(&BinanceSettings { connection, ..defaults }, clock()).unwrap()
}

fn bitcoin() -> BarRequest {
    let (start, end) = ("2020-04-30T21:00:00Z", "2020-07-01T04:00:00Z");
    request("BTC-USDT", AssetClass::Crypto, Interval::OneHour, start, end)
}

async fn refused(play: Play) -> ProviderError {
    let server = Played::new(vec![play]).await;
    binance(&server).fetch_bars(&bitcoin()).await.unwrap_err()
}

#[tokio::test]
async fn pages_lead_on_to_the_end_of_the_range() {
    let server = Played::new(vec![Play::ok(PAGE_1), Play::ok(PAGE_2)]).await;
    let binance = binance(&server);
    let first = binance.fetch_bars(&bitcoin()).await.unwrap();
    let reached = first.covered.unwrap().end();
    let rest = BarRequest {
        range: domain::TimeRange::new(reached, bitcoin().range.end()).unwrap(),
        ..bitcoin()
    };
    let second = binance.fetch_bars(&rest).await.unwrap();
    assert_eq!((first.rows.len(), second.rows.len()), (1_000, 468));
    assert_eq!(second.covered, Some(rest.range));
    assert_eq!(
        server.targets(),
        [
            "/played/api/v3/klines?symbol=BTCUSDT&interval=1h&startTime=1588280400000&endTime=1593575999999&limit=1000",
            "/played/api/v3/klines?symbol=BTCUSDT&interval=1h&startTime=1591880400000&endTime=1593575999999&limit=1000",
        ]
    );
    assert_eq!(server.connections(), 1, "the connection is kept for the next page");
}

#[tokio::test]
async fn knows_the_weight_that_is_left() {
    let server = Played::new(vec![Play::ok(b"[]").with("x-mbx-used-weight-1m", "5990")]).await;
    let binance = binance(&server);
    assert!(binance.budgets().is_empty(), "nothing was asked yet");
    binance.fetch_bars(&bitcoin()).await.unwrap();
    let left = CallBudget {
        limit: 6_000,
        left: 10,
        per: Duration::from_secs(60),
    };
    assert_eq!(binance.budgets(), [left]);
}

#[tokio::test]
async fn limits_and_bans_say_how_long_to_wait() {
    let check = async |play: Play, expected: &str| {
        let error = refused(play).await;
        assert_eq!(error.to_string(), expected);
        assert!(error.is_transient());
    };
    let too_many = br#"{"code":-1003,"msg":"Too many requests queued."}"#;
    check(
        Play::status("429 Too Many Requests", too_many).with("retry-after", "17"),
        "rate limited, ask again in 17 s",
    )
    .await;
    check(Play::status("429 Too Many Requests", too_many), "rate limited").await;
    check(
        Play::status("418 I'm a teapot", too_many).with("retry-after", "300"),
        "rate limited, ask again in 300 s",
    )
    .await;
    check(
        Play::status("418 I'm a teapot", too_many),
        "rate limited, ask again in 120 s",
    )
    .await;
    check(Play::status("400 Bad Request", too_many), "rate limited").await;
    let inside = br#"{"code":-1001,"msg":"Internal error; unable to process your request."}"#;
    check(Play::status("400 Bad Request", inside), "source unavailable").await;
}

#[tokio::test]
async fn error_codes_are_told_apart() {
    let check = async |body: &[u8], expected: &str| {
        assert_eq!(
            refused(Play::status("400 Bad Request", body)).await.to_string(),
            expected
        );
    };
    check(WRONG_SYMBOL, "unknown symbol BTC-USDT").await;
    check(WRONG_INTERVAL, "no 1h bars").await;
    check(
        br#"{"code":-2015,"msg":"Invalid API-key."}"#,
        "unauthorized: Invalid API-key. (code -2015)",
    )
    .await;
    check(
        br#"{"code":-1100,"msg":"Illegal characters."}"#,
        "refused: Illegal characters. (code -1100)",
    )
    .await;
    let firewall = refused(Play::status("403 Forbidden", b"<html>")).await;
    assert_eq!(
        firewall.to_string(),
        "unauthorized: HTTP 403: its firewall turns this address away"
    );
    let place = refused(Play::status("451 Unavailable For Legal Reasons", b"{}")).await;
    assert!(
        place.to_string().contains("not served where this program runs"),
        "{place}"
    );
}

#[tokio::test]
async fn searches_and_describes_symbols() {
    let server = Played::new(vec![Play::ok(SYMBOLS)]).await;
    let found = binance(&server).search_symbols("btcusdt").await.unwrap();
    assert_eq!(found.len(), 1);
    let described = binance(&server)
        .describe_symbol(&"btc/usdt".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(described, found[0]);
    assert_eq!(described.symbol.unwrap().as_str(), "BTC-USDT");
    assert_eq!(
        server.targets(),
        [
            "/played/api/v3/exchangeInfo?showPermissionSets=false",
            "/played/api/v3/exchangeInfo?symbol=BTCUSDT&showPermissionSets=false",
        ]
    );
    let unknown = Played::new(vec![Play::status("400 Bad Request", WRONG_SYMBOL)]).await;
    let error = binance(&unknown)
        .describe_symbol(&"NOPE".parse().unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "unknown symbol NOPE");
}

#[tokio::test]
async fn a_coin_has_no_splits_and_nobody_is_asked() {
    let server = Played::new(vec![Play::Silence]).await;
    let asked = bitcoin();
    let actions = binance(&server)
        .fetch_corporate_actions(&asked.spelling, &asked.instrument)
        .await
        .unwrap();
    assert_eq!((actions.len(), server.connections()), (0, 0));
}
