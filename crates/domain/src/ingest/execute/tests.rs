//! Runs against a provider with a script and a store in memory.

mod ends;
mod laws;
mod prices;

use super::*;
use crate::ingest::testing::{Rig, at, daily, days, from, print, range, symbol, until};
use crate::{IngestRunRepository, Interval, Page, PriceHistory, ProviderError, SeriesCatalogue};

const NOW: &str = "2020-03-01T12:00:00Z";

/// Two months of days, ten a page.
fn two_months() -> Rig {
    let rig = Rig::with_days(NOW, "2020-01-01", "2020-03-01");
    rig.provider.page_by(Page::Bars(10));
    rig
}

fn inserted(count: u64) -> MergeCounts {
    MergeCounts {
        inserted: count,
        ..MergeCounts::default()
    }
}

fn unavailable() -> ProviderError {
    ProviderError::Unavailable {
        retry_after: None,
        source: "connection refused".into(),
    }
}

#[tokio::test]
async fn everything_that_the_provider_has_is_stored_page_by_page() {
    let rig = two_months();
    let run = rig.run(&daily()).await;
    assert_eq!(
        (run.state, run.counts, run.error),
        (RunState::Succeeded, inserted(60), None)
    );
    assert_eq!(
        run.reached,
        Some(TimeRange::new(at("2020-01-01"), at("2020-02-29").next()).unwrap())
    );
    assert_eq!(
        rig.bars("BTC-USD", Interval::OneDay).await,
        days("2020-01-01", "2020-03-01")
    );
    assert_eq!(rig.covered("BTC-USD", Interval::OneDay).await, ["..2020-03-01"]);
    let asked = print(&rig.provider.ranges());
    assert_eq!(asked.len(), 7, "the first page has ten new bars, each other nine");
    assert_eq!(
        asked[..2],
        ["..2020-03-01T12:00:00Z", "2020-01-10..2020-03-01T12:00:00Z"]
    );
}

#[tokio::test]
async fn twice_is_once() {
    let rig = two_months();
    rig.run(&daily()).await;
    let before = SeriesCatalogue::list(&*rig.store, 10, None).await.unwrap();
    let calls = rig.provider.ranges().len();
    let again = rig.run(&daily()).await;
    assert_eq!(again.state, RunState::Succeeded);
    let unchanged = MergeCounts {
        unchanged: 5,
        ..MergeCounts::default()
    };
    assert_eq!(again.counts, unchanged);
    assert_eq!(
        print(&rig.provider.ranges()[calls..]),
        ["2020-02-25..2020-03-01T12:00:01Z"]
    );
    assert_eq!(SeriesCatalogue::list(&*rig.store, 10, None).await.unwrap(), before);
}

#[tokio::test]
async fn a_refresh_asks_everything_again_and_restates_what_was_corrected() {
    let rig = two_months();
    rig.run(&daily()).await;
    let mut corrected = days("2020-01-01", "2020-03-01");
    corrected[3].close = "4.25".parse().unwrap();
    corrected[3].high = "4.25".parse().unwrap();
    rig.provider.have_bars(&symbol("BTC-USD"), Interval::OneDay, corrected);
    let order = crate::ingest::IngestOrder {
        refresh: true,
        ..daily()
    };
    let run = rig.run(&order).await;
    assert_eq!((run.counts.updated, run.counts.unchanged), (1, 59));
}

#[tokio::test]
async fn the_future_and_the_past_are_added_around_what_is_there() {
    let rig = Rig::with_days("2020-02-10T12:00:00Z", "2020-01-01", "2020-03-01");
    rig.run(&from("2020-02-01", daily())).await;
    assert_eq!(
        rig.covered("BTC-USD", Interval::OneDay).await,
        ["2020-02-01..2020-02-10"]
    );
    rig.clock.set(at(NOW));
    let run = rig.run(&from("2020-01-15", daily())).await;
    assert_eq!((run.state, run.counts.inserted), (RunState::Succeeded, 17 + 20));
    assert_eq!(
        print(&rig.provider.ranges()[1..]),
        ["2020-01-15..2020-02-01", "2020-02-05..2020-03-01T12:00:00Z"]
    );
    assert_eq!(
        rig.covered("BTC-USD", Interval::OneDay).await,
        ["2020-01-15..2020-03-01"]
    );
}

