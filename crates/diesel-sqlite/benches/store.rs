//! `cargo xtask bench store`: merging and reading, as a ratio to what SQLite itself does with the same rows in the same run.
//!
//! The limit of writing is one prepared `INSERT` of the same columns into a table with the same key, in transactions of
//! the same size, checking nothing. The limit of reading is `SELECT` of the same columns into text. CPU time of the
//! process counts; wall time on a shared machine says little.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_sqlite::{SqliteStore, migrate_up};
use domain::{
    AssetClass, Bar, BarQuery, BarValues, Clock, InstrumentDetails, InstrumentRepository, Interval, MergeBatch,
    PriceRepository, SeriesKey, SourceName, TimeOrder, TimeRange, Timestamp,
};

use schema::plain;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const BARS: i64 = 1_000_000;
const BATCH: usize = 10_000;

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let bars = bars()?;

    let limit_file = folder.path().join("limit.db");
    let limit_write = measured(|| insert_plainly(&limit_file, &bars))?;
    let limit_read = measured(|| select_plainly(&limit_file))?;

    let file = folder.path().join("store.db");
    let (store, series) = runtime.block_on(fresh(&file))?;
    let new = measured(|| runtime.block_on(merge_all(&store, series, &bars)))?;
    let unchanged = measured(|| runtime.block_on(merge_all(&store, series, &bars)))?;
    let read = measured(|| runtime.block_on(read_all(&store, series)))?;

    report("SQLite, INSERT of the same rows (limit)", limit_write, limit_write);
    report("merge, new bars", new, limit_write);
    report("merge, unchanged bars", unchanged, limit_write);
    report("SQLite, SELECT of the same rows (limit)", limit_read, limit_read);
    report("read, chunks of 10,000", read, limit_read);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a benchmark's answer")]
fn report(what: &str, seconds: f64, limit: f64) {
    let micros = seconds * 1_000_000.0 / f64::from(u32::try_from(BARS).unwrap_or(u32::MAX));
    println!(
        "{what:<42} {micros:>6.2} µs CPU a bar   {:>5.2} of the limit",
        limit / seconds
    );
}

/// CPU seconds of this process while `work` ran.
fn measured(work: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    let before = cpu_seconds()?;
    work()?;
    Ok((cpu_seconds()? - before).max(0.01))
}

/// User and system time of all threads, from the kernel's account in ticks of 10 ms.
fn cpu_seconds() -> Outcome<f64> {
    let account = std::fs::read_to_string("/proc/self/stat")?;
    let behind_name = account.rsplit_once(')').map_or(account.as_str(), |(_, rest)| rest);
    let ticks: u32 = behind_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u32>().ok())
        .sum();
    Ok(f64::from(ticks) / 100.0)
}

fn bars() -> Outcome<Vec<Bar>> {
    (0..BARS)
        .map(|minute| {
            let cents = 1_000_000 + i128::from(minute * 7_919 % 50_000);
            let price = |cents| domain::Price::new(cents, 2);
            let values = BarValues {
                opened_at: Timestamp::from_unix_seconds(1_483_228_800 + minute * 60)?,
                open: price(cents)?,
                high: price(cents + 150)?,
                low: price(cents - 150)?,
                close: price(cents + 25)?,
                volume: domain::Volume::new(i128::from(minute * 31 % 100_000), 3)?,
                trade_count: None,
                vwap: None,
            };
            Ok(Bar::new(values, AssetClass::Crypto)?)
        })
        .collect()
}

async fn fresh(file: &std::path::Path) -> Outcome<(SqliteStore, SeriesKey)> {
    let url = format!("sqlite:{}", file.display());
    migrate_up(&url).await?;
    let store = SqliteStore::open(&url, Arc::new(SystemClock)).await?;
    let instrument = store
        .create(InstrumentDetails::bare("BTC-USD".parse()?, AssetClass::Crypto))
        .await?;
    Ok((
        store,
        SeriesKey {
            instrument: instrument.id,
            interval: Interval::OneMinute,
        },
    ))
}

async fn merge_all(store: &SqliteStore, series: SeriesKey, bars: &[Bar]) -> Outcome<()> {
    for batch in bars.chunks(BATCH) {
        store
            .merge(MergeBatch::of_bars(series, SourceName::file(), batch.to_vec()))
            .await?;
    }
    Ok(())
}

