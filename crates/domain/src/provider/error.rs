//! Why a provider gave no bars, by what its caller can do about it.

use std::time::Duration;

use crate::{BoxError, Interval, Symbol};

/// Why a provider gave nothing. No text in it holds a key.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// Ask again, not before `retry_after` when the source names one.
    #[error("rate limited{}", wait(*retry_after))]
    RateLimited {
        /// How long to wait.
        retry_after: Option<Duration>,
    },
    /// What may be asked in a day, or another long period, is used up: waiting within a run is of no use.
    #[error("quota exhausted{}: {detail}", wait(*retry_after))]
    QuotaExhausted {
        /// Whose quota, and what would help.
        detail: String,
        /// How long to wait.
        retry_after: Option<Duration>,
    },
    /// The provider does not know the symbol.
    #[error("unknown symbol {0}")]
    UnknownSymbol(Symbol),
    /// The key is missing, wrong or not allowed to do this.
    #[error("unauthorized: {detail}")]
    Unauthorized {
        /// What the source says, and what would help.
        detail: String,
    },
    /// The source understood and refuses, for none of the other reasons.
    #[error("refused: {detail}")]
    Refused {
        /// What the source says.
        detail: String,
    },
    /// The source has such bars, but not so far back or not so many at once.
    #[error("out of reach: {detail}")]
    OutOfReach {
        /// What the source says.
        detail: String,
    },
    /// The answer is not what the source documents.
    #[error("invalid payload at {at}, near `{excerpt}`")]
    InvalidPayload {
        /// Where in the answer: `chart.result[0].timestamp[3]`, `line 7`.
        at: String,
        /// What stands there, at most 200 bytes.
        excerpt: String,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// The answer is longer than is read.
    #[error("the answer is longer than {limit} bytes: ask for a shorter range, or raise max_response_bytes")]
    TooLarge {
        /// How many bytes are read at most, after decompression.
        limit: u64,
    },
    /// No usable answer: connection, TLS, timeout, 5xx.
    #[error("source unavailable{}", wait(*retry_after))]
    Unavailable {
        /// How long to wait, when the source says.
        retry_after: Option<Duration>,
        /// What happened.
        #[source]
        source: BoxError,
    },
    /// The provider has no bars of this length.
    #[error("no {0} bars")]
    UnsupportedInterval(Interval),
    /// The provider cannot do this at all.
    #[error("not offered: {what}")]
    Unsupported {
        /// What was asked of it, and what it offers instead.
        what: String,
    },
}

impl ProviderError {
    /// Whether asking the same again soon can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unavailable { .. } => true,
            Self::QuotaExhausted { .. }
            | Self::UnknownSymbol(_)
            | Self::Unauthorized { .. }
            | Self::Refused { .. }
            | Self::OutOfReach { .. }
            | Self::InvalidPayload { .. }
            | Self::TooLarge { .. }
            | Self::UnsupportedInterval(_)
            | Self::Unsupported { .. } => false,
        }
    }

    /// How long the source says to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after }
            | Self::QuotaExhausted { retry_after, .. }
            | Self::Unavailable { retry_after, .. } => *retry_after,
            Self::UnknownSymbol(_)
            | Self::Unauthorized { .. }
            | Self::Refused { .. }
            | Self::OutOfReach { .. }
            | Self::InvalidPayload { .. }
            | Self::TooLarge { .. }
            | Self::UnsupportedInterval(_)
            | Self::Unsupported { .. } => None,
        }
    }
}

/// `, ask again in 30 s`, or nothing; a part of a second counts as one.
fn wait(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |wait| {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        format!(", ask again in {seconds} s")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_long_to_wait() {
        let error = ProviderError::RateLimited {
            retry_after: Some(Duration::from_millis(1_500)),
        };
        assert_eq!(error.to_string(), "rate limited, ask again in 2 s");
        assert_eq!(
            ProviderError::RateLimited { retry_after: None }.to_string(),
            "rate limited"
        );
        assert_eq!(error.retry_after(), Some(Duration::from_millis(1_500)));
    }

    #[test]
    fn a_used_up_quota_is_not_asked_again() {
        let used_up = ProviderError::QuotaExhausted {
            detail: "25 calls a day".to_owned(),
            retry_after: Some(Duration::from_secs(3_600)),
        };
        assert!(!used_up.is_transient());
        let down = ProviderError::Unavailable {
            retry_after: None,
            source: "HTTP 503".into(),
        };
        assert!(down.is_transient());
        assert_eq!(
            used_up.to_string(),
            "quota exhausted, ask again in 3600 s: 25 calls a day"
        );
    }
}
