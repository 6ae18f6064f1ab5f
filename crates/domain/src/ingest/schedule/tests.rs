//! Differences of sets, by hand.

use std::sync::Arc;

use super::*;
use crate::ingest::testing::{at, print, range};
use crate::{Calendars, Page};

const NOW: &str = "2020-07-15T12:00:00Z";

struct Case {
    interval: Interval,
    calendar: &'static str,
    look_back: Option<Duration>,
    since: Option<Timestamp>,
    before: Vec<TimeRange>,
    fresh: Vec<TimeRange>,
    refresh: bool,
}

fn daily() -> Case {
    Case {
        interval: Interval::OneDay,
        calendar: "24/7",
        look_back: None,
        since: None,
        before: Vec::new(),
        fresh: Vec::new(),
        refresh: false,
    }
}

impl Case {
    fn schedule(&self, asked: TimeRange) -> Schedule {
        let calendar: Arc<dyn TradingCalendar> = Calendars::built_in()
            .unwrap()
            .get(&self.calendar.parse().unwrap())
            .unwrap();
        let offered = OfferedInterval {
            interval: self.interval,
            look_back: self.look_back,
            since: self.since,
            page: Page::Whole,
        };
        let terms = Terms {
            interval: self.interval,
            offered: &offered,
            calendar: &*calendar,
            refresh: self.refresh,
        };
        let answered = Answered {
            before: self.before.iter().copied().collect(),
            since: self.fresh.iter().copied().collect(),
        };
        terms.schedule(asked, &answered, at(NOW))
    }

    fn check(&self, asked: TimeRange, fetch: &[&str]) {
        assert_eq!(print(&self.schedule(asked).ranges), fetch);
    }
}

fn answered(start: &str, end: &str) -> Case {
    Case {
        before: vec![range(start, end)],
        ..daily()
    }
}

fn since(start: &str) -> TimeRange {
    TimeRange::new(at(start), Timestamp::MAX).unwrap()
}

fn until(end: &str) -> TimeRange {
    TimeRange::new(Timestamp::MIN, at(end)).unwrap()
}

#[test]
fn what_was_never_asked_is_asked_up_to_now() {
    daily().check(TimeRange::ALL, &["..2020-07-15T12:00:00Z"]);
    daily().check(range("2020-01-01", "2020-02-01"), &["2020-01-01..2020-02-01"]);
    daily().check(range("2020-01-01", "2031-01-01"), &["2020-01-01..2020-07-15T12:00:00Z"]);
    daily().check(range("2031-01-01", "2032-01-01"), &[]);
}

#[test]
fn what_was_answered_is_asked_around_in_both_directions() {
    let half = answered("2020-02-01", "2020-03-01");
    // The last five days of February join what is behind.
    half.check(
        since("2020-01-01"),
        &["2020-01-01..2020-02-01", "2020-02-25..2020-07-15T12:00:00Z"],
    );
    half.check(range("2020-01-01", "2020-02-01"), &["2020-01-01..2020-02-01"]);
    half.check(range("2020-01-01", "2020-02-10"), &["2020-01-01..2020-02-01"]);
    half.check(until("2020-02-10"), &["..2020-02-01"]);
    half.check(range("2020-02-10", "2020-02-20"), &[]);
    half.check(range("2020-02-10", "2020-02-27"), &["2020-02-25..2020-02-27"]);
}

#[test]
fn only_the_last_sessions_of_all_that_was_answered_are_asked_again() {
    let islands = Case {
        before: vec![range("2020-01-01", "2020-02-01"), range("2020-03-01", "2020-07-15")],
        ..daily()
    };
    islands.check(
        since("2020-01-01"),
        &["2020-02-01..2020-03-01", "2020-07-10..2020-07-15T12:00:00Z"],
    );
    let told = islands.schedule(since("2020-01-01")).again.unwrap();
    assert_eq!(told, range("2020-07-10", "2020-07-15"));
    assert_eq!(islands.schedule(range("2020-01-01", "2020-01-05")), Schedule::default());
}

