//! Backfills of many instruments: killed or stopped in the middle, the next start finishes them; one that fails leaves the
//! others alone.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::process::Command;
use std::time::{Duration, Instant};

use end_to_end::replay::{CoinHistory, Fault, Klines, Replay};
use end_to_end::{Sentinel, on_each_database};
use serde_json::Value;

/// How many instruments are filled.
const COINS: u64 = 30;
/// How many runs are at work at once.
const AT_ONCE: usize = 4;
/// How many pages are answered before the process is killed, of four a coin.
const PAGES_BEFORE: usize = 50;

const KLINES: &str = "/api/v3/klines";
const DAY_MS: i64 = 86_400_000;
/// A page of a thousand bars leads so far, when the next one repeats its last bar.
const PAGE_MS: i64 = 999 * DAY_MS;
/// 2016-01-01, where the first page begins.
const FIRST_MS: i64 = 1_451_606_400_000;
/// 2025-12-27: the last five of all days, which are asked again of what was whole before.
const LAST_SESSIONS_MS: i64 = 1_766_793_600_000;

/// How long a run is held by a process that died.
const LEASE: Duration = Duration::from_secs(30);

on_each_database! {
    a_backfill_of_thirty_coins_that_was_killed_is_finished_by_the_next_start,
    a_backfill_that_is_stopped_gives_its_runs_back_and_the_next_start_waits_for_nobody,
    a_coin_that_fails_leaves_the_others_alone,
}

fn coins(number: u64) -> Vec<CoinHistory> {
    (1..=number).map(CoinHistory::of).collect()
}

/// A server that plays the coins, at which the command asks.
fn played(sentinel: &Sentinel, coins: &[CoinHistory]) -> Replay {
    let replay = Replay::of(Klines::of_coins(coins)).unwrap();
    sentinel.configure(&replay.configuration()).unwrap();
    replay
}

/// Ingests ten years of each coin.
fn backfill(coins: &[CoinHistory]) -> Vec<String> {
    let symbols = coins.iter().map(|coin| format!("{}USDT", coin.name()));
    let range = [
        "--interval",
        "1d",
        "--start",
        CoinHistory::START,
        "--end",
        CoinHistory::END,
    ];
    let command = ["ingest", "binance"].map(str::to_owned).into_iter();
    command.chain(symbols).chain(range.map(str::to_owned)).collect()
}

/// Everything that a coin has is stored, and nothing else.
#[track_caller]
fn is_whole(sentinel: &Sentinel, coin: &CoinHistory) {
    let name = format!("{}-USDT", coin.name());
    let exported = sentinel
        .run(["export", &name, "--interval", "1d", "--format", "csv"])
        .unwrap();
    assert!(
        exported.stdout == coin.exported(),
        "{name} is not the truth: {}",
        exported.stderr
    );
}

/// Where the answered pages of a coin begin, in milliseconds, in the order in which they were asked for.
fn answered_pages(replay: &Replay, coin: &CoinHistory) -> Vec<i64> {
    let symbol = format!("{}USDT", coin.name());
    let mut asked = replay.asked_for(KLINES);
    asked.retain(|asked| asked.was_answered && asked.parameter("symbol") == symbol);
    asked.iter().filter_map(|asked| asked.number("startTime")).collect()
}

async fn a_backfill_of_thirty_coins_that_was_killed_is_finished_by_the_next_start(sentinel: Sentinel) {
    let coins = coins(COINS);
    let replay = played(&sentinel, &coins);
    let mut answered = 0;
    replay.hold(move |asked| {
        answered += usize::from(asked.path == KLINES);
        answered > PAGES_BEFORE
    });
    let backfill = backfill(&coins);
    let args = || backfill.iter().map(String::as_str);
    let mut killed = sentinel.command(args()).spawn().unwrap();
    // All that are at work wait for an answer, so whatever was answered has been merged.
    let held = replay.wait_until_held(AT_ONCE);
    killed.kill().unwrap();
    let said = killed.wait_with_output().unwrap();
    held.unwrap_or_else(|error| panic!("{error}: {said:?}"));
    replay.hang_up();
    sentinel.fingerprint().unwrap();

    let whole = sentinel.run(args()).unwrap();
    assert_eq!(whole.code, Some(0), "{whole:?}");
    sentinel.fingerprint().unwrap();
    for coin in &coins {
        is_whole(&sentinel, coin);
        let pages = answered_pages(&replay, coin);
        let again = |pair: &[i64]| pair.last() < pair.first().map(|first| first + PAGE_MS).as_ref();
        let twice: Vec<&[i64]> = pages.windows(2).filter(|pair| again(pair)).collect();
        assert!(
            twice.iter().all(|pair| pair.last() == Some(&LAST_SESSIONS_MS)),
            "pages of {} were asked for twice: {pages:?}",
            coin.name()
        );
    }
}

async fn a_backfill_that_is_stopped_gives_its_runs_back_and_the_next_start_waits_for_nobody(sentinel: Sentinel) {
    let coins = coins(2);
    let replay = played(&sentinel, &coins);
    let backfill = backfill(&coins);
    let args = || backfill.iter().map(String::as_str);
    // The second page of each, which begins behind a thousand days.
    replay.hold(|asked| asked.path == KLINES && asked.number("startTime") > Some(FIRST_MS));
    let stopped = sentinel.command(args()).spawn().unwrap();
    replay.wait_until_held(coins.len()).unwrap();
    let process = stopped.id().to_string();
    Command::new("kill").args(["-INT", &process]).status().unwrap();
    let said = stopped.wait_with_output().unwrap();
    let remarks = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(1), "{remarks}");
    assert!(
        remarks.contains("2 runs wait; the same command goes on with what is left"),
        "{remarks}"
    );
    replay.hang_up();
    let waiting = sentinel.object(0, &["runs", "--state", "queued"]).unwrap();
    assert_eq!(waiting["runs"].as_array().unwrap().len(), 2, "{waiting}");

    let began = Instant::now();
    let whole = sentinel.run(args()).unwrap();
    assert_eq!(whole.code, Some(0), "{whole:?}");
    assert!(began.elapsed() < LEASE, "nobody waits for a lease: {whole:?}");
    for coin in &coins {
        is_whole(&sentinel, coin);
        let first_pages = answered_pages(&replay, coin)
            .iter()
            .filter(|begins| **begins == FIRST_MS)
            .count();
        assert_eq!(first_pages, 1, "what was merged is not asked for again");
    }
    sentinel.fingerprint().unwrap();
}

async fn a_coin_that_fails_leaves_the_others_alone(sentinel: Sentinel) {
    let coins = coins(3);
    let replay = played(&sentinel, &coins);
    let backfill = backfill(&coins);
    let args: Vec<&str> = backfill.iter().map(String::as_str).collect();
    replay.misbehave(Fault::Status(500), |asked| {
        asked.path == KLINES && asked.parameter("symbol") == "COIN02USDT"
    });
    let told = sentinel.object(3, &args).unwrap();
    let states: Vec<&Value> = told["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| &run["state"])
        .collect();
    assert_eq!(states, ["succeeded", "failed", "succeeded"]);
    is_whole(&sentinel, &coins[0]);
    is_whole(&sentinel, &coins[2]);
    replay.behave();
    sentinel.object(0, &args).unwrap();
    is_whole(&sentinel, &coins[1]);
    sentinel.fingerprint().unwrap();
}
