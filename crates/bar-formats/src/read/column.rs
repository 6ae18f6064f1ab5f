//! What the columns of a bar file are called, in the languages that files come in.

use std::fmt;
use std::str::FromStr;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnRole {
    /// The date, the date and time, or the Unix time of a bar.
    Timestamp,
    /// The time of day, when the date stands in a column of its own.
    Time,
    /// First price.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Last price; alone, it is a series of single values.
    Close,
    /// How much was traded.
    Volume,
    /// How many trades there were.
    TradeCount,
    /// Volume-weighted average price.
    Vwap,
    /// Whose bar it is.
    Symbol,
    /// How long the bar is.
    Interval,
}

impl ColumnRole {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Timestamp,
        Self::Time,
        Self::Open,
        Self::High,
        Self::Low,
        Self::Close,
        Self::Volume,
        Self::TradeCount,
        Self::Vwap,
        Self::Symbol,
        Self::Interval,
    ];

    /// The name used in `--map`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp",
            Self::Time => "time",
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::Volume => "volume",
            Self::TradeCount => "trade_count",
            Self::Vwap => "vwap",
            Self::Symbol => "symbol",
            Self::Interval => "interval",
        }
    }

    /// Names of such columns after [`folded`], the surest first: when two columns fit, the surer one is taken.
    fn names(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Timestamp => &[
                &["timestamp"],
                &[
                    "datetime",
                    "date_time",
                    "open_time",
                    "opentime",
                    "gmt_time",
                    "time_utc",
                    "time_period_start",
                ],
                &["unix", "unix_timestamp", "unix_time", "epoch", "ts"],
                // English; Polish and Italian; German, Czech, Dutch; Spanish; French is `date`.
                &[
                    "date",
                    "data",
                    "datum",
                    "fecha",
                    "dia",
                    "observation_date",
                    "day",
                    "begins_at",
                    "dtyyyymmdd",
                ],
                &["t", "index_level_0"],
            ],
            Self::Time => &[&["time", "czas", "zeit", "uhrzeit", "hora", "heure", "ora"]],
            Self::Open => &[
                &["open", "otwarcie", "eroffnung", "apertura", "ouverture", "abertura"],
                &[
                    "eroffnungskurs",
                    "erster",
                    "price_open",
                    "open_price",
                    "ouv",
                    "o",
                    "first",
                ],
            ],
            Self::High => &[
                &["high", "najwyzszy", "hoch", "maximo", "plus_haut", "haut", "massimo"],
                &[
                    "hochst",
                    "hochstkurs",
                    "tageshoch",
                    "price_high",
                    "high_price",
                    "max",
                    "maximum",
                    "h",
                ],
            ],
            Self::Low => &[
                &["low", "najnizszy", "tief", "minimo", "plus_bas", "bas"],
                &[
                    "tiefst",
                    "tiefstkurs",
                    "tagestief",
                    "price_low",
                    "low_price",
                    "min",
                    "minimum",
                    "l",
                ],
            ],
            Self::Close => &[
                &[
                    "close",
                    "zamkniecie",
                    "schluss",
                    "schlusskurs",
                    "cierre",
                    "cloture",
                    "chiusura",
                    "fechamento",
                ],
                &[
                    "price_close",
                    "close_price",
                    "close_last",
                    "last",
                    "ultimo",
                    "dernier",
                    "fermeture",
                    "c",
                ],
                &["price", "value", "nav"],
            ],
            Self::Volume => &[
                &["volume", "wolumen", "volumen", "vol"],
                &[
                    "base_volume",
                    "volume_base",
                    "volumefrom",
                    "volume_traded",
                    "trade_volume",
                    "v",
                ],
                &["tick_volume", "tickvol"],
            ],
            Self::TradeCount => &[
                &[
                    "trade_count",
                    "trades",
                    "tradecount",
                    "number_of_trades",
                    "num_trades",
                    "trades_count",
                ],
                &["count", "transactions", "n"],
            ],
            Self::Vwap => &[&["vwap", "weighted_average", "volume_weighted_average_price", "vw"]],
            Self::Symbol => &[&["symbol", "ticker", "symbole", "simbolo"], &["pair", "instrument"]],
            Self::Interval => &[
                &["interval", "timeframe", "resolution", "granularity"],
                &["period", "per"],
            ],
        }
    }

    /// The role a header names, and how surely: 0 is surest.
    pub(super) fn of_header(header: &str) -> Option<(Self, usize)> {
        let name = folded(header);
        let named = Self::ALL.into_iter().find_map(|role| {
            let rank = role.names().iter().position(|names| names.contains(&name.as_str()))?;
            Some((role, rank))
        });
        // CryptoDataDownload writes `Volume BTC` and `Volume USD`: the one in coins is meant.
        named.or_else(|| match name.strip_prefix("volume_") {
            Some(unit) if QUOTE_UNITS.contains(&unit) => Some((Self::Volume, 4)),
            Some(_) => Some((Self::Volume, 3)),
            None => None,
        })
    }
}

