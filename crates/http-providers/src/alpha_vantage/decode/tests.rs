//! Figures are read from the recordings in `tests/fixtures/alpha_vantage` (sources: `tests/fixtures/SOURCES.md`).

use domain::CorporateAction;

use super::*;
use crate::alpha_vantage::payload::{self, Answer, MessageKind};
use crate::testing::{at, between, everything, invalid, print};

macro_rules! recording {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/alpha_vantage/", $name))
    };
}

fn table(body: &[u8]) -> Table<'_> {
    match payload::parse(body).unwrap() {
        Answer::Table(table) => table,
        Answer::Message(message) => panic!("{message:?}"),
    }
}

fn decoded(body: &[u8], asked: &BarRequest) -> Fetched {
    bars(&table(body), asked, Reach::Whole, at("2026-12-01T00:00:00Z")).unwrap()
}

/// So many bars, and at these places these.
fn check(body: &[u8], class: AssetClass, interval: Interval, count: usize, places: &[(usize, &str)]) {
    let fetched = decoded(body, &everything("BTC-EUR", class, interval));
    assert_eq!(fetched.rows.len(), count);
    for (place, expected) in places {
        assert_eq!(print(&fetched.rows[*place]), *expected);
    }
    assert!(fetched.rows.iter().all(|row| row.values.is_ok()));
}

#[test]
fn reads_days_oldest_first() {
    check(
        recording!("TIME_SERIES_DAILY__MSFT__compact.json"),
        AssetClass::Stock,
        Interval::OneDay,
        100,
        &[
            (0, "2018-03-27T00:00:00Z 94.9400 95.1390 88.5100 89.4700 53704562"),
            (50, "2018-06-07T00:00:00Z 102.6500 102.6900 100.3800 100.8800 28232197"),
            (99, "2018-08-16T00:00:00Z 108.3000 108.8600 107.3000 107.6400 20687122"),
        ],
    );
}

#[test]
fn reads_days_from_csv() {
    check(
        recording!("TIME_SERIES_DAILY__IBM__csv_2026.csv"),
        AssetClass::Stock,
        Interval::OneDay,
        100,
        &[
            (0, "2025-12-22T00:00:00Z 301.0300 303.1800 298.3200 302.7900 2612100"),
            (50, "2026-03-06T00:00:00Z 256.4400 259.3999 252.2100 258.8500 6234402"),
            (99, "2026-05-15T00:00:00Z 218.2000 220.9100 217.6150 219.3000 6154450"),
        ],
    );
}

#[test]
fn reads_adjusted_days_as_they_were_traded() {
    check(
        recording!("TIME_SERIES_DAILY_ADJUSTED__MSFT__compact.json"),
        AssetClass::Stock,
        Interval::OneDay,
        100,
        &[
            (0, "2018-03-29T00:00:00Z 90.1800 92.2900 88.4000 91.2700 45867548"),
            (50, "2018-06-11T00:00:00Z 101.3700 101.5900 100.6700 101.0500 23490894"),
            (99, "2018-08-20T00:00:00Z 107.5100 107.9000 106.4800 106.8700 17326964"),
        ],
    );
    check(
        recording!("TIME_SERIES_DAILY_ADJUSTED__IBM__2021_partial.json"),
        AssetClass::Stock,
        Interval::OneDay,
        7,
        &[
            (0, "2020-12-31T00:00:00Z 124.22 126.03 123.99 125.88 3574696"),
            (3, "2021-01-06T00:00:00Z 126.9 131.88 126.72 129.29 7956740"),
            (6, "2021-01-11T00:00:00Z 127.95 129.675 127.66 128.58 5602466"),
        ],
    );
}

#[test]
fn months_move_from_their_last_session_to_the_first() {
    check(
        recording!("TIME_SERIES_MONTHLY_ADJUSTED__MSFT.json"),
        AssetClass::Stock,
        Interval::OneMonth,
        283,
        &[
            (0, "1995-02-01T00:00:00Z 59.3800 63.2500 58.3800 63.0000 62416100"),
            (141, "2006-11-01T00:00:00Z 28.7800 30.0001 28.5800 29.3600 1239142000"),
            (
                282,
                "2018-08-01T00:00:00Z 106.0300 110.1600 104.8400 106.8700 274693160",
            ),
        ],
    );
}

