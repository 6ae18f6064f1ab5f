//! Binance played by a process of its own: minutes made from a seed, in pages of 1,000.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::{Outcome, say};

const MINUTE_MS: i64 = 60_000;
const PAGE: usize = 1_000;
const SEED: u64 = 20_261_125;

/// The running server; it ends with this value.
pub(crate) struct Played {
    pub(crate) base_url: String,
    process: Child,
    /// Closed, it tells the server to end.
    _leash: Option<ChildStdin>,
}

impl Played {
    pub(crate) fn start() -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--play")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut base_url = String::new();
        BufReader::new(process.stdout.take().ok_or("the server has no output")?).read_line(&mut base_url)?;
        Ok(Self {
            base_url: base_url.trim().to_owned(),
            _leash: process.stdin.take(),
            process,
        })
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        // It has nothing to lose, and it may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Serves until whoever started this process is gone.
pub(crate) fn play() -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    say(format_args!("http://{}", listener.local_addr()?));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer_all(&stream));
        }
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn answer_all(mut stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(first) = lines.next() {
        let first = first?;
        // The headers say nothing of interest.
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let body = body(first.split(' ').nth(1).unwrap_or_default());
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
    }
    Ok(())
}

fn body(target: &str) -> String {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let parameter = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let instant = |name| parameter(name).and_then(|digits| digits.parse::<i64>().ok());
    let (start, end) = (
        instant("startTime").unwrap_or(0),
        instant("endTime").unwrap_or(i64::MAX),
    );
    let first = start + (MINUTE_MS - start.rem_euclid(MINUTE_MS)) % MINUTE_MS;
    let openings = std::iter::successors(Some(first), |opening| Some(opening + MINUTE_MS));
    let mut page = "[".to_owned();
    for opening in openings.take_while(|opening| *opening <= end).take(PAGE) {
        if page.len() > 1 {
            page.push(',');
        }
        // A string takes whatever is written.
        let _written = write_kline(&mut page, opening);
    }
    page.push(']');
    page
}

fn write_kline(page: &mut String, opening: i64) -> std::fmt::Result {
    let noise = mixed(SEED ^ opening.unsigned_abs());
    let (open, drift) = (900_000 + noise % 100_000, noise >> 32 & 0xfff);
    let (close, volume) = (open + drift, noise >> 44);
    let decimal = |cents: u64| format!("{}.{:02}000000", cents / 100, cents % 100);
    write!(
        page,
        "[{opening},\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",{},\"{}\",{},\"{}\",\"{}\",\"0\"]",
        decimal(open),
        decimal(close + 150),
        decimal(open - 150),
        decimal(close),
        decimal(volume),
        opening + MINUTE_MS - 1,
        decimal(volume * 9),
        noise & 0xff,
        decimal(volume / 2),
        decimal(volume * 4),
    )
}

/// `SplitMix64`: a number for a number, the same each time.
fn mixed(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
