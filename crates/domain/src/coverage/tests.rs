//! Ranges against single instants, and expected bars.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{Calendars, Interval, TradingCalendar};

fn at(text: &str) -> Timestamp {
    let text = if text.contains('T') {
        text.to_owned()
    } else {
        format!("{text}T00:00:00Z")
    };
    text.parse().unwrap()
}

fn range(start: &str, end: &str) -> TimeRange {
    TimeRange::new(at(start), at(end)).unwrap()
}

fn calendar(name: &str) -> Arc<dyn TradingCalendar> {
    Calendars::built_in().unwrap().get(&name.parse().unwrap()).unwrap()
}

fn expected(name: &str, interval: Interval, range: TimeRange, minutes_past_hour: u8) -> Vec<String> {
    expected_openings(interval, range, &*calendar(name), minutes_past_hour)
        .map(|opening| opening.to_string())
        .collect()
}

#[test]
fn a_minute_is_expected_wherever_the_market_is_open() {
    let friday = range("2014-06-06", "2014-06-09");
    let minutes = expected("XNYS", Interval::OneMinute, friday, 0);
    assert_eq!(minutes.len(), 390);
    assert_eq!(minutes.first().unwrap(), "2014-06-06T13:30:00Z");
    assert_eq!(minutes.last().unwrap(), "2014-06-06T19:59:00Z");
    assert_eq!(expected("24/7", Interval::OneMinute, friday, 0).len(), 3 * 1_440);
    // Until Friday 21:00Z, then from Sunday 21:00Z.
    assert_eq!(expected("24/5", Interval::OneMinute, friday, 0).len(), 24 * 60);
}

#[test]
fn hours_stand_on_the_hour_or_at_the_opening() {
    let friday = range("2014-06-06", "2014-06-07");
    let on_the_hour = expected("XNAS", Interval::OneHour, friday, 0);
    // As the hourly bars of AAPL are stamped on that day (QuantConnect/Lean, `hour/aapl.zip`): 13:00Z to 19:00Z.
    assert_eq!(on_the_hour.len(), 7);
    assert_eq!(on_the_hour.first().unwrap(), "2014-06-06T13:00:00Z");
    assert_eq!(on_the_hour.last().unwrap(), "2014-06-06T19:00:00Z");
    let at_the_opening = expected("XNAS", Interval::OneHour, friday, 30);
    assert_eq!(at_the_opening.len(), 7);
    assert_eq!(at_the_opening.first().unwrap(), "2014-06-06T13:30:00Z");
    assert_eq!(
        expected("XNAS", Interval::FourHours, friday, 30),
        ["2014-06-06T13:30:00Z", "2014-06-06T17:30:00Z"]
    );
    assert_eq!(expected("24/7", Interval::FourHours, friday, 0).len(), 6);
}

#[test]
fn a_bar_over_two_sessions_is_expected_once() {
    // The forex day rolls at 21:00Z in summer, inside the bar of 20:00Z.
    let openings = expected(
        "24/5",
        Interval::FourHours,
        range("2014-06-03T12:00:00Z", "2014-06-04T04:00:00Z"),
        0,
    );
    assert_eq!(
        openings,
        [
            "2014-06-03T12:00:00Z",
            "2014-06-03T16:00:00Z",
            "2014-06-03T20:00:00Z",
            "2014-06-04T00:00:00Z"
        ]
    );
}

#[test]
fn days_weeks_and_months_are_expected_where_they_hold_a_session() {
    let check = |name, interval, from_to: (&str, &str), openings: &[&str]| {
        let openings: Vec<_> = openings.iter().map(|date| format!("{date}T00:00:00Z")).collect();
        assert_eq!(expected(name, interval, range(from_to.0, from_to.1), 0), openings);
    };
    let june = ("2014-06-05", "2014-06-11");
    check(
        "XNYS",
        Interval::OneDay,
        june,
        &["2014-06-05", "2014-06-06", "2014-06-09", "2014-06-10"],
    );
    check(
        "weekdays",
        Interval::OneWeek,
        ("2014-06-03", "2014-06-17"),
        &["2014-06-09", "2014-06-16"],
    );
    check(
        "24/7",
        Interval::OneMonth,
        ("2014-11-01", "2015-01-02"),
        &["2014-11-01", "2014-12-01", "2015-01-01"],
    );
    check("XNYS", Interval::OneDay, ("2014-06-07", "2014-06-09"), &[]);
    check("XNYS", Interval::OneDay, ("2014-06-05T00:00:01Z", "2014-06-06"), &[]);
}

#[test]
fn a_week_without_a_session_is_not_expected() {
    let mut closed = crate::mock::MockTradingCalendar::new();
    let wednesday = time::macros::date!(2014 - 06 - 11);
    closed
        .expect_session()
        .returning(move |date| (date == wednesday).then(|| range("2014-06-11", "2014-06-12")));
    let weeks: Vec<_> = expected_openings(Interval::OneWeek, range("2014-06-01", "2014-07-01"), &closed, 0).collect();
    assert_eq!(weeks, [at("2014-06-09")]);
}

