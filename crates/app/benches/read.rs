//! `cargo xtask bench read`: reading 1,000 daily bars from PostgreSQL, as a ratio to the bare query in the same run.
//!
//! The limit is the same `SELECT`, prepared, whose rows are received and thrown away. The store reads them with the line of
//! the catalogue in one transaction and makes prices of them; over HTTP they leave as JSON. CPU time counts, of the
//! server's processes and of this one, its HTTP client included, which does next to nothing.

use std::error::Error;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use app::config::Sources;
use app::{Application, Config};
use diesel_postgres::{PostgresSettings, PostgresStore, migrate_up};
use domain::{
    AssetClass, Bar, BarQuery, BarValues, Clock, InstrumentDetails, InstrumentRepository, Interval, MergeBatch,
    PriceRepository, SeriesKey, SourceName, TimeOrder, TimeRange, Timestamp,
};
use postgres_cluster::{Binaries, Cluster, Durability};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const INSTRUMENTS: usize = 100;
const BARS: i64 = 5_000;
const ANSWER: usize = 1_000;
const ROUNDS: usize = 2_000;

fn main() -> Outcome<()> {
    let binaries = Binaries::installed().ok_or("the bench needs PostgreSQL's programs: install its server package")?;
    let cluster = Cluster::start(&binaries, Durability::None)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let settings = PostgresSettings::new(cluster.url());
    runtime.block_on(migrate_up(&settings))?;
    let store = runtime.block_on(PostgresStore::open(&settings, Arc::new(SystemClock)))?;
    let all = runtime.block_on(fill(&store))?;

    let client = runtime.block_on(connect(&cluster.url()))?;
    let limit = measured(&cluster, |round| {
        runtime.block_on(select(&client, picked(&all, round)?))
    })?;
    let read = measured(&cluster, |round| runtime.block_on(read(&store, picked(&all, round)?)))?;
    let mut connection = TcpStream::connect(serve(&cluster.url())?)?;
    connection.set_nodelay(true)?;
    let mut body = Vec::new();
    let served = measured(&cluster, |round| get(&mut connection, &mut body, round % INSTRUMENTS))?;

    report("PostgreSQL, the bare SELECT (limit)", limit, limit);
    report("read by the store", read, limit);
    report("over HTTP as JSON", served, limit);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a benchmark's answer")]
fn report(what: &str, seconds: f64, limit: f64) {
    let bars = f64::from(u32::try_from(ROUNDS * ANSWER).unwrap_or(u32::MAX));
    println!(
        "{what:<38} {:>6.2} µs CPU a bar   {:>5.2} of the limit",
        seconds / bars * 1e6,
        limit / seconds
    );
}

/// CPU seconds of the server and of this process while the work ran; once before to warm up.
fn measured(cluster: &Cluster, mut work: impl FnMut(usize) -> Outcome<()>) -> Outcome<f64> {
    for round in 0..INSTRUMENTS {
        work(round)?;
    }
    let before = cluster.cpu_seconds_with_client()?;
    for round in 0..ROUNDS {
        work(round)?;
    }
    Ok((cluster.cpu_seconds_with_client()? - before).max(0.01))
}

/// Neighbours are not asked one after the other: the step divides no round number.
fn picked(all: &[SeriesKey], round: usize) -> Outcome<SeriesKey> {
    let place = round * 37 % all.len();
    Ok(*all.get(place).ok_or("no series")?)
}

async fn fill(store: &PostgresStore) -> Outcome<Vec<SeriesKey>> {
    let mut all = Vec::new();
    for number in 0..INSTRUMENTS {
        let details = InstrumentDetails::bare(format!("SYM{number}").parse()?, AssetClass::Stock);
        let series = SeriesKey {
            instrument: store.create(details).await?.id,
            interval: Interval::OneDay,
        };
        let bars = (0..BARS).map(bar).collect::<Outcome<Vec<Bar>>>()?;
        store
            .merge(MergeBatch::of_bars(series, SourceName::file(), bars))
            .await?;
        all.push(series);
    }
    Ok(all)
}

fn bar(day: i64) -> Outcome<Bar> {
    let cents = 10_000 + i128::from(day * 7_919 % 50_000);
    let price = |cents| domain::Price::new(cents, 2);
    let values = BarValues {
        opened_at: Timestamp::from_unix_seconds(946_684_800 + day * 86_400)?,
        open: price(cents)?,
        high: price(cents + 150)?,
        low: price(cents - 150)?,
        close: price(cents + 25)?,
        volume: domain::Volume::new(i128::from(day * 31_337 % 90_000_000), 0)?,
        trade_count: None,
        vwap: None,
    };
    Ok(Bar::new(values, AssetClass::Stock)?)
}

async fn connect(url: &str) -> Outcome<(tokio_postgres::Client, tokio_postgres::Statement)> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let statement = client
        .prepare(
            "SELECT opened_at, open, high, low, close, volume, trade_count, vwap, source_id, recorded_at FROM bars \
             WHERE instrument_id = $1 AND \"interval\" = '1d' ORDER BY opened_at LIMIT 1001",
        )
        .await?;
    Ok((client, statement))
}

async fn select(
    (client, statement): &(tokio_postgres::Client, tokio_postgres::Statement),
    series: SeriesKey,
) -> Outcome<()> {
    black_box(client.query(statement, &[&series.instrument.0]).await?);
    Ok(())
}

async fn read(store: &PostgresStore, series: SeriesKey) -> Outcome<()> {
    let query = BarQuery {
        series,
        range: TimeRange::ALL,
        order: TimeOrder::Ascending,
        limit: ANSWER,
        as_of: None,
        include_partial: false,
    };
    let chunk = store.read(&query).await?;
    if chunk.bars.len() != ANSWER {
        return Err("another number of bars was read".into());
    }
    black_box(chunk);
    Ok(())
}

/// The whole service, as `sentinel serve` builds it, on threads of its own; it goes with this process.
fn serve(url: &str) -> Outcome<SocketAddr> {
    let sources = Sources::default()
        .with_flag("database.url", "--database-url", url)
        .with_flag("server.listen", "--listen", "127.0.0.1:0");
    let config = Config::load(&sources).map_err(|mistakes| mistakes.to_string())?;
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || -> Outcome<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let application = Application::build(config).await?;
            tell.send(application.address())?;
            application.run_until_stopped().await?;
            Ok(())
        })
    });
    Ok(told.recv()?)
}

/// Asks by the cheapest client there is, which keeps its connection.
fn get(connection: &mut TcpStream, body: &mut Vec<u8>, number: usize) -> Outcome<()> {
    let request = format!(
        "GET /api/v1/instruments/SYM{number}/prices?interval=1d&limit={ANSWER} HTTP/1.1\r\nhost: bench\r\n\r\n"
    );
    connection.write_all(request.as_bytes())?;
    body.clear();
    let mut piece = [0; 64 * 1024];
    // The answer is one JSON object, whether it comes in chunks or not, and nothing else of it ends so.
    while !body.trim_ascii_end().ends_with(b"}") && !body.ends_with(b"}\r\n0\r\n\r\n") {
        let length = connection.read(&mut piece)?;
        if length == 0 {
            return Err("the connection was closed".into());
        }
        body.extend_from_slice(piece.get(..length).unwrap_or_default());
    }
    if body.starts_with(b"HTTP/1.1 200") {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(body).into())
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
