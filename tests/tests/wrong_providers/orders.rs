//! What is asked for, of providers that hold recordings of it.

/// What is asked for, and how much that is.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub(super) args: &'static [&'static str],
    pub(super) symbol: &'static str,
    pub(super) interval: &'static str,
    pub(super) bars: usize,
}

/// Two months of hours in two recorded pages; the second begins with the last hour of the first, 2020-06-11T12:00Z.
pub(super) const HOURS: Order = Order {
    args: &[
        "ingest",
        "binance",
        "BTCUSDT",
        "--interval",
        "1h",
        "--start",
        "2020-04-30T21:00:00Z",
        "--end",
        "2020-07-01T04:00:00Z",
    ],
    symbol: "BTC-USDT",
    interval: "1h",
    bars: 1_468,
};
/// How many of them come with the first page, and when that begins, in milliseconds.
pub(super) const FIRST_PAGE: usize = 1_000;
pub(super) const FIRST_HOUR: &str = "1588280400000";

/// Thirteen years in one answer, which are turned back to what was traded by splits that come in another.
pub(super) const TESLA: Order = Order {
    args: &[
        "ingest",
        "yahoo",
        "TSLA",
        "--start",
        "2010-06-29",
        "--end",
        "2023-08-12",
    ],
    symbol: "TSLA",
    interval: "1d",
    bars: 3_303,
};
/// 1900-01-01 in seconds: from there on all splits and dividends are asked for.
pub(super) const ALL_ACTIONS: &str = "-2208988800";

/// A hundred days in one answer of a provider whose errors come with status 200.
pub(super) const IBM: Order = Order {
    args: &[
        "ingest",
        "alpha_vantage",
        "IBM",
        "--start",
        "2025-12-22",
        "--end",
        "2026-05-16",
    ],
    symbol: "IBM",
    interval: "1d",
    bars: 100,
};
