//! Writers that go away half-way.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use domain::{MergeBatch, PriceRepository, RunId, SeriesKey};
use time::Duration;

use crate::Fixture;
use crate::bars::{day, opening_at, source};

const BARS: i64 = 500;

/// 500 bars for one run, at one price.
fn batch(series: SeriesKey, run: RunId, price: &str) -> MergeBatch {
    let opened = (0..BARS).map(|number| day("2020-01-01").checked_add(Duration::days(number)).unwrap());
    MergeBatch {
        run: Some(run),
        ..MergeBatch::of_bars(series, source("file"), opened.map(|at| opening_at(at, price)).collect())
    }
}

/// Polls a future as often as that, if it needs it, and then drops it.
pub(crate) async fn poll_and_drop<Output>(mut future: Pin<Box<dyn Future<Output = Output> + Send + '_>>, times: usize) {
    let mut polls = 0;
    poll_fn(|context| {
        polls += 1;
        let done = polls > times || future.as_mut().poll(context).is_ready();
        if done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// A merge whose future is dropped, after any number of steps, leaves the whole batch or nothing of it: bars, version,
/// journal and run tell the same; and the next merge works.
pub async fn a_merge_that_is_dropped_leaves_all_or_nothing(fixture: &Fixture) {
    for polls in (0..8).chain([12, 20, 40]) {
        let series = fixture.daily_series(&format!("POLLS{polls}")).await;
        let run = fixture.runs().create(series, &source("file"), None).await.unwrap().id;
        let merging = fixture.prices().merge(batch(series, run, "1"));
        poll_and_drop(merging, polls).await;
        assert_all_or_nothing(fixture, series, run).await;
    }
}

/// The same for a task that is aborted while it merges, beside another that does not stop.
pub async fn a_task_that_is_aborted_leaves_all_or_nothing(fixture: &Fixture) {
    for pauses in 0..12 {
        let series = fixture.daily_series(&format!("PAUSES{pauses}")).await;
        let run = fixture.runs().create(series, &source("file"), None).await.unwrap().id;
        let store = fixture.store();
        let merging = batch(series, run, "1");
        let task = tokio::spawn(async move { PriceRepository::merge(&*store, merging).await });
        for _ in 0..pauses * pauses {
            tokio::task::yield_now().await;
        }
        task.abort();
        // Aborted or done before, both are fine.
        let _ended = task.await;
        assert_all_or_nothing(fixture, series, run).await;
    }
}

async fn assert_all_or_nothing(fixture: &Fixture, series: SeriesKey, run: RunId) {
    // What was left running in the background may still end well: at each moment it is all or nothing.
    for _ in 0..20 {
        let seen = fixture.bars(series).await.len();
        assert!(seen == 0 || seen == 500, "{seen} of {BARS} bars");
    }
    // A writer behind it waits for it, so from here on the outcome is settled.
    let again = fixture.merge(batch(series, run, "1")).await;
    assert!([0, 500].contains(&again.counts.unchanged), "{:?}", again.counts);
    assert_eq!(again.counts.inserted + again.counts.unchanged, 500);
    assert_eq!(again.version, 1);
    assert_eq!(fixture.bars(series).await.len(), 500);
    assert_eq!(
        (fixture.journal(series).await.len(), fixture.line(series).await.count),
        (1, 500)
    );
    let counts = fixture.runs().get(run).await.unwrap().unwrap().counts;
    assert_eq!((counts.inserted, counts.unchanged), (500, again.counts.unchanged));
}
