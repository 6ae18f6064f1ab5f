//! Every way in which a provider fails: what a person reads, what the run's record says, and that nothing wrong is stored.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod edits;
mod orders;
mod refusals;

use end_to_end::Sentinel;
use end_to_end::replay::{Asked, Fault, Klines, Replay};

use edits::{
    in_euros, in_milliseconds, in_seconds, with_another_close, with_high_and_low_exchanged, with_the_first_twice,
    without_the_first,
};
use orders::{ALL_ACTIONS, FIRST_HOUR, FIRST_PAGE, HOURS, IBM, Order, TESLA};

/// What a provider does wrong, and what is left in the end.
#[derive(Clone, Copy)]
struct Wrong {
    order: Order,
    /// Which requests meet the fault.
    chooses: fn(&Asked) -> bool,
    fault: Fault,
    /// How many bars are stored all the same.
    stored: usize,
    /// What to say besides the same command when the provider has recovered.
    mended_by: &'static [&'static str],
}

/// A fault of every page, so that nothing is stored.
fn at_once(fault: Fault) -> Wrong {
    Wrong {
        order: HOURS,
        chooses: |asked| asked.path == "/api/v3/klines",
        fault,
        stored: 0,
        mended_by: &[],
    }
}

/// A fault of the second page, of which nothing is stored.
fn in_the_middle(fault: Fault) -> Wrong {
    Wrong {
        chooses: |asked| asked.path == "/api/v3/klines" && asked.parameter("startTime") != FIRST_HOUR,
        stored: FIRST_PAGE,
        ..at_once(fault)
    }
}

/// A fault of the chart with the bars.
fn in_yahoos_bars(fault: Fault) -> Wrong {
    Wrong {
        order: TESLA,
        chooses: |asked| !["", ALL_ACTIONS].contains(&asked.parameter("period1")),
        ..at_once(fault)
    }
}

/// A fault of the series.
fn in_alpha_vantages_bars(fault: Fault) -> Wrong {
    Wrong {
        order: IBM,
        chooses: |asked| asked.parameter("function").starts_with("TIME_SERIES"),
        ..at_once(fault)
    }
}

/// One test for each fault on each database; both share the snapshot.
macro_rules! faults {
    ($($name:ident: $wrong:expr;)*) => {
        mod sqlite {
            $(
                #[test]
                fn $name() {
                    super::check(stringify!($name), end_to_end::Sentinel::of_this_build().unwrap(), super::wrongs::$name());
                }
            )*
        }

        mod postgres {
            $(
                #[test]
                fn $name() {
                    super::check(stringify!($name), end_to_end::Sentinel::on_postgres().unwrap(), super::wrongs::$name());
                }
            )*
        }

        mod wrongs {
            use super::*;

            $(
                pub(super) fn $name() -> Wrong {
                    $wrong
                }
            )*
        }
    };
}

