//! Resampling: longer bars from the shorter ones of which they consist.

mod bucket;

use std::sync::Arc;

pub use bucket::{bucket_start, parts_range};
use num_bigint::BigInt;
use num_traits::{ToPrimitive, Zero};

use crate::decimal::{Decimal, DecimalError, MAX_FRACTION_DIGITS, divide_half_even, pow10};
use crate::{Bar, Interval, Price, PriceRow, TimeOrder, Timestamp, TradingCalendar};

/// Volume-weighted prices of resampled bars are rounded to so many fractional digits.
const VWAP_SCALE: u8 = 10;

/// Builds bars of a longer interval from bars that come one by one, in either order; it holds one bar, however many pass.
///
/// First open, highest high, lowest low, last close, sum of volumes. A count of trades is the sum where all parts state
/// it. A volume-weighted price is the mean of theirs by volume where all parts state it and anything was traded, rounded
/// half to even at 10 decimals, without trailing zeros. The same bars come out of both orders, digit for digit: of two
/// equal extremes with different text the earlier is kept.
///
/// Adjust first, resample after.
#[derive(Clone)]
pub struct Resampler {
    to: Interval,
    from: Interval,
    order: TimeOrder,
    calendar: Arc<dyn TradingCalendar>,
    minutes_past_hour: u8,
    open: Option<Bucket>,
}

/// The bar being built.
#[derive(Clone)]
struct Bucket {
    part: PriceRow,
    /// Sum of price × volume with 36 fractional digits; `None` when a part states no volume-weighted price.
    turnover: Option<BigInt>,
}

impl Resampler {
    /// Turns bars of `from`, which come in `order`, into bars of `to`, a multiple of it. For calendar and
    /// `minutes_past_hour` see [`bucket_start`].
    #[must_use]
    pub fn new(
        to: Interval,
        from: Interval,
        order: TimeOrder,
        calendar: Arc<dyn TradingCalendar>,
        minutes_past_hour: u8,
    ) -> Self {
        Self {
            to,
            from,
            order,
            calendar,
            minutes_past_hour,
            open: None,
        }
    }

    /// Takes the next part; gives the bar before when the part begins another one.
    ///
    /// # Errors
    /// [`DecimalError::TooManyDigits`] when the sum of volumes needs more than 20 whole digits.
    pub fn push(&mut self, part: PriceRow) -> Result<Option<PriceRow>, DecimalError> {
        let start = bucket_start(
            self.to,
            part.bar.opened_at(),
            self.from,
            &*self.calendar,
            self.minutes_past_hour,
        );
        match &mut self.open {
            Some(bucket) if bucket.part.bar.opened_at() == start => {
                bucket.absorb(part, self.order)?;
                Ok(None)
            }
            open => open
                .replace(Bucket::opened_by(part, start))
                .map(Bucket::close)
                .transpose(),
        }
    }

    /// The last bar; `None` when nothing came.
    ///
    /// # Errors
    /// [`DecimalError::TooManyDigits`] as for [`Resampler::push`].
    pub fn finish(self) -> Result<Option<PriceRow>, DecimalError> {
        self.open.map(Bucket::close).transpose()
    }
}

impl Bucket {
    fn opened_by(part: PriceRow, opened_at: Timestamp) -> Self {
        let turnover = turnover(&part.bar);
        let mut values = part.bar.into_values();
        values.opened_at = opened_at;
        Self {
            part: PriceRow {
                bar: Bar::from_valid_parts(values),
                ..part
            },
            turnover,
        }
    }

    fn absorb(&mut self, part: PriceRow, order: TimeOrder) -> Result<(), DecimalError> {
        self.turnover = self
            .turnover
            .take()
            .zip(turnover(&part.bar))
            .map(|(sum, more)| sum + more);
        let mine = self.part.bar.values();
        let theirs = part.bar.into_values();
        let mut values = mine.clone();
        match order {
            TimeOrder::Ascending => {
                values.close = theirs.close;
                values.high = if theirs.high > mine.high {
                    theirs.high
                } else {
                    mine.high
                };
                values.low = if theirs.low < mine.low { theirs.low } else { mine.low };
            }
            TimeOrder::Descending => {
                values.open = theirs.open;
                values.high = if mine.high > theirs.high {
                    mine.high
                } else {
                    theirs.high
                };
                values.low = if mine.low < theirs.low { mine.low } else { theirs.low };
            }
        }
        values.volume = mine.volume.plus(theirs.volume)?;
        values.trade_count = mine
            .trade_count
            .zip(theirs.trade_count)
            .map(|(sum, more)| sum.saturating_add(more));
        self.part.bar = Bar::from_valid_parts(values);
        self.part.provisional |= part.provisional;
        if self.part.source != part.source {
            self.part.source = None;
        }
        Ok(())
    }

    fn close(self) -> Result<PriceRow, DecimalError> {
        let mut values = self.part.bar.into_values();
        values.vwap = match self.turnover {
            Some(turnover) if values.volume.mantissa() > 0 => Some(mean_price(&turnover, values.volume.0)?),
            _ => None,
        };
        Ok(PriceRow {
            bar: Bar::from_valid_parts(values),
            ..self.part
        })
    }
}

/// The digits at the most fractional digits there are.
fn widened(value: Decimal) -> BigInt {
    let missing = MAX_FRACTION_DIGITS.saturating_sub(value.scale().into());
    BigInt::from(value.mantissa()) * pow10(missing)
}

fn turnover(bar: &Bar) -> Option<BigInt> {
    let price = bar.vwap()?;
    if bar.volume().mantissa() == 0 {
        return Some(BigInt::zero());
    }
    Some(widened(price.0) * widened(bar.volume().0))
}

fn mean_price(turnover: &BigInt, volume: Decimal) -> Result<Price, DecimalError> {
    let top = turnover * pow10(VWAP_SCALE.into());
    let bottom = widened(volume) * pow10(MAX_FRACTION_DIGITS);
    let mean = divide_half_even(&top, &bottom);
    match mean.to_i128() {
        Some(mantissa) => Ok(Price(Decimal::new(mantissa, VWAP_SCALE)?.trimmed(0))),
        None => Err(DecimalError::TooManyDigits {
            whole: mean.magnitude().to_string().len().try_into().unwrap_or(u64::MAX),
            fraction: VWAP_SCALE.into(),
        }),
    }
}

#[cfg(test)]
mod tests;
