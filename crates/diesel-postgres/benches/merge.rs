//! `cargo xtask bench merge`: merging bars, as a ratio to what `psql` does with the same rows in the same run.
//!
//! The mark is the usual way of writing idempotently: `COPY` into a temporary table, then `INSERT … ON CONFLICT DO UPDATE
//! … WHERE changed`, by `psql`, into a table with the same columns and the same key, all rows at once. Ours merges
//! batches of 10,000, with catalogue, journal and all. Both run on a server of the bench's own, by turns; medians count,
//! of wall time and of the CPU time that the server and its client took together.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use diesel_postgres::{PostgresSettings, PostgresStore, migrate_up};
use domain::{
    AssetClass, Bar, BarValues, Clock, InstrumentDetails, InstrumentRepository, Interval, MergeBatch, PriceRepository,
    SeriesKey, SourceName, Timestamp,
};
use postgres_cluster::{Binaries, Cluster, Durability};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const BARS: i64 = 200_000;
const BATCH: usize = 10_000;
const ROUNDS: usize = 5;

fn main() -> Outcome<()> {
    let binaries = Binaries::installed().ok_or("the bench needs PostgreSQL's programs: install its server package")?;
    let cluster = Cluster::start(&binaries, Durability::Full)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let bars = bars()?;
    let file = folder.path().join("bars.csv");
    std::fs::write(&file, csv(&bars)?)?;
    let settings = PostgresSettings::new(cluster.url());
    runtime.block_on(migrate_up(&settings))?;
    let store = runtime.block_on(PostgresStore::open(&settings, Arc::new(SystemClock)))?;
    let bench = Bench {
        cluster,
        psql: binaries.program("psql"),
        file,
    };
    bench.psql(MARK_TABLE, None)?;

    let mut measured: [Vec<Cost>; 5] = Default::default();
    for round in 0..ROUNDS {
        let series = runtime.block_on(fresh_series(&store, round))?;
        bench.psql("TRUNCATE mark; CHECKPOINT", None)?;
        let steps: [&dyn Fn() -> Outcome<()>; 5] = [
            &|| bench.mark(),
            &|| runtime.block_on(merge_all(&store, series, &bars)),
            &|| bench.mark(),
            &|| runtime.block_on(merge_all(&store, series, &bars)),
            &|| runtime.block_on(merge_all(&store, series, &restated(&bars)?)),
        ];
        for (costs, step) in measured.iter_mut().zip(steps) {
            bench.psql("CHECKPOINT", None)?;
            costs.push(bench.measured(step)?);
        }
    }
    let [mark_new, new, mark_again, again, restated] = measured.map(median);
    report("psql, new rows (mark)", &mark_new, &mark_new);
    report("merge, new bars", &new, &mark_new);
    report("psql, unchanged rows (mark)", &mark_again, &mark_again);
    report("merge, unchanged bars", &again, &mark_again);
    report("merge, all bars restated", &restated, &mark_again);
    Ok(())
}

/// What a step took.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    wall: f64,
    cpu: f64,
    wal: f64,
}

