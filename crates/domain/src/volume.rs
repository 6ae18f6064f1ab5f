//! Traded volumes: exact decimals that are never negative.

use std::fmt;
use std::str::FromStr;

use bigdecimal::BigDecimal;

use crate::decimal::{Decimal, DecimalError};

/// How much was traded, in units of the instrument (shares, coins, contracts): zero or more, kept digit for digit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Volume(pub(crate) Decimal);

impl Volume {
    /// Nothing traded.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// From a mantissa and the number of its digits after the point.
    ///
    /// # Errors
    /// [`DecimalError::Negative`] below zero, [`DecimalError::TooManyDigits`] beyond 20 whole or 18 fractional digits.
    pub fn new(mantissa: i128, scale: u8) -> Result<Self, DecimalError> {
        Self::from_decimal(Decimal::new(mantissa, scale)?)
    }

    pub(crate) fn from_decimal(value: Decimal) -> Result<Self, DecimalError> {
        if value.is_negative() {
            Err(DecimalError::Negative(value.to_string()))
        } else {
            Ok(Self(value))
        }
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

    /// Both together, at the larger scale of the two.
    ///
    /// # Errors
    /// [`DecimalError::TooManyDigits`] when the sum needs more than 20 whole digits.
    pub fn plus(self, other: Self) -> Result<Self, DecimalError> {
        self.0.plus(other.0).map(Self)
    }
}

impl FromStr for Volume {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_decimal(Decimal::parse(text)?)
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for Volume {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl From<Volume> for BigDecimal {
    fn from(volume: Volume) -> Self {
        volume.0.to_big()
    }
}

impl TryFrom<&BigDecimal> for Volume {
    type Error = DecimalError;

    fn try_from(value: &BigDecimal) -> Result<Self, Self::Error> {
        Self::from_decimal(Decimal::from_big(value)?)
    }
}
