//! The record of ingest runs.

use domain::{
    Basis, IngestRun, IngestRunRepositoryError, InstrumentId, Interval, MergeBatch, MergeCounts, RunEnd, RunFilter,
    RunId, RunState, SeriesKey,
};
use time::Duration;

use crate::Fixture;
use crate::bars::{daily, day, days, source};
use crate::quarantine::rejected;

/// A run that waits.
async fn queued(fixture: &Fixture, series: SeriesKey) -> RunId {
    fixture.runs().create(series, &source("yahoo"), None).await.unwrap().id
}

async fn get(fixture: &Fixture, id: RunId) -> IngestRun {
    fixture.runs().get(id).await.unwrap().unwrap()
}

fn end(state: RunState) -> RunEnd {
    RunEnd { state, error: None }
}

/// A new run waits: nothing has begun, nothing is counted.
pub async fn a_new_run_waits(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let asked = days("2024-01-01", "2024-02-01");
    let run = fixture
        .runs()
        .create(series, &source("yahoo"), Some(asked))
        .await
        .unwrap();
    let expected = IngestRun {
        id: run.id,
        source: source("yahoo"),
        series,
        asked: Some(asked),
        refresh: false,
        reached: None,
        state: RunState::Queued,
        counts: MergeCounts::default(),
        attempts: 0,
        error: None,
        created_at: fixture.now(),
        started_at: None,
        finished_at: None,
        lease_until: None,
    };
    assert_eq!(run, expected);
    assert_eq!(get(fixture, run.id).await, expected);
}

/// From waiting over work to an end, each with its time.
pub async fn a_run_begins_and_ends(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let id = queued(fixture, series).await;
    let started = fixture.advance(Duration::minutes(1));
    let run = fixture.runs().begin(id).await.unwrap();
    assert_eq!(
        (run.state, run.attempts, run.started_at),
        (RunState::Running, 1, Some(started))
    );
    assert!(run.lease_until.unwrap() > started);
    assert_eq!(get(fixture, id).await, run);

    let finished = fixture.advance(Duration::seconds(1));
    let failed = RunEnd {
        state: RunState::Failed,
        error: Some("source unavailable".to_owned()),
    };
    let run = fixture.runs().finish(id, 1, failed).await.unwrap();
    assert_eq!(
        (run.state, run.error.as_deref()),
        (RunState::Failed, Some("source unavailable"))
    );
    assert_eq!((run.started_at, run.finished_at), (Some(started), Some(finished)));
    assert_eq!(get(fixture, id).await, run);
}

/// An ended run neither begins, goes on nor ends again, whatever its end was.
pub async fn a_run_ends_only_once(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    for state in RunState::ALL.into_iter().filter(|state| state.is_final()) {
        let id = queued(fixture, series).await;
        fixture.runs().begin(id).await.unwrap();
        let ended = fixture.runs().finish(id, 1, end(state)).await.unwrap();
        let refused = [
            fixture.runs().begin(id).await.map(drop),
            fixture.runs().renew(id, 1).await,
            fixture.runs().hand_back(id, 1).await.map(drop),
            fixture.runs().finish(id, 1, end(RunState::Cancelled)).await.map(drop),
            fixture.runs().cancel(id).await.map(drop),
        ];
        for refused in refused {
            let error = refused.unwrap_err();
            assert!(
                matches!(error, IngestRunRepositoryError::Ended { state: was, .. } if was == state),
                "{error:?}"
            );
        }
        assert_eq!(get(fixture, id).await, ended);
    }
}

/// A run is cancelled by hand while it waits, and while somebody is at work on it.
pub async fn a_run_can_be_cancelled_before_it_ends(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let (waiting, working) = (queued(fixture, series).await, queued(fixture, series).await);
    let started_at = fixture.runs().begin(working).await.unwrap().started_at;
    fixture.advance(Duration::seconds(1));
    for (id, started_at) in [(waiting, None), (working, started_at)] {
        let run = fixture.runs().cancel(id).await.unwrap();
        assert_eq!(
            (run.state, run.started_at, run.finished_at, run.lease_until),
            (RunState::Cancelled, started_at, Some(fixture.now()), None)
        );
        assert_eq!(get(fixture, id).await, run);
    }
}

