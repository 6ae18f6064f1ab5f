//! How long a source says to wait.

use std::time::Duration;

use domain::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// What the header `Retry-After` says, as seconds or as a date; `None` without one or when it cannot be read.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    // An HTTP date is one of RFC 2822 whose zone is always GMT.
    let until = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    let wait = Timestamp::try_from(until).ok()?.since(now);
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &'static str, seconds: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, reqwest::header::HeaderValue::from_static(text));
        let now = "2015-10-21T07:27:00Z".parse().unwrap();
        assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs), "{text}");
    }

    #[test]
    fn reads_seconds_and_dates() {
        check("120", Some(120));
        check(" 0 ", Some(0));
        check("Wed, 21 Oct 2015 07:28:00 GMT", Some(60));
        check("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)); // gone by
        check("soon", None);
        check("-5", None);
    }
}
