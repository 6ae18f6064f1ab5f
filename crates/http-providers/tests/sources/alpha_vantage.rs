//! Alpha Vantage's requests, and errors that come with status 200.

use domain::{AssetClass, BarRequest, Interval, MarketDataProvider, ProviderError};
use http_providers::{AlphaVantage, AlphaVantageSettings, AnswerFormat, ConnectionSettings, Plan};

use crate::played::{Play, Played, clock, instrument, request};

const MICROSOFT: &[u8] = include_bytes!("../fixtures/alpha_vantage/TIME_SERIES_DAILY__MSFT__compact.json");
const IBM: &[u8] = include_bytes!("../fixtures/alpha_vantage/TIME_SERIES_DAILY__IBM__csv_2026.csv");
const SPLITS: &[u8] = include_bytes!("../fixtures/alpha_vantage/SPLITS__IBM__csv.csv");
const DIVIDENDS: &[u8] = include_bytes!("../fixtures/alpha_vantage/DIVIDENDS__IBM__csv.csv");
const SEARCH: &[u8] = include_bytes!("../fixtures/alpha_vantage/SYMBOL_SEARCH__IBM.json");

fn settings(server: &Played) -> AlphaVantageSettings {
    let defaults = AlphaVantageSettings::default();
    AlphaVantageSettings {
        connection: ConnectionSettings {
            base_url: server.base_url.clone(),
            ..defaults.connection
        },
        api_key: Some("SECRETKEY1234567".to_owned().into()),
        ..defaults
    }
}

fn alpha_vantage(server: &Played) -> AlphaVantage {
    AlphaVantage::new(&settings(server), clock()).unwrap()
}

fn days(symbol: &str) -> BarRequest {
    let (start, end) = ("2018-08-01T00:00:00Z", "2026-06-01T00:00:00Z");
    request(symbol, AssetClass::Stock, Interval::OneDay, start, end)
}

async fn refused(body: &[u8]) -> ProviderError {
    let server = Played::new(vec![Play::ok(body)]).await;
    alpha_vantage(&server).fetch_bars(&days("MSFT")).await.unwrap_err()
}

#[tokio::test]
async fn asks_for_days_and_reads_the_range() {
    let server = Played::new(vec![Play::ok(MICROSOFT)]).await;
    let fetched = alpha_vantage(&server).fetch_bars(&days("MSFT")).await.unwrap();
    assert_eq!(fetched.rows.len(), 12, "those of August");
    assert_eq!(
        server.targets(),
        ["/played/query?function=TIME_SERIES_DAILY&symbol=MSFT&outputsize=full&datatype=json&apikey=SECRETKEY1234567"]
    );
}

#[tokio::test]
async fn asks_for_csv_when_told_to() {
    let server = Played::new(vec![Play::ok(IBM)]).await;
    let settings = AlphaVantageSettings {
        format: AnswerFormat::Csv,
        plan: Plan::Premium,
        ..settings(&server)
    };
    let fetched = AlphaVantage::new(&settings, clock())
        .unwrap()
        .fetch_bars(&days("IBM"))
        .await
        .unwrap();
    assert_eq!(fetched.rows.len(), 100);
    let target = server.targets().remove(0);
    assert!(
        target.contains("function=TIME_SERIES_DAILY_ADJUSTED&") && target.contains("&datatype=csv&"),
        "{target}"
    );
}

#[tokio::test]
async fn splits_and_dividends_are_two_calls() {
    let server = Played::new(vec![Play::ok(SPLITS), Play::ok(DIVIDENDS)]).await;
    let ibm = instrument("IBM", AssetClass::Stock);
    let actions = alpha_vantage(&server)
        .fetch_corporate_actions(&ibm.details.symbol, &ibm)
        .await
        .unwrap();
    assert_eq!(actions.len(), 112);
    let by_date = actions.windows(2).all(|pair| pair[0].ex_date() <= pair[1].ex_date());
    assert!(by_date, "by ex-date, both kinds together");
    let asked: Vec<_> = server
        .targets()
        .iter()
        .map(|target| target.split('&').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        asked,
        ["/played/query?function=SPLITS", "/played/query?function=DIVIDENDS"]
    );
    assert_eq!(AlphaVantage::costs().actions.get(), 2);
}

