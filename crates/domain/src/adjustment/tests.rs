//! Figures: AAPL and AIG, QuantConnect/Lean, `Data/equity/usa/daily` (Apache-2.0), unadjusted; the dividend factors agree
//! with its `factor_files`.

use num_bigint::BigInt;
use proptest::prelude::*;
use time::macros::date;

use super::*;
use crate::{AssetClass, BarValues, SplitRatio};

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn bar(text: &str) -> Bar {
    let cells: Vec<_> = text.split(',').collect();
    Bar::new(
        BarValues {
            opened_at: format!("{}T00:00:00Z", cells[0]).parse().unwrap(),
            open: price(cells[1]),
            high: price(cells[2]),
            low: price(cells[3]),
            close: price(cells[4]),
            volume: cells[5].parse().unwrap(),
            trade_count: Some(7),
            vwap: None,
        },
        AssetClass::Stock,
    )
    .unwrap()
}

fn print(bar: &Bar) -> String {
    let BarValues {
        opened_at,
        open,
        high,
        low,
        close,
        volume,
        ..
    } = bar.values();
    format!("{},{open},{high},{low},{close},{volume}", opened_at.date())
}

fn split(ex_date: Date, new_shares: u64, old_shares: u64) -> CorporateAction {
    CorporateAction::Split {
        ex_date,
        ratio: SplitRatio::new(new_shares, old_shares).unwrap(),
    }
}

fn dividend(ex_date: Date, amount: &str, currency: &str) -> CorporateAction {
    CorporateAction::Dividend {
        ex_date,
        amount: price(amount),
        currency: currency.parse().unwrap(),
    }
}

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn splits_only(actions: &[CorporateAction]) -> AdjustmentFactors {
    AdjustmentFactors::new(actions, Adjustment::Split, &usd(), &BTreeMap::new()).unwrap()
}

fn check(factors: &AdjustmentFactors, raw: &str, adjusted: &str) {
    let raw = bar(raw);
    let session_date = raw.opened_at().date();
    assert_eq!(print(&factors.apply(raw, session_date).unwrap()), adjusted);
}

/// All of Apple's in the data, and its dividends around the split of 2014.
fn apple() -> Vec<CorporateAction> {
    vec![
        dividend(date!(2014 - 05 - 08), "3.29", "USD"),
        dividend(date!(2014 - 08 - 07), "0.47", "USD"),
        split(date!(2020 - 08 - 31), 4, 1),
        split(date!(2014 - 06 - 09), 7, 1),
    ]
}

fn apple_closes() -> BTreeMap<Date, Price> {
    BTreeMap::from([
        (date!(2014 - 05 - 08), price("592.33")),
        (date!(2014 - 08 - 07), price("94.97")),
    ])
}

#[test]
fn apple_is_continuous_across_its_split_of_2014() {
    let factors = splits_only(&[split(date!(2014 - 06 - 09), 7, 1)]);
    check(
        &factors,
        "2014-06-06,650,651.25,644.48,645.57,12116671",
        "2014-06-06,92.857143,93.035714,92.068571,92.224286,84816697",
    );
    let after = "2014-06-09,92.69,93.88,91.75,93.7,72875948";
    check(&factors, after, after);
}

#[test]
fn splits_multiply() {
    let factors = splits_only(&apple());
    check(
        &factors,
        "2014-06-06,650,651.25,644.48,645.57,12116671",
        "2014-06-06,23.214286,23.258929,23.017143,23.056071,339266788",
    );
    check(
        &factors,
        "2014-06-09,92.69,93.88,91.75,93.7,72875948",
        "2014-06-09,23.172500,23.470000,22.937500,23.425000,291503792",
    );
}

#[test]
fn a_reverse_split_raises_prices_and_lowers_volumes() {
    let factors = splits_only(&[split(date!(2009 - 07 - 01), 1, 20)]);
    check(
        &factors,
        "2009-06-30,1.33,1.33,1.08,1.13,348972311",
        "2009-06-30,26.600000,26.600000,21.600000,22.600000,17448615.55",
    );
    let after = "2009-07-01,19.7,22.96,17.55,18.08,38320797";
    check(&factors, after, after);
}

#[test]
fn dividends_lower_earlier_prices_by_what_they_took() {
    let factors = AdjustmentFactors::new(&apple(), Adjustment::All, &usd(), &apple_closes()).unwrap();
    // (1 − 3.29 / 592.33) × 1/7 × (1 − 0.47 / 94.97) × 1/4
    check(
        &factors,
        "2014-05-07,595.1,597.29,587.75,592.33,9790289",
        "2014-05-07,21.030924,21.108319,20.771174,20.933031,274128092",
    );
    // The dividend of May is out of the price by then: 1/7 × (1 − 0.47 / 94.97) × 1/4
    check(
        &factors,
        "2014-05-08,588.25,595.32,586.4,588.12,7956963",
        "2014-05-08,20.904957,21.156207,20.839212,20.900337,222794964",
    );
    // 1/4
    check(
        &factors,
        "2014-08-07,94.92,95.95,94.1,94.48,45737704",
        "2014-08-07,23.730000,23.987500,23.525000,23.620000,182950816",
    );
}

