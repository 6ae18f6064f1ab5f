//! The providers' servers, played on a free loopback port: recordings at the providers' own paths, a log of what was
//! asked, and every way to misbehave.
//!
//! ```text
//! let replay = Replay::recorded()?;
//! fs::write(sentinel.home().join("sentinel.toml"), replay.configuration())?;
//! sentinel.run(["ingest", "yahoo", "AAPL", …])?;
//! assert_eq!(replay.asked_for("/v8/finance/chart/AAPL").len(), 3);
//! ```

/// The text of a recording, of those that the providers' own tests read.
macro_rules! recording {
    ($file:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../crates/http-providers/tests/fixtures/",
            $file
        ))
    };
}

mod alpha_vantage;
mod answer;
mod coin_history;
mod fault;
mod gate;
mod klines;
mod server;
mod source;
#[cfg(test)]
mod tests;
mod wire;
mod yahoo;

use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

pub use alpha_vantage::AlphaVantageAnswers;
pub use answer::Answer;
pub use coin_history::CoinHistory;
pub use fault::Fault;
pub use klines::Klines;
pub use source::{Asked, Source};
pub use yahoo::YahooCharts;

use gate::{Gate, Release};
use server::Shared;

/// The key of Alpha Vantage that [`Replay::configuration`] sets.
pub const KEY: &str = "SECRETKEY1234567";

/// Several sources behind one address; it goes with its connections when dropped.
pub struct Replay {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Replay {
    /// A server that plays everything that was recorded, of every provider.
    ///
    /// # Errors
    /// When a recording is none, or no port is free.
    pub fn recorded() -> anyhow::Result<Self> {
        Self::playing(vec![
            Box::new(YahooCharts::recorded()?),
            Box::new(Klines::recorded()?),
            Box::new(AlphaVantageAnswers),
        ])
    }

    /// A server that plays one source.
    ///
    /// # Errors
    /// When no port is free.
    pub fn of(source: impl Source + 'static) -> anyhow::Result<Self> {
        Self::playing(vec![Box::new(source)])
    }

    fn playing(sources: Vec<Box<dyn Source>>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            sources,
            seen: Mutex::default(),
            gate: Gate::default(),
        });
        let accepting = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || server::accept(&listener, &shared)
        });
        Ok(Self {
            address,
            shared,
            accepting: Some(accepting),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A `sentinel.toml` that sends each provider here, with a key where one is wanted, and makes no pause worth the name
    /// before asking again.
    #[must_use]
    pub fn configuration(&self) -> String {
        let to = |provider: &str, more: &str| {
            let address = self.address;
            format!("[providers.{provider}]\nbase_url = \"http://{address}\"\n{more}\n")
        };
        [
            "[providers]\nretry_times = 1\nretry_first_pause_ms = 1\nlongest_wait_s = 1\n\n".to_owned(),
            to("yahoo", "calls_per_minute = 0\n"),
            to("binance", "weight_per_minute = 0\n"),
            to("alpha_vantage", &format!("api_key = \"{KEY}\"\ncalls_per_minute = 0\n")),
        ]
        .concat()
    }

    /// All requests so far, in the order of their arrival.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.seen().asked.clone()
    }

    /// Those for one path.
    #[must_use]
    pub fn asked_for(&self, path: &str) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|asked| asked.path == path);
        asked
    }

    /// Forgets what was asked so far.
    pub fn forget(&self) {
        self.shared.seen().asked.clear();
    }

    /// From now on, what is chosen meets this fault, in place of any other.
    pub fn misbehave(&self, fault: Fault, choose: impl FnMut(&Asked) -> bool + Send + 'static) {
        self.shared.seen().fault = Some((fault, Box::new(choose)));
    }

    /// From now on every answer is sound.
    pub fn behave(&self) {
        self.shared.seen().fault = None;
    }

    /// From now on, what is chosen gets no answer until [`Replay::release`] or [`Replay::hang_up`].
    pub fn hold(&self, choose: impl FnMut(&Asked) -> bool + Send + 'static) {
        self.shared.gate.close(Box::new(choose));
    }

    /// Waits until so many requests are held.
    ///
    /// # Errors
    /// When that takes more than a minute.
    pub fn wait_until_held(&self, requests: usize) -> anyhow::Result<()> {
        self.shared.gate.wait_until_held(requests)
    }

    /// Answers what is held, and holds nothing more.
    pub fn release(&self) {
        self.shared.gate.open(Release::Answered);
    }

    /// Closes the connections of what is held, and holds nothing more.
    pub fn hang_up(&self) {
        self.shared.gate.open(Release::Closed);
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        let connections = {
            let mut seen = self.shared.seen();
            seen.is_over = true;
            std::mem::take(&mut seen.connections)
        };
        self.hang_up();
        for connection in connections {
            // One that its client has closed is gone already.
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Wakes whoever accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
    }
}
