//! Adjustment on reading: what splits and dividends since then make of a raw bar.

mod factor;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use time::Date;

pub(crate) use factor::Factor;

use crate::bar::BarField;
use crate::decimal::{Decimal, DecimalError};
use crate::{Bar, CorporateAction, Currency, Price, Timestamp, Volume};

/// Adjusted prices and volumes have at least so many fractional digits.
const LEAST_SCALE: u8 = 6;

/// Which corporate actions are counted into the prices that are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Adjustment {
    /// None: as traded.
    #[default]
    Raw,
    /// Splits: prices and volumes in shares of after the last split.
    Split,
    /// Splits and dividends: returns are those of a holder who reinvests.
    All,
}

/// The text names no adjustment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an adjustment: one of raw, split, all")]
pub struct UnknownAdjustment(pub String);

impl Adjustment {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Raw, Self::Split, Self::All];

    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Split => "split",
            Self::All => "all",
        }
    }
}

impl FromStr for Adjustment {
    type Err = UnknownAdjustment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|adjustment| adjustment.as_str() == text)
            .ok_or_else(|| UnknownAdjustment(text.chars().take(60).collect()))
    }
}

impl fmt::Display for Adjustment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why bars cannot be adjusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdjustmentError {
    /// A dividend as large as the price before it, or larger: no price would be left.
    #[error(
        "the dividend of {amount} on {ex_date} is not below the close of {previous_close} before it: correct the dividend \
         or ask for adjustment=split"
    )]
    DividendTooLarge {
        /// Its ex-date.
        ex_date: Date,
        /// How much a share.
        amount: Price,
        /// The raw close of the session before.
        previous_close: Price,
    },
    /// A dividend in another currency than the prices.
    #[error(
        "the dividend of {amount} {currency} on {ex_date} is not in {expected}, the currency of the prices: record it in \
         {expected} or ask for adjustment=split"
    )]
    DividendCurrency {
        /// Its ex-date.
        ex_date: Date,
        /// How much a share.
        amount: Price,
        /// In what.
        currency: Currency,
        /// What the prices are in.
        expected: Currency,
    },
    /// An adjusted value has more digits than are kept.
    #[error("{field} of the bar of {opened_at} cannot be adjusted")]
    Unrepresentable {
        /// When the bar opens.
        opened_at: Timestamp,
        /// The column.
        field: BarField,
        /// What is wrong with the number.
        #[source]
        source: DecimalError,
    },
}

/// The factors of all bars before one ex-date and not before the one that precedes it.
#[derive(Clone, Debug)]
struct Segment {
    ex_date: Date,
    price: Factor,
    volume: Factor,
}

/// One exact rational factor for each bar: the product over all actions whose ex-date comes after its session.
///
/// - A split contributes old shares / new shares to prices, and the inverse to volumes.
/// - A dividend contributes 1 − amount / previous raw close to prices, nothing to volumes. Amount and close count the
///   same shares: those of the day before the ex-date, also when a split falls on the same day. Without a bar before it,
///   there is nothing to adjust.
#[derive(Clone, Debug)]
pub struct AdjustmentFactors {
    /// By ex-date.
    segments: Vec<Segment>,
}