#[test]
fn only_what_is_asked_for_is_counted() {
    let raw = "2014-05-07,595.1,597.29,587.75,592.33,9790289";
    check(
        &AdjustmentFactors::new(&apple(), Adjustment::Raw, &usd(), &apple_closes()).unwrap(),
        raw,
        raw,
    );
    let dividends_without_a_price_before = AdjustmentFactors::new(
        &[dividend(date!(2014 - 05 - 08), "3.29", "USD")],
        Adjustment::All,
        &usd(),
        &BTreeMap::new(),
    );
    check(&dividends_without_a_price_before.unwrap(), raw, raw);
    let there_and_back = [split(date!(2015 - 01 - 02), 3, 1), split(date!(2016 - 01 - 04), 1, 3)];
    check(&splits_only(&there_and_back), raw, raw);
}

#[test]
fn split_and_dividend_of_one_day_both_count() {
    let actions = [
        split(date!(2014 - 06 - 09), 2, 1),
        dividend(date!(2014 - 06 - 09), "1", "XXX"),
    ];
    let closes = BTreeMap::from([(date!(2014 - 06 - 09), price("4"))]);
    let factors = AdjustmentFactors::new(&actions, Adjustment::All, &usd(), &closes).unwrap();
    check(
        &factors,
        "2014-06-06,4,8,4,4,10",
        "2014-06-06,1.500000,3.000000,1.500000,1.500000,20",
    );
}

#[test]
fn keeps_a_finer_scale_and_the_count_of_trades() {
    let factors = splits_only(&[split(date!(2014 - 06 - 09), 3, 1)]);
    let mut values = bar("2014-06-06,10,10.0000000,10,10,0.50").into_values();
    values.vwap = Some(price("10.000000001"));
    let adjusted = factors
        .apply(Bar::new(values, AssetClass::Crypto).unwrap(), date!(2014 - 06 - 06))
        .unwrap();
    // Rounded to a scale of their own, 3.3333333 would come to lie above a high of 3.333333.
    assert_eq!(
        print(&adjusted),
        "2014-06-06,3.3333333,3.3333333,3.3333333,3.3333333,1.50"
    );
    assert_eq!(adjusted.vwap().unwrap().to_string(), "3.333333334");
    assert_eq!(adjusted.trade_count(), Some(7));
}

#[test]
fn halves_go_to_the_even_digit() {
    let factors = splits_only(&[split(date!(2014 - 06 - 09), 2, 1)]);
    check(
        &factors,
        "2014-06-06,0.000001,0.000007,0.000001,0.000003,1",
        "2014-06-06,0.000000,0.000004,0.000000,0.000002,2",
    );
}

#[test]
fn refuses_a_dividend_that_leaves_no_price() {
    let closes = BTreeMap::from([(date!(2014 - 05 - 08), price("3.290"))]);
    let actions = [dividend(date!(2014 - 05 - 08), "3.29", "USD")];
    let error = AdjustmentFactors::new(&actions, Adjustment::All, &usd(), &closes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the dividend of 3.29 on 2014-05-08 is not below the close of 3.290 before it: correct the dividend or ask for \
         adjustment=split"
    );
    assert!(AdjustmentFactors::new(&actions, Adjustment::Split, &usd(), &closes).is_ok());
}

#[test]
fn refuses_a_dividend_in_another_currency() {
    let pence = [dividend(date!(2014 - 05 - 08), "3.29", "GBP")];
    let new = |currency: &str| {
        AdjustmentFactors::new(&pence, Adjustment::All, &currency.parse().unwrap(), &apple_closes()).map(drop)
    };
    assert_eq!(
        new("GBX").unwrap_err().to_string(),
        "the dividend of 3.29 GBP on 2014-05-08 is not in GBX, the currency of the prices: record it in GBX or ask for \
         adjustment=split"
    );
    assert_eq!(new("GBP"), Ok(()));
    assert_eq!(new("XXX"), Ok(()));
}

#[test]
fn refuses_what_cannot_be_held() {
    let factors = splits_only(&[split(date!(2014 - 06 - 09), 1, 1_000)]);
    let huge = bar("2014-06-06,1,99999999999999999999,1,1,1");
    let error = factors.apply(huge, date!(2014 - 06 - 06)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "high of the bar of 2014-06-06T00:00:00Z cannot be adjusted"
    );
}

