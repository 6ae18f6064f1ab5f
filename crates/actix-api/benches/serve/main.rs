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
use std::net::SocketAddr;

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
const BARS: usize = 2_000_000;
const PATH: &str = "/api/v1/instruments/BENCH/prices?interval=1d";

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
    let address = server.address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = runtime.spawn(server.run_until(async {
        stopped.await.ok();
    }));
    drop(entered);
    // `cargo xtask bench serve -- NDJSON` measures that alone, for a profiler.
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    for size in SIZES {
        let bars = bars.get(..size).unwrap_or_default();
        let limits = limits(bars)?;
        inside(&runtime, &market, bars, limits.json)?;
        for answer in answers(limits) {
            if only.as_ref().is_none_or(|only| *only == answer.what) {
                served(address, bars, &answer)?;
            }
        }
    }
    stop.send(()).ok();
    runtime.block_on(serving)??;
    Ok(())
}

/// CPU seconds of writing each format by hand.
#[derive(Clone, Copy)]
struct Limits {
    json: f64,
    ndjson: f64,
    csv: f64,
}

fn limits(bars: &[PlainBar]) -> Outcome<Limits> {
    let by_hand = |write: Write| {
        cpu::of_process(BARS / bars.len(), || {
            black_box(written(write, black_box(bars)));
            Ok(())
        })
    };
    let limits = Limits {
        json: by_hand(limit::json)?,
        ndjson: by_hand(limit::ndjson)?,
        csv: by_hand(limit::csv)?,
    };
    report(bars.len(), "limit: JSON by hand", limits.json, limits.json);
    report(bars.len(), "limit: CSV by hand", limits.csv, limits.csv);
    Ok(limits)
}

type Write = fn(&[PlainBar], &mut Vec<u8>);

fn written(write: Write, bars: &[PlainBar]) -> Vec<u8> {
    let mut out = Vec::new();
    write(bars, &mut out);
    out
}

/// What is done before HTTP: each line holds the one above it, save for the first.
fn inside(runtime: &tokio::runtime::Runtime, market: &Market, bars: &[PlainBar], limit: f64) -> Outcome<()> {
    let (size, rounds) = (bars.len(), BARS / bars.len());
    let built = cpu::of_process(rounds, || {
        black_box(Market::build(black_box(bars))?);
        Ok(())
    })?;
    report(size, "bars built from digits and checked", built, limit);
    let handed_out = cpu::of_process(rounds, || runtime.block_on(market.hand_out(size)))?;
    report(size, "the store hands out its bars", handed_out, limit);
    let request = || PriceRequest::all(market.instrument.clone(), Interval::OneDay);
    let through_the_use_case = cpu::of_process(rounds, || {
        let page = runtime.block_on(async { market.query.open(request()).await?.page(size).await })?;
        black_box(page);
        Ok(())
    })?;
    report(size, "the same through the use case", through_the_use_case, limit);
    Ok(())
}

/// One kind of answer.
struct Answer {
    what: &'static str,
    parameters: &'static str,
    encoding: &'static str,
    /// What writes the bytes that have to be in it, where a limit does.
    expected: Option<Write>,
    limit: f64,
}

fn answers(limits: Limits) -> [Answer; 7] {
    let json = |what, parameters, encoding| Answer {
        what,
        parameters,
        encoding,
        expected: None,
        limit: limits.json,
    };
    let file = |what, parameters, write: Write, limit| Answer {
        what,
        parameters,
        encoding: "identity",
        expected: Some(write),
        limit,
    };
    [
        file("JSON", "", limit::json, limits.json),
        json("JSON, decimals as strings", "&decimals=string", "identity"),
        json("JSON, gzip", "", "gzip"),
        json("JSON, adjusted by splits", "&adjustment=split", "identity"),
        json("JSON, adjusted by all", "&adjustment=all", "identity"),
        file("NDJSON", "&format=ndjson", limit::ndjson, limits.ndjson),
        file("CSV", "&format=csv", limit::csv, limits.csv),
    ]
}

fn served(server: SocketAddr, bars: &[PlainBar], answer: &Answer) -> Outcome<()> {
    let path = format!("{PATH}&limit={}{}", bars.len(), answer.parameters);
    let mut client = Client::connect(server)?;
    let body = client.get(&path, answer.encoding)?;
    if let Some(write) = answer.expected {
        let expected = written(write, bars);
        if !body.windows(expected.len()).any(|window| window == expected) {
            return Err(format!("{path} did not answer what the limit writes").into());
        }
    }
    let seconds = cpu::of_server(BARS / bars.len(), || client.get(&path, answer.encoding).map(drop))?;
    report(bars.len(), answer.what, seconds, answer.limit);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a benchmark's answer")]
fn report(size: usize, what: &str, seconds: f64, limit: f64) {
    let micros = seconds * 1_000_000.0 / f64::from(u32::try_from(BARS).unwrap_or(u32::MAX));
    println!(
        "{size:>5} bars  {what:<34} {micros:>6.3} µs CPU a bar   {:>6.2} of the limit",
        limit / seconds
    );
}
