//! Lines of the journal are numbered before they commit; whoever follows the numbers misses none.

use diesel_postgres::PostgresStore;
use domain::{JournalEntry, PriceHistory, PriceRepository, SeriesKey};
use postgres_fixture::TestDatabase;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::{daily_series_of, days, open, raw};

/// What a merge does last, by hand: the lock of the journal, and a line, which is given its number.
async fn begin_a_line(client: &Client, series: SeriesKey) {
    let line = format!(
        "BEGIN; SELECT pg_advisory_xact_lock_shared(1397050965, 1); \
         INSERT INTO journal (instrument_id, interval, version, changed_at, kind, range_start, range_end, inserted, \
         updated, unchanged, duplicate, rejected, discrepant) VALUES ({}, '{}', 2, '2024-06-03T12:00:01Z', 'merge', \
         '1970-01-01', '1970-01-02', 0, 1, 0, 0, 0, 0)",
        series.instrument, series.interval
    );
    client.batch_execute(&line).await.unwrap();
}

/// A reader that found a gap and waits for the transaction that was given the number.
async fn waiting_reader(database: &TestDatabase, store: &PostgresStore) -> JoinHandle<Vec<JournalEntry>> {
    let reader = store.clone();
    let reading = tokio::spawn(async move { reader.journal(100, 0).await.unwrap() });
    let watcher = raw(database).await;
    let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    while !watcher.query_one(waits, &[]).await.unwrap().get::<_, bool>(0) {
        assert!(
            !reading.is_finished(),
            "the reader did not wait for the line that is under way"
        );
    }
    reading
}

/// One series with its line 1, the line 2 under way, and the line 3 of another series, committed.
async fn a_gap() -> (TestDatabase, PostgresStore, Client) {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    let (slow, quick) = (
        daily_series_of(&store, "SLOW").await,
        daily_series_of(&store, "QUICK").await,
    );
    PriceRepository::merge(&store, days(slow, "file", 0..1, "1"))
        .await
        .unwrap();
    let writer = raw(&database).await;
    begin_a_line(&writer, slow).await;
    PriceRepository::merge(&store, days(quick, "file", 0..1, "1"))
        .await
        .unwrap();
    (database, store, writer)
}

fn numbers(lines: &[JournalEntry]) -> Vec<i64> {
    lines.iter().map(|line| line.id).collect()
}

#[tokio::test]
async fn a_line_that_commits_late_is_not_skipped() {
    let (database, store, writer) = a_gap().await;
    let reading = waiting_reader(&database, &store).await;
    writer.batch_execute("COMMIT").await.unwrap();
    assert_eq!(numbers(&reading.await.unwrap()), [1, 2, 3]);
}

#[tokio::test]
async fn a_number_that_was_given_back_stops_nobody() {
    let (database, store, writer) = a_gap().await;
    let reading = waiting_reader(&database, &store).await;
    writer.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(numbers(&reading.await.unwrap()), [1, 3]);
    assert_eq!(numbers(&store.journal(100, 1).await.unwrap()), [3]);
    assert_eq!(numbers(&store.journal(1, 0).await.unwrap()), [1]);
}