#[test]
fn intraday_times_are_local() {
    check(
        recording!("TIME_SERIES_INTRADAY__MSFT__15min.json"),
        AssetClass::Stock,
        Interval::FifteenMinutes,
        39,
        &[
            (0, "2018-04-10T16:45:00Z 92.0000 92.3700 91.9200 92.2100 541685"), // 12:45 in New York's summer
            (19, "2018-04-11T14:45:00Z 92.7100 92.9900 92.7100 92.9800 628700"),
            (38, "2018-04-11T19:30:00Z 91.8400 91.8400 91.4800 91.6000 852917"),
        ],
    );
    check(
        recording!("FX_INTRADAY__EURUSD.json"),
        AssetClass::Forex,
        Interval::FiveMinutes,
        100,
        &[
            (0, "2018-08-21T22:00:00Z 1.1571 1.1575 1.1570 1.1574 0"),
            (50, "2018-08-22T02:10:00Z 1.1576 1.1581 1.1575 1.1581 0"),
            (99, "2018-08-22T06:15:00Z 1.1572 1.1572 1.1569 1.1571 0"),
        ],
    );
}

#[test]
fn crypto_is_in_the_currency_of_its_market_in_both_key_styles() {
    check(
        recording!("DIGITAL_CURRENCY_DAILY__BTC_EUR__dual_currency_format.json"),
        AssetClass::Crypto,
        Interval::OneDay,
        1_618,
        &[
            (
                0,
                "2014-04-01T00:00:00Z 337.24368327 364.98051975 337.24368327 358.78143188 3611.19706722",
            ),
            (
                809,
                "2016-06-18T00:00:00Z 668.29463803 691.69465486 655.43059272 672.45963279 18619.96370078",
            ),
            (
                1_617,
                "2018-09-04T00:00:00Z 6262.92605909 6403.78907389 6212.11595943 6346.03891043 15786.65979924",
            ),
        ],
    );
    check(
        recording!("DIGITAL_CURRENCY_DAILY__BTC_EUR__csv_2026.csv"),
        AssetClass::Crypto,
        Interval::OneDay,
        350,
        &[
            (
                0,
                "2025-06-02T00:00:00Z 93151.66000000 93151.66000000 90726.84000000 92494.38000000 221.00517807",
            ),
            (
                175,
                "2025-11-24T00:00:00Z 75465.62000000 77448.99000000 73938.29000000 76618.90000000 584.86782680",
            ),
            (
                349,
                "2026-05-17T00:00:00Z 67260.37000000 67339.19000000 67250.26000000 67310.48000000 0.49400276",
            ),
        ],
    );
    // Present JSON has single keys: an example with the figures of the CSV.
    let single = br#"{"Meta Data":{"4. Market Code":"EUR","7. Time Zone":"UTC"},"Time Series (Digital Currency Daily)":{"2026-05-17":{"1. open":"67260.37000000","2. high":"67339.19000000","3. low":"67250.26000000","4. close":"67310.48000000","5. volume":"0.49400276"}}}"#;
    check(
        single,
        AssetClass::Crypto,
        Interval::OneDay,
        1,
        &[(
            0,
            "2026-05-17T00:00:00Z 67260.37000000 67339.19000000 67250.26000000 67310.48000000 0.49400276",
        )],
    );
}

#[test]
fn a_row_is_kept_as_it_came() {
    let asked = everything("MSFT", AssetClass::Stock, Interval::OneDay);
    let json = decoded(recording!("TIME_SERIES_DAILY__MSFT__compact.json"), &asked);
    assert_eq!(
        json.rows[99].raw,
        r#"2018-08-16 { "1. open": "108.3000", "2. high": "108.8600", "3. low": "107.3000", "4. close": "107.6400", "5. volume": "20687122" }"#
    );
    let csv = decoded(recording!("TIME_SERIES_DAILY__IBM__csv_2026.csv"), &asked);
    assert_eq!(
        (csv.rows[99].raw.as_str(), csv.rows[99].index),
        ("2026-05-15,218.2000,220.9100,217.6150,219.3000,6154450", 2)
    );
}

