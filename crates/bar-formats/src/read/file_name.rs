//! What the name of a file says about its bars.

use domain::{Interval, Symbol};

use super::interval_of;

/// The symbol and interval that a file's name tells; what it does not tell surely is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NamedBars {
    pub(super) symbol: Option<Symbol>,
    pub(super) interval: Option<Interval>,
}

/// Words that name a file and no instrument.
const GENERIC: [&str; 26] = [
    "bars", "candles", "csv", "daily", "data", "download", "export", "file", "history", "hourly", "import", "index",
    "intraday", "klines", "monthly", "ohlc", "ohlcv", "output", "price", "prices", "quotes", "series", "stocks",
    "table", "test", "weekly",
];
/// `CryptoDataDownload` begins its names with the venue.
const VENUES: [&str; 7] = [
    "binance", "bitfinex", "bitstamp", "coinbase", "gemini", "kraken", "poloniex",
];

/// Reads `AAPL__1d__lean_raw`, `BTCUSDT-1h-2024-01`, `1398-HK-1d-repaired`, `spy_1min`, `^GSPC`, `BTC-USD`.
pub(super) fn named_bars(stem: &str) -> NamedBars {
    if stem.contains("__") {
        let mut tokens = stem.split("__");
        let first = tokens.next().unwrap_or_default();
        let interval = tokens.next().and_then(interval_token);
        // `TIME_SERIES_DAILY__IBM__csv` begins with something else than a symbol.
        return NamedBars {
            symbol: interval.and_then(|_| symbol_token(first)),
            interval,
        };
    }
    let mut start = 0;
    for token in stem.split(['_', '-', ' ']) {
        if start > 0
            && let Some(interval) = interval_token(token)
        {
            let before = stem.get(..start - 1).unwrap_or_default();
            return NamedBars {
                symbol: symbol_token(before),
                interval: Some(interval),
            };
        }
        start += token.len() + 1;
    }
    let alone = stem.split('-').count() <= 2 && !stem.contains(['_', ' ']);
    NamedBars {
        symbol: if alone { symbol_token(stem) } else { None },
        interval: None,
    }
}

/// Bare numbers are years or counters in names, and a lone `M` could be both month and minute.
fn interval_token(token: &str) -> Option<Interval> {
    let has_letter = token.bytes().any(|byte| byte.is_ascii_alphabetic());
    (has_letter && token != "M").then(|| interval_of(token).ok()).flatten()
}

fn symbol_token(text: &str) -> Option<Symbol> {
    let text = match text.split_once('_') {
        Some((venue, rest)) if VENUES.contains(&venue.to_ascii_lowercase().as_str()) => rest,
        _ => text,
    };
    let generic = text
        .split(['_', '-'])
        .any(|word| GENERIC.contains(&word.to_ascii_lowercase().as_str()));
    if generic || text.len() > 20 {
        return None;
    }
    // Lower case is a habit of file names, not of symbols.
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    if lower {
        text.to_ascii_uppercase().parse().ok()
    } else {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_as_people_give_them() {
        let check = |stem: &str, symbol: Option<&str>, interval: Option<Interval>| {
            let named = named_bars(stem);
            assert_eq!(named.symbol.as_ref().map(Symbol::as_str), symbol, "{stem}");
            assert_eq!(named.interval, interval, "{stem}");
        };
        let day = Some(Interval::OneDay);
        check("AAPL__1d__lean_raw", Some("AAPL"), day);
        check("NASDAQ_COMPOSITE__1d__yahoo", Some("NASDAQ_COMPOSITE"), day);
        check("SPY__1m__2020-12-15_2020-12-18", Some("SPY"), Some(Interval::OneMinute));
        check("1398-HK-1d-bad-div-fixed", Some("1398-HK"), day);
        check("AV-L-1wk-bad-stock-split", Some("AV-L"), Some(Interval::OneWeek));
        check("BTCUSDT-1h-2024-01", Some("BTCUSDT"), Some(Interval::OneHour));
        check("BTCUSDT-1M-2024-01", Some("BTCUSDT"), Some(Interval::OneMonth));
        check("spy_1min", Some("SPY"), Some(Interval::OneMinute));
        check("BTC_USD-Hourly", Some("BTC_USD"), Some(Interval::OneHour));
        check("Coinbase_BTCUSD_d", Some("BTCUSD"), day);
        check("djia_d", Some("DJIA"), day);
        check("^GSPC", Some("^GSPC"), None);
        check("BTC-USD", Some("BTC-USD"), None);
        check("aapl", Some("AAPL"), None);
    }

    #[test]
    fn does_not_guess() {
        let check = |stem: &str| assert_eq!(named_bars(stem).symbol, None, "{stem}");
        check("DIGITAL_CURRENCY_DAILY__BTC_EUR__csv_2026");
        check("TIME_SERIES_DAILY__IBM__csv_2026");
        check("daily_csv__aapl_us");
        check("prices");
        check("stock prices 2024");
        check("yahoofinance-GOOG-20040819-20180120");
        check("data_1d");
    }
}
