//! What every source has to bear: the same for all, shown at one or at each.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use domain::{AssetClass, BarRequest, Interval, MarketDataProvider, ProviderError, Providers};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_providers::{
    AlphaVantageSettings, BinanceSettings, BudgetSettings, ConnectionSettings, ProvidersSettings, RetrySettings,
    YahooSettings,
};

use crate::played::{Play, Played, chain, clock, request};

const DAYS: &[u8] = include_bytes!("../fixtures/binance/klines__BTCUSDT__1d_2019.json");

/// All sources at one server, asked once, with limits that tests can reach.
fn providers(server: &Played, max_response_bytes: u64, times: usize) -> Providers {
    let connection = |defaults: ConnectionSettings| ConnectionSettings {
        base_url: server.base_url.clone(),
        timeout: Duration::from_millis(2_000),
        max_response_bytes,
        ..defaults
    };
    let budget = BudgetSettings::of(0, 0);
    let settings = ProvidersSettings {
        alpha_vantage: AlphaVantageSettings {
            connection: connection(AlphaVantageSettings::default().connection),
            api_key: Some("SECRETKEY1234567".to_owned().into()),
            budget: Some(budget),
            ..AlphaVantageSettings::default()
        },
        binance: BinanceSettings {
            connection: connection(BinanceSettings::default().connection),
            budget,
        },
        yahoo: YahooSettings {
            connection: connection(YahooSettings::default().connection),
            budget,
        },
        retry: RetrySettings {
            times,
            first_pause: Duration::from_millis(1),
            ..RetrySettings::default()
        },
    };
    http_providers::providers(&settings, &clock()).unwrap()
}

fn of(providers: &Providers, name: &str) -> Arc<dyn MarketDataProvider> {
    Arc::clone(&providers.get(&name.parse().unwrap()).unwrap().port)
}

fn year() -> BarRequest {
    let (start, end) = ("2019-01-01T00:00:00Z", "2020-01-01T00:00:00Z");
    request("BTC-USD", AssetClass::Crypto, Interval::OneDay, start, end)
}

/// The error of each source for one and the same answer.
async fn at_each(play: Play) -> Vec<ProviderError> {
    let server = Played::new(vec![play]).await;
    let providers = providers(&server, 1_000_000, 0);
    let mut errors = Vec::new();
    for (name, entry) in providers.iter() {
        match entry.port.fetch_bars(&year()).await {
            Ok(fetched) => panic!("{name}: {fetched:?}"),
            Err(error) => errors.push(error),
        }
    }
    assert_eq!(errors.len(), 3);
    errors
}

async fn each_is(play: Play, expected: &str) {
    for error in at_each(play).await {
        let text = chain(&error);
        assert!(text.starts_with(expected), "{text}");
    }
}

#[tokio::test]
async fn statuses_mean_the_same_everywhere() {
    each_is(Play::status("429 Too Many Requests", b"slow down"), "rate limited").await;
    each_is(
        Play::status("429 Too Many Requests", b"").with("retry-after", "Sat, 01 Jun 2024 12:00:30 GMT"),
        "rate limited, ask again in 30 s",
    )
    .await;
    each_is(
        Play::status("500 Internal Server Error", b"<html>"),
        "source unavailable: HTTP 500",
    )
    .await;
    each_is(
        Play::status("503 Service Unavailable", b"").with("retry-after", "5"),
        "source unavailable, ask again in 5 s: HTTP 503",
    )
    .await;
    each_is(Play::status("401 Unauthorized", b""), "unauthorized: HTTP 401").await;
    each_is(Play::status("404 Not Found", b"<html>"), "refused: HTTP 404").await;
    let moved = Play::status("302 Found", b"").with("location", "http://192.0.2.1/elsewhere");
    each_is(
        moved,
        "refused: HTTP 302 Found: redirects are not followed, correct base_url",
    )
    .await;
}

