//! The key is nowhere but in the request.

use std::io::Write;
use std::sync::{Arc, Mutex};

use domain::{AssetClass, Interval, MarketDataProvider, ProviderError};
use http_providers::{AlphaVantage, AlphaVantageSettings, ConnectionSettings};
use tracing_subscriber::filter::LevelFilter;

use crate::played::{Play, Played, chain, clock, request};

/// Ten characters that stand in no message, and one that a URL writes in another way.
const KEY: &str = "ZQ7XW4VUKJ+";

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn alpha_vantage(base_url: &str) -> AlphaVantage {
    let defaults = AlphaVantageSettings::default();
    let settings = AlphaVantageSettings {
        connection: ConnectionSettings {
            base_url: base_url.to_owned(),
            timeout: std::time::Duration::from_millis(500),
            ..defaults.connection
        },
        api_key: Some(KEY.to_owned().into()),
        ..defaults
    };
    AlphaVantage::new(&settings, clock()).unwrap()
}

/// All that an error can print, in every way, and the provider too.
async fn printed(plays: Vec<Play>) -> String {
    let server = Played::new(plays).await;
    let provider = alpha_vantage(&server.base_url);
    let (start, end) = ("2018-08-01T00:00:00Z", "2018-09-01T00:00:00Z");
    let days = request("MSFT", AssetClass::Stock, Interval::OneDay, start, end);
    let error = provider.fetch_bars(&days).await.unwrap_err();
    assert!(!matches!(error, ProviderError::Unsupported { .. }), "it was asked");
    format!("{} {error:?} {provider:?}", chain(&error))
}

#[tokio::test]
async fn no_error_and_no_log_holds_the_key() {
    let log = Log::default();
    let shared = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || shared.clone());
    // Also what libraries say through `log`: this is a process-wide logger, and the only test that sets one.
    subscriber.try_init().unwrap();

    let quoting = |text: String| Play::ok(text.as_bytes());
    let mut texts = vec![
        printed(vec![quoting(format!(
            r#"{{"Information":"We have detected your API key as {KEY} and our standard API rate limit is 25 requests per day."}}"#
        ))])
        .await,
        printed(vec![quoting(format!(r#"{{"Error Message":"the apikey {KEY} is wrong"}}"#))]).await,
        printed(vec![quoting(format!(r#"{{"Information":"hello {KEY}"}}"#))]).await,
        printed(vec![quoting(format!("<html>{KEY}</html>"))]).await,
        printed(vec![quoting(format!(r#""{KEY}""#))]).await,
        printed(vec![quoting(format!(r#"{{"Time Series (Daily)":{{"2018-08-16":"{KEY}"}}}}"#))]).await,
        printed(vec![quoting(format!("{{{}{KEY}", " ".repeat(250)))]).await,
        printed(vec![Play::Cut(Vec::new())]).await,
        printed(vec![Play::Silence]).await,
        printed(vec![Play::status("403 Forbidden", KEY.as_bytes())]).await,
        printed(vec![Play::status("302 Found", b"").with("location", &format!("/query?apikey={KEY}"))]).await,
    ];
    let nobody = alpha_vantage("http://127.0.0.1:1");
    texts.push(format!("{:?}", nobody.search_symbols("IBM").await.unwrap_err()));

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("source answered"), "something is logged: {logged}");
    texts.push(logged);
    for text in texts {
        for part in [KEY, "ZQ7XW4", "4VUKJ"] {
            assert!(!text.contains(part), "{text}");
        }
    }
}

#[tokio::test]
async fn the_key_is_in_the_request_and_quoted_for_a_url() {
    let server = Played::new(vec![Play::ok(b"{\"bestMatches\":[]}")]).await;
    let found = alpha_vantage(&server.base_url).search_symbols("a&b=c").await.unwrap();
    assert!(found.is_empty());
    assert_eq!(
        server.targets(),
        ["/played/query?function=SYMBOL_SEARCH&keywords=a%26b%3Dc&datatype=json&apikey=ZQ7XW4VUKJ%2B"]
    );
}
