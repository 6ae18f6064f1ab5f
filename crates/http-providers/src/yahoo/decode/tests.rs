//! Figures are read from the recordings in `tests/fixtures/yahoo` (sources: `tests/fixtures/SOURCES.md`) and written
//! here as the shortest decimal of the same 32-bit float.

use domain::{CorporateAction, TimeRange};

use super::*;
use crate::testing::{at, between, everything, invalid, print};
use crate::yahoo::payload::{self, Chart};

macro_rules! recording {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/yahoo/", $name))
    };
}

/// Decoded as if asked long after, when all of it is past.
fn decoded(body: &[u8], asked: &BarRequest) -> Result<Fetched, Malformed> {
    match payload::parse(body)? {
        Chart::Result(chart) => bars(Some(&chart), asked, at("2026-01-01T00:00:00Z")),
        Chart::Error(error) => panic!("{error:?}"),
    }
}

/// Every row in order, all of them bars.
fn rows(body: &[u8], class: AssetClass, interval: Interval) -> Vec<String> {
    let fetched = decoded(body, &everything("X", class, interval)).unwrap();
    assert!(fetched.rows.iter().all(|row| row.values.is_ok()));
    fetched.rows.iter().map(print).collect()
}

#[test]
fn reads_apple_across_its_split() {
    let rows = rows(
        recording!("v8_chart__AAPL__1d_split_dividend.json"),
        AssetClass::Stock,
        Interval::OneDay,
    );
    assert_eq!(rows.len(), 49);
    assert_eq!(rows[0], "2020-08-31T00:00:00Z 127.58 131 126 129.04 225702700");
    assert_eq!(rows[24], "2020-10-05T00:00:00Z 113.91 116.65 113.55 116.5 106243800");
    assert_eq!(rows[48], "2020-11-06T00:00:00Z 118.32 119.2 116.13 118.69 114457900");
}

#[test]
fn reads_tesla_of_thirteen_years() {
    let rows = rows(
        recording!("v8_chart__TSLA__1d_13_years.json"),
        AssetClass::Stock,
        Interval::OneDay,
    );
    assert_eq!(rows.len(), 3_303);
    assert_eq!(
        rows[0],
        "2010-06-29T00:00:00Z 1.266667 1.666667 1.169333 1.592667 281494500"
    );
    assert_eq!(
        rows[1_651],
        "2017-01-19T00:00:00Z 16.483334 16.578667 16.05 16.250668 115984500"
    );
    assert_eq!(rows[3_302], "2023-08-11T00:00:00Z 241.77 243.79 238.02 242.65 98866600");
}

#[test]
fn reads_microsoft_of_a_year() {
    let rows = rows(
        recording!("v8_chart__MSFT__1d_one_year_dividends.json"),
        AssetClass::Stock,
        Interval::OneDay,
    );
    assert_eq!(rows.len(), 252);
    assert_eq!(rows[0], "2021-02-01T00:00:00Z 235.06 242.5 232.43 239.65 33314200");
    assert_eq!(rows[126], "2021-08-02T00:00:00Z 286.36 286.77 283.74 284.82 16267400");
    assert_eq!(rows[251], "2022-01-28T00:00:00Z 300.23 308.48 294.45 308.26 49743700");
}

#[test]
fn the_present_quote_is_the_session_of_its_day() {
    let rows = rows(
        recording!("v8_chart__MSFT__1d_6mo_2025.json"),
        AssetClass::Stock,
        Interval::OneDay,
    );
    assert_eq!(rows.len(), 127);
    assert_eq!(rows[0], "2025-04-30T00:00:00Z 390.3 396.66 384.44 395.26 36461100");
    assert_eq!(rows[63], "2025-07-31T00:00:00Z 555.23 555.45 531.9 533.5 51617300");
    // Stamped 20:00:01Z, a second after the close.
    assert_eq!(rows[126], "2025-10-29T00:00:00Z 544.94 546.27 536.7287 541.55 33295714");
}

#[test]
fn the_present_quote_beside_its_month_is_no_bar() {
    let rows = rows(
        recording!("v8_chart__AAPL__1mo_splits.json"),
        AssetClass::Stock,
        Interval::OneMonth,
    );
    assert_eq!(rows.len(), 60, "61 rows, the last of which is the quote of 2024-10-11");
    assert_eq!(rows[0], "2019-11-01T00:00:00Z 62.385 67.0 62.29 66.8125 1793326000");
    assert_eq!(rows[30], "2022-05-01T00:00:00Z 156.71 166.48 132.61 148.84 2401040300");
    assert_eq!(rows[59], "2024-10-01T00:00:00Z 229.52 229.75 221.33 227.55 332258600");
}