#[test]
fn an_answer_speaks_for_as_much_as_it_reaches() {
    let asked = everything("EURUSD", AssetClass::Forex, Interval::FiveMinutes);
    let asked = between(asked, "2018-08-01T00:00:00Z", "2018-08-22T00:00:00Z");
    let table = table(recording!("FX_INTRADAY__EURUSD.json"));
    let covered = |table: &Table<'_>, reach| {
        let fetched = bars(table, &asked, reach, at("2018-08-22T07:00:00Z")).unwrap();
        fetched.covered.map(|range| range.to_string())
    };
    let check = |reach, expected: &str| assert_eq!(covered(&table, reach).as_deref(), Some(expected));
    check(Reach::Whole, "[2018-08-01T00:00:00Z, 2018-08-22T00:00:00Z)");
    check(Reach::Tail, "[2018-08-21T22:00:00Z, 2018-08-22T00:00:00Z)");
    check(
        Reach::Until(at("2018-08-10T00:00:00Z")),
        "[2018-08-01T00:00:00Z, 2018-08-10T00:00:00Z)",
    );
    assert_eq!(covered(&Table::default(), Reach::Tail), None);
}

#[test]
fn adjusted_days_bring_their_dividends() {
    let asked = everything("MSFT", AssetClass::Stock, Interval::OneDay);
    let asked = between(asked, "2018-06-01T00:00:00Z", "2018-09-01T00:00:00Z");
    let fetched = decoded(recording!("TIME_SERIES_DAILY_ADJUSTED__MSFT__compact.json"), &asked);
    assert_eq!(
        format!("{:?}", fetched.actions),
        "[Dividend { ex_date: 2018-08-15, amount: 0.4200, currency: USD }]",
        "that of 2018-05-16 lies before the range"
    );
    let months = everything("MSFT", AssetClass::Stock, Interval::OneMonth);
    let months = decoded(recording!("TIME_SERIES_MONTHLY_ADJUSTED__MSFT.json"), &months);
    assert!(months.actions.is_empty(), "a month names no day");
}

#[test]
fn reads_tables_of_splits_and_dividends() {
    let splits = actions::splits(&table(recording!("SPLITS__IBM__csv.csv"))).unwrap();
    assert_eq!(
        format!("{splits:?}"),
        "[Split { ex_date: 2021-11-04, ratio: SplitRatio { new_shares: 523, old_shares: 500 } }, \
         Split { ex_date: 1999-05-27, ratio: SplitRatio { new_shares: 2, old_shares: 1 } }]"
    );
    let dividends = table(recording!("DIVIDENDS__IBM__csv.csv"));
    let dividends = actions::dividends(&dividends, &"USD".parse().unwrap()).unwrap();
    assert_eq!(dividends.len(), 110);
    let shown = |action: &CorporateAction| match action {
        CorporateAction::Dividend { ex_date, amount, .. } => format!("{ex_date} {amount}"),
        CorporateAction::Split { .. } => panic!("{action:?}"),
    };
    assert_eq!(shown(&dividends[0]), "2026-05-08 1.69");
    assert_eq!(shown(&dividends[54]), "2012-11-07 0.85");
    assert_eq!(shown(&dividends[109]), "1999-02-08 0.22");
    // The same in JSON: an example with the figures of the CSV.
    let json = br#"{"symbol":"IBM","data":[{"effective_date":"2021-11-04","split_factor":"1.0460"}]}"#;
    assert_eq!(actions::splits(&table(json)).unwrap(), splits[..1]);
}

#[test]
fn reads_the_symbols_of_a_search() {
    let found = matches(&table(recording!("SYMBOL_SEARCH__IBM.json")));
    let shown: Vec<_> = found
        .iter()
        .map(|hit| {
            format!(
                "{} {:?} {:?}",
                hit.spelling,
                hit.asset_class.unwrap(),
                hit.currency.as_ref().unwrap()
            )
        })
        .collect();
    assert_eq!(shown.len(), 10);
    assert_eq!(shown[0], "IBM Stock USD");
    assert_eq!(shown[1], "IBMJ Etf USD");
    assert_eq!(shown[9], "IBM.DEX Stock EUR");
    assert_eq!(found[0].name, "International Business Machines Corp");
}

