//! Recordings of providers become bars, digit for digit, and asking again changes nothing.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::fmt::Write as _;

use end_to_end::replay::{Asked, KEY, Klines, Replay};
use end_to_end::{Sentinel, on_each_database};
use serde_json::{Value, json};

const TESLA: &str = include_str!("../../crates/http-providers/tests/fixtures/yahoo/v8_chart__TSLA__1d_13_years.json");
const INGEST_TESLA: [&str; 9] = [
    "ingest",
    "yahoo",
    "TSLA",
    "--interval",
    "1d",
    "--start",
    "2010-06-29",
    "--end",
    "2023-08-12",
];
const INGEST_HOURS: [&str; 9] = [
    "ingest",
    "binance",
    "BTCUSDT",
    "--interval",
    "1h",
    "--start",
    "2020-04-30T21:00:00Z",
    "--end",
    "2020-07-01T04:00:00Z",
];

on_each_database! {
    thirteen_years_of_tesla_are_stored_as_they_were_traded,
    a_second_ingest_of_tesla_asks_for_the_last_sessions_alone,
    a_split_and_a_dividend_come_with_apples_bars,
    hours_of_bitcoin_over_two_pages_keep_every_digit,
    a_second_ingest_of_bitcoin_asks_for_the_last_five_days,
    a_key_opens_alpha_vantage_and_is_shown_nowhere,
    what_was_ingested_is_served_and_exported_as_the_same_bytes,
    a_dry_run_tells_what_would_be_asked_and_asks_nothing_of_it,
}

/// Where a story begins: a fresh database, and the providers' recordings.
fn at_the_providers(sentinel: &Sentinel) -> Replay {
    let replay = Replay::recorded().unwrap();
    sentinel.configure(&replay.configuration()).unwrap();
    replay
}

