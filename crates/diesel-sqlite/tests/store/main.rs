//! What only this store can get wrong: its file, its schema, its damage, and other processes on it.
#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod backup;
mod damage;
mod migrations;
mod opening;
mod sharing;

use std::path::PathBuf;
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use diesel_sqlite::{SqliteStore, migrate_up};
use domain::fake::ManualClock;
use domain::{
    AssetClass, Bar, BarQuery, BarValues, InstrumentDetails, InstrumentRepository, Interval, MergeBatch, SeriesKey,
    TimeOrder, TimeRange, Timestamp, Volume,
};

/// A database file in a folder of its own.
struct File {
    folder: tempfile::TempDir,
}

impl File {
    fn none_yet() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    async fn migrated() -> Self {
        let file = Self::none_yet();
        migrate_up(&file.url()).await.unwrap();
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("bars.db")
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    async fn open(&self) -> SqliteStore {
        let clock = ManualClock::at("2024-06-03T12:00:00Z".parse().unwrap());
        SqliteStore::open(&self.url(), Arc::new(clock)).await.unwrap()
    }

    /// A connection past the store, to look and to do damage.
    fn raw(&self) -> SqliteConnection {
        SqliteConnection::establish(self.path().to_str().unwrap()).unwrap()
    }

    fn execute(&self, sql: &str) {
        self.raw().batch_execute(sql).unwrap();
    }
}

/// The daily series of a new stock.
async fn daily_series(store: &SqliteStore) -> SeriesKey {
    let details = InstrumentDetails::bare("AAPL".parse().unwrap(), AssetClass::Stock);
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
