//! What an observer hears, and what is no call.

use std::sync::Mutex;

use domain::mock::MockMarketDataProvider;
use domain::{AssetClass, Interval, OfferedInterval, Page, Tolerance};

use super::*;
use crate::testing::{everything, instrument};

/// Keeps who was called, and why it went wrong.
#[derive(Default)]
struct Ears(Mutex<Vec<String>>);

impl Ears {
    fn heard(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl CallObserver for Ears {
    fn called(&self, provider: &SourceName, error: Option<&ProviderError>, _elapsed: Duration) {
        let outcome = error.map_or_else(|| "ok".to_owned(), ToString::to_string);
        self.0.lock().unwrap().push(format!("{provider}: {outcome}"));
    }
}

fn source(corporate_actions: bool) -> MockMarketDataProvider {
    let mut source = MockMarketDataProvider::new();
    source.expect_name().returning(|| "yahoo".parse().unwrap());
    source.expect_capabilities().returning(move || ProviderCapabilities {
        asset_classes: vec![AssetClass::Stock],
        intervals: vec![OfferedInterval {
            interval: Interval::OneDay,
            look_back: None,
            since: None,
            page: Page::Whole,
        }],
        basis: domain::Basis::Raw,
        tolerance: Tolerance::Exact,
        silence_means_no_trade: false,
        calls_per_minute: None,
        calls_per_day: None,
        corporate_actions,
        search: true,
    });
    source.expect_fetch_corporate_actions().returning(|_, _| Ok(Vec::new()));
    source
}

#[tokio::test]
async fn each_call_is_told_with_its_outcome() {
    let ears = Arc::new(Ears::default());
    let mut source = source(true);
    source.expect_search_symbols().returning(|_| Ok(Vec::new()));
    source
        .expect_fetch_bars()
        .returning(|_| Err(ProviderError::RateLimited { retry_after: None }));
    let observed = Observed::new(source, ears.clone());
    let apple = instrument("AAPL", AssetClass::Stock);
    observed.search_symbols("apple").await.unwrap();
    let asked = everything("AAPL", AssetClass::Stock, Interval::OneDay);
    observed.fetch_bars(&asked).await.unwrap_err();
    observed
        .fetch_corporate_actions(&apple.details.symbol, &apple)
        .await
        .unwrap();
    assert_eq!(ears.heard(), ["yahoo: ok", "yahoo: rate limited", "yahoo: ok"]);
}

#[tokio::test]
async fn what_a_source_does_not_offer_is_no_call() {
    let ears = Arc::new(Ears::default());
    let mut source = source(false);
    source
        .expect_fetch_bars()
        .returning(|asked| Err(ProviderError::UnsupportedInterval(asked.interval)));
    let observed = Observed::new(source, ears.clone());
    let apple = instrument("AAPL", AssetClass::Stock);
    let asked = everything("AAPL", AssetClass::Stock, Interval::OneMinute);
    observed.fetch_bars(&asked).await.unwrap_err();
    observed
        .fetch_corporate_actions(&apple.details.symbol, &apple)
        .await
        .unwrap();
    assert_eq!(ears.heard(), [""; 0]);
}