#[tokio::test]
async fn bodies_that_are_not_theirs_are_invalid_payloads() {
    for body in [
        "<!DOCTYPE html><title>Maintenance</title>",
        "",
        "{}",
        "[[",
        "null",
        "\u{feff}{\"a\":",
    ] {
        for error in at_each(Play::ok(body.as_bytes())).await {
            match error {
                ProviderError::InvalidPayload { at, excerpt, .. } => {
                    assert!(!at.is_empty() && excerpt.len() <= 200, "{body}: {at} {excerpt}");
                }
                other => panic!("{body}: {other}"),
            }
        }
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_mid_body_is_no_answer() {
    for error in at_each(Play::Cut(DAYS[..20_000].to_vec())).await {
        assert!(matches!(error, ProviderError::Unavailable { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_source_that_says_nothing_is_unavailable() {
    for error in at_each(Play::Silence).await {
        assert!(matches!(error, ProviderError::Unavailable { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_source_that_is_not_there_is_unavailable() {
    let server = Played::new(vec![Play::Silence]).await;
    let mut settings = BinanceSettings::default();
    // Port 1 of this machine: nobody listens there.
    settings.connection.base_url = "http://127.0.0.1:1".to_owned();
    let binance = http_providers::Binance::new(&settings, clock()).unwrap();
    let error = binance.fetch_bars(&year()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable { .. }), "{error}");
    assert_eq!(server.connections(), 0);
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn compressed_answers_are_read() {
    let server = Played::new(vec![Play::ok(&packed(DAYS)).with("content-encoding", "gzip")]).await;
    let fetched = of(&providers(&server, 1_000_000, 0), "binance")
        .fetch_bars(&year())
        .await
        .unwrap();
    assert_eq!(fetched.rows.len(), 365);
}

#[tokio::test]
async fn an_answer_is_never_longer_than_allowed() {
    let check = async |play: Play| {
        let server = Played::new(vec![play]).await;
        let limit = u64::try_from(DAYS.len() - 1).unwrap();
        let error = of(&providers(&server, limit, 0), "binance")
            .fetch_bars(&year())
            .await
            .unwrap_err();
        assert!(
            matches!(error, ProviderError::TooLarge { limit: told } if told == limit),
            "{error}"
        );
    };
    check(Play::ok(DAYS)).await;
    // A small body that unpacks to a large one.
    check(Play::ok(&packed(DAYS)).with("content-encoding", "gzip")).await;
    let exactly = Played::new(vec![Play::ok(DAYS)]).await;
    let limit = u64::try_from(DAYS.len()).unwrap();
    let fetched = of(&providers(&exactly, limit, 0), "binance")
        .fetch_bars(&year())
        .await
        .unwrap();
    assert_eq!(fetched.rows.len(), 365);
}

#[tokio::test]
async fn a_broken_compression_is_an_invalid_payload() {
    let half = packed(DAYS);
    let server = Played::new(vec![Play::ok(&half[..half.len() / 2]).with("content-encoding", "gzip")]).await;
    let error = of(&providers(&server, 1_000_000, 0), "binance")
        .fetch_bars(&year())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ProviderError::InvalidPayload { at, .. } if at == "the gzip stream"),
        "{error}"
    );
}

#[tokio::test]
async fn what_passes_is_asked_again_until_it_has_passed() {
    let server = Played::new(vec![
        Play::status("503 Service Unavailable", b""),
        Play::Cut(b"[[".to_vec()),
        Play::status("429 Too Many Requests", b"").with("retry-after", "0"),
        Play::ok(DAYS),
    ])
    .await;
    let fetched = of(&providers(&server, 1_000_000, 4), "binance")
        .fetch_bars(&year())
        .await
        .unwrap();
    assert_eq!((fetched.rows.len(), server.targets().len()), (365, 4));
}

#[tokio::test]
async fn what_lasts_is_asked_once() {
    let server = Played::new(vec![Play::ok(b"<html>")]).await;
    let error = of(&providers(&server, 1_000_000, 4), "yahoo")
        .fetch_bars(&year())
        .await
        .unwrap_err();
    assert!(matches!(error, ProviderError::InvalidPayload { .. }), "{error}");
    assert_eq!(server.targets().len(), 1);
}

#[tokio::test]
async fn one_source_that_fails_leaves_the_others_alone() {
    let server = Played::new(vec![Play::status("500 Internal Server Error", b""), Play::ok(DAYS)]).await;
    let providers = providers(&server, 1_000_000, 0);
    of(&providers, "yahoo").fetch_bars(&year()).await.unwrap_err();
    assert_eq!(
        of(&providers, "binance").fetch_bars(&year()).await.unwrap().rows.len(),
        365
    );
}