faults! {
    a_key_that_is_refused: at_once(Fault::Status(401));
    a_path_that_there_is_not: at_once(Fault::Status(404));
    too_many_requests: at_once(Fault::Status(429));
    too_many_requests_for_a_long_time: at_once(Fault::StatusAfter(429, 3_600));
    too_many_requests_for_no_time: at_once(Fault::StatusAfter(429, 0));
    an_address_that_is_banned: at_once(Fault::StatusAfter(418, 300));
    an_error_of_the_server: at_once(Fault::Status(500));
    a_server_that_is_away: at_once(Fault::StatusAfter(503, 60));
    silence: at_once(Fault::Silence);
    a_body_that_is_cut_off: in_the_middle(Fault::CutInBody);
    a_page_of_html: in_the_middle(Fault::Instead("<!DOCTYPE html><title>Maintenance</title>"));
    truncated_json: in_the_middle(Fault::Truncated);
    an_empty_body: in_the_middle(Fault::Instead(""));
    an_empty_object: in_the_middle(Fault::Instead("{}"));
    a_rate_limit_in_the_middle: in_the_middle(Fault::Status(429));
    seconds_for_milliseconds: in_the_middle(Fault::Edited(in_seconds));
    a_bar_that_is_skipped_at_a_page_border: in_the_middle(Fault::Edited(without_the_first));
    a_bar_that_is_moved_at_a_page_border: in_the_middle(Fault::Edited(with_another_close));
    a_bar_that_is_repeated_at_a_page_border: Wrong {
        stored: HOURS.bars,
        ..in_the_middle(Fault::Edited(with_the_first_twice))
    };
    a_bar_whose_high_is_below_its_low: Wrong {
        stored: HOURS.bars - 1,
        mended_by: &["--refresh"],
        ..in_the_middle(Fault::Edited(with_high_and_low_exchanged))
    };
    yahoo_without_its_splits: Wrong {
        chooses: |asked| asked.parameter("period1") == ALL_ACTIONS,
        ..in_yahoos_bars(Fault::Status(500))
    };
    yahoo_with_a_page_of_html: in_yahoos_bars(Fault::Instead("<html>We value your privacy</html>"));
    yahoo_with_milliseconds_for_seconds: in_yahoos_bars(Fault::Edited(in_milliseconds));
    yahoo_in_another_currency: in_yahoos_bars(Fault::Edited(in_euros));
    alpha_vantage_that_says_wait: in_alpha_vantages_bars(Fault::Instead(WAIT));
    alpha_vantage_that_refuses_the_key: in_alpha_vantages_bars(Fault::Instead(WRONG_KEY));
}

const WAIT: &str =
    include_str!("../../../crates/http-providers/tests/fixtures/alpha_vantage/ERROR__rate_limit_note.json");
const WRONG_KEY: &str = r#"{"Error Message":"the parameter apikey is invalid or missing."}"#;

/// Ingests from a provider with a fault, looks at what is stored and recorded, and again when it has recovered.
#[track_caller]
fn check(name: &str, sentinel: Sentinel, wrong: Wrong) {
    let Wrong { order, fault, .. } = wrong;
    let replay = at_the_provider(&sentinel);
    replay.misbehave(fault, wrong.chooses);
    let mut ingest = sentinel.command(order.args.iter().copied());
    if matches!(fault, Fault::Silence) {
        ingest.env("SENTINEL_PROVIDERS__BINANCE__TIMEOUT_S", "1");
    }
    let told = Sentinel::finish(&mut ingest).unwrap().transcript(order.args);
    let show = ["runs", "show", "1"];
    let record = sentinel.run(show).unwrap().transcript(&show);
    snapshot(name, &format!("{told}\n{record}"));
    sentinel.fingerprint().unwrap();
    let before = stored(&sentinel, order);
    assert_eq!(before.len(), wrong.stored);

    replay.behave();
    sentinel.object(0, &[order.args, wrong.mended_by].concat()).unwrap();
    sentinel.fingerprint().unwrap();
    let whole = stored(&sentinel, order);
    assert_eq!(whole.len(), order.bars, "a provider that has recovered makes it whole");
    assert!(
        before.iter().all(|bar| whole.contains(bar)),
        "something wrong was stored"
    );
    if order.symbol == HOURS.symbol {
        let recorded = Klines::recorded().unwrap().exported("BTCUSDT", "1h").unwrap();
        assert!(whole == recorded, "not what was recorded");
    }
}

fn at_the_provider(sentinel: &Sentinel) -> Replay {
    let replay = Replay::recorded().unwrap();
    // Pauses before asking again are random, and the log tells them.
    let configuration = format!("{}[log]\nlevel = \"error\"\n", replay.configuration());
    sentinel.configure(&configuration).unwrap();
    replay
}

#[track_caller]
fn snapshot(name: &str, told: &str) {
    let now = vec![(r"(?m)^((?:created|started|finished) +)\S+$", "${1}NOW")];
    insta::with_settings!({filters => now}, { insta::assert_snapshot!(name, told) });
}

fn stored(sentinel: &Sentinel, order: Order) -> Vec<String> {
    let bars = sentinel.object(0, &["verify"]).unwrap()["bars"].as_u64().unwrap();
    match bars {
        0 => Vec::new(),
        _ => sentinel.bars(order.symbol, order.interval).unwrap(),
    }
}
