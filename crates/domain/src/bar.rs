//! One bar: open, high, low, close and volume over one interval.

use crate::decimal::DecimalError;
use crate::{AssetClass, Price, Timestamp, Volume};

/// A column of a bar, for messages that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BarField {
    /// When the bar opens.
    Timestamp,
    /// First price.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Last price.
    Close,
    /// How much was traded.
    Volume,
    /// How many trades there were.
    TradeCount,
    /// Volume-weighted average price.
    Vwap,
    /// No column: the row as a whole, such as one with too many cells.
    Row,
}

impl BarField {
    /// The name of the column in files and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp",
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::Volume => "volume",
            Self::TradeCount => "trade_count",
            Self::Vwap => "vwap",
            Self::Row => "row",
        }
    }
}

impl std::fmt::Display for BarField {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why values make no bar. [`BarError::field`] names the column to look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BarError {
    /// A value is missing.
    #[error("{0} is empty")]
    Missing(BarField),
    /// A value is not a number that can be kept.
    #[error("{field}: {source}")]
    NotADecimal {
        /// The column.
        field: BarField,
        /// What is wrong with the number.
        #[source]
        source: DecimalError,
    },
    /// A value is not what its column holds (an instant, a count).
    #[error("{field}: {reason}")]
    Unreadable {
        /// The column.
        field: BarField,
        /// What was found and what would be right.
        reason: String,
    },
    /// A price that is zero or negative where the asset class has none such.
    #[error("{field} {price} is not above zero, which only a future or a rate may be")]
    NotPositive {
        /// The column.
        field: BarField,
        /// The price.
        price: Price,
    },
    /// The high is not the highest.
    #[error("high {high} is below {field} {price}")]
    HighTooLow {
        /// The high.
        high: Price,
        /// The column that lies above it.
        field: BarField,
        /// Its price.
        price: Price,
    },
    /// The low is not the lowest.
    #[error("low {low} is above {field} {price}")]
    LowTooHigh {
        /// The low.
        low: Price,
        /// The column that lies below it.
        field: BarField,
        /// Its price.
        price: Price,
    },
    /// The bar does not open on the grid of its interval.
    #[error("timestamp {opened_at} does not open a {interval} bar: {rule}")]
    OffGrid {
        /// When it opens.
        opened_at: Timestamp,
        /// The interval of the series.
        interval: crate::Interval,
        /// Where such bars open.
        rule: String,
    },
}

impl BarError {
    /// The column at fault.
    #[must_use]
    pub fn field(&self) -> BarField {
        match self {
            Self::Missing(field)
            | Self::NotADecimal { field, .. }
            | Self::Unreadable { field, .. }
            | Self::NotPositive { field, .. } => *field,
            Self::HighTooLow { .. } => BarField::High,
            Self::LowTooHigh { .. } => BarField::Low,
            Self::OffGrid { .. } => BarField::Timestamp,
        }
    }
}

/// Values of a bar before they are checked: what a decoder reads from a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarValues {
    /// When the bar opens.
    pub opened_at: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// How much was traded, in units of the instrument.
    pub volume: Volume,
    /// How many trades there were; `None` when the source does not say.
    pub trade_count: Option<u64>,
    /// Volume-weighted average price; `None` when the source does not say.
    pub vwap: Option<Price>,
}

impl BarValues {
    /// The first rule that they break.
    fn broken_rule(&self, asset_class: AssetClass) -> Option<BarError> {
        let Self {
            open, high, low, close, ..
        } = *self;
        if !asset_class.allows_non_positive_prices() {
            let prices = [
                (BarField::Open, Some(open)),
                (BarField::High, Some(high)),
                (BarField::Low, Some(low)),
                (BarField::Close, Some(close)),
                (BarField::Vwap, self.vwap),
            ];
            for (field, price) in prices {
                if let Some(price) = price.filter(|price| !price.is_positive()) {
                    return Some(BarError::NotPositive { field, price });
                }
            }
        }
        for (field, price) in [(BarField::Low, low), (BarField::Open, open), (BarField::Close, close)] {
            if price > high {
                return Some(BarError::HighTooLow { high, field, price });
            }
        }
        for (field, price) in [(BarField::Open, open), (BarField::Close, close)] {
            if price < low {
                return Some(BarError::LowTooHigh { low, field, price });
            }
        }
        None
    }
}

