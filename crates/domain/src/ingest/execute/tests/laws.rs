//! Whatever fails and whoever dies: in the end the store holds the truth, and little was asked twice.

use std::collections::BTreeMap;
use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::ingest::IngestOrder;
use crate::{BarValues, CoverageRepository, RangeSet};

/// What happens to one attempt.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    /// The provider fails after so many pages.
    Fails(usize),
    /// The process is killed in the middle of the page after so many.
    Killed(usize),
    /// The process hands its run back there.
    HandedBack(usize),
}

/// How many days into the year bars are asked for, and what happens then.
fn mishaps() -> impl Strategy<Value = Vec<(i64, Mishap)>> {
    let mishap = prop_oneof![
        (0_usize..5).prop_map(Mishap::Fails),
        (0_usize..5).prop_map(Mishap::Killed),
        (0_usize..5).prop_map(Mishap::HandedBack),
    ];
    prop::collection::vec((0_i64..50, mishap), 0..6)
}

fn pages() -> impl Strategy<Value = Page> {
    prop_oneof![
        Just(Page::Whole),
        Just(Page::Month),
        (1_u32..20).prop_map(Page::Bars),
        (1_i64..20).prop_map(|days| Page::Span(time::Duration::days(days))),
    ]
}

/// Days, some of which are missing.
fn truth(missing: &[bool]) -> Vec<BarValues> {
    let days = days("2020-01-01", "2020-03-01");
    let kept = days.into_iter().zip(missing.iter().chain(std::iter::repeat(&false)));
    kept.filter(|(_, missing)| !**missing)
        .map(|(values, _)| values)
        .collect()
}

/// What was covered when the provider was asked the call of that number.
type Log = Mutex<BTreeMap<usize, RangeSet>>;

/// Executes a run and notes what is covered before each call.
async fn execute(rig: &Rig, run: &IngestRun, log: &Log) -> Result<IngestRun, IngestError> {
    let note = |_: Progress| {
        let covered = at_once(rig.store.covered(run.series)).unwrap();
        let covered = covered.into_iter().map(|known| known.range).collect();
        log.lock().unwrap().insert(rig.provider.ranges().len(), covered);
    };
    rig.ingest.execute(run.id, &note).await
}

/// One attempt at bars from so many days into the year on, with its mishap.
async fn attempt(rig: &Rig, start: i64, mishap: Mishap, log: &Log) {
    let start = at("2020-01-01").checked_add(time::Duration::days(start));
    let run = rig.request(&IngestOrder { start, ..daily() }).await;
    let calls = rig.provider.ranges().len();
    match mishap {
        Mishap::Fails(pages) => {
            rig.provider.fail_at(calls + pages, unavailable());
            assert!(execute(rig, &run, log).await.unwrap().state.is_final());
        }
        Mishap::Killed(pages) | Mishap::HandedBack(pages) => {
            rig.provider.hang_at(calls + pages);
            let ended = poll_once(execute(rig, &run, log));
            if ended.is_none() && matches!(mishap, Mishap::HandedBack(_)) {
                let attempt = rig.run_of(run.id).await.attempts;
                rig.ingest.hand_back(run.id, attempt).await.unwrap();
            }
            rig.clock.advance(IngestRun::LEASE);
        }
    }
    rig.provider.forget_twists();
    rig.clock.advance(time::Duration::SECOND);
}

/// What was asked for though it was covered, but for the last five days of that and the way from the bar at a border to
/// the next one.
fn asked_twice(asked: TimeRange, covered: &RangeSet, truth: &[BarValues]) -> RangeSet {
    let mut twice = covered.intersection(&[asked].into_iter().collect());
    if let Some(until) = covered.iter().last().map(TimeRange::end) {
        let again = until.checked_add(time::Duration::days(-5)).unwrap();
        twice.remove(TimeRange::new(again, Timestamp::MAX).unwrap());
    }
    let behind_border = truth.iter().find(|values| asked.start() < values.opened_at);
    let behind_border = behind_border.map_or(Timestamp::MAX, |values| values.opened_at);
    if truth.iter().any(|values| values.opened_at == asked.start()) {
        twice.remove(TimeRange::new(asked.start(), behind_border).unwrap());
    }
    twice
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_store_ends_as_the_truth_and_nothing_but_borders_and_last_sessions_is_asked_twice(
        mishaps in mishaps(), page in pages(), missing in prop::collection::vec(prop::bool::weighted(0.2), 0..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (rig, truth, log) = (two_months(), truth(&missing), Log::default());
            rig.provider.have_bars(&symbol("BTC-USD"), Interval::OneDay, truth.clone());
            rig.provider.page_by(page);
            for (start, mishap) in mishaps {
                attempt(&rig, start, mishap, &log).await;
            }
            let run = rig.request(&from("2020-01-01", daily())).await;
            let ended = execute(&rig, &run, &log).await.unwrap();
            prop_assert_eq!((ended.state, ended.error), (RunState::Succeeded, None));
            prop_assert_eq!(rig.bars("BTC-USD", Interval::OneDay).await, truth.clone());
            prop_assert_eq!(rig.store.discrepancies(run.series, TimeRange::ALL, 100).await.unwrap(), []);
            let log = log.into_inner().unwrap();
            for (call, asked) in rig.provider.ranges().into_iter().enumerate() {
                prop_assert_eq!(asked_twice(asked, &log[&call], &truth), RangeSet::new(), "call {}: {}", call, asked);
            }
            Ok(())
        })?;
    }
}
