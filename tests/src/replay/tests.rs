//! The server as a provider's client sees it, over a socket.

use std::io::{Read, Write};

use serde_json::Value;

use super::*;

const DAYS: &str = "/api/v3/klines?symbol=BTCUSDT&interval=1d&startTime=1546300800000&endTime=1577836799999&limit=1000";

/// All that comes for a request: the first line, the rest of the head, and the body.
fn get(replay: &Replay, target: &str) -> (String, String, String) {
    let mut stream = TcpStream::connect(replay.address).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nhost: replay\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let (first, rest) = head.split_once("\r\n").unwrap_or_default();
    (first.to_owned(), rest.to_owned(), body.to_owned())
}

fn json(replay: &Replay, target: &str) -> Value {
    serde_json::from_str(&get(replay, target).2).unwrap()
}

#[test]
fn klines_come_as_they_were_recorded_and_in_pages() {
    let replay = Replay::recorded().unwrap();
    let recorded = recording!("binance/klines__BTCUSDT__1d_2019.json");
    assert_eq!(get(&replay, DAYS).2, recorded.trim());
    let hours = "/api/v3/klines?symbol=BTCUSDT&interval=1h&startTime=1588280400000&endTime=1593572400000&limit=1000";
    let page = json(&replay, hours);
    assert_eq!(page.as_array().unwrap().len(), 1_000);
    let next = hours.replace("1588280400000", "1591880400000");
    assert_eq!(json(&replay, &next).as_array().unwrap().len(), 468);
}

#[test]
fn charts_hold_the_range_asked_for_and_its_events() {
    let replay = Replay::recorded().unwrap();
    // Three sessions from 2020-08-28 on, the second with the split.
    let chart = json(
        &replay,
        "/v8/finance/chart/TSLA?interval=1d&events=div%7Csplit&period1=1598572800&period2=1599004800",
    );
    let result = &chart["chart"]["result"][0];
    assert_eq!(
        result["timestamp"],
        serde_json::json!([1598621400, 1598880600, 1598967000])
    );
    assert_eq!(result["indicators"]["quote"][0]["close"].as_array().unwrap().len(), 3);
    assert_eq!(result["events"]["splits"]["1598880600"]["numerator"], 5);
    let none = json(&replay, "/v8/finance/chart/TSLA?interval=1d&range=1d");
    assert_eq!(none["chart"]["result"][0]["timestamp"], Value::Null);
    assert!(
        get(&replay, "/v8/finance/chart/NOPE?interval=1d&range=1d")
            .0
            .contains("404")
    );
}

#[test]
fn alpha_vantage_wants_its_key() {
    let replay = Replay::recorded().unwrap();
    let splits = "/query?function=SPLITS&symbol=IBM&apikey=";
    assert!(get(&replay, &format!("{splits}{KEY}")).2.starts_with("effective_date"));
    assert!(get(&replay, splits).2.contains("apikey is invalid"));
}

#[test]
fn what_was_asked_is_known_and_whether_it_was_answered() {
    let replay = Replay::recorded().unwrap();
    replay.misbehave(Fault::StatusAfter(429, 7), |asked| asked.parameter("interval") == "1d");
    let (first, rest, _) = get(&replay, DAYS);
    assert!(
        first.contains("429") && rest.contains("retry-after: 7"),
        "{first} {rest}"
    );
    replay.behave();
    assert!(get(&replay, DAYS).0.contains("200"));
    let answered: Vec<bool> = replay
        .asked_for("/api/v3/klines")
        .iter()
        .map(|asked| asked.was_answered)
        .collect();
    assert_eq!(answered, [false, true]);
}

#[test]
fn an_answer_can_end_before_it_is_whole() {
    let replay = Replay::recorded().unwrap();
    let whole = get(&replay, DAYS).2;
    for (fault, length) in [
        (Fault::CutInBody, whole.len() / 2),
        (Fault::Truncated, whole.len() / 2),
        (Fault::Silence, 0),
    ] {
        replay.misbehave(fault, |_| true);
        assert_eq!(get(&replay, DAYS).2.len(), length, "{fault:?}");
    }
}

#[test]
fn held_requests_are_answered_or_hung_up_on() {
    let check = |release: fn(&Replay), expected: &str| {
        let replay = Replay::recorded().unwrap();
        replay.hold(|_| true);
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| get(&replay, DAYS).0);
            replay.wait_until_held(1).unwrap();
            release(&replay);
            assert_eq!(asking.join().unwrap(), expected);
        });
    };
    check(Replay::release, "HTTP/1.1 200 Played");
    check(Replay::hang_up, "");
}

#[test]
fn a_coin_has_a_bar_for_each_day_of_ten_years_and_no_other_has_the_same() {
    let (coin, other) = (CoinHistory::of(1), CoinHistory::of(2));
    assert_eq!(coin.klines().count(), CoinHistory::BARS);
    let exported = coin.exported();
    assert_eq!(exported.lines().count(), 1 + CoinHistory::BARS);
    assert!(exported.lines().last().unwrap().starts_with("2025-12-31T00:00:00Z,"));
    assert_eq!(exported, coin.exported());
    assert_ne!(exported, other.exported());
}
