//! Basis undone: split-adjusted bars turned back to what was traded.

use time::Date;

use crate::adjustment::Factor;
use crate::bar::BarField;
use crate::decimal::{Decimal, DecimalError};
use crate::{Bar, Interval, Price, SplitRatio, Timestamp, Tolerance, Volume};

/// Values turned back are rounded to so many fractional digits.
const RESTORED_SCALE: u8 = 10;

/// Why a bar cannot be turned back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BasisError {
    /// A raw value would have more digits than are kept.
    #[error("{field} of the bar of {opened_at} cannot be turned back to raw")]
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

/// The shortest decimal that a 32-bit float keeps apart from its neighbours: `27.440000534057617`, which is how such a
/// float prints in 64 bits, is 27.44. A price that is its own shortest keeps its text.
///
/// # Errors
/// [`DecimalError::TooManyDigits`] when rounding up gives a 21st whole digit.
pub fn shortest_float32(price: Price) -> Result<Price, DecimalError> {
    #[expect(
        clippy::disallowed_types,
        reason = "the source computed in float32: only that format knows which decimals it cannot tell apart"
    )]
    let float: f32 = match price.to_string().parse() {
        Ok(float) => float,
        Err(_not_a_float) => return Ok(price), // every decimal is read, the nearest float is taken
    };
    let shortest = float.to_string().parse()?;
    Ok(if shortest == price { price } else { shortest })
}

/// The raw bar of a session, from one that a source had adjusted for the splits up to the moment of the fetch.
///
/// Counted are the splits whose ex-date lies in (`session_date`, `fetched_on`], both dates in the zone of the market.
/// Prices are multiplied by new shares / old shares and volumes divided by it, each rounded once, half to even, at 10
/// decimals, then without trailing zeros. With [`Tolerance::Float32`], prices are first reduced by [`shortest_float32`].
/// Without a split in between, the values stay as they are but for that reduction. Dividends are not undone, and weeks
/// and months only where [`spans_an_ex_date`] says no.
///
/// # Errors
/// [`BasisError::Unrepresentable`] when a value would need more than 20 whole digits.
pub fn undo_splits(
    bar: Bar,
    session_date: Date,
    splits: &[(Date, SplitRatio)],
    fetched_on: Date,
    tolerance: Tolerance,
) -> Result<Bar, BasisError> {
    let adjusted_by = splits
        .iter()
        .filter(|(ex_date, _)| session_date < *ex_date && *ex_date <= fetched_on)
        .fold(Factor::one(), |factor, (_, ratio)| {
            factor.times(&Factor::of_split(*ratio))
        });
    if adjusted_by.is_one() && tolerance == Tolerance::Exact {
        return Ok(bar);
    }
    let opened_at = bar.opened_at();
    let failed = |field| {
        move |source| BasisError::Unrepresentable {
            opened_at,
            field,
            source,
        }
    };
    let turn_back = |value: Decimal, factor: &Factor| match factor.is_one() {
        true => Ok(value),
        false => Ok(factor.apply(value, RESTORED_SCALE)?.trimmed(0)),
    };
    let raw_price = |adjusted: Price| {
        let adjusted = match tolerance {
            Tolerance::Exact => adjusted,
            Tolerance::Float32 => shortest_float32(adjusted)?,
        };
        turn_back(adjusted.0, &adjusted_by.inverse()).map(Price)
    };
    let mut values = bar.into_values();
    let columns = [
        (BarField::Open, Some(&mut values.open)),
        (BarField::High, Some(&mut values.high)),
        (BarField::Low, Some(&mut values.low)),
        (BarField::Close, Some(&mut values.close)),
        (BarField::Vwap, values.vwap.as_mut()),
    ];
    for (field, price) in columns {
        if let Some(price) = price {
            *price = raw_price(*price).map_err(failed(field))?;
        }
    }
    values.volume = turn_back(values.volume.0, &adjusted_by)
        .map(Volume)
        .map_err(failed(BarField::Volume))?;
    Ok(Bar::from_valid_parts(values))
}

/// Whether a week or month holds an ex-date (up to the moment of the fetch) behind its first day: its raw bar would mix
/// shares of before and after, so an adjusted one cannot be turned back. Days and shorter bars never do.
///
/// Holidays are not looked at: an ex-date on the first session of a month that began with a holiday counts as inside.
#[must_use]
pub fn spans_an_ex_date(
    interval: Interval,
    opened_at: Timestamp,
    splits: &[(Date, SplitRatio)],
    fetched_on: Date,
) -> bool {
    let first = interval.period_start(opened_at.date());
    let behind = interval.next_period(first);
    matches!(interval, Interval::OneWeek | Interval::OneMonth)
        && splits
            .iter()
            .any(|(ex_date, _)| first < *ex_date && *ex_date < behind && *ex_date <= fetched_on)
}

#[cfg(test)]
mod tests;
