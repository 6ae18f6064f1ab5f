//! Pages that join and pages that do not.

use super::*;
use crate::ingest::testing::{at, days, print, range};
use crate::{AssetClass, BarValues, InstrumentId, SeriesKey};

fn january() -> TimeRange {
    range("2020-01-01", "2020-02-01")
}

fn walk(page: Page) -> Walk {
    Walk::new(january(), Interval::OneDay, page)
}

fn batch(bars: Vec<BarValues>) -> MergeBatch {
    let series = SeriesKey {
        instrument: InstrumentId(1),
        interval: Interval::OneDay,
    };
    let bars = bars
        .into_iter()
        .map(|values| crate::Bar::new(values, AssetClass::Crypto).unwrap());
    MergeBatch::of_bars(series, "source".parse().unwrap(), bars.collect())
}

/// The bars of January from one day to another, each with the price of its number in the month.
fn bars(from: &str, to: &str) -> Vec<BarValues> {
    let mut january = days("2020-01-01", "2020-02-01");
    january.retain(|values| range(from, to).contains(values.opened_at));
    january
}

/// An answer: what becomes covered and how many bars are left in the batch, or what is wrong.
fn answer(walk: &mut Walk, answered: TimeRange, bars: Vec<BarValues>) -> String {
    let mut batch = batch(bars);
    let asked = walk.next().unwrap();
    match walk.take(asked, Some(answered), &mut batch) {
        Ok(Onwards::Answered) => {
            let covered = print(&batch.covered.into_iter().collect::<Vec<_>>()).concat();
            format!("{} {covered}", batch.bars.len())
        }
        Ok(Onwards::Silent(failure)) | Err(failure) => failure.to_string(),
    }
}

fn next(walk: &Walk) -> String {
    print(&walk.next().into_iter().collect::<Vec<_>>()).concat()
}

#[test]
fn pages_overlap_by_one_bar_which_is_taken_out() {
    let mut walk = walk(Page::Bars(5));
    assert_eq!(next(&walk), "2020-01-01..2020-02-01");
    let page = |from, to| (range(from, to), bars(from, to));
    let (answered, told) = page("2020-01-01", "2020-01-06");
    assert_eq!(answer(&mut walk, answered, told), "5 2020-01-01..2020-01-06");
    assert_eq!(next(&walk), "2020-01-05..2020-02-01");
    let (answered, told) = page("2020-01-05", "2020-01-10");
    assert_eq!(answer(&mut walk, answered, told), "4 2020-01-06..2020-01-10");
    let (answered, told) = page("2020-01-09", "2020-02-01");
    assert_eq!(answer(&mut walk, answered, told), "22 2020-01-10..2020-02-01");
    assert_eq!(walk.next(), None);
    assert_eq!(walk.into_unanswered(), []);
}

#[test]
fn pages_overlap_only_where_the_provider_parts_them_by_the_start() {
    let check = |page, next_page: &str| {
        let mut walk = walk(page);
        answer(
            &mut walk,
            range("2020-01-01", "2020-01-10"),
            bars("2020-01-01", "2020-01-08"),
        );
        assert_eq!(next(&walk), next_page, "{page:?}");
    };
    check(Page::Bars(100), "2020-01-07..2020-02-01");
    check(Page::Bars(1), "2020-01-10..2020-02-01");
    check(Page::Whole, "2020-01-10..2020-02-01");
    check(Page::Month, "2020-01-10..2020-02-01");
    check(Page::Span(time::Duration::days(4)), "2020-01-07..2020-02-01");
    // From the last bar on, such a page would end where the last one did.
    check(Page::Span(time::Duration::days(3)), "2020-01-10..2020-02-01");
}

#[test]
fn a_page_without_the_bar_that_ended_the_one_before_is_refused() {
    let mut walk = walk(Page::Bars(5));
    answer(
        &mut walk,
        range("2020-01-01", "2020-01-06"),
        bars("2020-01-01", "2020-01-06"),
    );
    let refused = answer(
        &mut walk,
        range("2020-01-05", "2020-01-11"),
        bars("2020-01-06", "2020-01-11"),
    );
    assert_eq!(
        refused,
        "the page from 2020-01-05T00:00:00Z on does not repeat the bar of 2020-01-05T00:00:00Z, with which the page before \
         ended: bars between them may be missing, so nothing of it was stored; ingest again, and tell the provider when it \
         lasts"
    );
}

#[test]
fn a_page_that_repeats_the_bar_with_other_values_is_refused() {
    let mut walk = walk(Page::Bars(5));
    answer(
        &mut walk,
        range("2020-01-01", "2020-01-06"),
        bars("2020-01-01", "2020-01-06"),
    );
    let mut moved = bars("2020-01-05", "2020-01-10");
    moved[0].volume = "7".parse().unwrap();
    let refused = answer(&mut walk, range("2020-01-05", "2020-01-10"), moved);
    assert!(
        refused.starts_with(
            "the page from 2020-01-05T00:00:00Z on repeats the bar of 2020-01-05T00:00:00Z with other values"
        ),
        "{refused}"
    );
}

