//! An exact positive ratio by which prices are multiplied and volumes divided.

mod near;

use near::Near;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, ToPrimitive};

use crate::decimal::{Decimal, DecimalError, pow10};
use crate::{Price, SplitRatio};

/// Numbers of more bits stay as they multiply: finding what they share takes longer than all that is done with them.
const REDUCED_BITS: u64 = 128;

/// `numerator / denominator`, both above zero; in lowest terms where both are small, and where they are equal.
#[derive(Clone, Debug)]
pub(crate) struct Factor {
    numerator: BigInt,
    denominator: BigInt,
    /// The same where it fits: most splits do, and machine integers are several times faster.
    small: Option<(i128, i128)>,
    /// The same in 64 bits and less, which decides nearly every rounding.
    near: Option<Near>,
}

impl Factor {
    pub(crate) fn one() -> Self {
        Self::new(BigInt::one(), BigInt::one())
    }

    fn new(numerator: BigInt, denominator: BigInt) -> Self {
        let divisor = if numerator == denominator {
            numerator.clone()
        } else if numerator.bits().max(denominator.bits()) <= REDUCED_BITS {
            numerator.gcd(&denominator)
        } else {
            BigInt::one()
        };
        let (numerator, denominator) = (numerator / &divisor, denominator / divisor);
        Self {
            small: numerator.to_i128().zip(denominator.to_i128()),
            near: Near::of(&numerator, &denominator),
            numerator,
            denominator,
        }
    }

    /// What a split makes of the prices before it: old shares / new shares.
    pub(crate) fn of_split(ratio: SplitRatio) -> Self {
        Self::new(ratio.old_shares().into(), ratio.new_shares().into())
    }

    /// What a dividend makes of the prices before it: 1 − amount / previous close, for 0 < amount < close.
    pub(crate) fn of_dividend(amount: Price, previous_close: Price) -> Self {
        let (amount, close) = amount.0.aligned(previous_close.0);
        Self::new(&close - amount, close)
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        Self::new(
            &self.numerator * &other.numerator,
            &self.denominator * &other.denominator,
        )
    }

    pub(crate) fn inverse(&self) -> Self {
        Self::new(self.denominator.clone(), self.numerator.clone())
    }

    pub(crate) fn is_one(&self) -> bool {
        self.small == Some((1, 1))
    }

    /// The value × this, rounded once, half to even, to `scale` fractional digits (at most 18).
    pub(crate) fn apply(&self, value: Decimal, scale: u8) -> Result<Decimal, DecimalError> {
        let near = self.near.and_then(|near| near.apply(value, scale));
        let exactly = || {
            let (numerator, denominator) = self.small?;
            scaled(value, numerator, denominator, scale)
        };
        match near.or_else(exactly) {
            Some(mantissa) => Decimal::new(mantissa, scale),
            None => value.scaled_by(&self.numerator, &self.denominator, scale),
        }
    }
}

/// The digits of `value × numerator / denominator` at `scale`; `None` where an intermediate result does not fit.
fn scaled(value: Decimal, numerator: i128, denominator: i128, scale: u8) -> Option<i128> {
    let top = value
        .mantissa()
        .checked_mul(numerator)?
        .checked_mul(pow10(scale.saturating_sub(value.scale()).into()))?;
    let bottom = denominator.checked_mul(pow10(value.scale().saturating_sub(scale).into()))?;
    let (quotient, remainder) = top.div_mod_floor(&bottom);
    let up = match remainder.checked_mul(2)?.cmp(&bottom) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => quotient.is_odd(),
    };
    Some(quotient + i128::from(up))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn factor(numerator: u128, denominator: u128) -> Factor {
        Factor::new(numerator.into(), denominator.into())
    }

    #[test]
    fn a_chain_that_cancels_itself_is_one() {
        let steps = [(u128::MAX - 2, u128::MAX), (u128::MAX, 7), (3, u128::MAX - 4)];
        let steps = steps.map(|(numerator, denominator)| factor(numerator, denominator));
        let there = steps.iter().fold(Factor::one(), |product, step| product.times(step));
        let back = steps
            .iter()
            .fold(there.clone(), |product, step| product.times(&step.inverse()));
        assert!(!there.is_one());
        assert!(back.is_one());
    }

    proptest! {
        #[test]
        fn every_way_to_multiply_gives_the_exact_product(
            mantissa in prop_oneof![
                -1_000_000_000_i128..=1_000_000_000_i128,
                -99_999_999_999_999_999_999_i128..=99_999_999_999_999_999_999_i128,
            ],
            scale in 0_u8..=18,
            (numerator, denominator) in prop_oneof![
                (1_u128..=64_u128, 1_u128..=64_u128),
                (1_u128..=u128::MAX, 1_u128..=u128::MAX),
                (1_u128..=u128::MAX).prop_map(|near_one| (near_one, near_one.saturating_add(1))),
            ],
        ) {
            let factor = factor(numerator, denominator);
            let value = Decimal::new(mantissa, scale).unwrap();
            for target in [scale, scale.max(6), 18] {
                let exact = value.scaled_by(&factor.numerator, &factor.denominator, target).ok();
                let told = factor.apply(value, target).ok();
                let digits = |value: Decimal| (value.mantissa(), value.scale());
                prop_assert_eq!(told.map(digits), exact.map(digits));
            }
        }
    }
}
