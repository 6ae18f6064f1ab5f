//! How the server finds bars: by the key, whatever is read or written, and whether it plans for these values or for any.

use domain::{
    BarQuery, PriceHistory, PriceRepository, Removal, SeriesCatalogue, SeriesKey, TimeOrder, TimeRange, Timestamp,
};
use postgres_fixture::TestDatabase;
use tokio_postgres::Client;

use super::{daily_series_of, days, everything, open, raw};

const SERIES: usize = 20;
const BARS: i64 = 2_500;

fn day(number: i64) -> Timestamp {
    Timestamp::from_unix_seconds(number * 86_400).unwrap()
}

fn between(first: i64, behind: i64) -> TimeRange {
    TimeRange::new(day(first), day(behind)).unwrap()
}

/// Scans from end to end so far of the tables that grow with the bars, of sessions that have ended.
async fn scans(client: &Client) -> Vec<(String, i64)> {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    // A session tells what it did when it ends at the latest.
    while client.query_one(others, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        tokio::task::yield_now().await;
    }
    let counted = "SELECT relname::text, seq_scan FROM pg_stat_user_tables WHERE relname IN ('bars', 'bar_revisions') \
                   ORDER BY relname";
    let rows = client.query(counted, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Ways to read, with a state that is past.
fn queries(series: SeriesKey, past: Timestamp) -> Vec<BarQuery> {
    let whole = everything(series);
    let some = BarQuery {
        range: between(1_000, 1_100),
        limit: 50,
        ..whole
    };
    let newest = BarQuery {
        order: TimeOrder::Descending,
        limit: 1,
        include_partial: true,
        ..whole
    };
    let then = |query: BarQuery| BarQuery {
        as_of: Some(past),
        ..query
    };
    vec![whole, some, newest, then(whole), then(some), then(newest)]
}

#[tokio::test]
async fn no_read_and_no_merge_scans_a_table_of_bars() {
    let database = TestDatabase::fresh().await;
    let store = open(&database).await;
    let mut all = Vec::new();
    for number in 0..SERIES {
        let series = daily_series_of(&store, &format!("SYM{number}")).await;
        for price in ["1", "2"] {
            PriceRepository::merge(&store, days(series, "file", 0..BARS, price))
                .await
                .unwrap();
        }
        all.push(series);
    }
    drop(store);
    let watcher = raw(&database).await;
    watcher.batch_execute("ANALYZE").await.unwrap();
    let before = scans(&watcher).await;

    let store = open(&database).await;
    // A server plans a prepared statement for its values five times before it thinks of a plan for any.
    for (round, series) in (0_i64..).zip(all.iter().copied().take(7)) {
        let price = format!("3.{round:02}");
        for range in [
            0..3,           // restated, a handful
            500..1_000,     // restated, by COPY
            BARS..BARS + 5, // new, behind the last
            BARS + 9..BARS + 400,
            -20..-10, // new, before the first
        ] {
            let batch = days(series, "file", range, &price);
            let merged = PriceRepository::merge(&store, batch.clone()).await.unwrap();
            assert!(merged.stamp.is_some());
            let again = PriceRepository::merge(&store, batch).await.unwrap();
            assert_eq!(again.counts.unchanged, again.counts.fetched());
        }
        let past = SeriesCatalogue::find(&store, series).await.unwrap().unwrap().updated_at;
        for query in queries(series, past) {
            assert_ne!(PriceRepository::read(&store, &query).await.unwrap().bars, []);
        }
        let instants: Vec<Timestamp> = (1..40).map(|number| day(number * 50)).collect();
        let last = PriceRepository::last_before(&store, series, &instants, past)
            .await
            .unwrap();
        assert!(last.iter().all(Option::is_some));
        assert_ne!(store.revisions(series, between(0, 900), 100, None).await.unwrap(), []);
        let removal = Removal {
            series,
            range: between(2_000, 2_003),
            source: "api".parse().unwrap(),
        };
        assert_eq!(
            PriceRepository::remove(&store, removal).await.unwrap().counts.updated,
            3
        );
    }
    drop(store);
    assert_eq!(scans(&watcher).await, before);
}
