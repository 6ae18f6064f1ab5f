//! What `serve` takes up, and what it leaves.

use domain::{MergeCounts, RunFilter};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_service_takes_up_what_was_left_behind() {
    let rig = Rig::with(&["A", "B"], Arc::new(OwnErrand));
    // As if two processes had been killed: one before and one after it began.
    let left = rig.request(&["A", "B"], false).await;
    rig.begin(left[0]).await.unwrap();
    rig.clock.advance(IngestRun::LEASE);
    let (_queue, handed_over) = Handover::new();
    let serving = tokio::spawn(RunService::new(rig.executor(2), handed_over).run());
    let store = Arc::clone(&rig.store);
    let runs = loop {
        let runs = store.list(&RunFilter::default(), 10, None).await.unwrap();
        if runs.iter().all(|run| run.state == RunState::Succeeded) {
            break runs;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(runs.iter().map(|run| run.attempts).collect::<Vec<_>>(), [1, 2]);
    rig.stop.raise();
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_service_carries_out_what_is_handed_over_once_and_hands_back_at_the_end() {
    let (queue, handed_over) = Handover::new();
    let rig = Rig::with(&["A", "B"], Arc::new(queue));
    rig.provider.hang_at(0);
    let serving = tokio::spawn(RunService::new(rig.executor(2), handed_over).run());
    let runs = rig.request(&["A"], false).await;
    // Asked for again, it is handed over again.
    assert_eq!(rig.request(&["A"], false).await, runs);
    rig.until(|rig| rig.provider.requests().len() == 1).await;
    tokio::time::advance(Duration::from_secs(3)).await;
    rig.stop.raise();
    serving.await.unwrap();
    let run = rig.run(runs[0]).await;
    assert_eq!((run.state, run.attempts), (RunState::Queued, 1));
    assert_eq!(run.counts, MergeCounts::default());
    assert_eq!(rig.provider.requests().len(), 1);
}

#[tokio::test]
async fn the_import_of_a_process_that_died_has_failed() {
    let rig = Rig::with(&["A"], Arc::new(OwnErrand));
    let asked = rig.request(&["A"], false).await[0];
    let series = rig.run(asked).await.series;
    let file = IngestRunRepository::create(&*rig.store, series, &SourceName::file(), None)
        .await
        .unwrap()
        .id;
    for run in [asked, file] {
        rig.begin(run).await.unwrap();
    }
    end_dead_imports(&*rig.store).await.unwrap();
    assert_eq!(rig.run(file).await.state, RunState::Running, "it may be alive");
    rig.clock.advance(IngestRun::LEASE);
    end_dead_imports(&*rig.store).await.unwrap();
    let ended = rig.run(file).await;
    assert_eq!(
        (ended.state, ended.error.as_deref()),
        (RunState::Failed, Some("its process died"))
    );
    assert_eq!(rig.run(asked).await.state, RunState::Running, "that one can be resumed");
}
