//! What a symbol tells about the thing behind it, when nobody else does.

use crate::{AssetClass, Currency, Symbol};

/// Crypto assets with the largest turnover; a pair of one of them with a quote below is crypto.
const CRYPTO: [&str; 30] = [
    "BTC", "XBT", "ETH", "LTC", "XRP", "BCH", "ADA", "SOL", "DOGE", "DOT", "BNB", "USDT", "USDC", "AVAX", "MATIC",
    "LINK", "XLM", "TRX", "ETC", "XMR", "EOS", "ATOM", "ALGO", "FIL", "NEO", "DASH", "ZEC", "UNI", "SHIB", "TON",
];
/// ISO 4217 codes that are traded in pairs.
const MONEY: [&str; 26] = [
    "USD", "EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "NZD", "CNY", "HKD", "SGD", "SEK", "NOK", "DKK", "PLN", "CZK",
    "HUF", "TRY", "ZAR", "MXN", "BRL", "INR", "KRW", "THB", "ILS", "RUB",
];
/// Names under which indices come in files.
const INDICES: [&str; 20] = [
    "SP500",
    "SPX",
    "GSPC",
    "DJIA",
    "DJI",
    "IXIC",
    "NASDAQ",
    "NASDAQ_COMPOSITE",
    "NDX",
    "NASDAQ100",
    "NIKKEI225",
    "N225",
    "DAX",
    "FTSE100",
    "CAC40",
    "WIG20",
    "HSI",
    "STOXX50",
    "RUSSELL2000",
    "VIX",
];

/// The class that a symbol suggests: `^GSPC` and `SP500` an index, `BTC-USD` and `BTCUSDT` crypto, `EURUSD=X` and `EURUSD`
/// forex, `GC=F` a future, anything else a stock.
#[must_use]
pub fn guess_asset_class(symbol: &Symbol) -> AssetClass {
    let text = symbol.to_upper();
    if text.starts_with('^') || INDICES.contains(&text.as_str()) {
        return AssetClass::Index;
    }
    if text.ends_with("=F") {
        return AssetClass::Future;
    }
    match pair(&text) {
        Some((base, quote)) if MONEY.contains(&base) && MONEY.contains(&quote) => AssetClass::Forex,
        Some(_) => AssetClass::Crypto,
        None => AssetClass::Stock,
    }
}

/// The quote currency of a pair, when the symbol is one.
#[must_use]
pub fn guess_currency(symbol: &Symbol, asset_class: AssetClass) -> Option<Currency> {
    let text = symbol.to_upper();
    match asset_class {
        AssetClass::Crypto | AssetClass::Forex => {
            let (_, quote) = pair(&text).or_else(|| text.split_once(['-', '/', '_']))?;
            quote.parse().ok()
        }
        _ => None,
    }
}

/// Base and quote of `BTC-USD`, `ETH/BTC`, `BTCUSDT` or `EURUSD=X`. With a separator a well-known quote is enough
/// (`PEPE-USD`); without one both sides are well known.
fn pair(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_suffix("=X").unwrap_or(text);
    let known = |code: &str| CRYPTO.contains(&code) || MONEY.contains(&code);
    match text.split_once(['-', '/', '_']) {
        Some((base, quote)) => (known(quote) && !base.is_empty()).then_some((base, quote)),
        None => CRYPTO.iter().chain(&MONEY).find_map(|base| {
            let quote = text.strip_prefix(base).filter(|quote| known(quote))?;
            text.get(..base.len()).map(|base| (base, quote))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(symbol: &str, class: AssetClass, currency: Option<&str>) {
        let symbol: Symbol = symbol.parse().unwrap();
        assert_eq!(guess_asset_class(&symbol), class, "{symbol}");
        let guessed = guess_currency(&symbol, class);
        assert_eq!(guessed.as_ref().map(Currency::as_str), currency, "{symbol}");
    }

    #[test]
    fn guesses_by_the_shape_of_the_symbol() {
        check("AAPL", AssetClass::Stock, None);
        check("BRK-B", AssetClass::Stock, None);
        check("^GSPC", AssetClass::Index, None);
        check("SP500", AssetClass::Index, None);
        check("BTC-USD", AssetClass::Crypto, Some("USD"));
        check("BTCUSDC", AssetClass::Crypto, Some("USDC"));
        check("XRPETH", AssetClass::Crypto, Some("ETH"));
        check("ETHBTC", AssetClass::Crypto, Some("BTC"));
        check("PEPE-USD", AssetClass::Crypto, Some("USD"));
        check("EURUSD=X", AssetClass::Forex, Some("USD"));
        check("EURUSD", AssetClass::Forex, Some("USD"));
        check("GC=F", AssetClass::Future, None);
        check("SOLV", AssetClass::Stock, None);
    }
}
