//! Splits and dividends: in tables of their own, or as columns of adjusted daily bars.

use domain::{BarRequest, CorporateAction, CorporateActionError, Currency, Interval, Price, SplitRatio};
use time::Date;

use super::decode;
use super::payload::{Row, Table};
use crate::connection::Malformed;

/// The denominators of ratios that are looked for behind a rounded factor.
const OLD_SHARES: std::ops::RangeInclusive<u64> = 1..=12;
/// The largest reverse split that is looked for: one share of so many.
const MOST_SHARES_OF_ONE: u64 = 50;

/// The table of `SPLITS`: `effective_date`, `split_factor`.
pub(super) fn splits(table: &Table<'_>) -> Result<Vec<CorporateAction>, Malformed> {
    let split = |row: &Row<'_>| {
        let factor = cell(row, "split_factor")?;
        Ok(CorporateAction::Split {
            ex_date: date(row, "effective_date")?,
            ratio: ratio(factor).map_err(|error| Malformed::value(at(row, "split_factor"), factor, error))?,
        })
    };
    table.rows.iter().map(split).collect()
}

/// The table of `DIVIDENDS`: `ex_dividend_date`, …, `amount`, as it was paid for a share of its day.
pub(super) fn dividends(table: &Table<'_>, currency: &Currency) -> Result<Vec<CorporateAction>, Malformed> {
    let dividend = |row: &Row<'_>| paid(row, date(row, "ex_dividend_date")?, "amount", currency);
    table.rows.iter().map(dividend).collect()
}

/// What the columns `dividend amount` and `split coefficient` of daily bars tell. Those of weeks and months name no day.
pub(super) fn beside_bars(table: &Table<'_>, asked: &BarRequest) -> Result<Vec<CorporateAction>, Malformed> {
    let mut actions = Vec::new();
    if asked.interval != Interval::OneDay {
        return Ok(actions);
    }
    for row in &table.rows {
        let Some(ex_date) = row.get("timestamp").and_then(|stamp| decode::date(stamp).ok()) else {
            continue; // such a row makes no bar, and is kept with the reason
        };
        let opens = domain::Timestamp::midnight(ex_date);
        if !opens.is_ok_and(|opens| asked.range.contains(opens)) {
            continue;
        }
        if let Some(factor) = row.get("split coefficient").filter(|factor| !is(factor, 1)) {
            let label = "split coefficient";
            let ratio = ratio(factor).map_err(|error| Malformed::value(at(row, label), factor, error))?;
            actions.push(CorporateAction::Split { ex_date, ratio });
        }
        if row.get("dividend amount").is_some_and(|amount| !is(amount, 0)) {
            let currency = &asked.instrument.details.currency;
            actions.push(paid(row, ex_date, "dividend amount", currency)?);
        }
    }
    actions.sort_by_key(|action| (action.ex_date(), action.kind()));
    Ok(actions)
}

fn paid(row: &Row<'_>, ex_date: Date, label: &str, currency: &Currency) -> Result<CorporateAction, Malformed> {
    let text = cell(row, label)?;
    let amount: Price = text
        .parse()
        .map_err(|error: domain::DecimalError| Malformed::value(at(row, label), text, error))?;
    CorporateAction::dividend(ex_date, amount, currency.clone())
        .map_err(|error| Malformed::value(at(row, label), text, error))
}

/// Whether a cell holds that whole number, however many zeros it is written with.
fn is(text: &str, whole: i128) -> bool {
    text.parse::<Price>()
        .is_ok_and(|price| Price::new(whole, 0).is_ok_and(|whole| price == whole))
}

/// The ratio of a factor in decimals: 1.0460 is 523:500.
///
/// Factors have four digits, so a reverse split of 1:3 comes as 0.3333. Where all digits of a factor are in use, the
/// ratio of small numbers that rounds to it is meant, if there is one.
fn ratio(factor: &str) -> Result<SplitRatio, domain::BoxError> {
    let factor: Price = factor.parse()?;
    let (digits, scale) = (u64::try_from(factor.mantissa())?, u32::from(factor.scale()));
    let unit = 10_u64.checked_pow(scale).ok_or("it has too many digits")?;
    let exact = || SplitRatio::new(digits, unit).map_err(|error: CorporateActionError| error.into());
    let rounds_to_it = |new: u64, old: u64| {
        // |new / old − digits / unit| ≤ half a unit of the last digit, without fractions
        let left = u128::from(new) * u128::from(unit) * 2;
        let right = u128::from(digits) * u128::from(old) * 2;
        left.abs_diff(right) <= u128::from(old)
    };
    if digits % 10 == 0 || scale < 4 {
        return exact();
    }
    let near = |old: u64| (digits.saturating_mul(old).saturating_add(unit / 2) / unit, old);
    let small = OLD_SHARES.map(near).find(|(new, old)| rounds_to_it(*new, *old));
    let one_of_many = || {
        (1..=MOST_SHARES_OF_ONE)
            .map(|old| (1, old))
            .find(|(new, old)| rounds_to_it(*new, *old))
    };
    match small.or_else(one_of_many) {
        Some((new, old)) => Ok(SplitRatio::new(new, old)?),
        None => exact(),
    }
}

fn cell<'a>(row: &'a Row<'_>, label: &str) -> Result<&'a str, Malformed> {
    row.get(label)
        .ok_or_else(|| Malformed::value(at(row, label), &row.raw, "the cell is missing"))
}

fn date(row: &Row<'_>, label: &str) -> Result<Date, Malformed> {
    let text = cell(row, label)?;
    decode::date(text).map_err(|error| Malformed::value(at(row, label), text, error))
}

fn at(row: &Row<'_>, label: &str) -> String {
    format!("row {}, {label}", row.index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(factor: &str, new: u64, old: u64) {
        let found = ratio(factor).unwrap();
        assert_eq!((found.new_shares(), found.old_shares()), (new, old), "{factor}");
    }

    #[test]
    fn a_factor_is_a_pair_of_whole_numbers() {
        check("2.0000", 2, 1); // IBM, 1999-05-27
        check("1.0460", 523, 500); // IBM, 2021-11-04: the spin-off of Kyndryl
        check("7.0", 7, 1);
        check("1.5000", 3, 2);
        check("0.0500", 1, 20);
    }

    #[test]
    fn a_rounded_factor_is_the_ratio_that_rounds_to_it() {
        check("0.3333", 1, 3);
        check("1.3333", 4, 3);
        check("0.1429", 1, 7);
        check("0.0333", 1, 30);
        check("1.0463", 10_463, 10_000);
    }

    #[test]
    fn no_factor_is_no_ratio() {
        for text in ["1.0000", "0.0000", "-2", "None", "0.0000000000000000001"] {
            assert!(ratio(text).is_err(), "{text}");
        }
    }
}
