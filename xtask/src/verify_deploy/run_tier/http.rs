//! The little HTTP that the steps need: one request to a port of this machine, and its answer.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::Context;

const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// A port that nobody listens on now.
pub(super) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
    Ok(listener.local_addr()?.port())
}

/// Asks the port for a path.
pub(super) fn get(port: u16, path: &str) -> anyhow::Result<Answer> {
    ask(
        port,
        &format!("GET {path} HTTP/1.1\r\nConnection: close\r\nHost: 127.0.0.1:{port}\r\n\r\n"),
    )
}

/// Sends a JSON text to a path of the port.
pub(super) fn post(port: u16, path: &str, json: &str) -> anyhow::Result<Answer> {
    let length = json.len();
    ask(
        port,
        &format!(
            "POST {path} HTTP/1.1\r\nConnection: close\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{json}"
        ),
    )
}

fn ask(port: u16, request: &str) -> anyhow::Result<Answer> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let told = || format!("port {port} does not answer");
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).with_context(told)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes()).with_context(told)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).with_context(told)?;
    read(&String::from_utf8_lossy(&answer)).with_context(told)
}

/// The body ends with the connection, or is in chunks.
fn read(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let is_chunked = head.to_ascii_lowercase().contains("\r\ntransfer-encoding: chunked");
    let body = if is_chunked { joined(body)? } else { body.to_owned() };
    Some(Answer { status, body })
}

/// Chunks put together; `None` when the last one is missing.
fn joined(mut chunks: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, rest) = chunks.split_once("\r\n")?;
        let length = usize::from_str_radix(length, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.push_str(rest.get(..length)?);
        chunks = rest.get(length..)?.strip_prefix("\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status_and_a_body() {
        assert_eq!(
            read("HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\n\r\nnot yet"),
            Some(Answer {
                status: 503,
                body: "not yet".to_owned()
            })
        );
        assert_eq!(read(""), None);
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na,b\r\n1\r\n\n\r\n";
        assert_eq!(read(&format!("{chunked}0\r\n\r\n")).unwrap().body, "a,b\n");
        assert_eq!(read(chunked), None);
    }
}
