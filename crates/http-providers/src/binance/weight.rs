//! The request weight that Binance says was used, by whoever shares our address.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::CallBudget;
use reqwest::header::HeaderMap;
use tokio::time::Instant;

/// What an address may use in a minute: `rateLimits` of `exchangeInfo`, `REQUEST_WEIGHT`.
const LIMIT: u32 = 6_000;
const HEADER: &str = "x-mbx-used-weight-1m";
const MINUTE: Duration = Duration::from_secs(60);

/// The weight used in the minute of the last answer, and when that was; `None` before the first.
#[derive(Debug, Default)]
pub(super) struct UsedWeight(Mutex<Option<(u32, Instant)>>);

impl UsedWeight {
    pub(super) fn note(&self, headers: &HeaderMap) {
        let used = headers.get(HEADER).and_then(|used| used.to_str().ok()?.parse().ok());
        if let Some(used) = used {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((used, Instant::now()));
        }
    }

    pub(super) fn left(&self) -> Option<CallBudget> {
        let (used, at) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        // A minute later it is another minute, in which nothing was used that we know of.
        let used = if at.elapsed() < MINUTE { used } else { 0 };
        Some(CallBudget {
            limit: LIMIT,
            left: LIMIT.saturating_sub(used),
            per: MINUTE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_weight_of_a_minute_is_forgotten_after_it() {
        let weight = UsedWeight::default();
        assert_eq!(weight.left(), None);
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, "1200".parse().unwrap());
        weight.note(&headers);
        assert_eq!(weight.left().unwrap().left, 4_800);
        tokio::time::advance(MINUTE).await;
        assert_eq!(weight.left().unwrap().left, LIMIT);
    }
}