#[test]
fn reads_other_classes_and_zones() {
    let crypto = rows(
        recording!("v8_chart__BTC-USD__1d.json"),
        AssetClass::Crypto,
        Interval::OneDay,
    );
    assert_eq!(
        crypto,
        [
            "2020-01-01T00:00:00Z 7194.892 7254.3306 7174.9443 7200.1743 18565664997",
            "2020-01-02T00:00:00Z 7202.5513 7212.1553 6935.27 6985.47 20802083465",
            "2020-01-03T00:00:00Z 6984.4287 7413.7153 6914.996 7344.8843 28111481032",
        ]
    );
    let euro = rows(
        recording!("v8_chart__EURUSD_X__1d.json"),
        AssetClass::Forex,
        Interval::OneDay,
    );
    assert_eq!(
        euro,
        [
            "2020-01-01T00:00:00Z 1.1220826 1.1228385 1.1159469 1.1220826 0",
            "2020-01-02T00:00:00Z 1.1218938 1.1227125 1.116682 1.1220826 0",
            "2020-01-03T00:00:00Z 1.1170813 1.118068 1.1125698 1.1171438 0",
        ]
    );
    let gold = rows(
        recording!("v8_chart__GC_F__1d.json"),
        AssetClass::Future,
        Interval::OneDay,
    );
    assert_eq!(gold, ["2020-01-02T00:00:00Z 1518.1 1528.7 1518 1524.5 214"]);
    let fund = rows(
        recording!("v8_chart__0P000071W8.TO__1d_mutual_fund.json"),
        AssetClass::Fund,
        Interval::OneDay,
    );
    assert_eq!(fund, ["2020-01-02T00:00:00Z 73.72 73.72 73.72 73.72 0"]);
}

#[test]
fn a_row_of_nulls_is_no_bar_and_dates_are_those_of_the_named_zone() {
    let rows = rows(
        recording!("v8_chart__INR_X__1d_null_bar.json"),
        AssetClass::Forex,
        Interval::OneDay,
    );
    assert_eq!(
        rows,
        [
            // 23:00Z of the day before, which is midnight in London's summer
            "2017-07-10T00:00:00Z 64.6155 64.6155 64.41 64.6117 0",
            "2017-07-12T00:00:00Z 64.5555 64.57 64.35 64.5256 0",
            "2017-07-13T00:00:00Z 64.468 64.4842 64.34 64.365 0",
        ]
    );
}

#[test]
fn pence_are_a_currency_of_their_own() {
    let asked = everything("OCDO.L", AssetClass::Stock, Interval::OneDay);
    let fetched = decoded(recording!("v8_chart__OCDO.L__1d_gbp_pence.json"), &asked).unwrap();
    assert_eq!(fetched.currency, "GBX".parse().ok());
    assert_eq!(
        print(&fetched.rows[0]),
        "2020-01-02T00:00:00Z 1279.5 1286.57 1258 1259.5 728520"
    );
}

#[test]
fn nothing_in_a_range_is_an_answer() {
    let check = |body: &[u8], interval| {
        let asked = everything("X", AssetClass::Stock, interval);
        let fetched = decoded(body, &asked).unwrap();
        assert_eq!((fetched.rows.len(), fetched.covered), (0, Some(TimeRange::ALL)));
    };
    check(
        recording!("v8_chart__AAPL__1m_weekend_no_timestamps.json"),
        Interval::OneMinute,
    );
    check(
        recording!("v8_chart__CAPIO.ST__no_data_empty_quote.json"),
        Interval::OneDay,
    );
}

#[test]
fn gives_only_what_opens_in_the_range() {
    let asked = everything("AAPL", AssetClass::Stock, Interval::OneDay);
    let asked = between(asked, "2020-10-05T00:00:00Z", "2020-10-07T00:00:00Z");
    let fetched = decoded(recording!("v8_chart__AAPL__1d_split_dividend.json"), &asked).unwrap();
    assert_eq!(fetched.rows.len(), 2);
    assert_eq!(fetched.rows[0].index, 24);
    assert_eq!(
        fetched.rows[0].raw,
        r#"{"timestamp":1601904600,"open":113.91000366210938,"high":116.6500015258789,"low":113.55000305175781,"close":116.5,"volume":106243800}"#
    );
}

