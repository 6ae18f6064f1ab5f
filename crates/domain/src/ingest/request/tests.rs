//! What is recorded and handed over, and what is not.

use super::*;
use crate::ingest::testing::{Rig, at, daily, known, order, range, symbol, until};
use crate::ingest::{MockRunQueue, RunQueueError};
use crate::{
    AssetClass, IngestRunRepository, InstrumentFilter, InstrumentOrder, InstrumentRepository, Interval, RunFilter,
    RunState, TimeRange, Timestamp,
};

async fn counts(rig: &Rig) -> (usize, usize) {
    let (of_instruments, of_runs) = (InstrumentFilter::default(), RunFilter::default());
    let page = InstrumentRepository::list(&*rig.store, &of_instruments, InstrumentOrder::default(), 100, None).await;
    let runs = IngestRunRepository::list(&*rig.store, &of_runs, 100, None).await;
    (page.unwrap().instruments.len(), runs.unwrap().len())
}

fn two() -> IngestOrder {
    IngestOrder {
        instruments: ["AAPL", "MSFT"].map(|name| symbol(name).into()).to_vec(),
        ..daily()
    }
}

fn knowing() -> Rig {
    let rig = Rig::at("2020-03-01");
    rig.provider.know(known("AAPL", AssetClass::Stock));
    rig.provider.know(known("MSFT", AssetClass::Stock));
    rig
}

fn key(text: &str) -> Option<IdempotencyKey> {
    Some(text.parse().unwrap())
}

#[tokio::test]
async fn instruments_are_made_and_runs_recorded_and_handed_over_in_order() {
    let rig = knowing();
    let order = until("2020-02-01", two());
    let requested = rig.ingest.request(&order, None).await.unwrap();
    let shown: Vec<_> = requested
        .iter()
        .map(|one| (one.instrument.to_string(), one.created_instrument, one.created_run))
        .collect();
    assert_eq!(
        shown,
        [("AAPL".to_owned(), true, true), ("MSFT".to_owned(), true, true)]
    );
    let run = &requested[0].run;
    assert_eq!((run.state, run.refresh), (RunState::Queued, false));
    assert_eq!(run.asked, TimeRange::new(Timestamp::MIN, at("2020-02-01")).ok());
    let apple = rig.instrument("AAPL").await;
    assert_eq!(
        (apple.id, apple.details.name.as_str()),
        (run.series.instrument, "AAPL Inc.")
    );
    assert_eq!(apple.details.provider_symbols[&order.provider], symbol("AAPL"));
    let ids: Vec<_> = requested.iter().map(|one| one.run.id).collect();
    assert_eq!(rig.queue.take(), ids);
}

#[tokio::test]
async fn a_repeated_order_is_given_the_runs_that_wait() {
    let rig = knowing();
    let first = rig.ingest.request(&two(), None).await.unwrap();
    let again = rig.ingest.request(&two(), None).await.unwrap();
    assert!(again.iter().all(|one| !one.created_instrument && !one.created_run));
    let ids = |requested: &[RequestedSeries]| requested.iter().map(|one| one.run.id).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&first));
    assert_eq!(
        rig.queue.take(),
        [ids(&first), ids(&first)].concat(),
        "whoever executes them is told again"
    );
    assert_eq!(counts(&rig).await, (2, 2));
}

#[tokio::test]
async fn a_key_gives_the_same_runs_after_they_ended_and_refuses_another_order() {
    let rig = knowing();
    let first = rig.ingest.request(&two(), key("one")).await.unwrap();
    for one in &first {
        rig.execute(one.run.id).await.unwrap();
    }
    drop(rig.queue.take());
    let again = rig.ingest.request(&two(), key("one")).await.unwrap();
    assert!(
        again
            .iter()
            .all(|one| one.run.state == RunState::Succeeded && !one.created_run)
    );
    assert_eq!(rig.queue.take(), [], "what has ended is not executed again");
    let other = order("AAPL", Interval::OneWeek);
    let error = rig.ingest.request(&other, key("one")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the idempotency key `one` was used for another request; take a new key for a new request"
    );
    let fresh = rig.ingest.request(&two(), key("two")).await.unwrap();
    assert!(fresh.iter().all(|one| one.created_run));
}

