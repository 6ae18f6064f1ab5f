//! Splits and dividends of a chart, dividends as they were paid.

use domain::{CorporateAction, Currency, MarketZone, Price, SplitRatio};
use time::Date;

use super::payload::{ChartResult, DividendEvent, SplitEvent};
use super::{decode, venue};
use crate::connection::Malformed;

/// The fractional digits to which Yahoo rounds a dividend that it divides by later splits.
const DIVIDEND_DIGITS: u32 = 6;

/// All actions of a chart that reaches from the first session to now.
pub(super) fn all(chart: &ChartResult<'_>) -> Result<Vec<CorporateAction>, Malformed> {
    within(chart, &decode::zone(&chart.meta)?, true)
}

/// The actions of a chart. Dividends only where it reaches up to now: their amounts are divided by all later splits, so
/// without those one cannot tell what was paid. (AAPL's 3.29 of 2014-05-08 became 0.47 with the split of 7:1 a month
/// later: pandas-datareader issue 651.)
pub(super) fn within(
    chart: &ChartResult<'_>,
    zone: &MarketZone,
    reaches_now: bool,
) -> Result<Vec<CorporateAction>, Malformed> {
    let Some(events) = &chart.events else {
        return Ok(Vec::new());
    };
    let mut splits = Vec::with_capacity(events.splits.len());
    for (key, event) in &events.splits {
        let at = format!("chart.result[0].events.splits.{key}");
        splits.push((zone.date_of(decode::instant(event.date, &at)?), split(event, &at)?));
    }
    let mut actions: Vec<_> = splits
        .iter()
        .map(|(ex_date, ratio)| CorporateAction::Split {
            ex_date: *ex_date,
            ratio: *ratio,
        })
        .collect();
    if reaches_now {
        let currency = chart.meta.currency.as_deref().and_then(venue::currency);
        for (key, event) in &events.dividends {
            let at = format!("chart.result[0].events.dividends.{key}");
            actions.push(dividend(event, &at, zone, &splits, currency.as_ref())?);
        }
    }
    actions.sort_by_key(|action| (action.ex_date(), action.kind()));
    Ok(actions)
}

/// `4` for `1`, also written `4.0` and `1.0`, or `1046` for `1000`.
fn split(event: &SplitEvent<'_>, at: &str) -> Result<SplitRatio, Malformed> {
    let text = format!("{}:{}", event.numerator, event.denominator);
    let whole = |number: Price, scale: u8| {
        let factor = 10_i128.checked_pow(u32::from(scale - number.scale()))?;
        u64::try_from(number.mantissa().checked_mul(factor)?).ok()
    };
    let parse = |text: &str| text.parse::<Price>().map_err(|error| Malformed::value(at, text, error));
    let (new, old) = (parse(event.numerator.get())?, parse(event.denominator.get())?);
    let scale = new.scale().max(old.scale());
    let pair = whole(new, scale).zip(whole(old, scale));
    let (new, old) = pair.ok_or_else(|| Malformed::value(at, &text, "two numbers of shares were expected"))?;
    SplitRatio::new(new, old).map_err(|error| Malformed::value(at, &text, error))
}

fn dividend(
    event: &DividendEvent<'_>,
    at: &str,
    zone: &MarketZone,
    splits: &[(Date, SplitRatio)],
    currency: Option<&Currency>,
) -> Result<CorporateAction, Malformed> {
    let text = event.amount.get();
    let ex_date = zone.date_of(decode::instant(event.date, at)?);
    let amount = text
        .parse()
        .map_err(|error: domain::DecimalError| Malformed::value(at, text, error))?;
    let later: Vec<_> = splits
        .iter()
        .filter(|(split_date, _)| ex_date < *split_date)
        .map(|(_, ratio)| *ratio)
        .collect();
    let paid = as_paid(amount, &later)
        .ok_or_else(|| Malformed::value(at, text, "it has too many digits once later splits are undone"))?;
    let own = event.currency.as_deref().and_then(venue::currency);
    let currency = own.or_else(|| currency.cloned()).unwrap_or_else(Currency::unknown);
    CorporateAction::dividend(ex_date, paid, currency).map_err(|error| Malformed::value(at, text, error))
}

/// The amount × new shares / old shares of all later splits, rounded half to even to the digits that are left of the
/// source's own rounding: 0.094643 × 28 is 2.650004, of which 2.65 is certain.
fn as_paid(amount: Price, later: &[SplitRatio]) -> Option<Price> {
    if later.is_empty() {
        return Some(amount);
    }
    let product = |shares: fn(SplitRatio) -> u64| {
        later
            .iter()
            .try_fold(1_i128, |product, ratio| product.checked_mul(i128::from(shares(*ratio))))
    };
    let (new, old) = (product(SplitRatio::new_shares)?, product(SplitRatio::old_shares)?);
    let known_digits = u32::from(amount.scale()).max(DIVIDEND_DIGITS);
    // What the factor multiplies is the source's error too: one digit less for each power of ten.
    let lost_digits = (new / old).checked_ilog10().map_or(0, |log| log + 1);
    let scale = u8::try_from(known_digits.saturating_sub(lost_digits)).ok()?;
    let top = amount
        .mantissa()
        .checked_mul(new)?
        .checked_mul(10_i128.checked_pow(scale.into())?)?;
    let bottom = old.checked_mul(10_i128.checked_pow(amount.scale().into())?)?;
    let (mut quotient, twice_rest) = (top.div_euclid(bottom), top.rem_euclid(bottom).checked_mul(2)?);
    if twice_rest > bottom || (twice_rest == bottom && quotient % 2 != 0) {
        quotient += 1;
    }
    trimmed(quotient, scale)
}

/// Without trailing zeros.
fn trimmed(mut mantissa: i128, mut scale: u8) -> Option<Price> {
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Price::new(mantissa, scale).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(amount: &str, splits: &[(u64, u64)], paid: &str) {
        let splits: Vec<_> = splits
            .iter()
            .map(|(new, old)| SplitRatio::new(*new, *old).unwrap())
            .collect();
        let found = as_paid(amount.parse().unwrap(), &splits).unwrap();
        assert_eq!(found.to_string(), paid, "{amount}");
    }

    #[test]
    fn a_dividend_is_what_was_paid_for_a_share_of_its_day() {
        check("0.205", &[], "0.205");
        // AAPL paid 3.29 on 2014-05-08, before 7:1; Yahoo said 0.47 then (pandas-datareader issue 651).
        check("0.47", &[(7, 1)], "3.29");
        // AAPL paid 2.65 on 2012-08-09, before 7:1 and 4:1: 0.094643 at six digits.
        check("0.094643", &[(7, 1), (4, 1)], "2.65");
        // A reverse split makes earlier dividends larger: 1:20 of 0.22 is 4.4.
        check("4.4", &[(1, 20)], "0.22");
    }

    #[test]
    fn too_many_digits_are_no_panic() {
        assert_eq!(
            as_paid(
                "99999999999999999999.999999".parse().unwrap(),
                &[SplitRatio::new(u64::MAX, 1).unwrap(); 3]
            ),
            None
        );
    }
}