#[test]
fn five_sessions_are_counted_by_the_calendar() {
    let check = |calendar, interval, until: &str, fetch: &str| {
        let case = Case {
            calendar,
            interval,
            ..answered("2020-01-01", until)
        };
        case.check(since("2020-01-01"), &[fetch]);
    };
    let end = "..2020-07-15T12:00:00Z";
    // Saturday and Sunday, 11 and 12 July 2020, have no session: behind Monday's bar, five sessions begin on Tuesday.
    check("XNYS", Interval::OneDay, "2020-07-14", &format!("2020-07-07{end}"));
    check("24/7", Interval::OneDay, "2020-07-14", &format!("2020-07-09{end}"));
    // Through the weekend: the same as behind Friday's bar.
    check("weekdays", Interval::OneDay, "2020-07-13", &format!("2020-07-06{end}"));
    // Weeks and months that hold one of those sessions.
    check("XNYS", Interval::OneWeek, "2020-07-13", &format!("2020-07-06{end}"));
    check("XNYS", Interval::OneMonth, "2020-07-03", &format!("2020-06-01{end}"));
    // 09:30 in New York, from the full hour that holds it.
    check(
        "XNYS",
        Interval::OneHour,
        "2020-07-14T20:00:00Z",
        &format!("2020-07-08T13:00:00Z{end}"),
    );
    check(
        "XNYS",
        Interval::FiveMinutes,
        "2020-07-14T15:00:00Z",
        &format!("2020-07-08T13:30:00Z{end}"),
    );
    check(
        "24/7",
        Interval::OneHour,
        "2020-07-14T15:00:00Z",
        &format!("2020-07-10{end}"),
    );
    // The forex day of Tuesday, 14 July, began at 21:00Z on Monday.
    check(
        "24/5",
        Interval::OneMinute,
        "2020-07-14T15:00:00Z",
        &format!("2020-07-07T21:00:00Z{end}"),
    );
}

#[test]
fn a_refresh_asks_everything_again_but_what_this_run_was_answered() {
    let refresh = Case {
        refresh: true,
        ..answered("2020-01-01", "2020-07-15")
    };
    refresh.check(since("2020-01-01"), &["2020-01-01..2020-07-15T12:00:00Z"]);
    assert_eq!(refresh.schedule(since("2020-01-01")).again, None);
    let resumed = Case {
        fresh: vec![range("2020-01-01", "2020-03-01")],
        ..refresh
    };
    resumed.check(since("2020-01-01"), &["2020-03-01..2020-07-15T12:00:00Z"]);
}

#[test]
fn an_attempt_asks_nothing_that_an_earlier_one_was_answered() {
    let resumed = Case {
        fresh: vec![range("2020-03-01", "2020-05-01")],
        ..answered("2020-01-01", "2020-03-01")
    };
    resumed.check(since("2020-01-01"), &["2020-05-01..2020-07-15T12:00:00Z"]);
}

#[test]
fn nothing_is_asked_before_the_look_back() {
    let month = Case {
        look_back: Some(Duration::days(30)),
        ..daily()
    };
    let reach = at("2020-06-15T12:00:00Z");
    let schedule = month.schedule(since("2020-06-01"));
    assert_eq!(print(&schedule.ranges), ["2020-06-15T12:00:00Z..2020-07-15T12:00:00Z"]);
    assert_eq!(schedule.out_of_reach, TimeRange::new(at("2020-06-01"), reach).ok());

    let schedule = month.schedule(TimeRange::ALL);
    assert_eq!(print(&schedule.ranges), ["2020-06-15T12:00:00Z..2020-07-15T12:00:00Z"]);
    assert_eq!(schedule.out_of_reach, None, "an open start asks for what there is");

    let schedule = month.schedule(range("2020-01-01", "2020-02-01"));
    assert_eq!(print(&schedule.ranges), [""; 0]);
    assert_eq!(schedule.out_of_reach, Some(range("2020-01-01", "2020-02-01")));

    let kept = Case {
        before: vec![range("2020-05-01", "2020-07-15")],
        ..month
    };
    let schedule = kept.schedule(since("2020-06-01"));
    assert_eq!(schedule.out_of_reach, None, "it was answered when it was in reach");
    assert_eq!(print(&schedule.ranges), ["2020-07-10..2020-07-15T12:00:00Z"]);
}

#[test]
fn a_known_beginning_is_where_open_ranges_begin() {
    let known = Case {
        since: Some(at("2000-01-01")),
        ..daily()
    };
    known.check(TimeRange::ALL, &["2000-01-01..2020-07-15T12:00:00Z"]);
    let lost = known.schedule(range("1999-12-01", "2000-02-01")).out_of_reach;
    assert_eq!(lost, Some(range("1999-12-01", "2000-01-01")));
}

#[test]
fn answers_of_other_sources_count_for_nothing() {
    let covered = |source: &str, answered_at: &str| CoveredRange {
        source: source.parse().unwrap(),
        range: range("2020-01-01", "2020-02-01"),
        answered_at: at(answered_at),
    };
    let yahoo: SourceName = "yahoo".parse().unwrap();
    let of = |covered: &[CoveredRange], asked_at: Option<&str>| {
        let answered = Answered::by(&yahoo, covered, asked_at.map(at));
        (!answered.before.is_empty(), !answered.since.is_empty())
    };
    assert_eq!(of(&[covered("binance", NOW)], None), (false, false));
    assert_eq!(of(&[covered("yahoo", NOW)], None), (true, false));
    assert_eq!(of(&[covered("yahoo", NOW)], Some(NOW)), (true, false));
    assert_eq!(
        of(&[covered("yahoo", NOW)], Some("2020-07-15T11:00:00Z")),
        (false, true)
    );
}