#[test]
fn a_bar_that_comes_twice_at_the_border_agrees_both_times() {
    let mut walk = walk(Page::Bars(5));
    answer(
        &mut walk,
        range("2020-01-01", "2020-01-06"),
        bars("2020-01-01", "2020-01-06"),
    );
    let mut twice = bars("2020-01-05", "2020-01-08");
    twice.insert(0, twice[0].clone());
    assert_eq!(
        answer(&mut walk, range("2020-01-05", "2020-01-08"), twice),
        "2 2020-01-06..2020-01-08"
    );
}

#[test]
fn coverage_ends_behind_the_last_bar() {
    let mut walk = walk(Page::Whole);
    assert_eq!(
        answer(&mut walk, january(), bars("2020-01-03", "2020-01-20")),
        "17 2020-01-01..2020-01-20"
    );
    assert_eq!(walk.next(), None, "it is answered to its end all the same");
}

#[test]
fn empty_answers_are_covered_once_a_bar_stands_behind_them() {
    let mut walk = walk(Page::Span(time::Duration::days(7)));
    assert_eq!(answer(&mut walk, range("2020-01-01", "2020-01-08"), Vec::new()), "0 ");
    assert_eq!(answer(&mut walk, range("2020-01-08", "2020-01-15"), Vec::new()), "0 ");
    assert_eq!(
        answer(
            &mut walk,
            range("2020-01-15", "2020-01-22"),
            bars("2020-01-16", "2020-01-18")
        ),
        "2 2020-01-01..2020-01-18"
    );
    assert_eq!(
        answer(
            &mut walk,
            range("2020-01-17", "2020-01-24"),
            bars("2020-01-17", "2020-01-18")
        ),
        "0 "
    );
    assert_eq!(answer(&mut walk, range("2020-01-24", "2020-01-31"), Vec::new()), "0 ");
    assert_eq!(
        answer(
            &mut walk,
            range("2020-01-31", "2020-02-01"),
            bars("2020-01-31", "2020-02-01")
        ),
        "1 2020-01-18..2020-02-01"
    );
}

#[test]
fn an_empty_answer_before_bars_that_came_earlier_is_covered() {
    let mut walk = walk(Page::Whole).answered_until(Some(at("2020-06-01")));
    assert_eq!(answer(&mut walk, january(), Vec::new()), "0 2020-01-01..2020-02-01");
    let mut halfway = self::walk(Page::Whole).answered_until(Some(at("2020-01-20")));
    assert_eq!(answer(&mut halfway, january(), Vec::new()), "0 2020-01-01..2020-01-20");
}

#[test]
fn what_an_answer_passes_over_is_not_covered() {
    let late = || (range("2020-01-11", "2020-02-01"), bars("2020-01-12", "2020-02-01"));
    let mut walk = self::walk(Page::Month);
    let (answered, told) = late();
    assert_eq!(answer(&mut walk, answered, told), "20 2020-01-11..2020-02-01");
    assert_eq!(walk.into_unanswered(), [range("2020-01-01", "2020-01-11")]);

    let mut open = self::walk(Page::Month).beginning_open(true);
    let (answered, told) = late();
    assert_eq!(answer(&mut open, answered, told), "20 2020-01-11..2020-02-01");
    assert_eq!(open.into_unanswered(), [], "it is where the provider begins");
}

#[test]
fn an_answer_that_leads_nowhere_is_refused() {
    let stalled = |at: &str| {
        format!("the provider's answer leads nowhere from {at} on, so asking on would never end; ingest again later")
    };
    let mut walk = walk(Page::Bars(5));
    let first = range("2020-01-01", "2020-01-06");
    answer(&mut walk, first, bars("2020-01-01", "2020-01-06"));
    // Nothing but the bar that was there.
    let border = answer(
        &mut walk,
        range("2020-01-05", "2020-01-06"),
        bars("2020-01-05", "2020-01-06"),
    );
    assert_eq!(border, stalled("2020-01-06T00:00:00Z"));

    // Less than one bar at a time would be as good as endless.
    let mut crawling = self::walk(Page::Span(time::Duration::HOUR));
    let hour = range("2020-01-01T00:00:00Z", "2020-01-01T01:00:00Z");
    assert_eq!(answer(&mut crawling, hour, Vec::new()), stalled("2020-01-01T00:00:00Z"));
    let mut slow = self::walk(Page::Bars(1));
    let answered = answer(&mut slow, hour, bars("2020-01-01", "2020-01-02"));
    assert_eq!(answered, "1 2020-01-01..2020-01-01T01:00:00Z");
}

#[test]
fn an_answer_that_says_nothing_ends_the_walk_and_covers_nothing() {
    let mut walk = walk(Page::Whole);
    let mut told = batch(bars("2020-01-05", "2020-01-06"));
    let onwards = walk.take(january(), None, &mut told).unwrap();
    assert!(
        matches!(onwards, Onwards::Silent(Failure::Silent { .. })),
        "{onwards:?}"
    );
    assert_eq!((told.bars.len(), told.covered), (1, None));
    let elsewhere = Some(range("2021-01-01", "2021-02-01"));
    let onwards = walk.take(january(), elsewhere, &mut told).unwrap();
    assert!(matches!(onwards, Onwards::Silent(_)), "{onwards:?}");
}