#[tokio::test]
async fn nothing_is_written_for_a_wrong_order() {
    let rig = knowing();
    let mut wrong = two();
    wrong.instruments.push(symbol("AAPLX").into());
    let error = rig.ingest.request(&wrong, None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "source does not know AAPLX: search the provider for its spelling"
    );
    assert_eq!((counts(&rig).await, rig.queue.take()), ((0, 0), Vec::new()));
}

#[tokio::test]
async fn what_the_provider_told_of_a_known_instrument_is_kept_with_it() {
    let rig = Rig::at("2020-03-01");
    let btc = crate::InstrumentDetails::bare(symbol("BTC-USDT"), AssetClass::Crypto);
    let before = rig.store_instrument(btc).await;
    rig.provider.know(crate::SymbolMatch {
        symbol: Some(symbol("BTC-USDT")),
        exchange: "BINANCE".parse().ok(),
        ..known("BTCUSDT", AssetClass::Crypto)
    });
    let requested = rig
        .ingest
        .request(&order("BTCUSDT", Interval::OneDay), None)
        .await
        .unwrap();
    let found = &requested[0];
    assert_eq!((found.instrument.id, found.created_instrument), (before.id, false));
    assert_eq!(found.instrument.to_string(), "BINANCE:BTC-USDT");
    rig.ingest
        .request(&order("BTCUSDT", Interval::OneDay), None)
        .await
        .unwrap();
    assert_eq!(rig.provider.descriptions().len(), 1, "it is known by then");
}

#[tokio::test]
async fn an_instrument_that_another_process_made_meanwhile_is_taken() {
    let rig = knowing();
    let details = crate::InstrumentDetails::bare(symbol("AAPL"), AssetClass::Stock);
    let made = rig.store_instrument(details.clone()).await;
    let spelled = crate::InstrumentDetails {
        provider_symbols: [("source".parse().unwrap(), symbol("AAPL"))].into(),
        ..details
    };
    let late = Identified::New {
        details: spelled,
        spelling: symbol("AAPL"),
    };
    let (instrument, created) = rig.ingest.establish(late).await.unwrap();
    assert_eq!((instrument.id, created), (made.id, false));
    assert_eq!(instrument.details.provider_symbols.len(), 1);
}

#[tokio::test]
async fn runs_wait_in_the_store_when_they_could_not_be_handed_over() {
    let rig = knowing();
    let mut queue = MockRunQueue::new();
    queue
        .expect_submit()
        .once()
        .returning(|_| Err(RunQueueError("connection refused".into())));
    let error = rig
        .with_queue(std::sync::Arc::new(queue))
        .request(&two(), None)
        .await
        .unwrap_err();
    assert_eq!(
        crate::ErrorChain(&error).to_string(),
        "the runs are recorded and wait, but whoever executes them could not be told: connection refused"
    );
    assert_eq!(rig.ingest.leftovers().await.unwrap().len(), 2);
    let again = rig.ingest.request(&two(), None).await.unwrap();
    assert!(again.iter().all(|one| !one.created_run));
}

#[tokio::test]
async fn a_range_is_recorded_as_it_was_asked_for() {
    let rig = knowing();
    let order = IngestOrder {
        start: Some(at("2020-01-01")),
        end: Some(at("2031-01-01")),
        refresh: true,
        ..order("AAPL", Interval::OneDay)
    };
    let run = rig.request(&order).await;
    assert_eq!(
        (run.asked, run.refresh),
        (Some(range("2020-01-01", "2031-01-01")), true)
    );
}
