//! `cargo xtask bench ingest`: from a provider's JSON to merged bars, as a ratio to decoding alone and merging alone in the
//! same run, and the memory that more and more pages take.
//!
//! The provider is a process of its own that plays Binance: pages of 1,000 minutes made from a seed. What it costs does not
//! count. *Decoding* is everything that happens on this side before a bar is merged: transport, budget, JSON, rows.
//! *Merging* is the store taking the same bars in the same pages, as bars already. CPU time counts, of PostgreSQL's
//! processes too where it is asked for: `cargo xtask bench ingest -- --postgres`; `--pages N` asks for more or less.

mod account;
mod played;
mod subject;

use std::error::Error;
use std::sync::Arc;

use diesel_postgres::{PostgresSettings, PostgresStore};
use diesel_sqlite::SqliteStore;
use postgres_cluster::{Binaries, Cluster, Durability};
use tokio::runtime::Runtime;

use played::Played;
use subject::{Subject, SystemClock};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How many pages are asked for unless somebody says otherwise.
const PAGES: u32 = 200;
/// Memory that grows with the pages would show between these. SQLite fills its own cache of 16 MB within the first 200.
const FEWER_AND_MORE: [u32; 4] = [10, 100, 200, 400];

fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let (mut pages, mut on_postgres) = (PAGES, false);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--play" => return played::play(),
            "--peak" => {
                let [pages, base_url, url] = [args.next(), args.next(), args.next()].map(Option::unwrap_or_default);
                return peak(pages.parse()?, &base_url, &url);
            }
            "--pages" => pages = args.next().unwrap_or_default().parse()?,
            "--postgres" => on_postgres = true,
            // What cargo adds to every bench.
            "--bench" => {}
            other => return Err(format!("`{other}` is not known here: --postgres, --pages N").into()),
        }
    }
    let played = Played::start()?;
    let runtime = runtime()?;
    if on_postgres {
        let binaries = Binaries::installed().ok_or("PostgreSQL's programs are missing: install its server package")?;
        let cluster = Cluster::start(&binaries, Durability::None)?;
        let store = runtime.block_on(open(&cluster.url()))?;
        compare(&runtime, &played, store, pages, || {
            Ok(cluster.cpu_seconds_with_client()?)
        })?;
        tell_peaks(&played, &|_pages| Ok(cluster.url()))
    } else {
        let folder = tempfile::tempdir()?;
        let file = |name: u32| Ok(format!("sqlite:{}", folder.path().join(format!("{name}.db")).display()));
        let store = runtime.block_on(open(&file(0)?))?;
        compare(&runtime, &played, store, pages, account::cpu_seconds)?;
        tell_peaks(&played, &file)
    }
}

/// Each in a process of its own, into the database that `url` names for it.
fn tell_peaks(played: &Played, url: &dyn Fn(u32) -> Outcome<String>) -> Outcome<()> {
    for pages in FEWER_AND_MORE {
        let kilobytes = account::of_child(&["--peak", &pages.to_string(), &played.base_url, &url(pages)?])?;
        let mebibytes = kilobytes.trim().parse::<u64>()? / 1024;
        say(format_args!(
            "{:<34} {mebibytes:>6} MiB at most",
            format!("memory for {pages} pages")
        ));
    }
    Ok(())
}

fn runtime() -> Outcome<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}

/// The same pages decoded, merged, and ingested, each into a series of its own.
fn compare(
    runtime: &Runtime,
    played: &Played,
    store: subject::Ports,
    pages: u32,
    cpu_seconds: impl Fn() -> Outcome<f64>,
) -> Outcome<()> {
    let subject = Subject::new(&played.base_url, store)?;
    let measured = |work: &mut dyn FnMut() -> Outcome<()>| -> Outcome<f64> {
        let before = cpu_seconds()?;
        work()?;
        Ok((cpu_seconds()? - before).max(0.01))
    };
    // Connections are opened and programs read in before.
    runtime.block_on(subject.ingest("WARM", 1))?;
    let mut answers = Vec::new();
    let decoding = measured(&mut || {
        answers = runtime.block_on(subject.fetch("DECODED", pages))?;
        Ok(())
    })?;
    let bars = subject::bars(answers)?;
    let count: usize = bars.iter().map(Vec::len).sum();
    let mut bars = Some(bars);
    let merging = measured(&mut || runtime.block_on(subject.merge("MERGED", bars.take().unwrap_or_default())))?;
    let ingesting = measured(&mut || runtime.block_on(subject.ingest("INGESTED", pages)))?;
    let per_bar = |seconds: f64| seconds * 1e6 / f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let line = |what: &str, seconds: f64| {
        say(format_args!("{what:<34} {:>6.2} µs CPU a bar", per_bar(seconds)));
    };
    line("decoded", decoding);
    line("merged", merging);
    line("ingested, from JSON to bars", ingesting);
    let ratio = (decoding + merging) / ingesting;
    say(format_args!(
        "decoding and merging are {ratio:.2} of ingesting {count} bars"
    ));
    Ok(())
}

/// Ingests so many pages and says how much memory this process took at most, in kilobytes.
fn peak(pages: u32, base_url: &str, database_url: &str) -> Outcome<()> {
    let runtime = runtime()?;
    let store = runtime.block_on(open(database_url))?;
    runtime.block_on(Subject::new(base_url, store)?.ingest(&format!("PEAK{pages}"), pages))?;
    say(account::peak_kilobytes()?);
    Ok(())
}

/// The store that the scheme of the URL picks, with its schema.
async fn open(url: &str) -> Outcome<subject::Ports> {
    let clock = Arc::new(SystemClock);
    if url.starts_with("sqlite:") {
        diesel_sqlite::migrate_up(url).await?;
        return Ok(subject::ports(SqliteStore::open(url, clock).await?));
    }
    let settings = PostgresSettings::new(url);
    diesel_postgres::migrate_up(&settings).await?;
    Ok(subject::ports(PostgresStore::open(&settings, clock).await?))
}

#[expect(clippy::print_stdout, reason = "a benchmark's answer")]
fn say(line: impl std::fmt::Display) {
    println!("{line}");
}