/// What prices are quoted in: a volume in one of these is a turnover.
const QUOTE_UNITS: [&str; 12] = [
    "usd", "usdt", "usdc", "busd", "eur", "gbp", "jpy", "krw", "tusd", "quote", "currency", "notional",
];

/// A text that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no column of a bar: one of timestamp, time, open, high, low, close, volume, trade_count, vwap, symbol, interval"
)]
pub struct UnknownRole(pub String);

impl FromStr for ColumnRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownRole(super::cut(text)))
    }
}

impl fmt::Display for ColumnRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Lower case without accents, brackets or a leading number (`1. open`), words joined by `_`.
pub(super) fn folded(header: &str) -> String {
    let mut name = String::with_capacity(header.len());
    for letter in header.chars().flat_map(char::to_lowercase) {
        let plain = match letter {
            'a'..='z' | '0'..='9' => letter,
            'ą' | 'á' | 'à' | 'â' | 'ä' | 'ã' => 'a',
            'ć' | 'ç' | 'č' => 'c',
            'ę' | 'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ł' => 'l',
            'ñ' | 'ń' => 'n',
            'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
            'ś' | 'š' => 's',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ý' => 'y',
            'ż' | 'ź' | 'ž' => 'z',
            _ => '_',
        };
        if plain != '_' || !name.ends_with('_') {
            name.push(plain);
        }
    }
    let name = name.trim_matches('_');
    let unnumbered = name.trim_start_matches(|letter: char| letter.is_ascii_digit());
    unnumbered
        .strip_prefix('_')
        .filter(|rest| !rest.is_empty())
        .unwrap_or(name)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_headers_of_many_lands() {
        let check = |headers: &str, roles: &[ColumnRole]| {
            let found: Vec<_> = headers
                .split(',')
                .filter_map(ColumnRole::of_header)
                .map(|(role, _)| role)
                .collect();
            assert_eq!(found, roles, "{headers}");
        };
        let ohlcv = [
            ColumnRole::Timestamp,
            ColumnRole::Open,
            ColumnRole::High,
            ColumnRole::Low,
            ColumnRole::Close,
            ColumnRole::Volume,
        ];
        check("Data,Otwarcie,Najwyższy,Najniższy,Zamknięcie,Wolumen", &ohlcv);
        check("Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen", &ohlcv);
        check("Datum,Eröffnung,Hoch,Tief,Schluss,Volumen", &ohlcv);
        check("Fecha,Apertura,Máximo,Mínimo,Cierre,Volumen", &ohlcv);
        check("Date,Ouverture,Plus haut,Plus bas,Clôture,Volume", &ohlcv);
        check("timestamp,1. open,2. high,3. low,4. close,5. volume", &ohlcv);
        check("<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>", &ohlcv);
        check("Adj Close,dividend,split,quote_volume,ignore", &[]);
    }

    #[test]
    fn prefers_the_volume_in_coins() {
        assert_eq!(ColumnRole::of_header("Volume BTC"), Some((ColumnRole::Volume, 3)));
        assert_eq!(ColumnRole::of_header("Volume USD"), Some((ColumnRole::Volume, 4)));
    }
}