#[tokio::test]
async fn searches_and_describes_symbols() {
    let server = Played::new(vec![Play::ok(SEARCH)]).await;
    let found = alpha_vantage(&server).search_symbols("IBM").await.unwrap();
    assert_eq!(found.len(), 10);
    let described = alpha_vantage(&server)
        .describe_symbol(&"ibm.dex".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(described, found[9]);
    let error = alpha_vantage(&server)
        .describe_symbol(&"IBMX".parse().unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "unknown symbol IBMX");
}

#[tokio::test]
async fn pairs_are_described_without_a_search_which_knows_none() {
    let server = Played::new(vec![Play::ok(SEARCH)]).await;
    let described = async |spelling: &str| {
        let found = alpha_vantage(&server).describe_symbol(&spelling.parse().unwrap()).await;
        let found = found.unwrap();
        let symbol = found.symbol.map(|symbol| symbol.to_string());
        (symbol, found.asset_class.unwrap(), found.currency.unwrap().to_string())
    };
    let bitcoin = (Some("BTC-EUR".to_owned()), AssetClass::Crypto, "EUR".to_owned());
    assert_eq!(described("BTC/EUR").await, bitcoin);
    assert_eq!(described("BTCEUR").await, bitcoin);
    assert_eq!(described("EURUSD").await, (None, AssetClass::Forex, "USD".to_owned()));
    assert_eq!(server.targets(), [""; 0]);
}

#[tokio::test]
async fn messages_with_status_200_are_errors() {
    let error = refused(include_bytes!("../fixtures/alpha_vantage/ERROR__invalid_api_call.json")).await;
    assert_eq!(error.to_string(), "unknown symbol MSFT");
    let error = refused(include_bytes!("../fixtures/alpha_vantage/ERROR__rate_limit_note.json")).await;
    assert_eq!(error.to_string(), "rate limited, ask again in 60 s");
    let error = refused(include_bytes!(
        "../fixtures/alpha_vantage/ERROR__information_premium.json"
    ))
    .await;
    assert_eq!(error.to_string(), "rate limited, ask again in 60 s");
    let error = refused(include_bytes!(
        "../fixtures/alpha_vantage/ERROR__information_daily_rate_limit.json"
    ))
    .await;
    assert!(matches!(error, ProviderError::QuotaExhausted { .. }), "{error}");
    assert!(error.to_string().contains("25 requests per day"), "{error}");
}

#[tokio::test]
async fn other_messages_are_told_apart_by_their_words() {
    let check = async |body: &str, expected: &str| {
        let error = refused(body.as_bytes()).await.to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    // The beginnings of sentences as seen in public logs.
    let burst = "Please consider spreading out your free API requests more sparingly (1 request per second) \
                 … to lift the free key rate limit (25 requests per day)";
    check(
        &format!(r#"{{"Information":"{burst}"}}"#),
        "rate limited, ask again in 1 s",
    )
    .await;
    check(
        r#"{"Information":"This is a premium endpoint."}"#,
        "unauthorized: This is a premium endpoint.",
    )
    .await;
    check(
        r#"{"Error Message":"the parameter apikey is invalid or missing."}"#,
        "unauthorized: the parameter apikey",
    )
    .await;
    check(r#"{"Information":"Something new."}"#, "refused: Something new.").await;
}

#[tokio::test]
async fn without_a_key_nobody_is_asked() {
    let server = Played::new(vec![Play::Silence]).await;
    let settings = AlphaVantageSettings {
        api_key: None,
        ..settings(&server)
    };
    let error = AlphaVantage::new(&settings, clock())
        .unwrap()
        .fetch_bars(&days("IBM"))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "unauthorized: there is no key: set providers.alpha_vantage.api_key"
    );
    assert_eq!(server.connections(), 0);
}