#[test]
fn tells_splits_always_and_dividends_when_no_later_split_is_hidden() {
    let asked = everything("AAPL", AssetClass::Stock, Interval::OneDay);
    let shown = |fetched: Fetched| {
        fetched
            .actions
            .iter()
            .map(|action| format!("{action:?}"))
            .collect::<Vec<_>>()
    };
    let body = recording!("v8_chart__AAPL__1d_split_dividend.json");
    let all = shown(decoded(body, &asked).unwrap());
    assert_eq!(
        all,
        [
            "Split { ex_date: 2020-08-31, ratio: SplitRatio { new_shares: 4, old_shares: 1 } }",
            "Dividend { ex_date: 2020-11-06, amount: 0.205, currency: USD }",
        ]
    );
    let asked = between(asked, "2020-08-31T00:00:00Z", "2020-11-07T00:00:00Z");
    assert_eq!(shown(decoded(body, &asked).unwrap()), all[..1]);
    // Keyed by its month, dated by its day.
    let months = everything("AAPL", AssetClass::Stock, Interval::OneMonth);
    let monthly = decoded(recording!("v8_chart__AAPL__1mo_splits.json"), &months).unwrap();
    assert_eq!(shown(monthly), all[..1]);
    let microsoft = everything("MSFT", AssetClass::Stock, Interval::OneDay);
    let microsoft = decoded(recording!("v8_chart__MSFT__1d_one_year_dividends.json"), &microsoft).unwrap();
    let dates: Vec<_> = microsoft
        .actions
        .iter()
        .map(|action| action.ex_date().to_string())
        .collect();
    assert_eq!(dates, ["2021-02-17", "2021-05-19", "2021-08-18", "2021-11-17"]);
    assert!(matches!(&microsoft.actions[3], CorporateAction::Dividend { amount, .. } if amount.to_string() == "0.62"));
}

/// A chart of a stock in New York; examples, in the shape of the recordings.
fn chart(granularity: &str, timestamps: &str, quote: &str) -> String {
    format!(
        r#"{{"chart":{{"result":[{{"meta":{{"currency":"USD","instrumentType":"EQUITY","exchangeTimezoneName":"America/New_York","dataGranularity":"{granularity}","regularMarketTime":1717176601}},"timestamp":{timestamps},"indicators":{{"quote":[{quote}]}}}}],"error":null}}}}"#
    )
}

const THREE: &str =
    r#"{"open":[1.5,2.5,3.5],"high":[1.5,2.5,3.5],"low":[1.5,2.5,3.5],"close":[1.5,2.5,3.5],"volume":[1,2,3]}"#;

#[test]
fn hourly_bars_open_where_the_session_does() {
    // 13:30Z, 14:30Z and the present quote at 17:30:01Z of 2024-05-31
    let body = chart("1h", "[1717162200,1717165800,1717176601]", THREE);
    let asked = everything("X", AssetClass::Stock, Interval::OneHour);
    let fetched = decoded(body.as_bytes(), &asked).unwrap();
    assert_eq!(fetched.minutes_past_hour, 30);
    let rows: Vec<_> = fetched.rows.iter().map(print).collect();
    assert_eq!(
        rows,
        [
            "2024-05-31T13:30:00Z 1.5 1.5 1.5 1.5 1",
            "2024-05-31T14:30:00Z 2.5 2.5 2.5 2.5 2"
        ]
    );
}

#[test]
fn a_traded_bar_that_opens_with_the_last_trade_stays() {
    // 17:30Z to 19:30Z of 2024-05-31, the last of which is also the time of the quote
    let check = |volumes: &str, count: usize| {
        let quote = THREE.replace("[1,2,3]", volumes);
        let body = chart("1h", "[1717176600,1717180200,1717183800]", &quote).replace("1717176601", "1717183800");
        let asked = everything("X", AssetClass::Stock, Interval::OneHour);
        assert_eq!(decoded(body.as_bytes(), &asked).unwrap().rows.len(), count, "{volumes}");
    };
    check("[1,2,3]", 3);
    check("[1,2,0]", 2); // the quote of the close
}