#[tokio::test]
async fn what_a_failure_leaves_is_where_the_next_run_goes_on() {
    let rig = two_months();
    rig.provider.fail_at(2, unavailable());
    let run = rig.run(&daily()).await;
    assert_eq!((run.state, run.counts), (RunState::Partial, inserted(19)));
    assert_eq!(
        run.error.as_deref(),
        Some("source gave no bars from 2020-01-19T00:00:00Z on: source unavailable: connection refused")
    );
    let rest = rig.run(&daily()).await;
    assert_eq!(
        (rest.state, rest.counts.inserted, rest.counts.unchanged),
        (RunState::Succeeded, 41, 5)
    );
    assert_eq!(
        print(&rig.provider.ranges()[3..4]),
        ["2020-01-15..2020-03-01T12:00:01Z"],
        "from the last five sessions on"
    );
    assert_eq!(
        rig.bars("BTC-USD", Interval::OneDay).await,
        days("2020-01-01", "2020-03-01")
    );
}

#[tokio::test]
async fn a_killed_run_goes_on_without_asking_again_for_what_it_merged() {
    let rig = two_months();
    let run = rig.request(&daily()).await;
    kill_after_pages(&rig, run.id, 2);
    let held = rig.execute(run.id).await.unwrap_err();
    assert!(
        matches!(held, IngestError::Runs(IngestRunRepositoryError::Held { .. })),
        "{held}"
    );
    rig.clock.advance(IngestRun::LEASE);
    let left: Vec<_> = rig.ingest.leftovers().await.unwrap().iter().map(|run| run.id).collect();
    assert_eq!(left, [run.id]);
    let calls = rig.provider.ranges().len();
    let ended = rig.execute(run.id).await.unwrap();
    assert_eq!(
        (ended.state, ended.attempts, ended.counts),
        (RunState::Succeeded, 2, inserted(60))
    );
    assert_eq!(
        print(&rig.provider.ranges()[calls..=calls]),
        ["2020-01-20..2020-03-01T12:00:31Z"]
    );
    assert_eq!(
        rig.bars("BTC-USD", Interval::OneDay).await,
        days("2020-01-01", "2020-03-01")
    );
    assert_eq!(rig.ingest.leftovers().await.unwrap(), []);
}

#[tokio::test]
async fn a_run_that_is_handed_back_can_begin_at_once() {
    let rig = two_months();
    let run = rig.request(&daily()).await;
    kill_after_pages(&rig, run.id, 1);
    let back = rig.ingest.hand_back(run.id, 1).await.unwrap();
    assert_eq!((back.state, back.counts), (RunState::Queued, inserted(10)));
    assert_eq!(rig.ingest.leftovers().await.unwrap(), [back]);
    assert_eq!(rig.execute(run.id).await.unwrap().counts.inserted, 60);
}

#[tokio::test]
async fn a_run_that_is_cancelled_between_pages_stops_quietly() {
    let rig = two_months();
    let run = rig.request(&daily()).await;
    let (ingest, id) = (rig.ingest.clone(), run.id);
    let cancel_after_two = move |progress: Progress| {
        if progress.counts.inserted == 19 {
            at_once(ingest.cancel(id)).unwrap();
        }
    };
    let ended = rig.ingest.execute(run.id, &cancel_after_two).await.unwrap();
    assert_eq!((ended.state, ended.counts), (RunState::Cancelled, inserted(19)));
    assert_eq!(rig.provider.ranges().len(), 2);
    assert_eq!(ended, rig.run_of(run.id).await);
    assert_eq!(rig.execute(run.id).await.unwrap(), ended, "it is not begun again");
}

