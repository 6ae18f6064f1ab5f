//! Figures: AAPL around its split of 2014 from QuantConnect/Lean, `Data/equity/usa/daily/aapl.zip` (Apache-2.0); float32
//! prices as Yahoo's chart API writes them.

use proptest::prelude::*;
use time::macros::date;

use super::*;
use crate::{Adjustment, AdjustmentFactors, AssetClass, BarValues, CorporateAction};

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn bar(prices: [&str; 4], volume: &str) -> Bar {
    let [open, high, low, close] = prices.map(price);
    let values = BarValues {
        opened_at: "2014-06-06T00:00:00Z".parse().unwrap(),
        open,
        high,
        low,
        close,
        volume: volume.parse().unwrap(),
        trade_count: None,
        vwap: Some(close),
    };
    Bar::new(values, AssetClass::Stock).unwrap()
}

fn print(bar: &Bar) -> String {
    let BarValues {
        open,
        high,
        low,
        close,
        volume,
        ..
    } = bar.values();
    format!("{open},{high},{low},{close},{volume}")
}

fn split(ex_date: Date, new_shares: u64, old_shares: u64) -> (Date, SplitRatio) {
    (ex_date, SplitRatio::new(new_shares, old_shares).unwrap())
}

const FRIDAY: Date = date!(2014 - 06 - 06);

#[test]
fn finds_the_decimal_that_a_float32_stands_for() {
    let check = |given: &str, shortest: &str| assert_eq!(shortest_float32(price(given)).unwrap().to_string(), shortest);
    check("27.440000534057617", "27.44");
    check("187.44000244140625", "187.44");
    check("0.10000000149011612", "0.1");
    check("16777216", "16777216");
    check("0.000000012345678", "0.000000012345678");
    check("-37.630001068115234", "-37.63");
    check("187.10", "187.10"); // its own shortest keeps its text
    check("0", "0");
    assert!(shortest_float32(price("99999999999999999999")).is_err());
}

#[test]
fn apples_adjusted_bar_is_what_was_traded() {
    let adjusted = bar(["92.857143", "93.035714", "92.068571", "92.224286"], "84816697");
    let raw = undo_splits(
        adjusted,
        FRIDAY,
        &[split(date!(2014 - 06 - 09), 7, 1)],
        date!(2014 - 06 - 09),
        Tolerance::Exact,
    );
    assert_eq!(
        print(&raw.unwrap()),
        "650.000001,651.249998,644.479997,645.570002,12116671"
    );
}

#[test]
fn only_splits_between_the_bar_and_the_fetch_are_undone() {
    let splits = [
        split(date!(2014 - 06 - 06), 2, 1),
        split(date!(2014 - 06 - 09), 7, 1),
        split(date!(2020 - 08 - 31), 4, 1),
    ];
    let check = |fetched_on, expected: &str| {
        let raw = undo_splits(bar(["1.50"; 4], "28"), FRIDAY, &splits, fetched_on, Tolerance::Exact).unwrap();
        assert_eq!(print(&raw), expected);
        assert_eq!(raw.vwap(), Some(raw.close()));
    };
    check(date!(2014 - 06 - 08), "1.50,1.50,1.50,1.50,28");
    check(date!(2014 - 06 - 09), "10.5,10.5,10.5,10.5,4");
    check(date!(2020 - 08 - 30), "10.5,10.5,10.5,10.5,4");
    check(date!(2020 - 08 - 31), "42,42,42,42,1");
}

#[test]
fn float32_prices_are_reduced_even_without_a_split() {
    let floats = bar(
        ["27.440000534057617", "28", "27.440000534057617", "27.450000762939453"],
        "1000",
    );
    let raw = undo_splits(floats, FRIDAY, &[], date!(2024 - 01 - 02), Tolerance::Float32).unwrap();
    assert_eq!(print(&raw), "27.44,28,27.44,27.45,1000");
}

