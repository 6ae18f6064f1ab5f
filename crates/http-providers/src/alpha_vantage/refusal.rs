//! What their messages mean: sentences, so this is read off the words that were seen.

use std::time::Duration;

use domain::{ProviderError, Symbol};

use super::payload::MessageKind;
use crate::connection::excerpt;

/// The error that a message stands for.
pub(super) fn of(kind: MessageKind, text: &str, spelling: Option<&Symbol>) -> ProviderError {
    let lower = text.to_ascii_lowercase();
    let detail = excerpt(text);
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let limited = |seconds| ProviderError::RateLimited {
        retry_after: Some(Duration::from_secs(seconds)),
    };
    if kind == MessageKind::Error {
        return match spelling {
            _ if says(&["apikey", "api key"]) => ProviderError::Unauthorized { detail },
            // All else in our calls is fixed, so what is invalid is the symbol.
            Some(spelling) if says(&["invalid api call"]) => ProviderError::UnknownSymbol(spelling.clone()),
            _ => ProviderError::Refused { detail },
        };
    }
    // From the narrowest limit to the widest: one message names several.
    if says(&["spreading out", "per second"]) {
        limited(1)
    } else if says(&["per minute", "call volume", "call frequency"]) {
        limited(60)
    } else if says(&["per day", "daily rate limit"]) {
        ProviderError::QuotaExhausted {
            detail,
            retry_after: None,
        }
    } else if says(&["premium", "api key", "apikey", "demo"]) {
        ProviderError::Unauthorized { detail }
    } else {
        ProviderError::Refused { detail }
    }
}