impl AdjustmentFactors {
    /// The factors that `actions`, in any order, give; those that `adjustment` does not count are passed over.
    ///
    /// `previous_close` holds for the ex-date of a dividend the raw close of the last session before it, and nothing
    /// when no bar lies before it. `currency` is that of the prices; `XXX`, here or there, agrees with any.
    ///
    /// # Errors
    /// [`AdjustmentError::DividendTooLarge`], [`AdjustmentError::DividendCurrency`]: only for dividends that would
    /// change a bar.
    pub fn new(
        actions: &[CorporateAction],
        adjustment: Adjustment,
        currency: &Currency,
        previous_close: &BTreeMap<Date, Price>,
    ) -> Result<Self, AdjustmentError> {
        let mut by_ex_date: BTreeMap<Date, (Factor, Factor)> = BTreeMap::new();
        for action in actions {
            let (price, volume) = match action {
                CorporateAction::Split { ratio, .. } if adjustment != Adjustment::Raw => {
                    let price = Factor::of_split(*ratio);
                    let volume = price.inverse();
                    (price, volume)
                }
                CorporateAction::Dividend {
                    ex_date,
                    amount,
                    currency: paid_in,
                } if adjustment == Adjustment::All => {
                    let Some(close) = previous_close.get(ex_date) else {
                        continue;
                    };
                    if paid_in != currency && !paid_in.is_unknown() && !currency.is_unknown() {
                        return Err(AdjustmentError::DividendCurrency {
                            ex_date: *ex_date,
                            amount: *amount,
                            currency: paid_in.clone(),
                            expected: currency.clone(),
                        });
                    }
                    if amount >= close {
                        return Err(AdjustmentError::DividendTooLarge {
                            ex_date: *ex_date,
                            amount: *amount,
                            previous_close: *close,
                        });
                    }
                    (Factor::of_dividend(*amount, *close), Factor::one())
                }
                CorporateAction::Split { .. } | CorporateAction::Dividend { .. } => continue,
            };
            let of_day = by_ex_date
                .entry(action.ex_date())
                .or_insert_with(|| (Factor::one(), Factor::one()));
            *of_day = (of_day.0.times(&price), of_day.1.times(&volume));
        }
        let mut segments = Vec::with_capacity(by_ex_date.len());
        let (mut price, mut volume) = (Factor::one(), Factor::one());
        for (ex_date, of_day) in by_ex_date.into_iter().rev() {
            (price, volume) = (price.times(&of_day.0), volume.times(&of_day.1));
            segments.push(Segment {
                ex_date,
                price: price.clone(),
                volume: volume.clone(),
            });
        }
        segments.reverse();
        Ok(Self { segments })
    }

    /// The bar of a session as these factors show it.
    ///
    /// Prices are rounded once, half to even, to the largest scale among the four and at least 6 decimals: one scale for
    /// all four, since `10` and `10.0000000` rounded to different ones could leave a close above its high. The
    /// volume-weighted price has a scale of its own by the same rule. A price below half a millionth of its unit becomes
    /// zero. Volumes are rounded half to even to the larger of their scale and 6 decimals, then lose trailing zeros down
    /// to their own scale. The count of trades stays. A bar to which no factor applies, or one of exactly 1, comes back
    /// as it is, digit for digit.
    ///
    /// # Errors
    /// [`AdjustmentError::Unrepresentable`] when a value would need more than 20 whole digits.
    pub fn apply(&self, bar: Bar, session_date: Date) -> Result<Bar, AdjustmentError> {
        let behind = self.segments.partition_point(|segment| segment.ex_date <= session_date);
        let Some(Segment { price, volume, .. }) = self.segments.get(behind) else {
            return Ok(bar);
        };
        let opened_at = bar.opened_at();
        let failed = |field| {
            move |source| AdjustmentError::Unrepresentable {
                opened_at,
                field,
                source,
            }
        };
        let mut values = bar.into_values();
        if !price.is_one() {
            let scale = [values.open, values.high, values.low, values.close]
                .into_iter()
                .fold(LEAST_SCALE, |scale, price| scale.max(price.scale()));
            let columns = [
                (BarField::Open, &mut values.open),
                (BarField::High, &mut values.high),
                (BarField::Low, &mut values.low),
                (BarField::Close, &mut values.close),
            ];
            for (field, value) in columns {
                *value = Price(price.apply(value.0, scale).map_err(failed(field))?);
            }
            if let Some(vwap) = &mut values.vwap {
                let scale = vwap.scale().max(LEAST_SCALE);
                *vwap = Price(price.apply(vwap.0, scale).map_err(failed(BarField::Vwap))?);
            }
        }
        if !volume.is_one() {
            values.volume = times_volume(values.volume, volume).map_err(failed(BarField::Volume))?;
        }
        Ok(Bar::from_valid_parts(values))
    }
}

fn times_volume(volume: Volume, factor: &Factor) -> Result<Volume, DecimalError> {
    let own_scale = volume.scale();
    let exact: Decimal = factor.apply(volume.0, own_scale.max(LEAST_SCALE))?;
    Ok(Volume(exact.trimmed(own_scale)))
}

#[cfg(test)]
mod tests;