/// What there is not cannot be begun, renewed, handed back, ended or found.
pub async fn an_unknown_run_is_not_found(fixture: &Fixture) {
    let nobody = RunId(4711);
    let refused = [
        fixture.runs().begin(nobody).await.map(drop),
        fixture.runs().renew(nobody, 1).await,
        fixture.runs().hand_back(nobody, 1).await.map(drop),
        fixture.runs().finish(nobody, 1, end(RunState::Failed)).await.map(drop),
        fixture.runs().cancel(nobody).await.map(drop),
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert!(
            matches!(error, IngestRunRepositoryError::NotFound(id) if id == nobody),
            "{error:?}"
        );
    }
    assert_eq!(fixture.runs().get(nobody).await.unwrap(), None);
}

/// A run of an instrument that does not exist is refused.
pub async fn a_run_needs_its_instrument(fixture: &Fixture) {
    let series = SeriesKey {
        instrument: InstrumentId(4711),
        interval: Interval::OneDay,
    };
    let error = fixture.runs().create(series, &source("yahoo"), None).await.unwrap_err();
    assert!(matches!(error, IngestRunRepositoryError::Unavailable(_)), "{error:?}");
}

/// Counts and the range reached grow with each merge that names the run, unchanged and bad rows included.
pub async fn counts_and_reach_grow_with_each_merge(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    // Another's merges are not counted.
    fixture.merge_from("yahoo", series, [daily("2024-01-01", "1")]).await;
    let id = queued(fixture, series).await;
    fixture.runs().begin(id).await.unwrap();
    let batch = |dates: &[&str]| MergeBatch {
        run: Some(id),
        ..MergeBatch::of_bars(
            series,
            source("yahoo"),
            dates.iter().map(|date| daily(date, "1")).collect(),
        )
    };
    fixture.merge(batch(&["2024-01-03", "2024-01-04"])).await;
    fixture.merge(batch(&["2024-01-04", "2024-01-05", "2024-01-05"])).await;
    let bad = MergeBatch {
        rejected: vec![rejected("2024-01-06,x")],
        ..batch(&["2024-01-01", "2024-01-02"])
    };
    fixture.merge(bad).await;
    fixture.merge_from("yahoo", series, [daily("2024-01-31", "1")]).await;

    let run = get(fixture, id).await;
    let expected = MergeCounts {
        inserted: 4,
        unchanged: 2,
        duplicate: 1,
        rejected: 1,
        ..MergeCounts::default()
    };
    assert_eq!(run.counts, expected);
    let reached = run.reached.unwrap();
    assert_eq!(reached.start(), day("2024-01-01"));
    assert!(
        reached.contains(day("2024-01-05")) && !reached.contains(day("2024-01-06")),
        "{reached}"
    );
    let runs: Vec<_> = fixture.journal(series).await.iter().map(|line| line.run).collect();
    assert_eq!(runs, [None, Some(id), Some(id), Some(id), None]);
}

/// A merge that is refused leaves its run as it was.
pub async fn a_merge_that_fails_leaves_its_run_untouched(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    fixture.merge_from("yahoo", series, [daily("2024-01-02", "1")]).await;
    let id = queued(fixture, series).await;
    fixture.runs().begin(id).await.unwrap();
    let before = get(fixture, id).await;
    fixture.advance(Duration::minutes(1));
    let foreign = MergeBatch {
        basis: Basis::SplitAdjusted,
        run: Some(id),
        ..MergeBatch::of_bars(series, source("yahoo"), vec![daily("2024-01-03", "1")])
    };
    fixture.prices().merge(foreign).await.unwrap_err();
    assert_eq!(get(fixture, id).await, before);
}

/// A run at work whose lease has run out is an orphan; one that waits or has ended is none.
pub async fn a_run_whose_process_died_is_an_orphan(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let (waiting, working, ended) = (
        queued(fixture, series).await,
        queued(fixture, series).await,
        queued(fixture, series).await,
    );
    for id in [working, ended] {
        fixture.runs().begin(id).await.unwrap();
    }
    fixture.runs().finish(ended, 1, end(RunState::Succeeded)).await.unwrap();
    assert_eq!(fixture.runs().orphaned().await.unwrap(), []);

    let lease = get(fixture, working).await.lease_until.unwrap();
    fixture.advance(lease.since(fixture.now()) + Duration::seconds(1));
    let orphans = fixture.runs().orphaned().await.unwrap();
    assert_eq!(orphans.iter().map(|run| run.id).collect::<Vec<_>>(), [working]);
    assert_eq!(get(fixture, waiting).await.state, RunState::Queued);
}

