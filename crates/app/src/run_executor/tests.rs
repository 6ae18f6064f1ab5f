//! Several runs at once, stopped, held, cancelled and taken over, against a provider with a script.

mod gated;
mod service;

use std::sync::Mutex;

use domain::fake::{FakeProvider, InMemoryStore, ManualClock, flat_bar};
use domain::ingest::{IngestOrder, InstrumentChoice, RunQueue};
use domain::{
    Interval, MarketDataProvider, Page, Providers, RegisteredProvider, RunState, SourceName, Symbol, TimeRange,
};

use super::*;
use crate::store::Store;
use crate::use_cases::UseCases;
use gated::Gated;

const DAYS: i64 = 10;

struct Rig {
    clock: Arc<ManualClock>,
    store: Arc<InMemoryStore>,
    provider: Arc<FakeProvider>,
    ingest: Ingest,
    stop: StopFlag,
    heard: Arc<Mutex<Vec<RunEvent>>>,
}

impl Rig {
    /// Ten days of each of these, in pages of four, at a time long after.
    fn with(symbols: &[&str], queue: Arc<dyn RunQueue>) -> Self {
        let clock = Arc::new(ManualClock::at("2024-06-01T12:00:00Z".parse().unwrap()));
        let store = Arc::new(InMemoryStore::new(clock.clone()));
        let provider = Arc::new(FakeProvider::new("fake".parse().unwrap(), clock.clone()));
        provider.page_by(Page::Bars(4));
        let first: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
        for symbol in symbols {
            let days = (0..DAYS).map(|day| {
                let opened_at = first.checked_add(time::Duration::days(day)).unwrap();
                flat_bar(opened_at, domain::Price::new(100 + i128::from(day), 0).unwrap())
            });
            provider.have_bars(&symbol.parse().unwrap(), Interval::OneDay, days);
        }
        Self {
            ingest: ingest(provider.clone(), &store, &clock, queue),
            clock,
            store,
            provider,
            stop: StopFlag::default(),
            heard: Arc::default(),
        }
    }

    /// The same with another provider.
    fn asking(self, provider: Arc<dyn MarketDataProvider>) -> Self {
        Self {
            ingest: ingest(provider, &self.store, &self.clock, Arc::new(OwnErrand)),
            ..self
        }
    }

    fn executor(&self, at_once: usize) -> RunExecutor {
        RunExecutor::new(
            self.ingest.clone(),
            self.store.clone(),
            self.clock.clone(),
            at_once,
            self.stop.clone(),
            Duration::from_secs(5),
        )
    }

    fn listener(&self) -> Listener {
        let heard = Arc::clone(&self.heard);
        Arc::new(move |event| heard.lock().unwrap().push(event))
    }

    async fn request(&self, symbols: &[&str], refresh: bool) -> Vec<RunId> {
        let order = IngestOrder {
            provider: fake(),
            instruments: symbols.iter().map(|symbol| spelled(symbol)).collect(),
            interval: Interval::OneDay,
            start: Some("2024-01-01T00:00:00Z".parse().unwrap()),
            end: Some("2024-01-11T00:00:00Z".parse().unwrap()),
            refresh,
        };
        let requested = self.ingest.request(&order, None).await.unwrap();
        // Answers come later than they are asked for.
        self.clock.advance(time::Duration::SECOND);
        requested.iter().map(|one| one.run.id).collect()
    }

    async fn run(&self, id: RunId) -> IngestRun {
        IngestRunRepository::get(&*self.store, id).await.unwrap().unwrap()
    }

    async fn begin(&self, id: RunId) -> Result<IngestRun, domain::IngestRunRepositoryError> {
        IngestRunRepository::begin(&*self.store, id).await
    }

    /// Lets others go on until it is so.
    async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        while !is_so(self) {
            tokio::task::yield_now().await;
        }
    }
}

fn ingest(
    provider: Arc<dyn MarketDataProvider>,
    store: &Arc<InMemoryStore>,
    clock: &Arc<ManualClock>,
    queue: Arc<dyn RunQueue>,
) -> Ingest {
    let providers: Providers = [RegisteredProvider::ready(provider)].into_iter().collect();
    let clock: Arc<dyn Clock> = clock.clone();
    let ports = Store::over(store.clone());
    let use_cases = UseCases::over(&ports, &ingest_config(), &clock).unwrap();
    use_cases.ingest(&ports, Arc::new(providers), queue)
}

fn fake() -> SourceName {
    "fake".parse().unwrap()
}

fn ingest_config() -> crate::config::IngestConfig {
    crate::Config::load(&crate::config::Sources::default()).unwrap().ingest
}

fn spelled(symbol: &str) -> InstrumentChoice {
    InstrumentChoice::Spelled(symbol.parse::<Symbol>().unwrap())
}

