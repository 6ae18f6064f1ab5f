//! The settings of the sources over HTTP.

use super::{Secrecy, Setting, Values, setting, whole};

/// How often a source may be asked, in calls or in what it counts in their stead.
const BOUND: Values = whole(0, 1_000_000_000, "calls");

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
                    Values::Text("http:// or https://, a host and perhaps a path"),
                    "where its paths begin",
                )
            },
            timeout: setting(
                concat!("providers.", $provider, ".timeout_s"),
                "30",
                whole(1, 600, "seconds"),
                "seconds that one call may take, from connecting to the last byte",
            ),
            max_response_bytes: setting(
                concat!("providers.", $provider, ".max_response_bytes"),
                "33554432",
                whole(1_024, 1_073_741_824, "bytes"),
                "how many bytes of an answer are read at most, before and after decompression",
            ),
            user_agent: setting(
                concat!("providers.", $provider, ".user_agent"),
                "",
                Values::Text("visible ASCII characters and spaces, or empty for the name and version of this program"),
                "how we introduce ourselves",
            ),
        }
    };
}

/// `providers.retry_times`
pub(in crate::config) const PROVIDERS_RETRY_TIMES: Setting = setting(
    "providers.retry_times",
    "4",
    whole(0, 20, "retries"),
    "how often a call is tried again when it was sent away or cut off",
);
/// `providers.retry_first_pause_ms`
pub(in crate::config) const PROVIDERS_RETRY_FIRST_PAUSE: Setting = setting(
    "providers.retry_first_pause_ms",
    "500",
    whole(1, 60_000, "milliseconds"),
    "milliseconds before the first retry; each pause is twice the one before",
);
/// `providers.retry_longest_pause_s`
pub(in crate::config) const PROVIDERS_RETRY_LONGEST_PAUSE: Setting = setting(
    "providers.retry_longest_pause_s",
    "30",
    whole(1, 3_600, "seconds"),
    "seconds that a pause between retries lasts at most",
);
/// `providers.longest_wait_s`
pub(in crate::config) const PROVIDERS_LONGEST_WAIT: Setting = setting(
    "providers.longest_wait_s",
    "120",
    whole(0, 3_600, "seconds"),
    "seconds that a call waits at most when a provider, or our own budget for it, says wait",
);

/// `providers.yahoo.…`
pub(in crate::config) static YAHOO: ConnectionSettingsOf = connection_of!("yahoo", "https://query1.finance.yahoo.com");
/// `providers.yahoo.calls_per_minute`
pub(in crate::config) const YAHOO_CALLS_PER_MINUTE: Setting = setting(
    "providers.yahoo.calls_per_minute",
    "60",
    BOUND,
    "how often it is asked in a minute; 0 without a bound",
);
/// `providers.yahoo.calls_per_day`
pub(in crate::config) const YAHOO_CALLS_PER_DAY: Setting = setting(
    "providers.yahoo.calls_per_day",
    "0",
    BOUND,
    "how often it is asked in a day; 0 without a bound",
);

/// `providers.binance.…`
pub(in crate::config) static BINANCE: ConnectionSettingsOf = connection_of!("binance", "https://api.binance.com");
/// `providers.binance.weight_per_minute`
pub(in crate::config) const BINANCE_WEIGHT_PER_MINUTE: Setting = setting(
    "providers.binance.weight_per_minute",
    "3000",
    BOUND,
    "how much request weight is spent in a minute, of the 6000 that an address has; 0 without a bound",
);
/// `providers.binance.weight_per_day`
pub(in crate::config) const BINANCE_WEIGHT_PER_DAY: Setting = setting(
    "providers.binance.weight_per_day",
    "0",
    BOUND,
    "how much request weight is spent in a day; 0 without a bound",
);

/// `providers.alpha_vantage.api_key`
pub(in crate::config) const ALPHA_VANTAGE_API_KEY: Setting = Setting {
    alias: Some("ALPHA_VANTAGE_API_KEY"),
    secrecy: Secrecy::Whole,
    ..setting(
        "providers.alpha_vantage.api_key",
        "",
        Values::Text("the key, or empty for none"),
        "the key that Alpha Vantage gave you; without it nothing is asked there",
    )
};
/// `providers.alpha_vantage.plan`
pub(in crate::config) const ALPHA_VANTAGE_PLAN: Setting = setting(
    "providers.alpha_vantage.plan",
    "free",
    Values::Words(&["free", "premium"]),
    "what the key is entitled to",
);
/// `providers.alpha_vantage.format`
pub(in crate::config) const ALPHA_VANTAGE_FORMAT: Setting = setting(
    "providers.alpha_vantage.format",
    "json",
    Values::Words(&["json", "csv"]),
    "in which form answers are asked for; csv is a third as long",
);
/// `providers.alpha_vantage.…`
pub(in crate::config) static ALPHA_VANTAGE: ConnectionSettingsOf =
    connection_of!("alpha_vantage", "https://www.alphavantage.co");
/// `providers.alpha_vantage.calls_per_minute`
pub(in crate::config) const ALPHA_VANTAGE_CALLS_PER_MINUTE: Setting = setting(
    "providers.alpha_vantage.calls_per_minute",
    "",
    BOUND,
    "how often it is asked in a minute; 0 without a bound, empty for what the plan allows: 5, or 75 with premium",
);
/// `providers.alpha_vantage.calls_per_day`
pub(in crate::config) const ALPHA_VANTAGE_CALLS_PER_DAY: Setting = setting(
    "providers.alpha_vantage.calls_per_day",
    "",
    BOUND,
    "how often it is asked in a day; 0 without a bound, empty for what the plan allows: 25, or no bound with premium",
);
