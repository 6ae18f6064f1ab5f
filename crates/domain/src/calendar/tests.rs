//! Sessions, dates and zones across changes of summer time.

use proptest::prelude::*;
use time::macros::{date, time};
use time::{Duration, Time};

use super::hours::{Edge, MarketHours};
use super::*;
use crate::{InstrumentDetails, InstrumentId};

fn calendar(name: &str) -> std::sync::Arc<dyn TradingCalendar> {
    Calendars::built_in().unwrap().get(&name.parse().unwrap()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn new_york_opens_at_1430_in_winter_and_1330_in_summer() {
    let check = |date, session: Option<&str>| {
        for name in ["XNYS", "XNAS"] {
            let printed = calendar(name).session(date).map(|session| session.to_string());
            assert_eq!(printed.as_deref(), session, "{name} {date}");
        }
    };
    // Summer time began on Sunday 2014-03-09 and ended on Sunday 2014-11-02.
    check(
        date!(2014 - 03 - 07),
        Some("[2014-03-07T14:30:00Z, 2014-03-07T21:00:00Z)"),
    );
    check(date!(2014 - 03 - 08), None);
    check(date!(2014 - 03 - 09), None);
    check(
        date!(2014 - 03 - 10),
        Some("[2014-03-10T13:30:00Z, 2014-03-10T20:00:00Z)"),
    );
    check(
        date!(2014 - 10 - 31),
        Some("[2014-10-31T13:30:00Z, 2014-10-31T20:00:00Z)"),
    );
    check(date!(2014 - 11 - 02), None);
    check(
        date!(2014 - 11 - 03),
        Some("[2014-11-03T14:30:00Z, 2014-11-03T21:00:00Z)"),
    );
}

#[test]
fn the_forex_date_rolls_at_1700_in_new_york() {
    let forex = calendar("24/5");
    let check = |instant, date| assert_eq!(forex.session_date(at(instant)), date, "{instant}");
    check("2014-03-07T21:59:59Z", date!(2014 - 03 - 07));
    check("2014-03-07T22:00:00Z", date!(2014 - 03 - 08));
    check("2014-03-09T20:59:59.999999Z", date!(2014 - 03 - 09));
    check("2014-03-09T21:00:00Z", date!(2014 - 03 - 10));
    check("2014-10-31T20:59:59Z", date!(2014 - 10 - 31));
    check("2014-11-02T21:59:59Z", date!(2014 - 11 - 02));
    check("2014-11-02T22:00:00Z", date!(2014 - 11 - 03));
}

#[test]
fn the_forex_week_runs_from_sunday_to_friday_evening() {
    let forex = calendar("24/5");
    let check = |date, session: Option<&str>| {
        assert_eq!(
            forex.session(date).map(|session| session.to_string()).as_deref(),
            session
        );
    };
    // EUR/USD of April 2017 has its last hour at 20:00Z on Friday the 21st and the next at 21:00Z on Sunday the 23rd.
    check(
        date!(2017 - 04 - 21),
        Some("[2017-04-20T21:00:00Z, 2017-04-21T21:00:00Z)"),
    );
    check(date!(2017 - 04 - 22), None);
    check(date!(2017 - 04 - 23), None);
    check(
        date!(2017 - 04 - 24),
        Some("[2017-04-23T21:00:00Z, 2017-04-24T21:00:00Z)"),
    );
    // Across the end of summer time a session lasts 25 hours only where no weekend hides it; this one does.
    check(
        date!(2014 - 11 - 03),
        Some("[2014-11-02T22:00:00Z, 2014-11-03T22:00:00Z)"),
    );
}

#[test]
fn crypto_never_closes_and_weekdays_rest_at_the_weekend() {
    let saturday = date!(2021 - 05 - 01);
    assert_eq!(
        calendar("24/7").session(saturday).unwrap().to_string(),
        "[2021-05-01T00:00:00Z, 2021-05-02T00:00:00Z)"
    );
    assert_eq!(calendar("weekdays").session(saturday), None);
    assert_eq!(
        calendar("weekdays").session(date!(2021 - 05 - 03)).unwrap().to_string(),
        "[2021-05-03T00:00:00Z, 2021-05-04T00:00:00Z)"
    );
}

#[test]
fn trades_before_and_after_hours_count_to_their_day() {
    let check = |instant, date| assert_eq!(calendar("XNYS").session_date(at(instant)), date, "{instant}");
    check("2014-06-09T08:00:00Z", date!(2014 - 06 - 09)); // 04:00, before hours
    check("2014-06-09T23:59:00Z", date!(2014 - 06 - 09)); // 19:59, after hours
    check("2014-06-10T03:59:59Z", date!(2014 - 06 - 09));
    check("2014-06-10T04:00:00Z", date!(2014 - 06 - 10));
    check("2014-01-10T04:59:59Z", date!(2014 - 01 - 09));
}

#[test]
fn a_session_holds_its_opening_and_not_its_close() {
    let session = calendar("XNYS").session(date!(2014 - 06 - 06)).unwrap();
    assert!(session.contains(at("2014-06-06T13:30:00Z")));
    assert!(session.contains(at("2014-06-06T19:59:59.999999Z")));
    assert!(!session.contains(at("2014-06-06T20:00:00Z")));
}

#[test]
fn bars_close_after_their_length_or_with_their_last_day() {
    let check = |name: &str, interval: Interval, opened_at: &str, closes: &str| {
        let closed = closes_at(interval, at(opened_at), &*calendar(name));
        assert_eq!(closed, at(closes), "{name} {interval} {opened_at}");
    };
    let thursday = "2014-06-05T13:30:00Z";
    check("XNYS", Interval::OneMinute, thursday, "2014-06-05T13:31:00Z");
    check("XNYS", Interval::FiveMinutes, thursday, "2014-06-05T13:35:00Z");
    check("XNYS", Interval::FifteenMinutes, thursday, "2014-06-05T13:45:00Z");
    check("XNYS", Interval::ThirtyMinutes, thursday, "2014-06-05T14:00:00Z");
    check("XNYS", Interval::OneHour, thursday, "2014-06-05T14:30:00Z");
    check("XNYS", Interval::FourHours, thursday, "2014-06-05T17:30:00Z");
    let check_day = |name, date: &str, closes| check(name, Interval::OneDay, &format!("{date}T00:00:00Z"), closes);
    check_day("XNYS", "2014-06-05", "2014-06-05T20:00:00Z");
    check_day("XNYS", "2014-12-05", "2014-12-05T21:00:00Z");
    check_day("XNYS", "2014-06-07", "2014-06-08T04:00:00Z"); // a Saturday: the midnight that ends it in New York
    check_day("24/7", "2014-06-07", "2014-06-08T00:00:00Z");
    check_day("24/5", "2014-06-06", "2014-06-06T21:00:00Z");
    check_day("weekdays", "2014-06-06", "2014-06-07T00:00:00Z");
    // Weeks close with their Sunday, months with their last day.
    check(
        "XNYS",
        Interval::OneWeek,
        "2014-06-02T00:00:00Z",
        "2014-06-09T04:00:00Z",
    );
    check(
        "24/7",
        Interval::OneWeek,
        "2014-06-02T00:00:00Z",
        "2014-06-09T00:00:00Z",
    );
    check(
        "XNYS",
        Interval::OneMonth,
        "2014-06-01T00:00:00Z",
        "2014-06-30T20:00:00Z",
    );
    check(
        "24/7",
        Interval::OneMonth,
        "2016-02-01T00:00:00Z",
        "2016-03-01T00:00:00Z",
    );
    check(
        "24/7",
        Interval::OneMinute,
        "9999-12-31T23:59:00Z",
        "9999-12-31T23:59:59.999999Z",
    );
}

#[test]
fn closed_dates_and_early_closes_are_data() {
    let edge = |time| Edge { days: 0, time };
    let hours = MarketHours {
        name: "XNYS".parse().unwrap(),
        zone: "America/New_York".parse().unwrap(),
        trading_days: [true, true, true, true, true, false, false],
        opens: edge(time!(9:30)),
        closes: edge(time!(16:00)),
        day_begins_before_midnight: Duration::ZERO,
        // The exchange closed for Independence Day 2014, and at 13:00 on the day before.
        closed: vec![date!(2014 - 07 - 04)],
        early_closes: vec![(date!(2014 - 07 - 03), time!(13:00))],
    };
    assert_eq!(hours.session(date!(2014 - 07 - 04)), None);
    assert_eq!(hours.day_close(date!(2014 - 07 - 03)), at("2014-07-03T17:00:00Z"));
    assert_eq!(hours.day_close(date!(2014 - 07 - 07)), at("2014-07-07T20:00:00Z"));
}

#[test]
fn an_instrument_has_the_calendar_that_it_names_or_weekdays() {
    let calendars = Calendars::built_in().unwrap();
    let chosen = |named: Option<&str>, asset_class, exchange: Option<&str>| {
        let mut details = InstrumentDetails::bare("X".parse().unwrap(), asset_class);
        let exchange: Option<Exchange> = exchange.map(|exchange| exchange.parse().unwrap());
        details.calendar = match named {
            Some(named) => named.parse().unwrap(),
            None => default_calendar(asset_class, exchange.as_ref()),
        };
        let instrument = crate::Instrument {
            id: InstrumentId(1),
            details,
            created_at: Timestamp::MIN,
            updated_at: Timestamp::MIN,
        };
        calendars.for_instrument(&instrument).name().to_string()
    };
    assert_eq!(chosen(None, AssetClass::Crypto, None), "24/7");
    assert_eq!(chosen(None, AssetClass::Forex, None), "24/5");
    assert_eq!(chosen(None, AssetClass::Stock, Some("XNYS")), "XNYS");
    assert_eq!(chosen(None, AssetClass::Etf, Some("XNAS")), "XNAS");
    assert_eq!(chosen(None, AssetClass::Stock, Some("XLON")), "weekdays");
    assert_eq!(chosen(Some("XTKS"), AssetClass::Stock, None), "weekdays");
    let names: Vec<_> = calendars.names().map(CalendarName::as_str).collect();
    assert_eq!(names, ["24/5", "24/7", "XNAS", "XNYS", "weekdays"]);
}

#[test]
fn a_calendar_can_be_replaced() {
    let mut quiet = MockTradingCalendar::new();
    quiet.expect_name().returning(CalendarName::weekdays);
    quiet.expect_session().returning(|_| None);
    let calendars = Calendars::built_in().unwrap().with_calendar(std::sync::Arc::new(quiet));
    let weekdays = calendars.get(&CalendarName::weekdays()).unwrap();
    assert_eq!(weekdays.session(date!(2014 - 06 - 06)), None);
}

#[test]
fn local_times_skipped_or_repeated_by_summer_time_have_one_instant() {
    let zone: MarketZone = "America/New_York".parse().unwrap();
    let check = |date, time: Time, instant| assert_eq!(zone.instant(date, time).unwrap(), at(instant), "{date} {time}");
    check(date!(2014 - 03 - 09), time!(1:59), "2014-03-09T06:59:00Z");
    check(date!(2014 - 03 - 09), time!(2:30), "2014-03-09T07:30:00Z"); // clocks show 03:30
    check(date!(2014 - 03 - 09), time!(3:00), "2014-03-09T07:00:00Z");
    check(date!(2014 - 11 - 02), time!(1:30), "2014-11-02T05:30:00Z"); // the first of two
    check(date!(2014 - 11 - 02), time!(2:00), "2014-11-02T07:00:00Z");
    check(date!(2040 - 07 - 02), time!(9:30), "2040-07-02T13:30:00Z"); // by the rule, beyond any table
    check(date!(1883 - 11 - 19), time!(12:00:00.25), "1883-11-19T17:00:00.25Z");
}

#[test]
fn only_an_instant_that_clocks_show_once_is_sure() {
    let zone: MarketZone = "America/New_York".parse().unwrap();
    let check = |date, time: Time, expected: &str| {
        let found = zone.only_instant(date, time);
        assert_eq!(
            found.map_or_else(|error| error.to_string(), |instant| instant.to_string()),
            expected
        );
    };
    check(date!(2024 - 07 - 01), time!(9:30), "2024-07-01T13:30:00Z");
    check(
        date!(2024 - 03 - 10),
        time!(2:30),
        "2024-03-10 2:30:00.0 never was in America/New_York: clocks went forward over it",
    );
    check(
        date!(2024 - 11 - 03),
        time!(1:30),
        "2024-11-03 1:30:00.0 was twice in America/New_York, when clocks went back: write it with its distance from UTC",
    );
}

#[test]
fn zones_are_read_by_their_iana_name() {
    let london: MarketZone = "europe/london".parse().unwrap();
    assert_eq!(london.to_string(), "Europe/London");
    assert_eq!(london.date_of(at("2014-06-05T23:30:00Z")), date!(2014 - 06 - 06));
    assert_eq!(MarketZone::utc().name(), "UTC");
    for name in ["Europe/Londn", "", "EDT5", "Etc/Unknown", "+02:00"] {
        let error = name.parse::<MarketZone>().unwrap_err().to_string();
        assert_eq!(
            error,
            format!("`{name}` is not a time zone: write an IANA name, such as Europe/London or UTC")
        );
    }
}

#[test]
fn the_ends_of_time_have_dates_too() {
    for name in ["24/5", "XNYS", "24/7"] {
        let calendar = calendar(name);
        assert!(calendar.session_date(Timestamp::MIN) < calendar.session_date(Timestamp::MAX));
        assert!(calendar.day_close(Date::MIN) > Timestamp::MIN);
        assert_eq!(calendar.day_close(Date::MAX), Timestamp::MAX);
    }
    assert!(MarketZone::utc().instant(Date::MIN, Time::MIDNIGHT).is_err());
}

fn any_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["24/7", "24/5", "XNYS", "XNAS", "weekdays"])
}

