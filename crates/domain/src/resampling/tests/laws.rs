//! What holds for all bars, intervals and calendars.

use proptest::prelude::*;
use time::Duration;

use super::*;
use crate::SourceName;

/// Bars of `from` at random distances, up to some intervals apart.
fn parts_of(from: Interval) -> impl Strategy<Value = Vec<PriceRow>> {
    let step = from.intraday_length().unwrap_or(Duration::DAY);
    let cents = || (1_i128..100_000, 0_u8..3);
    let values = (
        prop::array::uniform4(cents()),
        0_i128..10_000,
        0_u8..3,
        prop::option::weighted(0.9, 0_u64..50),
    );
    let steps = prop::collection::vec((1_i32..90, values, 0_u8..12), 0..60);
    // Around the end of summer time in New York, 2014-11-02.
    (1_414_000_000_i64..1_415_200_000, steps).prop_map(move |(start, steps)| {
        let mut opened_at = Timestamp::from_unix_seconds(start).unwrap().floor(step);
        let mut parts = Vec::new();
        for (distance, (prices, volume, scale, trade_count), tag) in steps {
            opened_at = opened_at
                .checked_add(step * distance.min(if tag < 6 { 1 } else { 90 }))
                .unwrap();
            let mut prices = prices.map(|(cents, scale)| Price::new(cents, scale).unwrap());
            prices.sort();
            let [low, open, close, high] = prices;
            let values = BarValues {
                opened_at,
                open,
                high,
                low,
                close,
                volume: Volume::new(volume, scale).unwrap(),
                trade_count,
                vwap: None,
            };
            parts.push(PriceRow {
                bar: Bar::new(values, AssetClass::Stock).unwrap(),
                source: Some(if tag == 0 { "yahoo" } else { "lean" }.parse().unwrap()),
                provisional: tag == 1,
            });
        }
        parts
    })
}

fn texts(bars: &[PriceRow]) -> Vec<(String, Option<SourceName>, bool)> {
    bars.iter()
        .map(|bar| (print(bar), bar.source.clone(), bar.provisional))
        .collect()
}

fn any_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["24/7", "24/5", "XNYS", "weekdays"])
}

/// Every pair of which one is a multiple of the other, with parts of the finer.
fn any_pair() -> impl Strategy<Value = (Interval, Interval, Vec<PriceRow>)> {
    let pairs: Vec<_> = Interval::ALL
        .into_iter()
        .flat_map(|from| Interval::ALL.map(|to| (from, to)))
        .filter(|(from, to)| to.is_multiple_of(*from))
        .collect();
    prop::sample::select(pairs).prop_flat_map(|(from, to)| (Just(from), Just(to), parts_of(from)))
}

