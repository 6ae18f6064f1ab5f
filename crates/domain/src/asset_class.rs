//! What kind of thing an instrument is.

use std::fmt;
use std::str::FromStr;

/// The class of an instrument; it decides which prices are possible and which calendar is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetClass {
    /// A share of a company.
    Stock,
    /// An exchange-traded fund.
    Etf,
    /// An index, which is computed and not traded.
    Index,
    /// A crypto asset against a currency or another one.
    Crypto,
    /// A currency pair.
    Forex,
    /// A commodity at spot.
    Commodity,
    /// A futures contract; its price can be zero or negative.
    Future,
    /// A fund with one value a day.
    Fund,
    /// An interest rate or yield; it can be zero or negative.
    Rate,
}

/// The text names no asset class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an asset class: one of stock, etf, index, crypto, forex, commodity, future, fund, rate")]
pub struct UnknownAssetClass(pub String);

impl AssetClass {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Stock,
        Self::Etf,
        Self::Index,
        Self::Crypto,
        Self::Forex,
        Self::Commodity,
        Self::Future,
        Self::Fund,
        Self::Rate,
    ];

    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Etf => "etf",
            Self::Index => "index",
            Self::Crypto => "crypto",
            Self::Forex => "forex",
            Self::Commodity => "commodity",
            Self::Future => "future",
            Self::Fund => "fund",
            Self::Rate => "rate",
        }
    }

    /// Whether a price of this class can be zero or negative, as the May 2020 oil future's −37.63.
    #[must_use]
    pub fn allows_non_positive_prices(self) -> bool {
        matches!(self, Self::Future | Self::Rate)
    }

    /// Whether instruments of this class ever split or pay dividends.
    #[must_use]
    pub fn has_corporate_actions(self) -> bool {
        matches!(self, Self::Stock | Self::Etf | Self::Fund)
    }
}

impl FromStr for AssetClass {
    type Err = UnknownAssetClass;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or_else(|| UnknownAssetClass(text.to_owned()))
    }
}

impl fmt::Display for AssetClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