proptest! {
    #[test]
    fn every_instant_of_a_session_belongs_to_its_date(
        name in any_name(), julian_day in 2_440_000_i32..2_470_000, share in 0_i32..1_000_000
    ) {
        let calendar = calendar(name);
        let date = Date::from_julian_day(julian_day).unwrap();
        if let Some(session) = calendar.session(date) {
            let length = session.end().since(session.start());
            let inside = session.start().checked_add(length * share / 1_000_000).unwrap();
            prop_assert!(session.contains(inside));
            prop_assert_eq!(calendar.session_date(inside), date);
            prop_assert_eq!(calendar.day_close(date), session.end());
        }
    }

    #[test]
    fn session_dates_never_go_back(name in any_name(), start in 0_i64..4_000_000_000, after in 0_i64..200_000) {
        let calendar = calendar(name);
        let earlier = Timestamp::from_unix_seconds(start).unwrap();
        let later = Timestamp::from_unix_seconds(start + after).unwrap();
        prop_assert!(calendar.session_date(earlier) <= calendar.session_date(later));
    }

    #[test]
    fn local_midnight_reads_back_as_its_date(julian_day in 2_400_000_i32..2_500_000, zone in prop::sample::select(vec![
        "America/New_York", "Europe/London", "Asia/Tokyo", "Pacific/Kiritimati", "Etc/GMT+12", "UTC",
    ])) {
        let zone: MarketZone = zone.parse().unwrap();
        let date = Date::from_julian_day(julian_day).unwrap();
        // Kiritimati skipped 1994-12-31 and so has no such date.
        prop_assume!(date != time::macros::date!(1994 - 12 - 31));
        let noon = zone.instant(date, time!(12:00)).unwrap();
        prop_assert_eq!(zone.date_of(noon), date);
    }
}
