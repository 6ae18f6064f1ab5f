//! Instants, as flags take them.

use std::str::FromStr;

use domain::Timestamp;
use time::Date;
use time::macros::format_description;

/// A date, an RFC 3339 instant or Unix seconds.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    /// The year 5138: what lies behind is milliseconds, or finer.
    const LAST_SECOND: i64 = 99_999_999_999;
    if let Ok(date) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
        return Timestamp::midnight(date).map_err(|error| error.to_string());
    }
    match text.parse::<i64>() {
        Ok(seconds) if seconds.abs() > LAST_SECOND => {
            Err("that looks like milliseconds; write whole Unix seconds".to_owned())
        }
        Ok(seconds) => Timestamp::from_unix_seconds(seconds).map_err(|error| error.to_string()),
        Err(_not_seconds) => Timestamp::from_str(text)
            .map_err(|_neither| "write 2024-01-02, 2024-01-02T14:30:00Z or whole Unix seconds".to_owned()),
    }
}