/// A bar that keeps the rule low ≤ min(open, close) ≤ max(open, close) ≤ high, with prices above zero unless the asset
/// class allows otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar(BarValues);

impl Bar {
    /// Checks the values.
    ///
    /// # Errors
    /// [`BarError::NotPositive`], [`BarError::HighTooLow`] or [`BarError::LowTooHigh`], the first that applies.
    #[inline] // The values are large: they are made where they stay.
    pub fn new(values: BarValues, asset_class: AssetClass) -> Result<Self, BarError> {
        match values.broken_rule(asset_class) {
            None => Ok(Self(values)),
            Some(error) => Err(error),
        }
    }

    /// When it opens, in UTC.
    #[must_use]
    pub fn opened_at(&self) -> Timestamp {
        self.0.opened_at
    }

    /// First price.
    #[must_use]
    pub fn open(&self) -> Price {
        self.0.open
    }

    /// Highest price.
    #[must_use]
    pub fn high(&self) -> Price {
        self.0.high
    }

    /// Lowest price.
    #[must_use]
    pub fn low(&self) -> Price {
        self.0.low
    }

    /// Last price.
    #[must_use]
    pub fn close(&self) -> Price {
        self.0.close
    }

    /// How much was traded, in units of the instrument.
    #[must_use]
    pub fn volume(&self) -> Volume {
        self.0.volume
    }

    /// How many trades there were; `None` when the source does not say.
    #[must_use]
    pub fn trade_count(&self) -> Option<u64> {
        self.0.trade_count
    }

    /// Volume-weighted average price; `None` when the source does not say.
    #[must_use]
    pub fn vwap(&self) -> Option<Price> {
        self.0.vwap
    }

    /// All values.
    #[must_use]
    pub fn values(&self) -> &BarValues {
        &self.0
    }

    /// The values, to be changed and checked again.
    #[must_use]
    pub fn into_values(self) -> BarValues {
        self.0
    }

    /// The same bar with the optional fields that it does not state taken from `older`.
    #[must_use]
    pub fn keeping_unstated_of(mut self, older: &Self) -> Self {
        self.0.trade_count = self.0.trade_count.or(older.0.trade_count);
        self.0.vwap = self.0.vwap.or(older.0.vwap);
        self
    }

    /// A bar whose rule is kept because it was computed from bars that keep it.
    pub(crate) fn from_valid_parts(values: BarValues) -> Self {
        Self(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(open: &str, high: &str, low: &str, close: &str) -> BarValues {
        let price = |text: &str| text.parse().unwrap();
        BarValues {
            opened_at: "2023-05-02T00:00:00Z".parse().unwrap(),
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: Volume::ZERO,
            trade_count: None,
            vwap: None,
        }
    }

    #[test]
    fn takes_a_source_of_single_values() {
        assert!(Bar::new(values("16.66", "16.66", "16.66", "16.66"), AssetClass::Index).is_ok());
    }

    #[test]
    fn refuses_an_open_above_the_high() {
        // Sibanye-Stillwater in Johannesburg, 2023-05-02, as Yahoo gave it.
        let error = Bar::new(values("4037", "4032", "3917", "3965"), AssetClass::Stock).unwrap_err();
        assert_eq!(error.to_string(), "high 4032 is below open 4037");
        assert_eq!(error.field(), BarField::High);
    }

    #[test]
    fn refuses_a_close_below_the_low() {
        let error = Bar::new(values("10", "12", "9", "8"), AssetClass::Stock).unwrap_err();
        assert_eq!(error.to_string(), "low 9 is above close 8");
    }

    #[test]
    fn only_futures_and_rates_go_to_zero_and_below() {
        // West Texas Intermediate, May 2020 contract, settled at −37.63 on 2020-04-20.
        let oil = values("17.73", "17.85", "-40.32", "-37.63");
        assert!(Bar::new(oil.clone(), AssetClass::Future).is_ok());
        assert_eq!(
            Bar::new(oil, AssetClass::Stock).unwrap_err().to_string(),
            "low -40.32 is not above zero, which only a future or a rate may be"
        );
    }
}