/// An orphan begins again with what it had: one more attempt, a new lease, the same counts.
pub async fn an_orphan_begins_again_with_what_it_had(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let id = queued(fixture, series).await;
    fixture.runs().begin(id).await.unwrap();
    let batch = MergeBatch {
        run: Some(id),
        ..MergeBatch::of_bars(series, source("yahoo"), vec![daily("2024-01-02", "1")])
    };
    fixture.merge(batch).await;
    let before = get(fixture, id).await;
    fixture.advance(Duration::days(1));
    let run = fixture.runs().begin(id).await.unwrap();
    assert_eq!(
        (run.state, run.attempts, run.started_at),
        (RunState::Running, 2, Some(fixture.now()))
    );
    assert_eq!((run.counts, run.reached), (before.counts, before.reached));
    assert!(run.lease_until.unwrap() > fixture.now());
    assert_eq!(fixture.runs().orphaned().await.unwrap(), []);
}

/// Each merge is a sign of life.
pub async fn a_merge_renews_the_lease(fixture: &Fixture) {
    let series = fixture.daily_series("AAPL").await;
    let id = queued(fixture, series).await;
    let begun = fixture.runs().begin(id).await.unwrap().lease_until.unwrap();
    let length = begun.since(fixture.now());
    fixture.advance(length - Duration::seconds(1));
    let batch = MergeBatch {
        run: Some(id),
        ..MergeBatch::of_bars(series, source("yahoo"), vec![daily("2024-01-02", "1")])
    };
    fixture.merge(batch).await;
    fixture.advance(Duration::seconds(2));
    assert_eq!(fixture.runs().orphaned().await.unwrap(), []);
    assert_eq!(
        get(fixture, id).await.lease_until,
        begun.checked_add(length - Duration::seconds(1))
    );
}

/// Runs are listed newest first, by instrument, interval, source and state, in pages that lose and repeat none.
pub async fn runs_are_listed_newest_first(fixture: &Fixture) {
    let apple = fixture.daily_series("AAPL").await;
    let microsoft = fixture.daily_series("MSFT").await;
    let mut created = Vec::new();
    for (series, name) in [
        (apple, "yahoo"),
        (microsoft, "yahoo"),
        (apple, "stooq"),
        (apple, "yahoo"),
    ] {
        created.push(fixture.runs().create(series, &source(name), None).await.unwrap().id);
    }
    created.reverse();
    let newest = *created.first().unwrap();
    fixture.runs().begin(newest).await.unwrap();

    let listed = async |filter: RunFilter, limit, after| {
        let runs = fixture.runs().list(&filter, limit, after).await.unwrap();
        runs.iter().map(|run| run.id).collect::<Vec<_>>()
    };
    let any = RunFilter::default;
    assert_eq!(listed(any(), 10, None).await, created);
    assert_eq!(listed(any(), 2, None).await, created.get(..2).unwrap());
    assert_eq!(
        listed(any(), 10, created.get(1).copied()).await,
        created.get(2..).unwrap()
    );
    let of_apple = RunFilter::of_series(apple);
    assert_eq!(listed(of_apple.clone(), 10, None).await.len(), 3);
    let weekly = SeriesKey {
        interval: Interval::OneWeek,
        ..apple
    };
    let of_weeks = queued(fixture, weekly).await;
    let of_any_length = RunFilter {
        instrument: Some(apple.instrument),
        ..any()
    };
    assert_eq!(listed(of_any_length, 10, None).await.len(), 4);
    let only_weeks = RunFilter {
        interval: Some(Interval::OneWeek),
        ..any()
    };
    assert_eq!(listed(only_weeks, 10, None).await, [of_weeks]);
    let from_yahoo = RunFilter {
        source: Some(source("yahoo")),
        ..of_apple
    };
    assert_eq!(listed(from_yahoo.clone(), 10, None).await.len(), 2);
    let at_work = RunFilter {
        state: Some(RunState::Running),
        ..from_yahoo
    };
    assert_eq!(listed(at_work, 10, None).await, [newest]);
}
