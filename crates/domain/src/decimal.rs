//! Exact decimals as a mantissa and a scale: what [`Price`](crate::Price) and [`Volume`](crate::Volume) share.

use std::cmp::Ordering;
use std::fmt;

use bigdecimal::BigDecimal;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

/// The most digits before the decimal point.
pub const MAX_WHOLE_DIGITS: u32 = 20;
/// The most digits after the decimal point.
pub const MAX_FRACTION_DIGITS: u32 = 18;

/// Why a text or number is not an exact decimal of this system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The text holds something else than a plain or exponent decimal: `NaN`, `1,5`, an empty cell.
    #[error("`{text}` is not a decimal number: write digits with a point, such as 187.44")]
    NotANumber {
        /// The text as given, cut to 60 characters.
        text: String,
    },
    /// The number needs more digits than are kept; nothing is rounded silently.
    #[error("{whole} whole and {fraction} fractional digits are more than the 20 and 18 that are kept: round it first")]
    TooManyDigits {
        /// Digits before the point, without leading zeros.
        whole: u64,
        /// Digits after the point.
        fraction: u64,
    },
    /// The number is below zero where that cannot be.
    #[error("{0} is negative")]
    Negative(String),
}

/// `mantissa / 10^scale`, at most 20 whole and 18 fractional digits, so that the mantissa always fits.
///
/// Equality and order are numeric (`1.50 == 1.5`); the scale is kept for printing.
#[derive(Clone, Copy)]
pub(crate) struct Decimal {
    mantissa: i128,
    scale: u8,
}

impl Decimal {
    pub(crate) const ZERO: Self = Self { mantissa: 0, scale: 0 };

    pub(crate) fn new(mantissa: i128, scale: u8) -> Result<Self, DecimalError> {
        let fraction = u32::from(scale);
        let size = mantissa.unsigned_abs();
        // 64 bits never hold more than 20 digits. Almost every value fits them, and counting takes longer than all the rest.
        let whole = match u64::try_from(size) {
            Ok(_small) => 0,
            Err(_large) => digit_count(size).saturating_sub(fraction),
        };
        if fraction > MAX_FRACTION_DIGITS || whole > MAX_WHOLE_DIGITS {
            return Err(DecimalError::TooManyDigits {
                whole: digit_count(size).saturating_sub(fraction).into(),
                fraction: fraction.into(),
            });
        }
        Ok(Self { mantissa, scale })
    }

    pub(crate) fn mantissa(self) -> i128 {
        self.mantissa
    }

    pub(crate) fn scale(self) -> u8 {
        self.scale
    }

    pub(crate) fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    pub(crate) fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Reads a sign, digits, an optional point and an optional exponent. An exponent is measured before anything is
    /// expanded, so `1e400000000` costs nothing.
    pub(crate) fn parse(text: &str) -> Result<Self, DecimalError> {
        let not_a_number = || DecimalError::NotANumber {
            text: text.chars().take(60).collect(),
        };
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..).unwrap_or_default()),
            Some(b'+') => (false, text.get(1..).unwrap_or_default()),
            _ => (false, text),
        };
        let (digits, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, parse_exponent(exponent).ok_or_else(not_a_number)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if !all_digits || whole.len() + fraction.len() == 0 {
            return Err(not_a_number());
        }
        let significant = whole.bytes().chain(fraction.bytes()).skip_while(|byte| *byte == b'0');
        let significant_len = i64::try_from(significant.clone().count()).unwrap_or(i64::MAX);
        // The point sits `scale` digits from the right; negative when zeros have to be appended.
        let scale = i64::try_from(fraction.len())
            .unwrap_or(i64::MAX)
            .saturating_sub(exponent);
        let (whole_digits, fraction_digits) = if significant_len == 0 {
            (0, scale.clamp(0, MAX_FRACTION_DIGITS.into()))
        } else {
            (significant_len.saturating_sub(scale).max(0), scale.max(0))
        };
        if whole_digits > MAX_WHOLE_DIGITS.into() || fraction_digits > MAX_FRACTION_DIGITS.into() {
            return Err(DecimalError::TooManyDigits {
                whole: whole_digits.unsigned_abs(),
                fraction: fraction_digits.unsigned_abs(),
            });
        }
        let mut mantissa = significant.fold(0_i128, |sum, byte| sum * 10 + i128::from(byte - b'0'));
        if scale < 0 {
            mantissa *= pow10(u32::try_from(-scale).unwrap_or(0));
        }
        let scale = u8::try_from(fraction_digits).unwrap_or(0);
        Ok(Self {
            mantissa: if negative { -mantissa } else { mantissa },
            scale,
        })
    }

    /// The same number with a mantissa of at least `scale` fractional digits.
    fn mantissa_at(self, scale: u8) -> i128 {
        self.mantissa * pow10(u32::from(scale.saturating_sub(self.scale)))
    }

    /// The digits of both at one scale, or `None` where that would not fit.
    pub(crate) fn aligned(self, other: Self) -> (BigInt, BigInt) {
        let scale = self.scale.max(other.scale);
        let at = |value: Self| BigInt::from(value.mantissa) * BigInt::from(pow10(u32::from(scale - value.scale)));
        (at(self), at(other))
    }

    /// `self × numerator / denominator`, rounded once, half to even, to `scale` fractional digits.
    ///
    /// `denominator` is not zero.
    pub(crate) fn scaled_by(self, numerator: &BigInt, denominator: &BigInt, scale: u8) -> Result<Self, DecimalError> {
        let top = BigInt::from(self.mantissa) * numerator * BigInt::from(pow10(scale.into()));
        let bottom = denominator * BigInt::from(pow10(self.scale.into()));
        let rounded = divide_half_even(&top, &bottom);
        match rounded.to_i128() {
            Some(mantissa) => Self::new(mantissa, scale),
            None => Err(DecimalError::TooManyDigits {
                whole: rounded.magnitude().to_string().len().try_into().unwrap_or(u64::MAX),
                fraction: scale.into(),
            }),
        }
    }

    /// The same number without trailing zeros after the point, but not below `at_least` fractional digits.
    pub(crate) fn trimmed(self, at_least: u8) -> Self {
        let mut trimmed = self;
        while trimmed.scale > at_least && trimmed.mantissa % 10 == 0 {
            trimmed.mantissa /= 10;
            trimmed.scale -= 1;
        }
        trimmed
    }

    pub(crate) fn to_big(self) -> BigDecimal {
        BigDecimal::new(BigInt::from(self.mantissa), i64::from(self.scale))
    }

    pub(crate) fn from_big(value: &BigDecimal) -> Result<Self, DecimalError> {
        Self::parse(&value.to_plain_string())
    }

    /// The sum, at the larger of both scales.
    pub(crate) fn plus(self, other: Self) -> Result<Self, DecimalError> {
        let scale = self.scale.max(other.scale);
        self.mantissa_checked(scale)
            .and_then(|left| other.mantissa_checked(scale).and_then(|right| left.checked_add(right)))
            .map_or(
                Err(DecimalError::TooManyDigits {
                    whole: u64::from(MAX_WHOLE_DIGITS) + 1,
                    fraction: scale.into(),
                }),
                |mantissa| Self::new(mantissa, scale),
            )
    }

    fn mantissa_checked(self, scale: u8) -> Option<i128> {
        self.mantissa
            .checked_mul(pow10(u32::from(scale.saturating_sub(self.scale))))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale == other.scale {
            return self.mantissa.cmp(&other.mantissa);
        }
        // 38 digits at the common scale: 20 whole and 18 fractional always fit an i128.
        let scale = self.scale.max(other.scale);
        self.mantissa_at(scale).cmp(&other.mantissa_at(scale))
    }
}