#[test]
fn tells_three_states_apart_and_groups_them() {
    let days = range("2014-06-02", "2014-06-14");
    let present = [at("2014-06-02"), at("2014-06-03"), at("2014-06-07"), at("2014-06-13")];
    let confirmed: RangeSet = [range("2014-06-05", "2014-06-10")].into_iter().collect();
    let xnys = calendar("XNYS");
    let stretches: Vec<_> = gaps(
        expected_openings(Interval::OneDay, days, &*xnys, 0),
        present,
        &confirmed,
    )
    .collect();
    let stretch = |state, first, last, count| Stretch {
        state,
        first: at(first),
        last: at(last),
        count,
    };
    assert_eq!(
        stretches,
        [
            stretch(BarState::Present, "2014-06-02", "2014-06-03", 2),
            stretch(BarState::Unknown, "2014-06-04", "2014-06-04", 1),
            stretch(BarState::ConfirmedEmpty, "2014-06-05", "2014-06-09", 3),
            stretch(BarState::Unknown, "2014-06-10", "2014-06-12", 3),
            stretch(BarState::Present, "2014-06-13", "2014-06-13", 1),
        ]
    );
}

#[test]
fn an_answer_confirms_for_30_days() {
    let answered = |text| CoveredRange {
        source: SourceName::file(),
        range: range("2014-06-02", "2014-06-14"),
        answered_at: at(text),
    };
    let now = at("2014-07-31");
    assert!(confirmed(&[answered("2014-07-01")], now).is_empty());
    let still = confirmed(&[answered("2014-06-30"), answered("2014-07-01T00:00:01Z")], now);
    assert_eq!(still.iter().collect::<Vec<_>>(), [range("2014-06-02", "2014-06-14")]);
}

#[test]
fn ranges_that_touch_become_one() {
    let set: RangeSet = [
        range("2014-06-04", "2014-06-05"),
        range("2014-06-02", "2014-06-03"),
        range("2014-06-03", "2014-06-04"),
    ]
    .into_iter()
    .collect();
    assert_eq!(set.into_iter().collect::<Vec<_>>(), [range("2014-06-02", "2014-06-05")]);
}

fn seconds(start: i64, end: i64) -> TimeRange {
    let at = |second| Timestamp::from_unix_seconds(second).unwrap();
    TimeRange::new(at(start), at(end)).unwrap()
}

/// The ranges of (add or take out, start, length), into a set and into a list of single seconds.
fn build(steps: &[(bool, i64, i64)]) -> (RangeSet, BTreeSet<i64>) {
    let (mut set, mut model) = (RangeSet::new(), BTreeSet::new());
    for &(add, start, length) in steps {
        if add {
            set.insert(seconds(start, start + length));
            model.extend(start..start + length);
        } else {
            set.remove(seconds(start, start + length));
            model.retain(|second| !(start..start + length).contains(second));
        }
    }
    (set, model)
}

fn members(set: &RangeSet) -> BTreeSet<i64> {
    (-5..60)
        .filter(|second| set.contains(Timestamp::from_unix_seconds(*second).unwrap()))
        .collect()
}

fn is_canonical(set: &RangeSet) -> bool {
    let ranges: Vec<_> = set.iter().collect();
    ranges.windows(2).all(|pair| pair[0].end() < pair[1].start())
}

fn steps() -> impl Strategy<Value = Vec<(bool, i64, i64)>> {
    prop::collection::vec((prop::bool::weighted(0.7), 0_i64..40, 1_i64..12), 0..16)
}

proptest! {
    #[test]
    fn a_range_set_holds_what_single_instants_would(one in steps(), two in steps()) {
        let ((mut set, mut model), (other, other_model)) = (build(&one), build(&two));
        prop_assert_eq!(members(&set), model.clone());
        prop_assert!(is_canonical(&set));
        prop_assert_eq!(set.is_empty(), model.is_empty());
        let shared = set.intersection(&other);
        prop_assert_eq!(members(&shared), model.intersection(&other_model).copied().collect());
        prop_assert!(is_canonical(&shared));
        set.subtract(&other);
        model.retain(|second| !other_model.contains(second));
        prop_assert_eq!(members(&set), model);
        prop_assert!(is_canonical(&set));
    }

    #[test]
    fn expected_bars_of_neighbouring_ranges_are_those_of_both(
        name in prop::sample::select(vec!["24/7", "24/5", "XNYS", "weekdays"]),
        interval in prop::sample::select(Interval::ALL.to_vec()),
        start in 1_390_000_000_i64..1_420_000_000, first in 1_i64..400_000, second in 1_i64..400_000,
        minutes_past_hour in prop::sample::select(vec![0_u8, 30]),
    ) {
        let expect = |from, to| expected(name, interval, seconds(from, to), minutes_past_hour);
        let (middle, end) = (start + first, start + first + second);
        let parts: Vec<_> = expect(start, middle).into_iter().chain(expect(middle, end)).collect();
        let whole = expect(start, end);
        prop_assert!(whole.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn every_expected_bar_is_in_one_stretch(
        present in prop::collection::btree_set(0_i64..40, 0..30), covered in steps()
    ) {
        let at = |second| Timestamp::from_unix_seconds(second).unwrap();
        let (confirmed, _) = build(&covered);
        let there = present.len();
        let stretches: Vec<_> = gaps((0..40).map(at), present.into_iter().map(at), &confirmed).collect();
        prop_assert_eq!(stretches.iter().map(|stretch| stretch.count).sum::<u64>(), 40);
        prop_assert!(stretches.windows(2).all(|pair| pair[0].state != pair[1].state && pair[0].last < pair[1].first));
        let found: u64 = stretches.iter().filter(|one| one.state == BarState::Present).map(|one| one.count).sum();
        prop_assert_eq!(found, u64::try_from(there).unwrap());
    }
}