#[test]
fn refuses_what_cannot_be_held() {
    let splits = [split(date!(2014 - 06 - 09), 100, 1)];
    let error = undo_splits(
        bar(["1", "9999999999999999999", "1", "1"], "1"),
        FRIDAY,
        &splits,
        date!(2014 - 06 - 09),
        Tolerance::Exact,
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "high of the bar of 2014-06-06T00:00:00Z cannot be turned back to raw"
    );
}

#[test]
fn weeks_and_months_over_an_ex_date_cannot_be_turned_back() {
    let fetched_on = date!(2024 - 01 - 02);
    let check = |interval: Interval, opened_on: Date, ex_date: Date, spans: bool| {
        let opened_at = Timestamp::midnight(opened_on).unwrap();
        let found = spans_an_ex_date(interval, opened_at, &[split(ex_date, 7, 1)], fetched_on);
        assert_eq!(found, spans, "{interval} from {opened_on}, ex {ex_date}");
    };
    check(Interval::OneMonth, date!(2014 - 06 - 01), date!(2014 - 06 - 09), true);
    check(Interval::OneMonth, date!(2014 - 05 - 01), date!(2014 - 06 - 01), false);
    check(Interval::OneWeek, date!(2014 - 06 - 09), date!(2014 - 06 - 09), false); // Monday: all of it lies behind
    check(Interval::OneWeek, date!(2014 - 06 - 09), date!(2014 - 06 - 10), true);
    check(Interval::OneWeek, date!(2014 - 06 - 02), date!(2014 - 06 - 09), false);
    check(Interval::OneDay, date!(2014 - 06 - 09), date!(2014 - 06 - 09), false);
    check(Interval::OneMonth, date!(2024 - 01 - 01), date!(2024 - 01 - 03), false); // not yet happened at the fetch
}

proptest! {
    /// At most 0.5 × 10⁻⁶ is lost in adjusting, times the factor on the way back, and half a unit of the tenth decimal.
    #[test]
    fn adjusting_then_undoing_is_identity_within_rounding(
        cents in prop::array::uniform4(1_i128..10_000_000), volume in 0_i128..1_000_000_000, new in 1_u64..40, old in 1_u64..40
    ) {
        let Ok(ratio) = SplitRatio::new(new, old) else { return Ok(()) };
        let mut prices = cents.map(|cents| Price::new(cents, 2).unwrap().to_string());
        prices.sort_by_key(|text| price(text));
        let [low, open, close, high] = &prices;
        let raw = bar([open, high, low, close], &volume.to_string());
        let ex_date = date!(2014 - 06 - 09);
        let actions = [CorporateAction::Split { ex_date, ratio }];
        let factors = AdjustmentFactors::new(
            &actions, Adjustment::Split, &"USD".parse().unwrap(), &std::collections::BTreeMap::new()
        ).unwrap();
        let adjusted = factors.apply(raw.clone(), FRIDAY).unwrap();
        let back = undo_splits(adjusted, FRIDAY, &[(ex_date, ratio)], ex_date, Tolerance::Exact).unwrap();
        let tenths = |value: Decimal| Factor::one().apply(value, 10).unwrap().mantissa();
        let most = 5_000 * i128::from(new.max(old)) + 1;
        for (before, after) in [
            (raw.open().0, back.open().0), (raw.high().0, back.high().0), (raw.low().0, back.low().0),
            (raw.close().0, back.close().0), (raw.volume().0, back.volume().0),
        ] {
            prop_assert!((tenths(before) - tenths(after)).abs() <= most, "{before} {after}");
        }
    }

    #[test]
    fn reducing_twice_is_reducing_once(mantissa in 1_i128..10_i128.pow(17), scale in 0_u8..=17) {
        let once = shortest_float32(Price::new(mantissa, scale).unwrap()).unwrap();
        prop_assert_eq!(shortest_float32(once).unwrap().to_string(), once.to_string());
    }
}