fn state(executed: &Executed) -> Option<RunState> {
    match executed {
        Executed::Ended(run) => Some(run.state),
        Executed::Waits | Executed::TakenOver | Executed::Left(_) => None,
    }
}

#[tokio::test(start_paused = true)]
async fn one_run_that_fails_does_not_hide_the_others() {
    let rig = Rig::with(&["A", "B", "C"], Arc::new(OwnErrand));
    let runs = rig.request(&["A", "B", "C"], false).await;
    rig.provider.fail_at(
        0,
        domain::ProviderError::Refused {
            detail: "not today".to_owned(),
        },
    );
    let executed = rig.executor(8).carry_out_all(&runs, &rig.listener()).await;
    let states: Vec<_> = executed.iter().map(state).collect();
    assert_eq!(
        states,
        [
            Some(RunState::Failed),
            Some(RunState::Succeeded),
            Some(RunState::Succeeded)
        ]
    );
    let over = |event: &RunEvent| matches!(event, RunEvent::Over(_));
    assert_eq!(rig.heard.lock().unwrap().iter().filter(|event| over(event)).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn no_more_runs_are_at_work_than_are_allowed() {
    let rig = Rig::with(&["A", "B", "C"], Arc::new(OwnErrand));
    let runs = rig.request(&["A", "B", "C"], false).await;
    rig.provider.hang_at(0);
    rig.provider.hang_at(1);
    let (executor, listener) = (rig.executor(2), rig.listener());
    let all = {
        let runs = runs.clone();
        tokio::spawn(async move { executor.carry_out_all(&runs, &listener).await })
    };
    rig.until(|rig| rig.provider.requests().len() == 2).await;
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(rig.provider.requests().len(), 2, "the third waits for its turn");
    rig.stop.raise();
    let executed = all.await.unwrap();
    assert!(
        executed.iter().all(|one| matches!(one, Executed::Waits)),
        "{executed:?}"
    );
    for run in runs {
        assert_eq!(rig.run(run).await.state, RunState::Queued);
    }
    assert_eq!(rig.provider.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_the_page_in_hand_be_merged_and_asks_for_no_other() {
    let rig = Rig::with(&["A"], Arc::new(OwnErrand));
    let gated = Arc::new(Gated {
        inner: Arc::clone(&rig.provider),
        gate: tokio::sync::Semaphore::new(1),
    });
    let rig = rig.asking(gated.clone());
    let run = rig.request(&["A"], false).await[0];
    let (executor, listener) = (rig.executor(1), rig.listener());
    let ours = tokio::spawn(async move { executor.carry_out(run, &listener).await });
    // It begins, merges the first page, and waits for the second.
    rig.until(|rig| rig.provider.requests().len() == 1).await;
    let asked_to_stop = tokio::time::Instant::now();
    rig.stop.raise();
    tokio::task::yield_now().await;
    gated.gate.add_permits(1);
    assert!(matches!(ours.await.unwrap(), Executed::Waits));
    assert_eq!(asked_to_stop.elapsed(), Duration::ZERO);
    assert_eq!(rig.provider.requests().len(), 2);
    let handed_back = rig.run(run).await;
    assert_eq!((handed_back.state, handed_back.counts.inserted), (RunState::Queued, 7));
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_long_for_a_page_and_the_next_process_goes_on_behind_what_was_merged() {
    let rig = Rig::with(&["A"], Arc::new(OwnErrand));
    let runs = rig.request(&["A"], false).await;
    rig.provider.hang_at(1);
    let (executor, listener) = (rig.executor(1), rig.listener());
    let ours = {
        let runs = runs.clone();
        tokio::spawn(async move { executor.carry_out_all(&runs, &listener).await })
    };
    rig.until(|rig| rig.provider.requests().len() == 2).await;
    let asked_to_stop = tokio::time::Instant::now();
    rig.stop.raise();
    let executed = ours.await.unwrap();
    assert!(matches!(executed[..], [Executed::Waits]), "{executed:?}");
    assert_eq!(asked_to_stop.elapsed(), Duration::from_secs(5));

    let next = Rig {
        stop: StopFlag::default(),
        ..rig
    };
    let executed = next.executor(1).carry_out_all(&runs, &next.listener()).await;
    assert_eq!(state(&executed[0]), Some(RunState::Succeeded));
    let begun_at = next.provider.ranges().into_iter().skip(2).map(TimeRange::start).min();
    let first_missing: Timestamp = "2024-01-05T00:00:00Z".parse().unwrap();
    assert_eq!(begun_at, Some(first_missing));
    let run = next.run(runs[0]).await;
    assert_eq!((run.attempts, run.counts.inserted), (2, 10));
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_series_is_held_gives_its_turn_to_others_and_begins_once_the_lease_ran_out() {
    let rig = Rig::with(&["A", "B"], Arc::new(OwnErrand));
    let [other] = rig.request(&["A"], true).await[..] else {
        panic!("one run for one instrument");
    };
    rig.begin(other).await.unwrap();
    let runs = rig.request(&["A", "B"], false).await;
    let (heard, clock) = (Arc::clone(&rig.heard), Arc::clone(&rig.clock));
    // The other process dies.
    let listener: Listener = Arc::new(move |event| {
        if matches!(event, RunEvent::Over(_)) {
            clock.advance(IngestRun::LEASE);
        }
        heard.lock().unwrap().push(event);
    });
    let executed = rig.executor(1).carry_out_all(&runs, &listener).await;
    assert_eq!(
        executed.iter().map(state).collect::<Vec<_>>(),
        [Some(RunState::Succeeded); 2]
    );
    let heard = rig.heard.lock().unwrap();
    let held = heard
        .iter()
        .position(|event| matches!(event, RunEvent::Held { run, by, .. } if *run == runs[0] && *by == other));
    let b_over = heard
        .iter()
        .position(|event| matches!(event, RunEvent::Over(run) if *run == runs[1]));
    let a_over = heard
        .iter()
        .position(|event| matches!(event, RunEvent::Over(run) if *run == runs[0]));
    assert!(held < b_over && b_over < a_over, "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_elsewhere_is_told_as_it_ended() {
    let rig = Rig::with(&["A"], Arc::new(OwnErrand));
    let runs = rig.request(&["A"], false).await;
    let theirs = rig.begin(runs[0]).await.unwrap();
    let store = Arc::clone(&rig.store);
    let end = domain::RunEnd {
        state: RunState::Partial,
        error: Some("elsewhere".to_owned()),
    };
    let (executor, listener, run) = (rig.executor(1), rig.listener(), runs[0]);
    let ours = tokio::spawn(async move { executor.carry_out(run, &listener).await });
    rig.until(|rig| !rig.heard.lock().unwrap().is_empty()).await;
    store.finish(run, theirs.attempts, end).await.unwrap();
    assert_eq!(state(&ours.await.unwrap()), Some(RunState::Partial));
    assert!(rig.provider.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_by_hand_ends_at_its_next_sign_of_life() {
    let rig = Rig::with(&["A"], Arc::new(OwnErrand));
    let runs = rig.request(&["A"], false).await;
    rig.provider.hang_at(1);
    let (executor, listener, run) = (rig.executor(1), rig.listener(), runs[0]);
    let ours = tokio::spawn(async move { executor.carry_out(run, &listener).await });
    rig.until(|rig| rig.provider.requests().len() == 2).await;
    rig.store.cancel(run).await.unwrap();
    assert_eq!(state(&ours.await.unwrap()), Some(RunState::Cancelled));
    assert_eq!(rig.run(run).await.counts.inserted, 4, "what was merged stays");
}

#[tokio::test(start_paused = true)]
async fn whoever_was_taken_over_lets_go() {
    let rig = Rig::with(&["A"], Arc::new(OwnErrand));
    let runs = rig.request(&["A"], false).await;
    rig.provider.hang_at(0);
    let (executor, listener, run) = (rig.executor(1), rig.listener(), runs[0]);
    let ours = tokio::spawn(async move { executor.carry_out(run, &listener).await });
    rig.until(|rig| rig.provider.requests().len() == 1).await;
    // This process slept, as laptops do, and another one found its lease run out.
    rig.clock.advance(IngestRun::LEASE);
    let theirs = rig.begin(run).await.unwrap();
    assert!(matches!(ours.await.unwrap(), Executed::TakenOver));
    assert_eq!((theirs.attempts, rig.run(run).await.state), (2, RunState::Running));
}

#[tokio::test(start_paused = true)]
async fn a_slow_page_keeps_its_lease() {
    let rig = Rig::with(&["A"], Arc::new(OwnErrand));
    let runs = rig.request(&["A"], false).await;
    rig.provider.hang_at(0);
    let (executor, listener, run) = (rig.executor(1), rig.listener(), runs[0]);
    let ours = tokio::spawn(async move { executor.carry_out(run, &listener).await });
    rig.until(|rig| rig.provider.requests().len() == 1).await;
    for _ in 0..12 {
        rig.clock.advance(time::Duration::seconds(10));
        tokio::time::advance(Duration::from_secs(10)).await;
        tokio::task::yield_now().await;
    }
    let refused = rig.begin(run).await.unwrap_err();
    assert!(
        matches!(refused, domain::IngestRunRepositoryError::Held { .. }),
        "{refused}"
    );
    rig.stop.raise();
    assert!(matches!(ours.await.unwrap(), Executed::Waits));
}
