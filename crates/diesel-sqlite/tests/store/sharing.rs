//! Two stores on one file, as two processes have them.

use diesel::connection::SimpleConnection;
use domain::{CorporateActionRepository, InstrumentId, PriceHistory, PriceRepository, SeriesCatalogue, StoreCare};

use super::{File, daily_series, days, everything};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_two_stores_take_turns() {
    let file = File::migrated().await;
    let (one, other) = (file.open().await, file.open().await);
    let series = daily_series(&one).await;
    let write = |store: diesel_sqlite::SqliteStore, source: &'static str, base: i64| async move {
        for round in 0..20_i64 {
            let price = (base + round).to_string();
            let batch = days(series, source, round * 10..round * 10 + 15, &price);
            PriceRepository::merge(&store, batch).await.unwrap();
        }
    };
    let (first, second) = (
        tokio::spawn(write(one.clone(), "file", 100)),
        tokio::spawn(write(other.clone(), "yahoo", 200)),
    );
    first.await.unwrap();
    second.await.unwrap();
    let line = SeriesCatalogue::find(&other, series).await.unwrap().unwrap();
    assert_eq!(line.count, 205);
    assert_eq!(
        line.version, 40,
        "each merge changed something, and each has a version of its own"
    );
    assert_eq!(one.journal(1_000, 0).await.unwrap().len(), 40);
    assert_eq!(one.verify().await.unwrap().violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_instant_behind_the_last_stamp_waits_for_a_writer_of_another_process() {
    let file = File::migrated().await;
    let store = file.open().await;
    let series = daily_series(&store).await;
    let merged = PriceRepository::merge(&store, days(series, "file", 0..3, "187.10"))
        .await
        .unwrap();
    let stamp = merged.stamp.unwrap();
    // Another process is half-way through a write that is stamped a microsecond later.
    let mut other = file.raw();
    other
        .batch_execute(
            "BEGIN IMMEDIATE; UPDATE bars SET recorded_at = recorded_at + 1; \
             UPDATE series SET updated_at = updated_at + 1, version = version + 1;",
        )
        .unwrap();
    // Of its last stamp the series is sure already.
    let mut query = everything(series);
    query.as_of = Some(stamp);
    assert_eq!(PriceRepository::read(&store, &query).await.unwrap().bars.len(), 3);
    // Of the next instant it is not.
    query.as_of = Some(stamp.next());
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { PriceRepository::read(&store, &query).await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    other.batch_execute("COMMIT").unwrap();
    let chunk = waiting.await.unwrap().unwrap();
    assert!(chunk.bars.iter().all(|price| price.recorded_at == stamp.next()));
}

#[tokio::test]
async fn readers_do_not_wait_for_a_writer_of_another_process() {
    let file = File::migrated().await;
    let store = file.open().await;
    let series = daily_series(&store).await;
    PriceRepository::merge(&store, days(series, "file", 0..3, "187.10"))
        .await
        .unwrap();
    let mut other = file.raw();
    other.batch_execute("BEGIN IMMEDIATE; DELETE FROM bars").unwrap();
    assert_eq!(
        PriceRepository::read(&store, &everything(series))
            .await
            .unwrap()
            .bars
            .len(),
        3
    );
    assert!(
        CorporateActionRepository::list(&store, InstrumentId(1), None)
            .await
            .unwrap()
            .is_empty()
    );
}
