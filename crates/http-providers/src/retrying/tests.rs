//! Time stands still but for the sleeps: the runtime turns its clock to the next one.

use std::sync::{Arc, Mutex};

use domain::mock::MockMarketDataProvider;
use tokio::time::Instant;

use super::*;

fn settings() -> RetrySettings {
    RetrySettings::default()
}

/// A provider whose searches end as told, one after the other, and the moments at which it was asked.
fn provider(errors: Vec<fn() -> ProviderError>) -> (MockMarketDataProvider, Arc<Mutex<Vec<Duration>>>) {
    let started = Instant::now();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let mut errors = errors.into_iter();
    let mut provider = MockMarketDataProvider::new();
    provider.expect_name().returning(|| "yahoo".parse().unwrap());
    provider.expect_search_symbols().returning(move |_| {
        seen.lock().unwrap().push(started.elapsed());
        errors.next().map_or(Ok(Vec::new()), |error| Err(error()))
    });
    (provider, asked)
}

fn down() -> ProviderError {
    ProviderError::Unavailable {
        retry_after: None,
        source: "HTTP 503".into(),
    }
}

fn limited(seconds: u64) -> ProviderError {
    ProviderError::RateLimited {
        retry_after: Some(Duration::from_secs(seconds)),
    }
}

#[tokio::test(start_paused = true)]
async fn asks_again_after_growing_pauses() {
    let (provider, asked) = provider(vec![down, down, down]);
    Retrying::new(provider, settings()).search_symbols("x").await.unwrap();
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 4);
    for (index, least) in [500, 1_000, 2_000].into_iter().enumerate() {
        let pause = asked[index + 1] - asked[index];
        let least = Duration::from_millis(least);
        // a millisecond for the runtime's timer
        assert!(
            least <= pause && pause <= 2 * least + Duration::from_millis(1),
            "pause {index}: {pause:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn gives_up_with_the_last_error() {
    let (provider, asked) = provider(vec![down, down, down, down, || limited(1), down]);
    let error = Retrying::new(provider, settings())
        .search_symbols("x")
        .await
        .unwrap_err();
    assert!(matches!(error, ProviderError::RateLimited { .. }), "{error}");
    assert_eq!(asked.lock().unwrap().len(), 5, "once and four times again");
}

#[tokio::test(start_paused = true)]
async fn never_comes_back_sooner_than_the_source_allows() {
    let (provider, asked) = provider(vec![|| limited(90)]);
    Retrying::new(provider, settings()).search_symbols("x").await.unwrap();
    let asked = asked.lock().unwrap().clone();
    assert!(asked.len() == 2 && asked[1] > Duration::from_secs(90), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_left_to_the_caller() {
    let (provider, asked) = provider(vec![|| limited(3_600)]);
    let error = Retrying::new(provider, settings())
        .search_symbols("x")
        .await
        .unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3_600)));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_asking_again_cannot_mend_is_asked_once() {
    let lasting: [fn() -> ProviderError; 9] = [
        || ProviderError::UnknownSymbol("NOPE".parse().unwrap()),
        || ProviderError::Unauthorized { detail: String::new() },
        || ProviderError::Refused { detail: String::new() },
        || ProviderError::OutOfReach { detail: String::new() },
        || ProviderError::TooLarge { limit: 1 },
        || ProviderError::UnsupportedInterval(domain::Interval::FourHours),
        || ProviderError::Unsupported { what: String::new() },
        || ProviderError::QuotaExhausted {
            detail: String::new(),
            retry_after: Some(Duration::from_secs(1)),
        },
        || ProviderError::InvalidPayload {
            at: String::new(),
            excerpt: String::new(),
            source: "x".into(),
        },
    ];
    for error in lasting {
        let (provider, asked) = provider(vec![error]);
        let found = Retrying::new(provider, settings())
            .search_symbols("x")
            .await
            .unwrap_err();
        assert_eq!(found.to_string(), error().to_string());
        assert_eq!(asked.lock().unwrap().len(), 1, "{found}");
    }
}
