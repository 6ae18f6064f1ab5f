//! Orders that are refused before there is a run: nothing is written.

use end_to_end::Sentinel;
use end_to_end::replay::{Fault, Replay};
use serde_json::json;

use super::orders::HOURS;
use super::{at_the_provider, snapshot};

/// What a command says that never gets as far as a run.
#[track_caller]
fn refused(name: &str, args: &[&str], prepare: impl FnOnce(&Sentinel, &Replay)) {
    let sentinel = Sentinel::of_this_build().unwrap();
    let replay = at_the_provider(&sentinel);
    prepare(&sentinel, &replay);
    sentinel.object(0, &["migrate", "up"]).unwrap();
    let before = sentinel.fingerprint().unwrap();
    snapshot(name, &sentinel.run(args.iter().copied()).unwrap().transcript(args));
    assert_eq!(
        sentinel.fingerprint().unwrap(),
        before,
        "nothing is written, not even an instrument"
    );
    assert_eq!(sentinel.object(0, &["runs"]).unwrap()["runs"], json!([]));
}

#[test]
fn symbols_that_the_provider_does_not_know() {
    refused(
        "symbols_that_the_provider_does_not_know",
        &["ingest", "yahoo", "TSLA", "TSLX", "APPL"],
        |_, _| {},
    );
}

#[test]
fn a_provider_that_cannot_say_what_a_symbol_is() {
    refused(
        "a_provider_that_cannot_say_what_a_symbol_is",
        HOURS.args,
        |_, replay| {
            replay.misbehave(Fault::Status(500), |asked| asked.path == "/api/v3/exchangeInfo");
        },
    );
}

#[test]
fn a_provider_without_its_key() {
    refused(
        "a_provider_without_its_key",
        &["ingest", "alpha_vantage", "IBM"],
        |sentinel, replay| {
            let configuration = replay.configuration();
            let without: Vec<&str> = configuration
                .lines()
                .filter(|line| !line.starts_with("api_key"))
                .collect();
            sentinel.configure(&without.join("\n")).unwrap();
        },
    );
}

#[test]
fn a_quota_that_is_used_up() {
    refused(
        "a_quota_that_is_used_up",
        &["ingest", "alpha_vantage", "IBM"],
        |_, replay| {
            let quota = include_str!(
                "../../../crates/http-providers/tests/fixtures/alpha_vantage/ERROR__information_daily_rate_limit.json"
            );
            replay.misbehave(Fault::Instead(quota), |_| true);
        },
    );
}

#[test]
fn an_order_with_everything_wrong() {
    let args = [
        "ingest",
        "yahoo",
        "TSLA",
        "NOPE",
        "--interval",
        "4h",
        "--start",
        "2024-01-02",
        "--end",
        "2024-01-01",
    ];
    refused("an_order_with_everything_wrong", &args, |_, _| {});
}
