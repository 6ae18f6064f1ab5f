//! The binary as a serving process.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};

use anyhow::{Context, bail};

/// A serving process; killed when dropped.
pub struct Server {
    child: Child,
    address: String,
    said: std::thread::JoinHandle<String>,
}

impl Server {
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Self> {
        // The whole workspace shares one reqwest, whose TLS wants its provider of cryptography before the first client.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut child = command.spawn().context("cannot start sentinel")?;
        let mut logged = child.stderr.take().context("standard error is piped")?;
        let logs = std::thread::spawn(move || {
            let mut text = String::new();
            logged.read_to_string(&mut text).map(|_| text).unwrap_or_default()
        });
        let mut printed = BufReader::new(child.stdout.take().context("standard output is piped")?);
        let mut line = String::new();
        let address = loop {
            line.clear();
            if printed.read_line(&mut line)? == 0 {
                let status = child.wait()?;
                bail!(
                    "sentinel ended with {status} before it listened: {}",
                    logs.join().unwrap_or_default()
                );
            }
            if let Some((_, address)) = line.split_once("listening on ") {
                break address.trim().to_owned();
            }
        };
        let said = std::thread::spawn(move || {
            let mut rest = String::new();
            printed.read_to_string(&mut rest).map(|_| rest).unwrap_or_default()
        });
        Ok(Self { child, address, said })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Asks it to stop as an operator does, with SIGTERM, and gives its exit code and what else it printed.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn terminate(mut self) -> anyhow::Result<(Option<i32>, String)> {
        let process = self.child.id().to_string();
        Command::new("kill")
            .args(["-TERM", &process])
            .status()
            .context("cannot send SIGTERM")?;
        let status = self.child.wait()?;
        let said = std::mem::replace(&mut self.said, std::thread::spawn(String::new));
        Ok((status.code(), said.join().unwrap_or_default()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