#[test]
fn adjustments_are_named() {
    for adjustment in Adjustment::ALL {
        assert_eq!(adjustment.to_string().parse(), Ok(adjustment));
    }
    assert_eq!(
        "splits".parse::<Adjustment>().unwrap_err().to_string(),
        "`splits` is not an adjustment: one of raw, split, all"
    );
}

fn any_bar() -> impl Strategy<Value = Bar> {
    let price = || (1_i128..10_i128.pow(12), 0_u8..=9);
    (prop::array::uniform4(price()), 0_i128..10_i128.pow(12), 0_u8..4).prop_map(|(prices, volume, scale)| {
        let mut prices = prices.map(|(mantissa, scale)| Price::new(mantissa, scale).unwrap());
        prices.sort();
        let [low, open, close, high] = prices;
        Bar::new(
            BarValues {
                opened_at: "2014-06-06T00:00:00Z".parse().unwrap(),
                open,
                high,
                low,
                close,
                volume: Volume::new(volume, scale).unwrap(),
                trade_count: None,
                vwap: None,
            },
            AssetClass::Stock,
        )
        .unwrap()
    })
}

fn any_ratio() -> impl Strategy<Value = SplitRatio> {
    (1_u64..50, 1_u64..50).prop_filter_map("a split changes something", |(new, old)| SplitRatio::new(new, old).ok())
}

fn is_ordered(bar: &Bar) -> bool {
    Bar::new(bar.values().clone(), AssetClass::Future).is_ok()
}

proptest! {
    #[test]
    fn prices_stay_in_order(bar in any_bar(), ratio in any_ratio(), cents in 1_i128..10_000) {
        let ex_date = date!(2014 - 06 - 09);
        let closes = BTreeMap::from([(ex_date, price("100.01"))]);
        let actions = [
            CorporateAction::Split { ex_date, ratio },
            CorporateAction::Dividend { ex_date, amount: Price::new(cents, 2).unwrap(), currency: usd() },
        ];
        let factors = AdjustmentFactors::new(&actions, Adjustment::All, &usd(), &closes).unwrap();
        prop_assert!(is_ordered(&factors.apply(bar, date!(2014 - 06 - 06)).unwrap()));
    }

    /// 0.5 × 10⁻⁶ lost there is multiplied on the way back, and rounded once more.
    #[test]
    fn a_ratio_and_its_inverse_return_within_rounding(bar in any_bar(), ratio in any_ratio()) {
        let inverse = SplitRatio::new(ratio.old_shares(), ratio.new_shares()).unwrap();
        let apply = |ratio, bar| splits_only(&[CorporateAction::Split { ex_date: date!(2014 - 06 - 09), ratio }])
            .apply(bar, date!(2014 - 06 - 06)).unwrap();
        let back = apply(inverse, apply(ratio, bar.clone()));
        let micros = |value: Decimal| value.scaled_by(&BigInt::from(1_000_000), &BigInt::from(1), 9).unwrap().mantissa();
        let most = i128::from(ratio.new_shares().max(ratio.old_shares())) * 1_000_000_000;
        for (before, after) in [(bar.open().0, back.open().0), (bar.low().0, back.low().0), (bar.volume().0, back.volume().0)] {
            prop_assert!((micros(before) - micros(after)).abs() <= most, "{before} {after}");
        }
    }

    #[test]
    fn two_splits_are_their_product(bar in any_bar(), one in any_ratio(), two in any_ratio()) {
        let both = [
            CorporateAction::Split { ex_date: date!(2014 - 06 - 09), ratio: one },
            CorporateAction::Split { ex_date: date!(2015 - 06 - 09), ratio: two },
        ];
        let (new, old) = (one.new_shares() * two.new_shares(), one.old_shares() * two.old_shares());
        let product: Vec<_> = SplitRatio::new(new, old)
            .map(|ratio| CorporateAction::Split { ex_date: date!(2014 - 06 - 10), ratio }).into_iter().collect();
        let day = date!(2014 - 06 - 06);
        prop_assert_eq!(
            print(&splits_only(&both).apply(bar.clone(), day).unwrap()),
            print(&splits_only(&product).apply(bar, day).unwrap())
        );
    }

    #[test]
    fn machine_integers_and_big_ones_agree(
        mantissa in -10_i128.pow(18)..10_i128.pow(18), own in 0_u8..=18, scale in 0_u8..=18, ratio in any_ratio()
    ) {
        let factor = Factor::of_split(ratio);
        let value = Decimal::new(mantissa, own).unwrap();
        let exact = value.scaled_by(&ratio.old_shares().into(), &ratio.new_shares().into(), scale);
        prop_assert_eq!(factor.apply(value, scale), exact);
    }
}
