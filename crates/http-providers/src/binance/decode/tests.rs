//! Figures are read from the recordings in `tests/fixtures/binance` (sources: `tests/fixtures/SOURCES.md`).

use super::*;
use crate::testing::{at, between, everything, invalid, print};

macro_rules! recording {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/binance/", $name))
    };
}

fn decoded(body: &[u8], interval: Interval) -> Fetched {
    let asked = everything("BTCUSDT", AssetClass::Crypto, interval);
    bars(body, &asked, at("2026-01-01T00:00:00Z")).unwrap()
}

/// So many rows, and at these places these, each with its number of trades.
fn check(body: &[u8], interval: Interval, count: usize, places: &[(usize, &str)]) {
    let fetched = decoded(body, interval);
    assert_eq!(fetched.rows.len(), count);
    for (place, expected) in places {
        let row = &fetched.rows[*place];
        let trades = row.values.as_ref().unwrap().trade_count.unwrap();
        assert_eq!(format!("{} {trades}", print(row)), *expected);
    }
}

#[test]
fn reads_the_days_of_a_year() {
    check(
        recording!("klines__BTCUSDT__1d_2019.json"),
        Interval::OneDay,
        365,
        &[
            (
                0,
                "2019-01-01T00:00:00Z 3701.23000000 3810.16000000 3642.00000000 3797.14000000 23741.68703300 154227",
            ),
            (
                182,
                "2019-07-02T00:00:00Z 10624.90000000 10938.75000000 9727.00000000 10842.85000000 109561.03872800 870148",
            ),
            (
                364,
                "2019-12-31T00:00:00Z 7246.00000000 7320.00000000 7145.01000000 7195.23000000 25954.45353300 251976",
            ),
        ],
    );
}

#[test]
fn reads_hours_over_two_pages() {
    check(
        recording!("klines__BTCUSDT__1h_page1_of_2.json"),
        Interval::OneHour,
        1_000,
        &[
            (
                0,
                "2020-04-30T21:00:00Z 8819.15000000 8849.80000000 8734.50000000 8761.92000000 3089.56054500 34467",
            ),
            (
                500,
                "2020-05-21T17:00:00Z 9081.54000000 9104.66000000 8970.00000000 9006.99000000 4318.39735400 37943",
            ),
            (
                999,
                "2020-06-11T12:00:00Z 9787.58000000 9796.29000000 9675.00000000 9721.37000000 3702.02574600 41291",
            ),
        ],
    );
    check(
        recording!("klines__BTCUSDT__1h_page2_of_2.json"),
        Interval::OneHour,
        468,
        &[
            (
                0,
                "2020-06-11T13:00:00Z 9721.37000000 9742.83000000 9587.14000000 9635.54000000 8889.03670100 81486",
            ),
            (
                234,
                "2020-06-21T07:00:00Z 9371.04000000 9382.99000000 9356.05000000 9368.98000000 1223.42239000 13077",
            ),
            (
                467,
                "2020-07-01T03:00:00Z 9135.10000000 9141.66000000 9113.11000000 9138.59000000 672.28175000 9955",
            ),
        ],
    );
}

#[test]
fn reads_minutes() {
    check(
        recording!("klines__BTCUSDT__1m_one_hour.json"),
        Interval::OneMinute,
        60,
        &[
            (
                0,
                "2020-05-06T04:42:00Z 9033.34000000 9039.99000000 9032.75000000 9033.15000000 31.19296800 282",
            ),
            (
                30,
                "2020-05-06T05:12:00Z 9029.71000000 9030.00000000 9021.32000000 9030.00000000 23.85147700 359",
            ),
            (
                59,
                "2020-05-06T05:41:00Z 9021.32000000 9024.06000000 9016.00000000 9016.01000000 16.88851600 194",
            ),
        ],
    );
    check(
        recording!("klines__BTCUSDT__5m_limit24.json"),
        Interval::FiveMinutes,
        24,
        &[
            (
                0,
                "2020-04-15T21:50:00Z 6733.55000000 6737.79000000 6726.61000000 6727.14000000 121.20139100 2208",
            ),
            (
                12,
                "2020-04-15T22:50:00Z 6717.91000000 6721.37000000 6702.00000000 6705.93000000 93.55801900 1122",
            ),
            (
                23,
                "2020-04-15T23:45:00Z 6624.74000000 6628.89000000 6622.38000000 6625.84000000 50.70559100 626",
            ),
        ],
    );
}

#[test]
fn reads_answers_of_one_and_two_rows() {
    check(
        recording!("klines__BTCUSDT__1m_single_bar.json"),
        Interval::OneMinute,
        1,
        &[(
            0,
            "2020-05-05T00:00:00Z 8871.92000000 8888.00000000 8871.92000000 8887.62000000 47.66737000 617",
        )],
    );
    check(
        recording!("klines__LTCBTC__get_klines_ok.json"),
        Interval::OneHour,
        2,
        &[
            (
                0,
                "2021-03-18T00:00:00Z 0.00349600 0.00350000 0.00346900 0.00349500 10438.37000000 2338",
            ),
            (
                1,
                "2021-03-18T01:00:00Z 0.00349600 0.00349700 0.00347400 0.00347900 5635.90000000 1372",
            ),
        ],
    );
}

