//! Chance that can be repeated from its seed.

use std::ops::Range;

/// xorshift64*.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        // A state of 0 would stay so.
        Self(seed | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    /// Between 0 and 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() % 1_000_000).unwrap_or(0)) / 1_000_000.0
    }

    /// A number of a range, its beginning when the range is empty.
    pub(crate) fn within(&mut self, range: Range<i64>) -> i64 {
        let numbers = u64::try_from(range.end - range.start).unwrap_or(0).max(1);
        range.start + i64::try_from(self.next() % numbers).unwrap_or(0)
    }
}