async fn read_all(store: &SqliteStore, series: SeriesKey) -> Outcome<()> {
    let mut rest = Some(TimeRange::ALL);
    while let Some(range) = rest {
        let order = TimeOrder::Ascending;
        let query = BarQuery {
            series,
            range,
            order,
            limit: BATCH,
            as_of: None,
            include_partial: false,
        };
        let chunk = store.read(&query).await?;
        rest = match chunk.bars.last().filter(|_| chunk.more) {
            Some(last) => Some(TimeRange::new(last.bar.opened_at().next(), range.end())?),
            None => None,
        };
        black_box(chunk);
    }
    Ok(())
}

const PLAIN_TABLE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE plain (instrument_id INTEGER NOT NULL, interval TEXT NOT NULL, opened_at INTEGER NOT NULL,
    open TEXT NOT NULL, high TEXT NOT NULL, low TEXT NOT NULL, close TEXT NOT NULL, volume TEXT NOT NULL,
    PRIMARY KEY (instrument_id, interval, opened_at)) STRICT, WITHOUT ROWID;";

fn insert_plainly(file: &std::path::Path, bars: &[Bar]) -> Outcome<()> {
    let mut connection = SqliteConnection::establish(&file.display().to_string())?;
    connection.batch_execute(PLAIN_TABLE)?;
    for batch in bars.chunks(BATCH) {
        connection.immediate_transaction(|connection| {
            // Rows in one statement as large as the store's own, so that neither pays more round trips.
            for rows in batch.chunks(1_000) {
                let values: Vec<_> = rows.iter().map(plain_row).collect();
                diesel::insert_into(plain::table).values(values).execute(connection)?;
            }
            Ok::<(), diesel::result::Error>(())
        })?;
    }
    Ok(())
}

type PlainRow<'a> = (
    diesel::dsl::Eq<plain::instrument_id, i64>,
    diesel::dsl::Eq<plain::interval, &'a str>,
    diesel::dsl::Eq<plain::opened_at, i64>,
    diesel::dsl::Eq<plain::open, String>,
    diesel::dsl::Eq<plain::high, String>,
    diesel::dsl::Eq<plain::low, String>,
    diesel::dsl::Eq<plain::close, String>,
    diesel::dsl::Eq<plain::volume, String>,
);

fn plain_row(bar: &Bar) -> PlainRow<'static> {
    (
        plain::instrument_id.eq(1),
        plain::interval.eq("1m"),
        plain::opened_at.eq(bar.opened_at().unix_micros()),
        plain::open.eq(bar.open().to_string()),
        plain::high.eq(bar.high().to_string()),
        plain::low.eq(bar.low().to_string()),
        plain::close.eq(bar.close().to_string()),
        plain::volume.eq(bar.volume().to_string()),
    )
}

#[derive(QueryableByName)]
struct Selected {
    #[diesel(sql_type = BigInt)]
    opened_at: i64,
    #[diesel(sql_type = Text)]
    open: String,
    #[diesel(sql_type = Text)]
    high: String,
    #[diesel(sql_type = Text)]
    low: String,
    #[diesel(sql_type = Text)]
    close: String,
    #[diesel(sql_type = Text)]
    volume: String,
}

fn select_plainly(file: &std::path::Path) -> Outcome<()> {
    let mut connection = SqliteConnection::establish(&file.display().to_string())?;
    let mut from = i64::MIN;
    loop {
        let rows: Vec<Selected> = diesel::sql_query(
            "SELECT opened_at, open, high, low, close, volume FROM plain
             WHERE instrument_id = 1 AND interval = '1m' AND opened_at > ? ORDER BY opened_at LIMIT 10000",
        )
        .bind::<BigInt, _>(from)
        .load(&mut connection)?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        from = last.opened_at;
        for row in &rows {
            black_box((&row.open, &row.high, &row.low, &row.close, &row.volume));
        }
    }
}

mod schema {
    diesel::table! {
        plain (instrument_id, interval, opened_at) {
            instrument_id -> BigInt,
            interval -> Text,
            opened_at -> BigInt,
            open -> Text,
            high -> Text,
            low -> Text,
            close -> Text,
            volume -> Text,
        }
    }
}

/// The time of day, for stamps.
struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the port to the clock is implemented here")]
    fn now(&self) -> Timestamp {
        Timestamp::try_from(time::OffsetDateTime::now_utc()).unwrap_or(Timestamp::MIN)
    }
}
