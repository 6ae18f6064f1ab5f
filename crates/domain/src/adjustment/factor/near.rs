//! A ratio cut to 64 bits, which decides all roundings but those that are close.

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use crate::decimal::Decimal;

/// `bits / 2^shift`, below the ratio by less than `1 / 2^shift`.
///
/// Two numbers enclose each product: that with `bits` and that with `bits + 1`. Where both round to the same, so does the
/// exact product, which lies between them; where they do not, only the exact ratio can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Near {
    bits: u64,
    shift: u32,
}

impl Near {
    /// `None` for ratios so large or small that nothing is won.
    pub(super) fn of(numerator: &BigInt, denominator: &BigInt) -> Option<Self> {
        // So many that the quotient lies between 2^62 and 2^64.
        let shift = (denominator.bits() + 63).checked_sub(numerator.bits())?;
        let shift = u32::try_from(shift).ok().filter(|shift| (1..=126).contains(shift))?;
        let bits = (numerator << shift) / denominator;
        Some(Self {
            bits: bits.to_u64()?,
            shift,
        })
    }

    /// The digits of `value` × the ratio at `scale`, rounded to the nearest; `None` where this does not tell.
    pub(super) fn apply(self, value: Decimal, scale: u8) -> Option<i128> {
        let missing = scale.checked_sub(value.scale())?;
        let size = u64::try_from(value.mantissa().unsigned_abs()).ok()?;
        let size = size.checked_mul(10_u64.checked_pow(missing.into())?)?;
        let half = 1_u128 << (self.shift - 1);
        let below = u128::from(size) * u128::from(self.bits);
        let low = below.checked_add(half)?;
        let high = low.checked_add(size.into())?;
        // An exact half at the lower end might be one, or a little more: it goes to the even digit in one case only.
        let tie = low.trailing_zeros() >= self.shift;
        let rounded = low >> self.shift;
        if tie || rounded != high >> self.shift {
            return None;
        }
        let rounded = i128::try_from(rounded).ok()?;
        Some(if value.is_negative() { -rounded } else { rounded })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(numerator: i64, denominator: i64) -> Near {
        Near::of(&numerator.into(), &denominator.into()).unwrap()
    }

    fn told(near: Near, text: &str, scale: u8) -> Option<i128> {
        near.apply(Decimal::parse(text).unwrap(), scale)
    }

    #[test]
    fn rounds_what_is_clear() {
        assert_eq!(told(near(1, 7), "645.57", 6), Some(92_224_286));
        assert_eq!(told(near(7, 1), "645.57", 6), Some(4_518_990_000));
        assert_eq!(told(near(1, 7), "-37.63", 6), Some(-5_375_714));
        assert_eq!(told(near(1, 4), "0", 6), Some(0));
    }

    #[test]
    fn leaves_a_half_to_the_exact_ratio() {
        assert_eq!(told(near(1, 4), "0.000002", 6), None);
        assert_eq!(told(near(1, 2), "0.000003", 6), None);
        // 2.000001 / 3 × 3 is whole, and lies just below it when cut.
        assert_eq!(told(near(1, 3), "3.000003", 6), Some(1_000_001));
    }

    #[test]
    fn leaves_large_values_to_the_exact_ratio() {
        assert_eq!(told(near(1, 7), "99999999999999999999", 6), None);
        assert_eq!(told(near(1, 7), "1.23456789", 6), None, "digits are to be cut");
    }
}