fn median(mut costs: Vec<Cost>) -> Cost {
    let middle = |of: fn(&Cost) -> f64, costs: &mut Vec<Cost>| {
        costs.sort_by(|left, right| of(left).total_cmp(&of(right)));
        costs.get(costs.len() / 2).map_or(0.0, of)
    };
    Cost {
        wall: middle(|cost| cost.wall, &mut costs),
        cpu: middle(|cost| cost.cpu, &mut costs),
        wal: middle(|cost| cost.wal, &mut costs),
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark's answer")]
fn report(what: &str, cost: &Cost, mark: &Cost) {
    let bars = f64::from(u32::try_from(BARS).unwrap_or(u32::MAX));
    println!(
        "{what:<30} {:>7.0} k bars/s {:>6.2} µs CPU a bar {:>6.1} MB WAL   {:>5.2} of the mark, {:>5.2} by CPU",
        bars / cost.wall / 1_000.0,
        cost.cpu / bars * 1e6,
        cost.wal / 1e6,
        mark.wall / cost.wall,
        mark.cpu / cost.cpu,
    );
}

struct Bench {
    cluster: Cluster,
    psql: PathBuf,
    file: PathBuf,
}

const MARK_TABLE: &str = "CREATE TABLE mark (instrument_id bigint NOT NULL, opened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL, trade_count bigint, source_id integer NOT NULL, \"interval\" text COLLATE \"C\" NOT NULL,
    open numeric NOT NULL, high numeric NOT NULL, low numeric NOT NULL, close numeric NOT NULL, volume numeric NOT NULL,
    vwap numeric, PRIMARY KEY (instrument_id, \"interval\", opened_at))";

impl Bench {
    fn psql(&self, statements: &str, input: Option<&Path>) -> Outcome<String> {
        let mut psql = Command::new(&self.psql);
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", &self.cluster.url()]);
        // Each in a transaction of its own, but for what brings its own.
        for statement in statements.split(';').filter(|statement| !statement.trim().is_empty()) {
            psql.args(["-c", statement]);
        }
        psql.stdin(match input {
            Some(path) => std::fs::File::open(path)?.into(),
            None => Stdio::null(),
        });
        let output = psql.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// What a careful user writes.
    fn mark(&self) -> Outcome<()> {
        self.psql(
            "CREATE TEMP TABLE staging (LIKE mark);
             COPY staging (instrument_id, opened_at, recorded_at, source_id, \"interval\", open, high, low, close, volume)
                FROM STDIN (FORMAT csv);
             INSERT INTO mark SELECT * FROM staging ON CONFLICT (instrument_id, \"interval\", opened_at) DO UPDATE SET
                open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
                volume = excluded.volume, recorded_at = excluded.recorded_at
                WHERE (mark.open, mark.high, mark.low, mark.close, mark.volume)
                IS DISTINCT FROM (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)",
            Some(&self.file),
        )
        .map(drop)
    }

    fn measured(&self, work: &dyn Fn() -> Outcome<()>) -> Outcome<Cost> {
        let (wal, cpu, began) = (self.wal()?, self.cluster.cpu_seconds_with_client()?, Instant::now());
        work()?;
        let wall = began.elapsed().as_secs_f64();
        Ok(Cost {
            wall,
            cpu: self.cluster.cpu_seconds_with_client()? - cpu,
            wal: self.wal()? - wal,
        })
    }

    /// How far the write-ahead log has come, in bytes.
    fn wal(&self) -> Outcome<f64> {
        Ok(self
            .psql("SELECT pg_current_wal_insert_lsn() - '0/0'", None)?
            .trim()
            .parse()?)
    }
}

fn bars() -> Outcome<Vec<Bar>> {
    (0..BARS).map(|minute| bar(minute, 0)).collect()
}

fn restated(bars: &[Bar]) -> Outcome<Vec<Bar>> {
    (0..).zip(bars).map(|(minute, _)| bar(minute, 1)).collect()
}

fn bar(minute: i64, edition: i128) -> Outcome<Bar> {
    let cents = 1_000_000 + i128::from(minute * 7_919 % 50_000);
    let price = |cents| domain::Price::new(cents, 2);
    let values = BarValues {
        opened_at: Timestamp::from_unix_seconds(1_483_228_800 + minute * 60)?,
        open: price(cents)?,
        high: price(cents + 150)?,
        low: price(cents - 150)?,
        close: price(cents + 25 + edition)?,
        volume: domain::Volume::new(i128::from(minute * 31 % 100_000), 3)?,
        trade_count: None,
        vwap: None,
    };
    Ok(Bar::new(values, AssetClass::Crypto)?)
}

fn csv(bars: &[Bar]) -> Outcome<String> {
    let mut text = String::new();
    for bar in bars {
        writeln!(
            text,
            "1,{},2024-01-01T00:00:00Z,1,1m,{},{},{},{},{}",
            bar.opened_at(),
            bar.open(),
            bar.high(),
            bar.low(),
            bar.close(),
            bar.volume()
        )?;
    }
    Ok(text)
}

async fn fresh_series(store: &PostgresStore, round: usize) -> Outcome<SeriesKey> {
    let symbol = format!("BENCH{round}").parse()?;
    let instrument = store
        .create(InstrumentDetails::bare(symbol, AssetClass::Crypto))
        .await?;
    Ok(SeriesKey {
        instrument: instrument.id,
        interval: Interval::OneMinute,
    })
}

async fn merge_all(store: &PostgresStore, series: SeriesKey, bars: &[Bar]) -> Outcome<()> {
    for batch in bars.chunks(BATCH) {
        store
            .merge(MergeBatch::of_bars(series, SourceName::file(), batch.to_vec()))
            .await?;
    }
    Ok(())
}

/// The time of day, for stamps.
struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the port to the clock is implemented here")]
    fn now(&self) -> Timestamp {
        Timestamp::try_from(time::OffsetDateTime::now_utc()).unwrap_or(Timestamp::MIN)
    }
}
