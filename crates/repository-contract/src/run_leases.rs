//! Who is at work on a run: leases, and attempts that were overtaken.

use domain::{
    IngestRun, IngestRunRepository, IngestRunRepositoryError, Interval, MergeBatch, RunEnd, RunId, RunState, SeriesKey,
};
use time::Duration;

use crate::Fixture;
use crate::bars::{daily, days, source};

const SUCCEEDED: RunEnd = RunEnd {
    state: RunState::Succeeded,
    error: None,
};

/// A run that waits and asks a provider.
async fn waiting(fixture: &Fixture, series: SeriesKey, provider: &str) -> RunId {
    let asked = Some(days("2024-01-01", "2024-02-01"));
    let run = fixture.runs().create(series, &source(provider), asked).await.unwrap();
    run.id
}

async fn begin(fixture: &Fixture, id: RunId) -> IngestRun {
    fixture.runs().begin(id).await.unwrap()
}

async fn get(fixture: &Fixture, id: RunId) -> IngestRun {
    fixture.runs().get(id).await.unwrap().unwrap()
}

/// Which run holds up another, and until when.
async fn held(fixture: &Fixture, id: RunId) -> (RunId, domain::Timestamp) {
    match fixture.runs().begin(id).await {
        Err(IngestRunRepositoryError::Held { id: refused, by, until }) if refused == id => (by, until),
        other => panic!("{other:?}"),
    }
}

/// A run that somebody is at work on cannot begin, until its lease has run out.
pub async fn a_run_at_work_is_held_until_its_lease_runs_out(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let id = waiting(fixture, series, "yahoo").await;
    let run = begin(fixture, id).await;
    let until = fixture.now().checked_add(IngestRun::LEASE).unwrap();
    assert_eq!(run.lease_until, Some(until));
    fixture.advance(IngestRun::LEASE - Duration::microseconds(1));
    assert_eq!(held(fixture, id).await, (id, until));
    assert_eq!(get(fixture, id).await, run);

    fixture.advance(Duration::microseconds(1));
    assert_eq!(begin(fixture, id).await.attempts, 2);
}

/// A run waits for another one at work that asks the same source for the same series, and for no other.
pub async fn runs_of_one_series_from_one_source_take_turns(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let weekly = SeriesKey {
        interval: Interval::OneWeek,
        ..series
    };
    let other = fixture.daily_series("MSFT").await;
    let first = waiting(fixture, series, "yahoo").await;
    let second = waiting(fixture, series, "yahoo").await;
    let until = begin(fixture, first).await.lease_until.unwrap();
    assert_eq!(held(fixture, second).await, (first, until));
    for (series, provider) in [(series, "stooq"), (weekly, "yahoo"), (other, "yahoo")] {
        let id = waiting(fixture, series, provider).await;
        begin(fixture, id).await;
    }

    fixture.runs().finish(first, 1, SUCCEEDED).await.unwrap();
    begin(fixture, second).await;
}

/// Files of one series wait for nobody, and nobody waits for them.
pub async fn files_hold_nobody_up(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let yahoo = source("yahoo");
    for _ in 0..2 {
        let file = fixture.runs().create(series, &yahoo, None).await.unwrap().id;
        begin(fixture, file).await;
    }
    let id = waiting(fixture, series, "yahoo").await;
    begin(fixture, id).await;
    let file = fixture.runs().create(series, &yahoo, None).await.unwrap().id;
    begin(fixture, file).await;
}

/// A sign of life gives a new lease, also when the old one has run out and nobody took over.
pub async fn a_sign_of_life_renews_the_lease(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let id = waiting(fixture, series, "yahoo").await;
    begin(fixture, id).await;
    for pause in [Duration::seconds(10), IngestRun::LEASE * 2] {
        fixture.advance(pause);
        let before = get(fixture, id).await;
        fixture.runs().renew(id, 1).await.unwrap();
        let lease_until = fixture.now().checked_add(IngestRun::LEASE);
        assert_eq!(get(fixture, id).await, IngestRun { lease_until, ..before });
    }
    assert_eq!(fixture.runs().orphaned().await.unwrap(), []);
}

/// What is handed back waits again with what it has, and begins with the next attempt.
pub async fn a_run_that_is_handed_back_waits_again(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let id = waiting(fixture, series, "yahoo").await;
    begin(fixture, id).await;
    let batch = MergeBatch {
        run: Some(id),
        ..MergeBatch::of_bars(series, source("yahoo"), vec![daily("2024-01-02", "1")])
    };
    fixture.merge(batch).await;
    let before = get(fixture, id).await;
    let run = fixture.runs().hand_back(id, 1).await.unwrap();
    let expected = IngestRun {
        state: RunState::Queued,
        lease_until: None,
        ..before
    };
    assert_eq!(run, expected);
    assert_eq!(get(fixture, id).await, expected);

    let again = begin(fixture, id).await;
    assert_eq!((again.attempts, again.counts), (2, expected.counts));
}

/// An attempt that was overtaken, and one of a run that went back to the queue, change nothing any more.
pub async fn an_attempt_that_was_overtaken_changes_nothing(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let overtaken = waiting(fixture, series, "yahoo").await;
    begin(fixture, overtaken).await;
    fixture.advance(IngestRun::LEASE);
    begin(fixture, overtaken).await;
    let handed_back = waiting(fixture, series, "stooq").await;
    begin(fixture, handed_back).await;
    fixture.runs().hand_back(handed_back, 1).await.unwrap();
    for id in [overtaken, handed_back] {
        let before = get(fixture, id).await;
        fixture.advance(Duration::seconds(1));
        let refused = [
            fixture.runs().renew(id, 1).await,
            fixture.runs().hand_back(id, 1).await.map(drop),
            fixture.runs().finish(id, 1, SUCCEEDED).await.map(drop),
        ];
        for refused in refused {
            let error = refused.unwrap_err();
            assert!(
                matches!(error, IngestRunRepositoryError::TakenOver { id: of } if of == id),
                "{error:?}"
            );
        }
        assert_eq!(get(fixture, id).await, before);
    }
    fixture.runs().finish(overtaken, 2, SUCCEEDED).await.unwrap();
}

/// Of several processes that begin one run, or runs of one series, at once, exactly one gets it.
pub async fn of_several_that_begin_at_once_one_wins(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(waiting(fixture, series, "yahoo").await);
    }
    let tasks: Vec<_> = ids
        .iter()
        .cycle()
        .take(9)
        .map(|id| {
            let (store, id) = (fixture.store(), *id);
            tokio::spawn(async move { IngestRunRepository::begin(&*store, id).await })
        })
        .collect();
    let (mut begun, mut holders) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            Ok(run) => begun.push((run.id, run.attempts)),
            Err(IngestRunRepositoryError::Held { by, .. }) => holders.push(by),
            Err(other) => panic!("{other:?}"),
        }
    }
    let [(winner, 1)] = *begun else {
        panic!("{begun:?}");
    };
    assert_eq!(holders, vec![winner; 8]);
}
