//! Prices: exact decimals in the quote currency of their instrument.

use std::fmt;
use std::str::FromStr;

use bigdecimal::BigDecimal;

use crate::decimal::{Decimal, DecimalError};

/// A price in the quote currency of its instrument, kept digit for digit: `mantissa / 10^scale`.
///
/// At most 20 whole and 18 fractional digits. Whether it may be zero or negative is a rule of the asset class, checked
/// by [`Bar`](crate::Bar). Equality and order are numeric: `187.10 == 187.1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(pub(crate) Decimal);

impl Price {
    /// From a mantissa and the number of its digits after the point.
    ///
    /// # Errors
    /// [`DecimalError::TooManyDigits`] beyond 20 whole or 18 fractional digits.
    pub fn new(mantissa: i128, scale: u8) -> Result<Self, DecimalError> {
        Decimal::new(mantissa, scale).map(Self)
    }

    /// All digits, as one integer.
    #[must_use]
    pub fn mantissa(self) -> i128 {
        self.0.mantissa()
    }

    /// How many of the digits stand after the point.
    #[must_use]
    pub fn scale(self) -> u8 {
        self.0.scale()
    }

    /// Above zero.
    #[must_use]
    pub fn is_positive(self) -> bool {
        !self.0.is_negative() && !self.0.is_zero()
    }
}

impl FromStr for Price {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Decimal::parse(text).map(Self)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for Price {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl From<Price> for BigDecimal {
    fn from(price: Price) -> Self {
        price.0.to_big()
    }
}

impl TryFrom<&BigDecimal> for Price {
    type Error = DecimalError;

    fn try_from(value: &BigDecimal) -> Result<Self, Self::Error> {
        Decimal::from_big(value).map(Self)
    }
}