/// The only run of a command that ended well.
fn only_run(told: &Value) -> Value {
    let runs = told["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1, "{told}");
    assert_eq!(runs[0]["state"], "succeeded", "{told}");
    runs[0].clone()
}

fn ingested(sentinel: &Sentinel, args: &[&str]) -> Value {
    only_run(&sentinel.object(0, args).unwrap())
}

/// Thousands of lines, of which only the first that differs is worth showing.
#[track_caller]
fn are_the_same(found: &[String], expected: &[String]) {
    let differs = found.iter().zip(expected).find(|(found, expected)| found != expected);
    assert_eq!(differs, None);
    assert_eq!(found.len(), expected.len());
}

fn queries(asked: &[Asked], names: &[&str]) -> Vec<String> {
    let query = |asked: &Asked| {
        let values: Vec<&str> = names.iter().map(|name| asked.parameter(name)).collect();
        values.join(" ")
    };
    asked.iter().map(query).collect()
}

/// The corporate actions that are stored, as `2020-08-31 5:1` and `2020-11-06 0.205 USD`.
async fn actions(sentinel: &Sentinel, symbol: &str) -> Vec<String> {
    let server = sentinel.serve(["serve", "--listen", "127.0.0.1:0"]).unwrap();
    let path = format!("/api/v1/instruments/{symbol}/corporate-actions?decimals=string");
    let text = reqwest::get(server.url(&path)).await.unwrap().text().await.unwrap();
    let told: Value = serde_json::from_str(&text).unwrap();
    let text = |action: &Value| match action["new_shares"].as_u64() {
        Some(new) => format!("{} {new}:{}", action["ex_date"].as_str().unwrap(), action["old_shares"]),
        None => ["ex_date", "amount", "currency"]
            .map(|key| action[key].as_str().unwrap())
            .join(" "),
    };
    told["data"].as_array().unwrap().iter().map(text).collect()
}

/// How often a share of that day has been split since, by Tesla's splits of 5:1 on 2020-08-31 and 3:1 on 2022-08-25.
fn shares_today(date: &str) -> i64 {
    if date < "2020-08-31" {
        15
    } else if date < "2022-08-25" {
        3
    } else {
        1
    }
}

/// A price as it was traded: the shortest decimal of Yahoo's 32-bit float, times the shares of today.
fn as_traded(adjusted: &Value, shares: i64) -> String {
    let float: f32 = adjusted.to_string().parse().unwrap();
    let text = float.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let product = format!("{whole}{fraction}").parse::<i64>().unwrap() * shares;
    let digits = format!("{product:0>width$}", width = fraction.len() + 1);
    let (whole, fraction) = digits.split_at(digits.len() - fraction.len());
    without_zeros(&format!("{whole}.{fraction}"))
}

fn without_zeros(decimal: &str) -> String {
    match decimal.contains('.') {
        true => decimal.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => decimal.to_owned(),
    }
}

/// The recorded chart as it has to be exported, without zeros at the end.
fn tesla_as_traded(dates: &[String]) -> Vec<String> {
    let chart: Value = serde_json::from_str(TESLA).unwrap();
    let quote = &chart["chart"]["result"][0]["indicators"]["quote"][0];
    let bar = |(row, date): (usize, &String)| {
        let shares = shares_today(date);
        let mut line = format!("{date}T00:00:00Z");
        for column in ["open", "high", "low", "close"] {
            write!(line, ",{}", as_traded(&quote[column][row], shares)).unwrap();
        }
        let volume = quote["volume"][row].as_i64().unwrap();
        assert_eq!(
            volume % shares,
            0,
            "every volume of this recording is a whole number of shares"
        );
        format!("{line},{},,,yahoo", volume / shares)
    };
    dates.iter().enumerate().map(bar).collect()
}

async fn thirteen_years_of_tesla_are_stored_as_they_were_traded(sentinel: Sentinel) {
    let replay = at_the_providers(&sentinel);
    let run = ingested(&sentinel, &INGEST_TESLA);
    assert_eq!(
        (&run["counts"]["inserted"], &run["counts"]["fetched"]),
        (&json!(3_303), &json!(3_303))
    );
    assert_eq!(run["created_instrument"], true);
    let made = ["symbol", "asset_class", "exchange", "currency", "name"].map(|name| run["instrument"][name].clone());
    assert_eq!(made, ["TSLA", "stock", "XNAS", "USD", "Tesla, Inc."]);

    let bars = sentinel.bars("TSLA", "1d").unwrap();
    let trimmed: Vec<String> = bars
        .iter()
        .map(|bar| bar.split(',').map(without_zeros).collect::<Vec<_>>().join(","))
        .collect();
    let dates: Vec<String> = bars.iter().map(|bar| bar[..10].to_owned()).collect();
    are_the_same(&trimmed, &tesla_as_traded(&dates));
    // By hand: recorded 1.2666670083999634, 1.6666669845581055, 1.1693329811096191, 1.5926669836044312 and 281494500. As
    // 32-bit floats 1.266667, 1.666667, 1.169333 and 1.592667; fifteen times that, and a fifteenth of the volume. Traded
    // were 19.00, 25.00, 17.54 and 23.89: Yahoo's floats know no better.
    let first = "2010-06-29T00:00:00Z,19.000005,25.000005,17.539995,23.890005,18766300,,,yahoo";
    // The last session before 5:1 closed at 2,213.40 (recorded 147.55999755859375 = 147.56), the first after it at 498.32
    // (166.10667419433594 = 166.10667, times 3); before 3:1 at 891.29 (297.0966796875 = 297.09668), after it at 296.07.
    let closes = [
        ("2020-08-28", "2213.4"),
        ("2020-08-31", "498.32001"),
        ("2022-08-24", "891.29004"),
        ("2022-08-25", "296.07"),
    ];
    assert_eq!(trimmed[0], first);
    for (date, close) in closes {
        let bar = trimmed.iter().find(|bar| bar.starts_with(date)).unwrap();
        assert_eq!(bar.split(',').nth(4), Some(close), "{date}");
    }

    assert_eq!(actions(&sentinel, "TSLA").await, ["2020-08-31 5:1", "2022-08-25 3:1"]);
    let asked = replay.asked_for("/v8/finance/chart/TSLA");
    // What it is; all splits and dividends since 1900; the bars, a day more at each end.
    assert_eq!(
        queries(&asked, &["range", "period1", "interval"])[..2],
        ["1d  1d", " -2208988800 1d"]
    );
    assert_eq!(
        queries(&asked[2..], &["period1", "period2", "events"]),
        ["1277683200 1691884800 div|split"]
    );
}

async fn a_second_ingest_of_tesla_asks_for_the_last_sessions_alone(sentinel: Sentinel) {
    let replay = at_the_providers(&sentinel);
    ingested(&sentinel, &INGEST_TESLA);
    let before = sentinel.fingerprint().unwrap();
    replay.forget();
    let run = ingested(&sentinel, &INGEST_TESLA);
    assert_eq!(
        (&run["counts"]["fetched"], &run["counts"]["unchanged"]),
        (&json!(5), &json!(5)),
        "{run}"
    );
    assert_eq!(run["created_instrument"], false);
    let asked = replay.asked_for("/v8/finance/chart/TSLA");
    // 2023-08-07 to 2023-08-12, a day more at each end.
    assert_eq!(queries(&asked[1..], &["period1", "period2"]), ["1691280000 1691884800"]);
    assert_eq!(sentinel.fingerprint().unwrap(), before);
}

async fn a_split_and_a_dividend_come_with_apples_bars(sentinel: Sentinel) {
    let _replay = at_the_providers(&sentinel);
    let range = ["--start", "2020-08-31", "--end", "2020-11-07"];
    let run = ingested(&sentinel, &[&["ingest", "yahoo", "AAPL"][..], &range].concat());
    assert_eq!(run["counts"]["inserted"], 49);
    // The first session after 4:1, whose recorded prices are those of today's shares: 127.58000183105469, 131, 126 and
    // 129.0399932861328.
    let bars = sentinel.bars("AAPL", "1d").unwrap();
    assert_eq!(bars[0], "2020-08-31T00:00:00Z,127.58,131,126,129.04,225702700,,,yahoo");
    assert_eq!(
        actions(&sentinel, "AAPL").await,
        ["2020-08-31 4:1", "2020-11-06 0.205 USD"]
    );
}

async fn hours_of_bitcoin_over_two_pages_keep_every_digit(sentinel: Sentinel) {
    let replay = at_the_providers(&sentinel);
    let run = ingested(&sentinel, &INGEST_HOURS);
    let made = ["symbol", "asset_class", "exchange", "currency"].map(|name| run["instrument"][name].clone());
    assert_eq!(made, ["BTC-USDT", "crypto", "BINANCE", "USDT"]);
    assert_eq!(run["instrument"]["provider_symbols"], json!({"binance": "BTCUSDT"}));
    assert_eq!(run["counts"]["inserted"], 1_468);

    let bars = sentinel.bars("BTC-USDT", "1h").unwrap();
    are_the_same(&bars, &Klines::recorded().unwrap().exported("BTCUSDT", "1h").unwrap());
    // The first row of the recording, by hand.
    let first =
        "2020-04-30T21:00:00Z,8819.15000000,8849.80000000,8734.50000000,8761.92000000,3089.56054500,34467,,binance";
    assert_eq!(bars[0], first);

    // The second page begins with the last bar of the first, 2020-06-11T12:00Z, which has to come again.
    assert_eq!(
        queries(
            &replay.asked_for("/api/v3/klines"),
            &["symbol", "interval", "startTime", "endTime", "limit"]
        ),
        [
            "BTCUSDT 1h 1588280400000 1593575999999 1000",
            "BTCUSDT 1h 1591876800000 1593575999999 1000",
        ]
    );
}

async fn a_second_ingest_of_bitcoin_asks_for_the_last_five_days(sentinel: Sentinel) {
    let replay = at_the_providers(&sentinel);
    ingested(&sentinel, &INGEST_HOURS);
    let before = sentinel.fingerprint().unwrap();
    replay.forget();
    let run = ingested(&sentinel, &INGEST_HOURS);
    // Four whole days from 2020-06-27 on, and four hours of the first of July, less the three that the recording lacks.
    assert_eq!(
        (&run["counts"]["fetched"], &run["counts"]["unchanged"]),
        (&json!(97), &json!(97)),
        "{run}"
    );
    let asked = replay.asked();
    assert_eq!(
        queries(&asked, &["symbol", "startTime", "endTime"]),
        ["BTCUSDT 1593216000000 1593575999999"]
    );
    assert_eq!(sentinel.fingerprint().unwrap(), before);
}

async fn a_key_opens_alpha_vantage_and_is_shown_nowhere(sentinel: Sentinel) {
    let replay = at_the_providers(&sentinel);
    let ingest = [
        "ingest",
        "alpha_vantage",
        "IBM",
        "--start",
        "2020-12-31",
        "--end",
        "2021-01-12",
    ];
    let mut command = sentinel.command([&["--log-level", "trace", "--json"], &ingest[..]].concat());
    command.env("SENTINEL_PROVIDERS__ALPHA_VANTAGE__PLAN", "premium");
    let done = Sentinel::finish(&mut command).unwrap();
    assert_eq!(done.code, Some(0), "{done:?}");
    let run = only_run(&done.json().unwrap());
    assert_eq!(run["counts"]["inserted"], 7);
    let functions = queries(&replay.asked_for("/query"), &["function", "apikey"]);
    let expected = ["SYMBOL_SEARCH", "SPLITS", "DIVIDENDS", "TIME_SERIES_DAILY_ADJUSTED"];
    assert_eq!(functions, expected.map(|function| format!("{function} {KEY}")));

    // The recorded rows of the adjusted series, whose columns 1 to 4 and 6 are as traded.
    let bars = sentinel.bars("IBM", "1d").unwrap();
    assert_eq!(
        bars[6],
        "2021-01-11T00:00:00Z,127.95,129.675,127.66,128.58,5602466,,,alpha_vantage"
    );
    let stored = actions(&sentinel, "IBM").await;
    assert_eq!(stored.len(), 112, "two splits and 110 dividends were recorded");
    assert_eq!(stored[111], "2026-05-08 1.69 USD");

    let id = run["id"].to_string();
    let shown = [
        &["config", "show"][..],
        &["runs", "show", &id],
        &["runs"],
        &["providers"],
        &["status"],
    ];
    let said = shown.map(|args| sentinel.run(args.iter().copied()).unwrap());
    for finished in said.iter().chain([&done]) {
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let everything = format!("{}{}", finished.stdout, finished.stderr);
        assert!(!everything.contains(KEY), "{everything}");
    }
}

async fn what_was_ingested_is_served_and_exported_as_the_same_bytes(sentinel: Sentinel) {
    let _replay = at_the_providers(&sentinel);
    ingested(&sentinel, &INGEST_HOURS);
    ingested(&sentinel, &INGEST_TESLA);
    let server = sentinel.serve(["serve", "--listen", "127.0.0.1:0"]).unwrap();
    for (symbol, interval) in [("BTC-USDT", "1h"), ("TSLA", "1d")] {
        for format in ["csv", "ndjson"] {
            let path = format!("/api/v1/instruments/{symbol}/prices?interval={interval}&format={format}&limit=10000");
            let served = reqwest::get(server.url(&path)).await.unwrap().text().await.unwrap();
            let exported = sentinel
                .run(["export", symbol, "--interval", interval, "--format", format])
                .unwrap();
            assert_eq!(exported.code, Some(0), "{exported:?}");
            assert!(served == exported.stdout, "{symbol} as {format} differs");
        }
    }
}

async fn a_dry_run_tells_what_would_be_asked_and_asks_nothing_of_it(sentinel: Sentinel) {
    let replay = at_the_providers(&sentinel);
    let dry_run = |more: &[&str]| sentinel.object(0, &[more, &["--dry-run"]].concat()).unwrap();
    let told = dry_run(&INGEST_HOURS);
    // The exchange stood still for three of these hours, which nobody knows yet: a full page, and one that repeats a bar.
    assert_eq!((&told["calls"], &told["bars"]), (&json!(2), &json!(1_471)), "{told}");
    assert_eq!(told["series"][0]["instrument"], Value::Null, "it would be made: {told}");
    assert!(replay.asked_for("/api/v3/klines").is_empty());
    ingested(&sentinel, &INGEST_HOURS);
    let told = dry_run(&INGEST_HOURS);
    assert_eq!((&told["calls"], &told["bars"]), (&json!(1), &json!(100)), "{told}");
    assert_eq!(told["series"][0]["instrument"]["symbol"], "BTC-USDT", "{told}");
}
