//! A backfill that is killed in the middle is finished by the next start.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use end_to_end::replay::{CoinHistory, Klines, Replay};
use end_to_end::{Sentinel, on_each_database};

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
/// 2025-12-27: the last five of all days, which are asked again of what was whole before.
const LAST_SESSIONS_MS: i64 = 1_766_793_600_000;

on_each_database! {
    a_backfill_of_thirty_coins_that_was_killed_is_finished_by_the_next_start,
}

fn coins() -> Vec<CoinHistory> {
    (1..=COINS).map(CoinHistory::of).collect()
}

/// Ingests ten years of each coin.
fn backfill() -> Vec<String> {
    let symbols = coins().into_iter().map(|coin| format!("{}USDT", coin.name()));
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

/// Where the answered pages of a coin begin, in milliseconds, in the order in which they were asked for.
fn answered_pages(replay: &Replay, coin: &CoinHistory) -> Vec<i64> {
    let symbol = format!("{}USDT", coin.name());
    let mut asked = replay.asked_for(KLINES);
    asked.retain(|asked| asked.was_answered && asked.parameter("symbol") == symbol);
    asked.iter().filter_map(|asked| asked.number("startTime")).collect()
}

async fn a_backfill_of_thirty_coins_that_was_killed_is_finished_by_the_next_start(sentinel: Sentinel) {
    let coins = coins();
    let replay = Replay::of(Klines::of_coins(&coins)).unwrap();
    sentinel.configure(&replay.configuration()).unwrap();
    let mut answered = 0;
    replay.hold(move |asked| {
        answered += usize::from(asked.path == KLINES);
        answered > PAGES_BEFORE
    });
    let backfill = backfill();
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
        let name = format!("{}-USDT", coin.name());
        let exported = sentinel
            .run(["export", &name, "--interval", "1d", "--format", "csv"])
            .unwrap();
        assert!(
            exported.stdout == coin.exported(),
            "{name} is not the truth: {}",
            exported.stderr
        );
        let pages = answered_pages(&replay, coin);
        let again = |pair: &[i64]| pair.last() < pair.first().map(|first| first + PAGE_MS).as_ref();
        let twice: Vec<&[i64]> = pages.windows(2).filter(|pair| again(pair)).collect();
        assert!(
            twice.iter().all(|pair| pair.last() == Some(&LAST_SESSIONS_MS)),
            "pages of {name} were asked for twice: {pages:?}"
        );
    }
}
