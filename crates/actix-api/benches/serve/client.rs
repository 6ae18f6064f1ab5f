//! The cheapest client there is: one connection, one request at a time.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::Outcome;

/// A connection that is kept.
pub(super) struct Client {
    connection: BufReader<TcpStream>,
    body: Vec<u8>,
    line: String,
}

impl Client {
    pub(super) fn connect(address: SocketAddr) -> Outcome<Self> {
        let connection = TcpStream::connect(address)?;
        connection.set_nodelay(true)?;
        Ok(Self {
            connection: BufReader::with_capacity(256 * 1024, connection),
            body: Vec::new(),
            line: String::new(),
        })
    }

    /// The body of the answer, which has to be 200.
    pub(super) fn get(&mut self, path: &str, encoding: &str) -> Outcome<&[u8]> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\naccept-encoding: {encoding}\r\n\r\n");
        self.connection.get_mut().write_all(request.as_bytes())?;
        if !self.next_line()?.starts_with("HTTP/1.1 200") {
            return Err(format!("{path} is answered {}", self.line).into());
        }
        let mut length = None;
        loop {
            let line = self.next_line()?;
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = Some(value.parse::<usize>()?);
            }
        }
        self.body.clear();
        match length {
            Some(length) => self.take(length)?,
            None => self.take_chunks()?,
        }
        Ok(&self.body)
    }

    fn take_chunks(&mut self) -> Outcome<()> {
        loop {
            let length = usize::from_str_radix(self.next_line()?, 16)?;
            self.take(length)?;
            self.next_line()?;
            if length == 0 {
                return Ok(());
            }
        }
    }

    fn take(&mut self, length: usize) -> Outcome<()> {
        let begun = self.body.len();
        self.body.resize(begun + length, 0);
        self.connection
            .read_exact(self.body.get_mut(begun..).unwrap_or_default())?;
        Ok(())
    }

    fn next_line(&mut self) -> Outcome<&str> {
        self.line.clear();
        self.connection.read_line(&mut self.line)?;
        Ok(self.line.trim_end())
    }
}
