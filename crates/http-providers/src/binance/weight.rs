//! The request weight that Binance says was used, by whoever shares our address.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::CallBudget;
use reqwest::header::HeaderMap;

/// What an address may use in a minute: `rateLimits` of `exchangeInfo`, `REQUEST_WEIGHT`.
const LIMIT: u32 = 6_000;
const HEADER: &str = "x-mbx-used-weight-1m";
/// Nothing was asked yet.
const UNKNOWN: u32 = u32::MAX;

/// The weight used in the minute of the last answer.
#[derive(Debug)]
pub(super) struct UsedWeight(AtomicU32);

impl Default for UsedWeight {
    fn default() -> Self {
        Self(AtomicU32::new(UNKNOWN))
    }
}

impl UsedWeight {
    pub(super) fn note(&self, headers: &HeaderMap) {
        let used = headers.get(HEADER).and_then(|used| used.to_str().ok()?.parse().ok());
        if let Some(used) = used {
            self.0.store(used, Ordering::Relaxed);
        }
    }

    pub(super) fn left(&self) -> Option<CallBudget> {
        match self.0.load(Ordering::Relaxed) {
            UNKNOWN => None,
            used => Some(CallBudget {
                limit: LIMIT,
                left: LIMIT.saturating_sub(used),
                per: Duration::from_secs(60),
            }),
        }
    }
}
