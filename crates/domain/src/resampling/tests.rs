//! Resampling by example, on real bars.

mod laws;

use super::*;
use crate::{AssetClass, BarValues, Calendars, TimeRange, Volume};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn calendar(name: &str) -> Arc<dyn TradingCalendar> {
    Calendars::built_in().unwrap().get(&name.parse().unwrap()).unwrap()
}

/// A final bar from `lean` without a count of trades, from `timestamp,open,high,low,close,volume`.
fn part(text: &str) -> PriceRow {
    let cells: Vec<_> = text.split(',').collect();
    let price = |index: usize| cells[index].parse().unwrap();
    let values = BarValues {
        opened_at: at(cells[0]),
        open: price(1),
        high: price(2),
        low: price(3),
        close: price(4),
        volume: cells[5].parse().unwrap(),
        trade_count: None,
        vwap: None,
    };
    PriceRow {
        bar: Bar::new(values, AssetClass::Stock).unwrap(),
        source: Some("lean".parse().unwrap()),
        provisional: false,
    }
}

fn print(part: &PriceRow) -> String {
    let BarValues {
        opened_at,
        open,
        high,
        low,
        close,
        volume,
        trade_count,
        vwap,
    } = part.bar.values();
    let mut text = format!("{opened_at},{open},{high},{low},{close},{volume}");
    if let Some(trades) = trade_count {
        text += &format!(",{trades}");
    }
    if let Some(vwap) = vwap {
        text += &format!(",{vwap}");
    }
    text
}

struct Setting {
    calendar: Arc<dyn TradingCalendar>,
    minutes_past_hour: u8,
}

fn on(name: &str, minutes_past_hour: u8) -> Setting {
    Setting {
        calendar: calendar(name),
        minutes_past_hour,
    }
}

impl Setting {
    fn run(&self, from: Interval, to: Interval, order: TimeOrder, parts: &[PriceRow]) -> Vec<PriceRow> {
        let mut resampler = Resampler::new(to, from, order, Arc::clone(&self.calendar), self.minutes_past_hour);
        let mut bars = Vec::new();
        for part in parts {
            bars.extend(resampler.push(part.clone()).unwrap());
        }
        bars.extend(resampler.finish().unwrap());
        bars
    }

    fn ascending(&self, from: Interval, to: Interval, parts: &[PriceRow]) -> Vec<PriceRow> {
        self.run(from, to, TimeOrder::Ascending, parts)
    }

    fn start(&self, from: Interval, to: Interval, opened_at: &str) -> String {
        bucket_start(to, at(opened_at), from, &*self.calendar, self.minutes_past_hour).to_string()
    }

    fn parts(&self, from: Interval, to: Interval, start: &str, end: &str) -> Option<String> {
        let range = TimeRange::new(at(start), at(end)).unwrap();
        parts_range(range, to, from, &*self.calendar, self.minutes_past_hour).map(|range| range.to_string())
    }
}

#[test]
fn the_hours_of_a_day_make_the_day() {
    // AAPL on 2014-06-06, hourly and daily, unadjusted: QuantConnect/Lean, `hour/aapl.zip` and `daily/aapl.zip`
    // (Apache-2.0).
    let hours = [
        "2014-06-06T13:00:00Z,650,650.49,645.87,647.86,1948738",
        "2014-06-06T14:00:00Z,647.96,648.44,645.5,647.52,1502908",
        "2014-06-06T15:00:00Z,647.43,649.93,646.91,649.69,1413387",
        "2014-06-06T16:00:00Z,649.71,651.25,649.15,649.74,1534883",
        "2014-06-06T17:00:00Z,649.77,649.8,644.48,645.74,1803198",
        "2014-06-06T18:00:00Z,645.65,649.12,645.42,648.43,1193992",
        "2014-06-06T19:00:00Z,648.42,648.49,645.22,645.57,2719565",
    ]
    .map(part);
    let day = on("XNAS", 0).ascending(Interval::OneHour, Interval::OneDay, &hours);
    assert_eq!(day.len(), 1);
    assert_eq!(print(&day[0]), "2014-06-06T00:00:00Z,650,651.25,644.48,645.57,12116671");
    assert_eq!(day[0].source.as_ref().unwrap().as_str(), "lean");
}

