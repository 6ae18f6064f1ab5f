//! A server on a free port that answers each request with the next answer it was given, and the requests of the tests.

use std::sync::{Arc, Mutex};

use domain::fake::ManualClock;
use domain::{
    AssetClass, BarRequest, Clock, Instrument, InstrumentDetails, InstrumentId, Interval, TimeRange, Timestamp,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What to say to one request.
#[derive(Clone)]
pub(crate) enum Play {
    /// A whole answer.
    Answer {
        status: &'static str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// The beginning of a body that was announced as longer, then the end of the connection.
    Cut(Vec<u8>),
    /// Nothing, ever.
    Silence,
}

impl Play {
    pub(crate) fn ok(body: &[u8]) -> Self {
        Self::status("200 OK", body)
    }

    pub(crate) fn status(status: &'static str, body: &[u8]) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.to_vec(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// What the server saw.
#[derive(Default)]
struct Seen {
    connections: usize,
    /// Of each request the target and the headers, as they came.
    requests: Vec<String>,
}

pub(crate) struct Played {
    pub(crate) base_url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Played {
    /// A server that plays these answers in order, and the last one again after that.
    pub(crate) async fn new(plays: Vec<Play>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/played", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, plays.clone(), Arc::clone(&shared)));
            }
        });
        Self { base_url, seen }
    }

    /// The targets asked for, in order.
    pub(crate) fn targets(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let first_lines = seen.requests.iter().map(|request| request.lines().next().unwrap());
        first_lines
            .map(|line| line.split(' ').nth(1).unwrap().to_owned())
            .collect()
    }

    /// The requests as they came, in lower case but for the target.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }
}

async fn serve(stream: TcpStream, plays: Vec<Play>, seen: Arc<Mutex<Seen>>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await {
        let play = {
            let mut seen = seen.lock().unwrap();
            seen.requests.push(request);
            let index = seen.requests.len().min(plays.len()) - 1;
            plays[index].clone()
        };
        match play {
            Play::Answer { status, headers, body } => {
                let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                let answer = [head.as_bytes(), b"\r\n", &body].concat();
                // The client may hang up in the middle: that is what some tests are about.
                if stream.write_all(&answer).await.is_err() {
                    return;
                }
            }
            Play::Cut(body) => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len() + 1_000);
                drop(stream.write_all(&[head.as_bytes(), &body].concat()).await);
                return;
            }
            Play::Silence => std::future::pending().await,
        }
    }
}

/// Request line and headers; `None` when the client hung up.
async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut request = String::new();
    loop {
        let mut line = String::new();
        match stream.read_line(&mut line).await {
            Ok(0) | Err(_) => return None,
            Ok(_) if line == "\r\n" => return Some(request),
            Ok(_) if request.is_empty() => request.push_str(&line),
            Ok(_) => request.push_str(&line.to_lowercase()),
        }
    }
}

pub(crate) const NOW: &str = "2024-06-01T12:00:00Z";

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(at(NOW)))
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn instrument(symbol: &str, class: AssetClass) -> Instrument {
    let mut details = InstrumentDetails::bare(symbol.parse().unwrap(), class);
    details.currency = "USD".parse().unwrap();
    Instrument {
        id: InstrumentId(1),
        details,
        created_at: at(NOW),
        updated_at: at(NOW),
    }
}

pub(crate) fn request(symbol: &str, class: AssetClass, interval: Interval, start: &str, end: &str) -> BarRequest {
    BarRequest {
        spelling: symbol.parse().unwrap(),
        instrument: instrument(symbol, class),
        interval,
        range: TimeRange::new(at(start), at(end)).unwrap(),
    }
}

/// An error and its causes on one line, as a log has it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