#[test]
fn a_wrong_row_beside_the_range_is_not_told() {
    let quote = r#"{"open":[1.5,2.5],"high":[null,2.5],"low":[1.5,2.5],"close":[1.5,2.5],"volume":[1,2]}"#;
    let body = chart("1d", "[1717075800,1717162200]", quote);
    let asked = everything("X", AssetClass::Stock, Interval::OneDay);
    let asked = between(asked, "2024-05-31T00:00:00Z", "2024-06-01T00:00:00Z");
    let rows: Vec<_> = decoded(body.as_bytes(), &asked)
        .unwrap()
        .rows
        .iter()
        .map(print)
        .collect();
    assert_eq!(rows, ["2024-05-31T00:00:00Z 2.5 2.5 2.5 2.5 2"]);
}

#[test]
fn weeks_sit_on_their_monday_and_times_before_1970_are_read() {
    let body = chart("1wk", "[-252356400,-251751600,1717176601]", THREE);
    let asked = everything("X", AssetClass::Stock, Interval::OneWeek);
    let rows: Vec<_> = decoded(body.as_bytes(), &asked)
        .unwrap()
        .rows
        .iter()
        .map(print)
        .collect();
    assert_eq!(
        rows,
        [
            "1962-01-01T00:00:00Z 1.5 1.5 1.5 1.5 1",
            "1962-01-08T00:00:00Z 2.5 2.5 2.5 2.5 2",
            "2024-05-27T00:00:00Z 3.5 3.5 3.5 3.5 3", // a week that has no other row yet
        ]
    );
}

#[test]
fn a_row_that_lacks_one_price_is_kept_with_the_reason() {
    let quote = r#"{"open":[1.5],"high":[null],"low":[1.5],"close":[1.5],"volume":[1]}"#;
    let body = chart("1d", "[1717162200]", quote);
    let fetched = decoded(body.as_bytes(), &everything("X", AssetClass::Stock, Interval::OneDay)).unwrap();
    assert_eq!(print(&fetched.rows[0]), "high is empty");
    assert!(fetched.rows[0].raw.contains(r#""high":null"#));
}

#[test]
fn prices_keep_the_digits_of_their_float() {
    let check = |text: &str, price: &str| assert_eq!(shortest(text).unwrap().to_string(), price);
    check("27.440000534057617", "27.44");
    check("1.052999959938461E-5", "0.00001053"); // more fractional digits than a price has
    check("1518", "1518");
    assert!(shortest("true").is_err());
}

#[test]
fn says_where_an_answer_is_not_what_was_documented() {
    let check = |body: &str, place: &str, excerpt: &str, reason: &str| {
        let asked = everything("X", AssetClass::Stock, Interval::OneDay);
        let (at, near, why) = invalid(decoded(body.as_bytes(), &asked).unwrap_err(), body.as_bytes());
        assert_eq!(at, place, "{body}");
        assert!(near.contains(excerpt), "{near}");
        assert!(why.contains(reason), "{why}");
    };
    let quote = r#"{"open":[1],"high":[1],"low":[1],"close":[1],"volume":[1]}"#;
    let milliseconds = chart("1d", "[1717162200000]", quote);
    check(
        &milliseconds,
        "chart.result[0].timestamp[0]",
        "1717162200000",
        "outside the years 1 to 9999",
    );
    let two = chart("1d", "[1717162200,1717248600]", quote);
    check(
        &two,
        "chart.result[0].indicators.quote[0].open",
        "1 values for 2 timestamps",
        "as many",
    );
    let minutes = chart("1m", "[1717162200]", quote);
    check(
        &minutes,
        "chart.result[0].meta.dataGranularity",
        "1m",
        "1d bars were asked for",
    );
    let nowhere = chart("1d", "[]", quote).replace("America/New_York", "Moon/Crater");
    check(
        &nowhere,
        "chart.result[0].meta.exchangeTimezoneName",
        "Moon/Crater",
        "not a time zone",
    );
    check(
        "<html><body>Will be right back",
        "line 1 column 1",
        "<html>",
        "expected value",
    );
    check("", "line 1 column 0", "", "EOF");
    check("{}", "chart", "{}", "an object `chart` was expected");
    check(
        r#"{"chart":{"result":[],"error":null}}"#,
        "chart.result",
        "chart",
        "one result was expected",
    );
    let whole = std::str::from_utf8(recording!("v8_chart__AAPL__1d_split_dividend.json")).unwrap();
    check(&whole[..3_000], "line 1 column 3000", "", "EOF while parsing");
}