#[test]
fn the_days_of_a_week_make_the_week() {
    // AAPL, as above; the week before the split, and the first day behind it.
    let days = [
        "2014-06-02T00:00:00Z,634,634.83,622.5,628.65,12991558",
        "2014-06-03T00:00:00Z,628.47,638.71,628.25,637.54,10184007",
        "2014-06-04T00:00:00Z,637.28,647.9,636.1,644.82,11799618",
        "2014-06-05T00:00:00Z,646.25,649.35,642.61,647.35,10445282",
        "2014-06-06T00:00:00Z,650,651.25,644.48,645.57,12116671",
        "2014-06-09T00:00:00Z,92.69,93.88,91.75,93.7,72875948",
    ]
    .map(part);
    let weeks = on("XNAS", 0).ascending(Interval::OneDay, Interval::OneWeek, &days);
    assert_eq!(
        weeks.iter().map(print).collect::<Vec<_>>(),
        [
            "2014-06-02T00:00:00Z,634,651.25,622.5,645.57,57537136",
            "2014-06-09T00:00:00Z,92.69,93.88,91.75,93.7,72875948"
        ]
    );
    let month = on("XNAS", 0).ascending(Interval::OneDay, Interval::OneMonth, &days);
    assert_eq!(print(&month[0]), "2014-06-01T00:00:00Z,634,651.25,91.75,93.7,130413084");
}

fn stating(text: &str, trades: Option<u64>, vwap: Option<&str>) -> PriceRow {
    let mut part = part(text);
    let mut values = part.bar.into_values();
    values.trade_count = trades;
    values.vwap = vwap.map(|text| text.parse().unwrap());
    part.bar = Bar::new(values, AssetClass::Stock).unwrap();
    part
}

#[test]
fn states_only_what_all_parts_state() {
    let first = "2014-06-06T13:30:00Z,10,10,10,10,1";
    let second = "2014-06-06T13:31:00Z,11,11,11,11,2.0";
    let check = |parts: [PriceRow; 2], expected: &str| {
        let bars = on("XNYS", 0).ascending(Interval::OneMinute, Interval::FiveMinutes, &parts);
        assert_eq!(print(&bars[0]), expected);
    };
    let whole = "2014-06-06T13:30:00Z,10,11,10,11,3.0";
    check(
        [
            stating(first, Some(3), Some("10")),
            stating(second, Some(4), Some("11")),
        ],
        &format!("{whole},7,10.6666666667"),
    );
    check(
        [
            stating(first, Some(3), Some("10")),
            stating(second, Some(4), Some("10.00")),
        ],
        &format!("{whole},7,10"),
    );
    check(
        [stating(first, Some(3), None), stating(second, None, Some("11"))],
        whole,
    );
    let empty = [
        "2014-06-06T13:30:00Z,10,10,10,10,0",
        "2014-06-06T13:31:00Z,10,10,10,10,0",
    ];
    check(
        empty.map(|text| stating(text, Some(0), Some("10"))),
        "2014-06-06T13:30:00Z,10,10,10,10,0,0",
    );
}

#[test]
fn a_source_is_named_when_it_is_the_only_one_and_one_open_part_makes_the_bar_provisional() {
    let first = part("2014-06-06T13:30:00Z,10,10,10,10,1");
    let mut second = part("2014-06-06T13:31:00Z,10,10,10,10,1");
    second.source = Some("yahoo".parse().unwrap());
    second.provisional = true;
    let third = part("2014-06-06T13:32:00Z,10,10,10,10,1");
    let bars = on("XNYS", 0).ascending(Interval::OneMinute, Interval::FiveMinutes, &[first, second, third]);
    assert_eq!((bars[0].source.clone(), bars[0].provisional), (None, true));
}

