//! What Yahoo's error bodies mean.

use domain::{ProviderError, Symbol};

use super::payload::ChartError;
use crate::connection::{self, Answer, excerpt, retry_after};

/// The status with which Yahoo's edge sends away whoever asks too often, beside 429.
const SENT_AWAY: u16 = 999;

/// The error that a body stands for; `None` when it only says that the range holds nothing.
pub(super) fn read(answer: &Answer, error: &ChartError, spelling: &Symbol) -> Option<ProviderError> {
    let said = error.description.as_deref().unwrap_or_default();
    let detail = || format!("{}: {}", excerpt(&error.code), excerpt(said));
    if said.starts_with("Data doesn't exist for startDate") {
        return None;
    }
    Some(match error.code.as_str() {
        "Not Found" => ProviderError::UnknownSymbol(spelling.clone()),
        "Unauthorized" => ProviderError::Unauthorized { detail: detail() },
        "Too Many Requests" => ProviderError::RateLimited {
            retry_after: retry_after(&answer.headers, answer.asked_at),
        },
        _ if said.contains("must be within the last") || said.contains("allowed to be fetched per request") => {
            ProviderError::OutOfReach { detail: excerpt(said) }
        }
        _ => connection::by_status(answer)
            .filter(ProviderError::is_transient)
            .unwrap_or_else(|| ProviderError::Refused { detail: detail() }),
    })
}

/// Statuses that only Yahoo uses.
pub(super) fn by_status(answer: &Answer) -> Option<ProviderError> {
    (answer.status.as_u16() == SENT_AWAY).then(|| ProviderError::RateLimited {
        retry_after: retry_after(&answer.headers, answer.asked_at),
    })
}
