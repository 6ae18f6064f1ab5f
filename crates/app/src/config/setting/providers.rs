//! The settings of the sources over HTTP.

use super::{Secrecy, Setting, setting};

/// How one of them is reached.
pub(in crate::config) struct ConnectionSettingsOf {
    pub(in crate::config) base_url: Setting,
    pub(in crate::config) timeout: Setting,
    pub(in crate::config) max_response_bytes: Setting,
    pub(in crate::config) user_agent: Setting,
}

macro_rules! connection_of {
    ($provider:literal, $base_url:literal) => {
        ConnectionSettingsOf {
            base_url: Setting {
                secrecy: Secrecy::Login,
                ..setting(
                    concat!("providers.", $provider, ".base_url"),
                    $base_url,
                    "where its paths begin: http:// or https://, a host and perhaps a path",
                )
            },
            timeout: setting(
                concat!("providers.", $provider, ".timeout_s"),
                "30",
                "seconds that one call may take, from connecting to the last byte: 1 to 600",
            ),
            max_response_bytes: setting(
                concat!("providers.", $provider, ".max_response_bytes"),
                "33554432",
                "how many bytes of an answer are read at most, before and after decompression: 1024 to 1073741824",
            ),
            user_agent: setting(
                concat!("providers.", $provider, ".user_agent"),
                "",
                "how we introduce ourselves; empty for the name and version of this program",
            ),
        }
    };
}

/// `providers.retry_times`
pub(in crate::config) const PROVIDERS_RETRY_TIMES: Setting = setting(
    "providers.retry_times",
    "4",
    "how often a call is tried again when it was sent away or cut off: 0 to 20",
);
/// `providers.retry_first_pause_ms`
pub(in crate::config) const PROVIDERS_RETRY_FIRST_PAUSE: Setting = setting(
    "providers.retry_first_pause_ms",
    "500",
    "milliseconds before the first retry; each pause is twice the one before: 1 to 60000",
);
/// `providers.retry_longest_pause_s`
pub(in crate::config) const PROVIDERS_RETRY_LONGEST_PAUSE: Setting = setting(
    "providers.retry_longest_pause_s",
    "30",
    "seconds that a pause between retries lasts at most: 1 to 3600",
);
/// `providers.longest_wait_s`
pub(in crate::config) const PROVIDERS_LONGEST_WAIT: Setting = setting(
    "providers.longest_wait_s",
    "120",
    "seconds that a call waits at most when a provider, or our own budget for it, says wait: 0 to 3600",
);

/// `providers.yahoo.…`
pub(in crate::config) static YAHOO: ConnectionSettingsOf = connection_of!("yahoo", "https://query1.finance.yahoo.com");
/// `providers.yahoo.calls_per_minute`
pub(in crate::config) const YAHOO_CALLS_PER_MINUTE: Setting = setting(
    "providers.yahoo.calls_per_minute",
    "60",
    "how often it is asked in a minute; 0 without a bound",
);
/// `providers.yahoo.calls_per_day`
pub(in crate::config) const YAHOO_CALLS_PER_DAY: Setting = setting(
    "providers.yahoo.calls_per_day",
    "0",
    "how often it is asked in a day; 0 without a bound",
);

/// `providers.binance.…`
pub(in crate::config) static BINANCE: ConnectionSettingsOf = connection_of!("binance", "https://api.binance.com");
/// `providers.binance.weight_per_minute`
pub(in crate::config) const BINANCE_WEIGHT_PER_MINUTE: Setting = setting(
    "providers.binance.weight_per_minute",
    "3000",
    "how much request weight is spent in a minute, of the 6000 that an address has; 0 without a bound",
);
/// `providers.binance.weight_per_day`
pub(in crate::config) const BINANCE_WEIGHT_PER_DAY: Setting = setting(
    "providers.binance.weight_per_day",
    "0",
    "how much request weight is spent in a day; 0 without a bound",
);

/// `providers.alpha_vantage.api_key`
pub(in crate::config) const ALPHA_VANTAGE_API_KEY: Setting = Setting {
    alias: Some("ALPHA_VANTAGE_API_KEY"),
    secrecy: Secrecy::Whole,
    ..setting(
        "providers.alpha_vantage.api_key",
        "",
        "the key that Alpha Vantage gave you; without it nothing is asked there",
    )
};
/// `providers.alpha_vantage.plan`
pub(in crate::config) const ALPHA_VANTAGE_PLAN: Setting = setting(
    "providers.alpha_vantage.plan",
    "free",
    "what the key is entitled to: free or premium",
);
/// `providers.alpha_vantage.format`
pub(in crate::config) const ALPHA_VANTAGE_FORMAT: Setting = setting(
    "providers.alpha_vantage.format",
    "json",
    "in which form answers are asked for: json, or csv, which is a third as long",
);
/// `providers.alpha_vantage.…`
pub(in crate::config) static ALPHA_VANTAGE: ConnectionSettingsOf =
    connection_of!("alpha_vantage", "https://www.alphavantage.co");
/// `providers.alpha_vantage.calls_per_minute`
pub(in crate::config) const ALPHA_VANTAGE_CALLS_PER_MINUTE: Setting = setting(
    "providers.alpha_vantage.calls_per_minute",
    "",
    "how often it is asked in a minute; 0 without a bound, empty for what the plan allows: 5, or 75 with premium",
);
/// `providers.alpha_vantage.calls_per_day`
pub(in crate::config) const ALPHA_VANTAGE_CALLS_PER_DAY: Setting = setting(
    "providers.alpha_vantage.calls_per_day",
    "",
    "how often it is asked in a day; 0 without a bound, empty for what the plan allows: 25, or no bound with premium",
);
