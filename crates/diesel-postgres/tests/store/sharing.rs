//! Several stores on one database, as several processes have them.

use std::sync::Arc;

use diesel_postgres::PostgresStore;
use domain::{Clock, PriceHistory, PriceRepository, SeriesCatalogue, StoreCare, Timestamp};
use postgres_fixture::TestDatabase;

use super::{daily_series, days, eight_writers, everything, open, raw};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_two_stores_take_turns() {
    let database = TestDatabase::fresh().await;
    let (one, other) = (open(&database).await, open(&database).await);
    let series = daily_series(&one).await;
    let write = |store: PostgresStore, source: &'static str, base: i64| async move {
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

/// `cargo xtask bench writers` lets them write for a minute.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_writers_end_in_what_a_serial_replay_ends_in() {
    assert_eq!(eight_writers::trial(|round| round < 12).await, 96);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_instant_behind_the_last_stamp_waits_for_a_writer_of_another_process() {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    let series = daily_series(&store).await;
    let merged = PriceRepository::merge(&store, days(series, "file", 0..3, "187.10"))
        .await
        .unwrap();
    let stamp = merged.stamp.unwrap();
    // Another process is half-way through a write that is stamped a microsecond later.
    let other = raw(&database).await;
    other
        .batch_execute(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock(1397050964, hashint8({})); \
             UPDATE bars SET recorded_at = recorded_at + interval '1 microsecond'; \
             UPDATE series SET updated_at = updated_at + interval '1 microsecond', version = version + 1;",
            series.instrument.0
        ))
        .await
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
    blocked(&database).await;
    assert!(!waiting.is_finished());
    other.batch_execute("COMMIT").await.unwrap();
    let chunk = waiting.await.unwrap().unwrap();
    assert!(chunk.bars.iter().all(|price| price.recorded_at == stamp.next()));
}

/// Returns once somebody waits for a lock.
async fn blocked(database: &TestDatabase) {
    let client = raw(database).await;
    loop {
        let row = client
            .query_one(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
                &[],
            )
            .await
            .unwrap();
        if row.get::<_, i64>(0) > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn readers_do_not_wait_for_a_writer_of_another_process() {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    let series = daily_series(&store).await;
    PriceRepository::merge(&store, days(series, "file", 0..3, "187.10"))
        .await
        .unwrap();
    let other = raw(&database).await;
    other
        .batch_execute("BEGIN; LOCK TABLE series IN ROW EXCLUSIVE MODE; DELETE FROM bars")
        .await
        .unwrap();
    let read = PriceRepository::read(&store, &everything(series)).await.unwrap();
    assert_eq!(read.bars.len(), 3);
}

/// A merge of what is there already leaves the write-ahead log as it is, but for the noise of the server.
#[tokio::test]
async fn merging_unchanged_bars_writes_no_log_to_speak_of() {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    let series = daily_series(&store).await;
    let batch = days(series, "file", 0..20_000, "187.10");
    PriceRepository::merge(&store, batch.clone()).await.unwrap();
    let client = raw(&database).await;
    let catalogue = "SELECT xmin::text::bigint FROM series";
    let written_by: i64 = client.query_one(catalogue, &[]).await.unwrap().get(0);
    let physical =
        "SELECT sum(pg_relation_size(oid))::bigint FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    let before: i64 = client.query_one(physical, &[]).await.unwrap().get(0);
    let merged = PriceRepository::merge(&store, batch).await.unwrap();
    assert_eq!(merged.counts.unchanged, 20_000);
    assert_eq!(merged.stamp, None);
    let after: i64 = client.query_one(physical, &[]).await.unwrap().get(0);
    assert_eq!(before, after, "no page was added");
    let still_by: i64 = client.query_one(catalogue, &[]).await.unwrap().get(0);
    assert_eq!(still_by, written_by, "the line of the catalogue was not written");
    let bars: i64 = client
        .query_one("SELECT count(DISTINCT xmin::text) FROM bars", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(bars, 1, "every bar is still that of the first transaction");
}

/// Stamps grow although the clock of another machine lags.
#[tokio::test]
async fn stamps_grow_across_machines_whose_clocks_differ() {
    struct Behind;
    impl Clock for Behind {
        fn now(&self) -> Timestamp {
            "2020-01-01T00:00:00Z".parse().unwrap()
        }
    }
    let database = TestDatabase::fresh().await;
    let ahead = open(&database).await;
    let settings = diesel_postgres::PostgresSettings::new(database.url());
    let behind = PostgresStore::open(&settings, Arc::new(Behind)).await.unwrap();
    let series = daily_series(&ahead).await;
    let first = PriceRepository::merge(&ahead, days(series, "file", 0..3, "1"))
        .await
        .unwrap();
    let second = PriceRepository::merge(&behind, days(series, "file", 0..3, "2"))
        .await
        .unwrap();
    assert_eq!(second.stamp, first.stamp.map(Timestamp::next));
}
