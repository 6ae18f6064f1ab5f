//! `cargo xtask bench serve`: answering prices over HTTP, as a ratio to writing the same bytes by hand in the same run.
//!
//! The store hands out prepared bars, so what counts is everything of ours behind it: the use case, the writing of bars
//! and HTTP. The limit is a plain loop from a slice of instants and five decimals to the same bytes, without HTTP. CPU time
//! of the server's threads counts, the client's not; wall time on a shared machine says little.

mod client;
mod cpu;
mod limit;
mod prepared;

use std::error::Error;
use std::hint::black_box;

use actix_api::{ApiServer, ApiSettings};
use domain::Interval;
use domain::query_prices::PriceRequest;

use client::Client;
use limit::PlainBar;
use prepared::Market;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Bars in one answer.
const SIZES: [usize; 3] = [250, 1_000, 5_000];
/// Bars in all answers of one measurement together.
const BARS: usize = 4_000_000;
const PATH: &str = "/api/v1/instruments/BTC-USD/prices?interval=1m";

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let bars = limit::plain_bars()?;
    let market = runtime.block_on(Market::open(&bars))?;
    let entered = runtime.enter();
    let settings = ApiSettings {
        workers: Some(1),
        ..ApiSettings::on("127.0.0.1:0".parse()?)
    };
    let server = ApiServer::bind(market.api(), &settings)?;
    let mut client = Client::connect(server.address())?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = runtime.spawn(server.run_until(async {
        stopped.await.ok();
    }));
    drop(entered);
    // `cargo xtask bench serve -- 'NDJSON'` measures that alone, for a profiler.
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    for size in SIZES {
        measure(&runtime, &market, &mut client, &bars, size, only.as_deref())?;
    }
    drop(client);
    stop.send(()).ok();
    runtime.block_on(serving)??;
    Ok(())
}

/// All measurements with one size of answers.
fn measure(
    runtime: &tokio::runtime::Runtime,
    market: &Market,
    client: &mut Client,
    bars: &[PlainBar],
    size: usize,
    only: Option<&str>,
) -> Outcome<()> {
    let rounds = BARS / size;
    let bars = bars.get(..size).unwrap_or_default();
    let limits = [limit::json, limit::ndjson, limit::csv].map(|write| {
        cpu::of_process(rounds, || {
            let mut out = Vec::new();
            write(black_box(bars), &mut out);
            black_box(out);
            Ok(())
        })
    });
    let [json, ndjson, csv] = limits;
    let (json, ndjson, csv) = (json?, ndjson?, csv?);

    let report = |what: &str, seconds: f64, limit: f64| report(size, what, seconds, limit);
    report("limit: JSON objects by hand", json, json);
    report(
        "the store hands out its bars",
        cpu::of_process(rounds, || runtime.block_on(market.hand_out(size)))?,
        json,
    );
    let request = || PriceRequest::all(market.instrument.clone(), Interval::OneMinute);
    let use_case = cpu::of_process(rounds, || {
        let page = runtime.block_on(async { market.query.open(request()).await?.page(size).await })?;
        black_box(page);
        Ok(())
    })?;
    report("the same through the use case", use_case, json);

    let mut served = |parameters: &str, encoding: &str, expected: &[u8], limit: f64, what: &str| -> Outcome<()> {
        if only.is_some_and(|only| only != what) {
            return Ok(());
        }
        let path = format!("{PATH}&limit={size}{parameters}");
        let body = client.get(&path, encoding)?;
        if !expected.is_empty() && !body.windows(expected.len()).any(|window| window == expected) {
            return Err(format!("{path} did not answer what the limit writes").into());
        }
        let seconds = cpu::of_server(rounds, || client.get(&path, encoding).map(drop))?;
        report(what, seconds, limit);
        Ok(())
    };
    let expected = |write: fn(&[PlainBar], &mut Vec<u8>)| {
        let mut out = Vec::new();
        write(bars, &mut out);
        out
    };
    let objects = expected(limit::json);
    served("", "identity", &objects, json, "JSON page")?;
    served("", "gzip", b"", json, "JSON page, gzip")?;
    served(
        "&decimals=string",
        "identity",
        b"",
        json,
        "JSON page, decimals as strings",
    )?;
    served("&format=ndjson", "identity", &expected(limit::ndjson), ndjson, "NDJSON")?;
    served("&format=csv", "identity", &expected(limit::csv), csv, "CSV")?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a benchmark's answer")]
fn report(size: usize, what: &str, seconds: f64, limit: f64) {
    let micros = seconds * 1_000_000.0 / f64::from(u32::try_from(BARS).unwrap_or(u32::MAX));
    println!(
        "{size:>5} bars  {what:<32} {micros:>6.3} µs CPU a bar   {:>6.2} of the limit",
        limit / seconds
    );
}