#[test]
fn of_equal_extremes_the_earlier_text_is_kept_in_both_orders() {
    let mut parts = [
        part("2014-06-06T13:30:00Z,10.0,10.0,10.0,10.0,1"),
        part("2014-06-06T13:31:00Z,10,10,10,10,1"),
    ];
    let setting = on("XNYS", 0);
    let up = setting.ascending(Interval::OneMinute, Interval::FiveMinutes, &parts);
    parts.reverse();
    let down = setting.run(
        Interval::OneMinute,
        Interval::FiveMinutes,
        TimeOrder::Descending,
        &parts,
    );
    assert_eq!(print(&up[0]), "2014-06-06T13:30:00Z,10.0,10.0,10.0,10,2");
    assert_eq!(print(&down[0]), print(&up[0]));
}

#[test]
fn a_sum_that_cannot_be_held_is_an_error() {
    let huge = part("2014-06-06T13:30:00Z,10,10,10,10,99999999999999999999");
    let mut resampler = Resampler::new(
        Interval::OneDay,
        Interval::OneMinute,
        TimeOrder::Ascending,
        calendar("24/7"),
        0,
    );
    assert_eq!(resampler.push(huge.clone()), Ok(None));
    assert!(resampler.push(huge).is_err());
}

#[test]
fn nothing_makes_no_bar() {
    let none = on("24/7", 0).ascending(Interval::OneMinute, Interval::OneDay, &[]);
    assert_eq!(none, []);
}

#[test]
fn minutes_and_hours_open_on_the_grid_of_utc() {
    let check = |to, opened_at, start| assert_eq!(on("24/7", 0).start(Interval::OneMinute, to, opened_at), start);
    check(Interval::FiveMinutes, "2014-06-06T13:34:00Z", "2014-06-06T13:30:00Z");
    check(Interval::ThirtyMinutes, "2014-06-06T13:59:00Z", "2014-06-06T13:30:00Z");
    check(Interval::OneHour, "2014-06-06T13:59:00Z", "2014-06-06T13:00:00Z");
    check(Interval::FourHours, "2014-06-06T13:59:00Z", "2014-06-06T12:00:00Z");
}

#[test]
fn hours_of_a_series_that_opens_at_half_past_count_from_the_opening() {
    let check = |to, opened_at, start| assert_eq!(on("XNYS", 30).start(Interval::OneMinute, to, opened_at), start);
    check(Interval::FifteenMinutes, "2014-06-06T13:44:00Z", "2014-06-06T13:30:00Z");
    check(Interval::OneHour, "2014-06-06T13:30:00Z", "2014-06-06T13:30:00Z");
    check(Interval::OneHour, "2014-06-06T13:29:00Z", "2014-06-06T12:30:00Z");
    check(Interval::FourHours, "2014-06-06T13:30:00Z", "2014-06-06T13:30:00Z");
    check(Interval::FourHours, "2014-06-06T17:29:00Z", "2014-06-06T13:30:00Z");
    check(Interval::FourHours, "2014-06-06T19:59:00Z", "2014-06-06T17:30:00Z");
    check(Interval::FourHours, "2014-06-06T21:30:00Z", "2014-06-06T21:30:00Z"); // after hours
    check(Interval::FourHours, "2014-06-09T13:29:00Z", "2014-06-09T09:30:00Z"); // before hours, from Friday's opening
    // Winter opens an hour later in UTC.
    check(Interval::FourHours, "2014-12-05T14:30:00Z", "2014-12-05T14:30:00Z");
    let weekdays = on("weekdays", 15).start(Interval::OneMinute, Interval::FourHours, "2014-06-06T00:10:00Z");
    assert_eq!(weekdays, "2014-06-05T20:15:00Z");
}

