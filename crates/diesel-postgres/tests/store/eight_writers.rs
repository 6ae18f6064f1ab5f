//! Eight processes write overlapping ranges of one series at once; what they leave behind, written again one after the
//! other in the order in which their versions came, is the same.

use std::sync::Arc;

use diesel_postgres::{PostgresSettings, PostgresStore};
use domain::fake::ManualClock;
use domain::{
    AssetClass, Bar, BarQuery, BarValues, InstrumentDetails, InstrumentRepository, Interval, MergeBatch, PriceHistory,
    PriceRepository, SeriesKey, StoreCare, TimeOrder, TimeRange, Timestamp, Volume,
};
use postgres_fixture::TestDatabase;

const WRITERS: i64 = 8;

/// Lets each writer merge round after round while `goes_on` says so, compares with a serial replay, and tells how many
/// merges there were.
///
/// # Panics
/// When a merge fails, be it by a deadlock, or the states differ.
pub(crate) async fn trial(goes_on: impl Fn(i64) -> bool + Send + Sync + 'static) -> usize {
    let database = TestDatabase::fresh().await;
    let first = open(&database).await;
    let series = a_series(&first).await;
    let goes_on = Arc::new(goes_on);
    let mut tasks = Vec::new();
    for writer in 0..WRITERS {
        let (store, goes_on) = (open(&database).await, Arc::clone(&goes_on));
        tasks.push(tokio::spawn(async move {
            let mut written = Vec::new();
            for round in (0..).take_while(|round| goes_on(*round)) {
                let merged = PriceRepository::merge(&store, batch(series, writer, round))
                    .await
                    .unwrap();
                written.push((merged.version, merged.stamp.is_some(), writer, round));
            }
            written
        }));
    }
    let mut order = Vec::new();
    for task in tasks {
        order.extend(task.await.unwrap());
    }
    // A merge that changed nothing has the version of the one before it.
    order.sort_unstable_by_key(|(version, changed, ..)| (*version, !changed));

    let replayed_on = TestDatabase::fresh().await;
    let replay = open(&replayed_on).await;
    assert_eq!(a_series(&replay).await, series);
    for (version, _, writer, round) in &order {
        let merged = PriceRepository::merge(&replay, batch(series, *writer, *round))
            .await
            .unwrap();
        assert_eq!(merged.version, *version);
    }
    assert_eq!(bars(&first, series).await, bars(&replay, series).await);
    assert_eq!(revised(&first, series).await, revised(&replay, series).await);
    assert_eq!(first.verify().await.unwrap().violations, []);
    order.len()
}

async fn open(database: &TestDatabase) -> PostgresStore {
    let clock = Arc::new(ManualClock::at("2024-06-03T12:00:00Z".parse().unwrap()));
    PostgresStore::open(&PostgresSettings::new(database.url()), clock)
        .await
        .unwrap()
}

async fn a_series(store: &PostgresStore) -> SeriesKey {
    let details = InstrumentDetails::bare("AAPL".parse().unwrap(), AssetClass::Stock);
    SeriesKey {
        instrument: InstrumentRepository::create(store, details).await.unwrap().id,
        interval: Interval::OneDay,
    }
}

/// Ranges overlap, prices differ, and some batches are too large to go as parameters.
fn batch(series: SeriesKey, writer: i64, round: i64) -> MergeBatch {
    let start = (writer * 7 + round * 13) % 60;
    let length = if (writer + round) % 5 == 0 { 400 } else { 25 };
    let price = format!("{}.{:02}", 100 + writer, round % 100).parse().unwrap();
    let bar = |number: i64| {
        let values = BarValues {
            opened_at: Timestamp::from_unix_seconds(number * 86_400).unwrap(),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Volume::ZERO,
            trade_count: None,
            vwap: None,
        };
        Bar::new(values, AssetClass::Stock).unwrap()
    };
    MergeBatch::of_bars(
        series,
        "file".parse().unwrap(),
        (start..start + length).map(bar).collect(),
    )
}

async fn bars(store: &PostgresStore, series: SeriesKey) -> Vec<Bar> {
    let everything = BarQuery {
        series,
        range: TimeRange::ALL,
        order: TimeOrder::Ascending,
        limit: 1_000_000,
        as_of: None,
        include_partial: false,
    };
    let read = PriceRepository::read(store, &everything).await.unwrap();
    read.bars.into_iter().map(|price| price.bar).collect()
}

async fn revised(store: &PostgresStore, series: SeriesKey) -> Vec<Bar> {
    let revisions = store.revisions(series, TimeRange::ALL, 10_000_000, None).await.unwrap();
    revisions.into_iter().map(|revision| revision.bar).collect()
}
