//! What Binance's statuses and error codes mean.

use std::time::Duration;

use domain::{Interval, ProviderError, Symbol};
use reqwest::StatusCode;

use super::payload::{self, ErrorBody};
use crate::connection::{Answer, by_status, excerpt, retry_after};

/// The shortest ban of an address that went on after 429, by its documentation.
const SHORTEST_BAN: Duration = Duration::from_secs(120);

/// The error that an answer stands for, if it is one.
pub(super) fn of(answer: &Answer, symbol: Option<&Symbol>, interval: Option<Interval>) -> Option<ProviderError> {
    let wait = retry_after(&answer.headers, answer.asked_at);
    match answer.status {
        StatusCode::IM_A_TEAPOT => {
            return Some(ProviderError::RateLimited {
                retry_after: Some(wait.unwrap_or(SHORTEST_BAN)),
            });
        }
        StatusCode::FORBIDDEN => {
            return Some(ProviderError::Unauthorized {
                detail: "HTTP 403: its firewall turns this address away".to_owned(),
            });
        }
        _ => {}
    }
    if answer.status.is_client_error()
        && answer.status != StatusCode::TOO_MANY_REQUESTS
        && let Some(error) = payload::error(&answer.body)
    {
        return Some(by_code(error, symbol, interval, wait));
    }
    by_status(answer)
}

fn by_code(
    ErrorBody { code, msg }: ErrorBody,
    symbol: Option<&Symbol>,
    interval: Option<Interval>,
    wait: Option<Duration>,
) -> ProviderError {
    let detail = format!("{} (code {code})", excerpt(&msg));
    match (code, symbol, interval) {
        (-1121, Some(symbol), _) => ProviderError::UnknownSymbol(symbol.clone()),
        (-1120, _, Some(interval)) => ProviderError::UnsupportedInterval(interval),
        // too many requests, too many at once
        (-1003 | -1015 | -1034, ..) => ProviderError::RateLimited { retry_after: wait },
        // disconnected, no answer from inside, overloaded, shutting down
        (-1000 | -1001 | -1008..=-1006 | -1016, ..) => ProviderError::Unavailable {
            retry_after: wait,
            source: detail.into(),
        },
        (-1002 | -1022 | -2014 | -2015, ..) => ProviderError::Unauthorized { detail },
        _ => ProviderError::Refused { detail },
    }
}