#[test]
fn days_weeks_and_months_follow_the_session_date() {
    let check = |name, from, to, opened_at, start: &str| {
        assert_eq!(on(name, 0).start(from, to, opened_at), format!("{start}T00:00:00Z"));
    };
    use Interval::{OneDay, OneHour, OneMonth, OneWeek};
    check("24/5", OneHour, OneDay, "2017-04-23T21:00:00Z", "2017-04-24");
    check("24/5", OneHour, OneDay, "2017-04-24T20:00:00Z", "2017-04-24");
    check("24/5", OneHour, OneWeek, "2017-04-23T21:00:00Z", "2017-04-24");
    check("24/5", OneHour, OneMonth, "2017-04-30T21:00:00Z", "2017-05-01");
    check("XNYS", OneHour, OneDay, "2014-06-07T00:00:00Z", "2014-06-06");
    // A daily bar is stamped with its session date, whatever the hour is in New York.
    check("XNYS", OneDay, OneWeek, "2014-06-09T00:00:00Z", "2014-06-09");
    check("XNYS", OneDay, OneMonth, "2014-06-30T00:00:00Z", "2014-06-01");
}

#[test]
fn a_bar_belongs_to_a_range_by_its_opening() {
    use Interval::{FiveMinutes, FourHours, OneDay, OneHour, OneMinute, OneMonth, OneWeek};
    let check = |setting: Setting, from, to, start, end, parts: Option<&str>| {
        assert_eq!(setting.parts(from, to, start, end).as_deref(), parts, "{from} to {to}");
    };
    let (noon, later) = ("2014-06-06T12:01:00Z", "2014-06-06T12:56:00Z");
    check(
        on("24/7", 0),
        OneMinute,
        FiveMinutes,
        noon,
        later,
        Some("[2014-06-06T12:05:00Z, 2014-06-06T13:00:00Z)"),
    );
    check(on("24/7", 0), OneMinute, OneHour, noon, later, None);
    check(
        on("24/7", 0),
        OneMinute,
        OneHour,
        "2014-06-06T12:00:00Z",
        later,
        Some("[2014-06-06T12:00:00Z, 2014-06-06T13:00:00Z)"),
    );
    check(
        on("XNYS", 30),
        OneMinute,
        FourHours,
        noon,
        later,
        Some("[2014-06-06T12:01:00Z, 2014-06-06T16:56:00Z)"),
    );
    let (tuesday, next) = ("2014-06-03T00:00:00Z", "2014-06-10T00:00:00Z");
    check(
        on("XNYS", 0),
        OneDay,
        OneWeek,
        tuesday,
        next,
        Some("[2014-06-09T00:00:00Z, 2014-06-16T00:00:00Z)"),
    );
    check(on("XNYS", 0), OneDay, OneMonth, tuesday, next, None);
    // Within an hour of the session dates, in their zone.
    check(
        on("24/7", 0),
        OneMinute,
        OneDay,
        tuesday,
        next,
        Some("[2014-06-02T23:00:00Z, 2014-06-10T00:00:00Z)"),
    );
    check(
        on("24/5", 0),
        OneMinute,
        OneDay,
        tuesday,
        next,
        Some("[2014-06-02T20:00:00Z, 2014-06-09T21:00:00Z)"),
    );
    check(
        on("XNYS", 0),
        OneMinute,
        OneDay,
        tuesday,
        next,
        Some("[2014-06-03T03:00:00Z, 2014-06-10T04:00:00Z)"),
    );
    // All of time: but for hours at its ends.
    for to in [FiveMinutes, FourHours, OneDay, OneWeek, OneMonth] {
        let parts = parts_range(TimeRange::ALL, to, OneMinute, &*calendar("XNYS"), 0).unwrap();
        assert!(
            parts.contains(at("0001-01-02T00:00:00Z")) && parts.contains(at("9999-12-30T00:00:00Z")),
            "{to}"
        );
    }
}