#[test]
fn a_full_page_speaks_only_for_what_it_holds() {
    let asked = everything("BTCUSDT", AssetClass::Crypto, Interval::OneHour);
    let asked = between(asked, "2020-04-30T21:00:00Z", "2020-07-01T04:00:00Z");
    let covered = |body: &[u8]| bars(body, &asked, at("2026-01-01T00:00:00Z")).unwrap().covered.unwrap();
    let full = covered(recording!("klines__BTCUSDT__1h_page1_of_2.json"));
    assert_eq!(full.to_string(), "[2020-04-30T21:00:00Z, 2020-06-11T13:00:00Z)");
    assert_eq!(covered(recording!("klines__BTCUSDT__1h_page2_of_2.json")), asked.range);
    assert_eq!(covered(b"[]"), asked.range, "nothing was traded");
}

#[test]
fn a_row_is_kept_as_it_came() {
    let fetched = decoded(recording!("klines__BTCUSDT__1m_single_bar.json"), Interval::OneMinute);
    assert_eq!(
        fetched.rows[0].raw,
        r#"[1588636800000,"8871.92000000","8888.00000000","8871.92000000","8887.62000000","47.66737000",1588636859999,"423305.63773405",617,"25.94719700","230410.46415390","0"]"#
    );
}

/// One kline; an example in the shape of the recordings.
fn kline(opens: &str, closes: &str, close: &str) -> String {
    format!(r#"[[{opens},"1","2","0.5","{close}","7",{closes},"9",3,"1","1","0"]]"#)
}

#[test]
fn a_price_that_is_none_rejects_its_row() {
    let body = kline("1588636800000", "1588636859999", "n/a");
    let fetched = decoded(body.as_bytes(), Interval::OneMinute);
    assert_eq!(
        print(&fetched.rows[0]),
        "close: `n/a` is not a decimal number: write digits with a point, such as 187.44"
    );
}

#[test]
fn a_month_may_have_28_days() {
    let body = kline("1612137600000", "1614556799999", "1"); // February 2021
    assert_eq!(
        print(&decoded(body.as_bytes(), Interval::OneMonth).rows[0]),
        "2021-02-01T00:00:00Z 1 2 0.5 1 7"
    );
}

#[test]
fn says_where_an_answer_is_not_what_was_documented() {
    let check = |body: &str, place: &str, reason: &str| {
        let asked = everything("BTCUSDT", AssetClass::Crypto, Interval::OneMinute);
        let malformed = bars(body.as_bytes(), &asked, at("2026-01-01T00:00:00Z")).unwrap_err();
        let (at, _, why) = invalid(malformed, body.as_bytes());
        assert_eq!(at, place, "{body}");
        assert!(why.contains(reason), "{why}");
    };
    check(&kline("1588636800", "1588636859", "1"), "[0][0]", "is this in seconds?");
    check(
        &kline("1588636800000000", "1588636859999999", "1"),
        "[0][0]",
        "outside the years 1 to 9999",
    );
    check(
        &kline("1588636800000", "1588723199999", "1"),
        "[0][6]",
        "a kline of 1m lasts 60000 ms at most",
    );
    check(r#"[[1588636800000,"1"]]"#, "[0]", "invalid length 2");
    check(r#"{"code":-1,"msg":"?"}"#, "line 1 column 0", "expected a sequence");
    check("<html>", "line 1 column 1", "expected value");
    check("", "line 1 column 0", "EOF");
    let whole = std::str::from_utf8(recording!("klines__BTCUSDT__1d_2019.json")).unwrap();
    check(&whole[..5_000], "line 1 column 5000", "EOF while parsing");
}

#[test]
fn finds_symbols_best_first() {
    let body = recording!("exchangeInfo__full.json");
    let search = |text: &str| -> Vec<String> {
        let symbols = payload::symbols(body).unwrap();
        matches(symbols, text)
            .into_iter()
            .map(|hit| hit.spelling.to_string())
            .collect()
    };
    assert_eq!(search("btc-usdt"), ["BTCUSDT"]);
    // The base first, those that trade before those that do not.
    assert_eq!(search("lrc"), ["LRCBTC", "LRCETH"]);
    assert_eq!(search("mcoe"), ["MCOETH"]);
    assert_eq!(search("eth").first().map(String::as_str), Some("ETHBTC"));
    assert_eq!(search("eth").last().map(String::as_str), Some("WTCETH"));
    assert!(search("NOSUCH").is_empty());
    let bitcoin = matches(payload::symbols(body).unwrap(), "BTCUSDT").remove(0);
    assert_eq!(
        (bitcoin.name.as_str(), bitcoin.currency),
        ("BTC / USDT", "USDT".parse().ok())
    );
}