#[test]
fn messages_are_told_from_tables() {
    let message = |body: &[u8]| match payload::parse(body).unwrap() {
        Answer::Message(message) => (message.kind, message.text),
        Answer::Table(table) => panic!("{table:?}"),
    };
    let (kind, text) = message(recording!("ERROR__invalid_api_call.json"));
    assert!(
        kind == MessageKind::Error && text.starts_with("Invalid API call."),
        "{text}"
    );
    for body in [
        recording!("ERROR__rate_limit_note.json").as_slice(),
        recording!("ERROR__information_premium.json"),
        recording!("ERROR__information_daily_rate_limit.json"),
    ] {
        assert_eq!(message(body).0, MessageKind::Limit);
    }
}

#[test]
fn a_row_that_cannot_be_read_is_kept_with_the_reason() {
    let check = |row: &str, interval, expected: &str| {
        let body = format!("timestamp,open,high,low,close,volume\r\n{row}\r\n");
        let fetched = decoded(body.as_bytes(), &everything("X", AssetClass::Stock, interval));
        let found = print(&fetched.rows[0]);
        assert!(found.contains(expected), "{found}");
        assert_eq!((fetched.rows[0].raw.as_str(), fetched.rows[0].index), (row, 2));
    };
    check("2024-01-02,1,2,1,1.5,10,9", Interval::OneDay, "7 cells under 6 labels");
    check("2024-01-02,1,2,1", Interval::OneDay, "4 cells under 6 labels");
    check("2024-01-02,1,2,,1.5,10", Interval::OneDay, "low is empty");
    check("2024-01-02,1,2,1,1.5,-10", Interval::OneDay, "volume: -10 is negative");
    check("02.01.2024,1,2,1,1.5,10", Interval::OneDay, "`02.01.2024` is no date");
    check("2024-01-02,1,2,1,1.5,10", Interval::OneHour, "`2024-01-02` is no time");
    check(
        "2024-03-10 02:30:00,1,2,1,1.5,10",
        Interval::OneMinute,
        "clocks went forward over it",
    );
}

#[test]
fn says_where_an_answer_is_not_what_was_documented() {
    let check = |body: &str, place: &str, reason: &str| {
        let (at, _, why) = invalid(payload::parse(body.as_bytes()).unwrap_err(), body.as_bytes());
        assert_eq!(at, place, "{body}");
        assert!(why.contains(reason), "{why}");
    };
    check("{}", "the top", "a time series, data or a message was expected");
    check("<!DOCTYPE html>", "line 1 column 1", "expected value");
    check("", "line 1 column 0", "EOF");
    check(
        r#"{"Time Series (Daily)":{"2024-01-02":5}}"#,
        "Time Series (Daily).2024-01-02",
        "expected an object",
    );
    check(r#"{"data":[7]}"#, "data[0]", "expected an object");
    let whole = std::str::from_utf8(recording!("TIME_SERIES_DAILY__MSFT__compact.json")).unwrap();
    check(&whole[..2_000], "line 80 column 14", "EOF while parsing");

    let nowhere = r#"{"Meta Data":{"5. Time Zone":"Moon/Crater"},"Time Series (Daily)":{}}"#;
    let asked = everything("X", AssetClass::Stock, Interval::OneDay);
    let malformed = bars(
        &table(nowhere.as_bytes()),
        &asked,
        Reach::Whole,
        at("2026-01-01T00:00:00Z"),
    )
    .unwrap_err();
    assert_eq!(invalid(malformed, b"").0, "Meta Data.Time Zone");
    let no_factor = actions::splits(&table(b"effective_date,split_factor\n2021-11-04,None\n")).unwrap_err();
    assert_eq!(invalid(no_factor, b"").0, "row 2, split_factor");
}
