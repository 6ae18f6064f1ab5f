//! Binance on a free port: recorded hours of BTCUSDT under every name that it knows, in pages as it is asked for.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

/// 1,468 hours from 2020-04-30 21:00 on; `SOURCES.md` there tells where they come from.
const HOURS: [&str; 2] = [
    include_str!("../../../http-providers/tests/fixtures/binance/klines__BTCUSDT__1h_page1_of_2.json"),
    include_str!("../../../http-providers/tests/fixtures/binance/klines__BTCUSDT__1h_page2_of_2.json"),
];
/// What it knows.
const COINS: [&str; 4] = ["BTC", "ETH", "LTC", "XRP"];

pub(crate) struct Binance {
    pub(crate) base_url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    log: Mutex<Log>,
    changed: Condvar,
}

#[derive(Default)]
struct Log {
    /// Symbol and `startTime` of each call of klines.
    klines: Vec<(String, i64)>,
    /// Calls of klines from this one on wait until they are let through.
    held_from: Option<usize>,
}

impl Binance {
    pub(crate) fn serving() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let all = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&all);
                std::thread::spawn(move || shared.serve(&stream));
            }
        });
        Self { base_url, shared }
    }

    /// Symbol and `startTime` of each call of klines so far.
    pub(crate) fn klines(&self) -> Vec<(String, i64)> {
        self.shared.log.lock().unwrap().klines.clone()
    }

    /// Answers so many more calls of klines and holds those behind.
    pub(crate) fn hold_after(&self, calls: usize) {
        let mut log = self.shared.log.lock().unwrap();
        log.held_from = Some(log.klines.len() + calls);
    }

    /// Waits until so many calls of klines came in all.
    pub(crate) fn wait_for(&self, calls: usize) {
        let log = self.shared.log.lock().unwrap();
        drop(
            self.shared
                .changed
                .wait_while(log, |log| log.klines.len() < calls)
                .unwrap(),
        );
    }

    pub(crate) fn let_through(&self) {
        self.shared.log.lock().unwrap().held_from = None;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// Answers on one connection until the client hangs up.
    fn serve(&self, stream: &TcpStream) {
        let mut lines = BufReader::new(stream).lines();
        let mut answering = stream;
        while let Some(target) = read_target(&mut lines) {
            let (status, body) = self.answer(&target);
            let body = body.to_string();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
            if answering.write_all(format!("{head}{body}").as_bytes()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, target: &str) -> (&'static str, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let symbol = query.get("symbol").copied();
        if path.ends_with("exchangeInfo") {
            return known(symbol);
        }
        let number = |name: &str| query.get(name).and_then(|digits| digits.parse::<i64>().ok());
        let (start, end) = (number("startTime").unwrap_or(0), number("endTime").unwrap_or(i64::MAX));
        self.take_in(symbol.unwrap_or_default(), start);
        // One that is listed and not traded.
        if symbol == Some("XRPUSDT") {
            return (
                "400 Bad Request",
                json!({ "code": -1100, "msg": "Illegal characters found in a parameter." }),
            );
        }
        let limit = usize::try_from(number("limit").unwrap_or(500)).unwrap();
        let hours = HOURS
            .iter()
            .flat_map(|page| serde_json::from_str::<Vec<Value>>(page).unwrap());
        let opened_at = |kline: &Value| kline[0].as_i64().unwrap();
        let within = hours.filter(|kline| (start..=end).contains(&opened_at(kline)));
        ("200 OK", Value::Array(within.take(limit).collect()))
    }

    fn take_in(&self, symbol: &str, start: i64) {
        let mut log = self.log.lock().unwrap();
        let place = log.klines.len();
        log.klines.push((symbol.to_owned(), start));
        self.changed.notify_all();
        let is_held = |log: &mut Log| log.held_from.is_some_and(|from| place >= from);
        drop(self.changed.wait_while(log, is_held).unwrap());
    }
}

/// The target of the next request; `None` when the client hung up.
fn read_target(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> Option<String> {
    let first = lines.next()?.ok()?;
    for line in lines {
        if line.ok()?.is_empty() {
            break;
        }
    }
    first.split(' ').nth(1).map(str::to_owned)
}

fn known(symbol: Option<&str>) -> (&'static str, Value) {
    let pairs: Vec<Value> = COINS
        .iter()
        .filter(|coin| symbol.is_none_or(|symbol| symbol == format!("{coin}USDT")))
        .map(|coin| {
            json!({ "symbol": format!("{coin}USDT"), "status": "TRADING", "baseAsset": coin, "quoteAsset": "USDT" })
        })
        .collect();
    if pairs.is_empty() {
        return ("400 Bad Request", json!({ "code": -1121, "msg": "Invalid symbol." }));
    }
    ("200 OK", json!({ "timezone": "UTC", "symbols": pairs }))
}
