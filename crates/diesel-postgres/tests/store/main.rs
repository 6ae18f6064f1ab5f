//! What only this store can get wrong: its server, its schema, the network in between, and other processes beside it.
#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod damage;
mod eight_writers;
mod journal;
mod migrations;
mod network;
mod opening;
mod plans;
mod replica;
mod schema;
mod sharing;
mod tls;
mod transfer;

use std::sync::Arc;
use std::time::Duration;

use diesel_postgres::{PostgresSettings, PostgresStore};
use domain::fake::ManualClock;
use domain::{
    AssetClass, Bar, BarQuery, BarValues, InstrumentDetails, InstrumentRepository, Interval, MergeBatch, SeriesKey,
    TimeOrder, TimeRange, Timestamp, Volume,
};
use postgres_fixture::TestDatabase;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2024-06-03T12:00:00Z".parse().unwrap()))
}

async fn open(database: &TestDatabase) -> PostgresStore {
    PostgresStore::open(&PostgresSettings::new(database.url()), clock())
        .await
        .unwrap()
}

/// Settings with so little patience that a test need not have much.
fn impatient(url: String) -> PostgresSettings {
    PostgresSettings {
        connections: 2,
        acquire_timeout: Duration::from_millis(500),
        connect_timeout: Duration::from_millis(500),
        statement_timeout: Duration::from_millis(500),
        ..PostgresSettings::new(url)
    }
}

/// A connection past the store, to look and to do damage.
async fn raw(database: &TestDatabase) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&database.url(), tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

/// The daily series of a new stock.
async fn daily_series(store: &PostgresStore) -> SeriesKey {
    daily_series_of(store, "AAPL").await
}

async fn daily_series_of(store: &PostgresStore, symbol: &str) -> SeriesKey {
    let details = InstrumentDetails::bare(symbol.parse().unwrap(), AssetClass::Stock);
    SeriesKey {
        instrument: InstrumentRepository::create(store, details).await.unwrap().id,
        interval: Interval::OneDay,
    }
}

/// Bars of so many days from 1970-01-01 on, all at one price.
fn days(series: SeriesKey, source: &str, numbers: std::ops::Range<i64>, price: &str) -> MergeBatch {
    let bars = numbers
        .map(|number| {
            let price = price.parse().unwrap();
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
        })
        .collect();
    MergeBatch::of_bars(series, source.parse().unwrap(), bars)
}

fn everything(series: SeriesKey) -> BarQuery {
    BarQuery {
        series,
        range: TimeRange::ALL,
        order: TimeOrder::Ascending,
        limit: 1_000_000,
        as_of: None,
        include_partial: false,
    }
}