impl std::hash::Hash for Decimal {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let canonical = self.trimmed(0);
        (canonical.mantissa, canonical.scale).hash(state);
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0_u8; DIGITS_BUFFER];
        formatter.write_str(write_digits(*self, &mut buffer))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Sign, 20 whole digits or a zero, the point and 18 fractional digits, with room to spare.
const DIGITS_BUFFER: usize = 48;

/// Writes the plain decimal from the right end of `buffer` and returns what was written.
fn write_digits(value: Decimal, buffer: &mut [u8; DIGITS_BUFFER]) -> &str {
    let mut rest = value.mantissa.unsigned_abs();
    let mut left = DIGITS_BUFFER;
    let mut written = 0_u8;
    let mut put = |byte: u8, left: &mut usize| {
        *left -= 1;
        if let Some(cell) = buffer.get_mut(*left) {
            *cell = byte;
        }
    };
    while rest > 0 || written <= value.scale {
        if written == value.scale && written > 0 {
            put(b'.', &mut left);
        }
        // 64-bit divisions are several times faster than 128-bit ones, and most prices fit.
        let digit = match u64::try_from(rest) {
            Ok(small) => {
                rest = u128::from(small / 10);
                u8::try_from(small % 10).unwrap_or(0)
            }
            Err(_) => {
                let digit = u8::try_from(rest % 10).unwrap_or(0);
                rest /= 10;
                digit
            }
        };
        put(b'0' + digit, &mut left);
        written += 1;
    }
    if value.mantissa < 0 {
        put(b'-', &mut left);
    }
    buffer
        .get(left..)
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .unwrap_or_default()
}

/// An exponent of any length, saturated: what is too large is refused by its size, not by overflow.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.bytes().fold(0_i64, |sum, byte| {
        sum.saturating_mul(10)
            .saturating_add(i64::from(byte - b'0'))
            .min(i64::MAX / 4)
    });
    Some(if text.starts_with('-') { -size } else { size })
}

fn digit_count(value: u128) -> u32 {
    value.checked_ilog10().map_or(0, |log| log + 1)
}

/// `10^exponent`; callers stay within 38.
pub(crate) fn pow10(exponent: u32) -> i128 {
    10_i128.saturating_pow(exponent)
}

/// The quotient rounded to the nearest integer, ties to the even one.
pub(crate) fn divide_half_even(top: &BigInt, bottom: &BigInt) -> BigInt {
    use num_integer::Integer;
    use num_traits::Signed;

    let (quotient, remainder) = top.div_mod_floor(bottom);
    match (remainder.abs() * 2_u8).cmp(&bottom.abs()) {
        Ordering::Less => quotient,
        Ordering::Greater => quotient + 1_u8,
        Ordering::Equal if quotient.is_even() => quotient,
        Ordering::Equal => quotient + 1_u8,
    }
}

#[cfg(test)]
mod tests;
