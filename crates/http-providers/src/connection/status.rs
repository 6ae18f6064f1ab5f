//! What a status means at any source; each source reads its own error bodies first.

use domain::ProviderError;
use reqwest::StatusCode;

use super::{Answer, retry_after};

/// The error that a status stands for; `None` for 2xx.
pub(crate) fn by_status(answer: &Answer) -> Option<ProviderError> {
    let status = answer.status;
    let retry_after = retry_after(&answer.headers, answer.asked_at);
    Some(match status {
        _ if status.is_success() => return None,
        StatusCode::TOO_MANY_REQUESTS => ProviderError::RateLimited { retry_after },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ProviderError::Unauthorized {
            detail: format!("HTTP {status}"),
        },
        StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => ProviderError::Unauthorized {
            detail: format!("HTTP {status}: not served where this program runs"),
        },
        _ if status.is_server_error() => ProviderError::Unavailable {
            retry_after,
            source: format!("HTTP {status}").into(),
        },
        StatusCode::REQUEST_TIMEOUT => ProviderError::Unavailable {
            retry_after,
            source: format!("HTTP {status}").into(),
        },
        _ if status.is_redirection() => ProviderError::Refused {
            detail: format!("HTTP {status}: redirects are not followed, correct base_url"),
        },
        _ => ProviderError::Refused {
            detail: format!("HTTP {status}"),
        },
    })
}