#[tokio::test]
async fn an_attempt_that_was_taken_over_asks_no_more() {
    let rig = two_months();
    let run = rig.request(&daily()).await;
    let (runs, clock, id) = (rig.store.clone(), rig.clock.clone(), run.id);
    let lose_after_two = move |progress: Progress| {
        if progress.counts.inserted == 19 {
            clock.advance(IngestRun::LEASE);
            at_once(runs.begin(id)).unwrap();
        }
    };
    let error = rig.ingest.execute(run.id, &lose_after_two).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("run {} was taken over: another process is at work on it", run.id)
    );
    assert_eq!(rig.provider.ranges().len(), 2);
    let run = rig.run_of(run.id).await;
    assert_eq!((run.state, run.attempts), (RunState::Running, 2));
    let refused = rig.ingest.renew(run.id, 1).await.unwrap_err();
    assert!(matches!(refused, IngestError::TakenOver { .. }), "{refused}");
    rig.ingest.renew(run.id, 2).await.unwrap();
}

#[tokio::test]
async fn progress_tells_the_attempt_at_once_and_then_how_far_it_is() {
    let rig = two_months();
    let order = until("2020-01-15", daily());
    let run = rig.request(&order).await;
    let (told, _) = rig.watched(run.id).await;
    let shown: Vec<_> = told
        .iter()
        .map(|progress| {
            let reached = progress
                .reached
                .map_or_else(String::new, |reached| reached.date().to_string());
            (
                progress.attempt,
                progress.counts.inserted,
                reached,
                print(&[progress.asked]).concat(),
            )
        })
        .collect();
    let step = |inserted, reached: &str, asked: &str| (1, inserted, reached.to_owned(), asked.to_owned());
    assert_eq!(
        shown,
        [
            step(0, "", "..2020-01-15"),
            step(0, "", "..2020-01-15"),
            step(10, "2020-01-11", "2020-01-01..2020-01-15"),
            step(14, "2020-01-15", "2020-01-01..2020-01-15"),
        ]
    );
}

#[tokio::test]
async fn a_run_of_a_file_is_not_executed() {
    let rig = two_months();
    let run = rig.run(&daily()).await;
    let of_file = rig
        .store
        .create(run.series, &"file".parse().unwrap(), None)
        .await
        .unwrap();
    let error = rig.execute(of_file.id).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("run {} is that of a file: import the file again", of_file.id)
    );
    assert_eq!(rig.run_of(of_file.id).await.attempts, 0);
    assert_eq!(rig.ingest.leftovers().await.unwrap(), []);
    let missing = rig.execute(RunId(99)).await.unwrap_err();
    assert_eq!(missing.to_string(), "there is no run 99");
}

#[tokio::test]
async fn leftovers_come_oldest_first_and_all_of_them() {
    let rig = two_months();
    let mut asked = Vec::new();
    for day in 1..=RUNS + 3 {
        let start = at("2020-01-01").checked_add(time::Duration::seconds(i64::try_from(day).unwrap()));
        let order = crate::ingest::IngestOrder { start, ..daily() };
        asked.push(rig.request(&order).await.id);
    }
    let left: Vec<_> = rig.ingest.leftovers().await.unwrap().iter().map(|run| run.id).collect();
    assert_eq!(left, asked);
}

/// A second later, a process that is killed in the middle of a page, after so many whole ones: its execution is dropped.
fn kill_after_pages(rig: &Rig, run: RunId, pages: usize) {
    rig.clock.advance(time::Duration::SECOND);
    rig.provider.hang_at(rig.provider.ranges().len() + pages);
    let unfinished = poll_once(rig.execute(run));
    assert!(unfinished.is_none(), "{unfinished:?}");
}

/// What a future gives that waits for nothing.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    poll_once(future).unwrap()
}

/// What a future gives before it first waits; it is dropped then.
fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}