proptest! {
    #[test]
    fn resampling_in_steps_is_resampling_at_once(
        name in any_name(),
        (one, two, three, minutes_past_hour) in prop::sample::select({
            use Interval::{FifteenMinutes, FiveMinutes, FourHours, OneDay, OneHour, OneMinute, OneMonth, OneWeek, ThirtyMinutes};
            vec![
                (OneMinute, FiveMinutes, OneHour, 0), (OneMinute, FifteenMinutes, FourHours, 30),
                (OneMinute, ThirtyMinutes, OneHour, 30), (OneMinute, OneHour, FourHours, 0),
                (OneMinute, OneHour, FourHours, 30), (OneMinute, OneHour, OneDay, 0), (FiveMinutes, OneDay, OneWeek, 0),
                (OneHour, OneDay, OneMonth, 0), (FourHours, OneDay, OneMonth, 0),
            ]
        }),
        seed in parts_of(Interval::OneMinute),
    ) {
        let setting = on(name, minutes_past_hour);
        let parts = setting.ascending(Interval::OneMinute, one, &seed);
        let parts = if one == Interval::OneMinute { seed } else { parts };
        let steps = setting.ascending(two, three, &setting.ascending(one, two, &parts));
        prop_assert_eq!(texts(&steps), texts(&setting.ascending(one, three, &parts)));
    }

    #[test]
    fn both_orders_give_the_same_bars(
        name in any_name(), (from, to, mut parts) in any_pair(), minutes_past_hour in prop::sample::select(vec![0, 30])
    ) {
        let setting = on(name, minutes_past_hour);
        let up = setting.ascending(from, to, &parts);
        parts.reverse();
        let mut down = setting.run(from, to, TimeOrder::Descending, &parts);
        down.reverse();
        prop_assert_eq!(texts(&up), texts(&down));
        prop_assert!(up.windows(2).all(|pair| pair[0].bar.opened_at() < pair[1].bar.opened_at()));
    }

    #[test]
    fn volume_is_conserved_and_bars_keep_their_rule(name in any_name(), (from, to, parts) in any_pair()) {
        let bars = on(name, 0).ascending(from, to, &parts);
        let sum = |parts: &[PriceRow]| parts.iter().fold(Volume::ZERO, |sum, part| sum.plus(part.bar.volume()).unwrap());
        prop_assert_eq!(sum(&bars), sum(&parts));
        prop_assert!(bars.iter().all(|part| Bar::new(part.bar.values().clone(), AssetClass::Stock).is_ok()));
    }

    #[test]
    fn the_parts_of_a_range_make_the_bars_that_open_in_it(
        name in any_name(), (from, to, parts) in any_pair(), minutes_past_hour in prop::sample::select(vec![0, 30]),
        start in 1_413_900_000_i64..1_416_000_000, length in 1_i64..2_000_000,
    ) {
        let setting = on(name, minutes_past_hour);
        let second = |second| Timestamp::from_unix_seconds(second).unwrap();
        let range = TimeRange::new(second(start), second(start + length)).unwrap();
        let inside = |bars: Vec<PriceRow>| -> Vec<_> {
            texts(&bars.into_iter().filter(|bar| range.contains(bar.bar.opened_at())).collect::<Vec<_>>())
        };
        let all = inside(setting.ascending(from, to, &parts));
        let needed = parts_range(range, to, from, &*setting.calendar, minutes_past_hour);
        let read: Vec<_> = parts.into_iter()
            .filter(|part| needed.is_some_and(|needed| needed.contains(part.bar.opened_at()))).collect();
        prop_assert_eq!(inside(setting.ascending(from, to, &read)), all);
    }

    #[test]
    fn later_parts_never_belong_to_an_earlier_bar(
        name in any_name(), to in prop::sample::select(Interval::ALL.to_vec()), minutes_past_hour in 0_u8..60,
        start in 1_413_000_000_i64..1_427_000_000, distance in 0_i64..300_000,
    ) {
        let calendar = calendar(name);
        let start_of = |second| bucket_start(
            to, Timestamp::from_unix_seconds(second).unwrap(), Interval::OneMinute, &*calendar, minutes_past_hour
        );
        prop_assert!(start_of(start) <= start_of(start + distance));
    }

    #[test]
    fn a_mean_price_lies_between_its_parts(
        prices in prop::collection::vec((1_i128..10_i128.pow(9), 0_i128..1_000_000, 0_u8..=9), 1..20)
    ) {
        let parts: Vec<_> = prices.iter().enumerate().map(|(minute, (price, volume, scale))| {
            let price = Price::new(*price, *scale).unwrap();
            let text = format!("2014-06-06T13:{minute:02}:00Z,{price},{price},{price},{price},{volume}");
            stating(&text, None, Some(&price.to_string()))
        }).collect();
        for bar in on("24/7", 0).ascending(Interval::OneMinute, Interval::OneHour, &parts) {
            let bar = bar.bar;
            prop_assert_eq!(bar.vwap().is_some(), bar.volume() > Volume::ZERO);
            prop_assert!(bar.vwap().is_none_or(|vwap| bar.low() <= vwap && vwap <= bar.high()));
        }
    }
}
