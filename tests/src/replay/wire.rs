//! HTTP as far as a provider's server needs it: requests without a body, connections that are kept.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use anyhow::Context;
use url::Url;

use super::answer::Delivery;
use super::{Answer, Asked};

/// Answers the requests of one connection until either side ends it.
pub(super) fn serve(stream: &TcpStream, answer: impl Fn(Asked) -> Option<Answer>) -> anyhow::Result<()> {
    let mut incoming = BufReader::new(stream);
    while let Some(asked) = request(&mut incoming)? {
        let Some(answer) = answer(asked) else { break };
        match answer.delivery {
            Delivery::Whole => write(stream, &answer, answer.body.len())?,
            Delivery::Half => {
                write(stream, &answer, answer.body.len() / 2)?;
                break;
            }
            Delivery::Nothing => {
                // The client says no more on this connection but that it gives up.
                let mut rest = Vec::new();
                incoming.read_to_end(&mut rest)?;
                break;
            }
        }
    }
    stream.shutdown(std::net::Shutdown::Both)?;
    Ok(())
}

/// The next request, `None` when the client has no more.
fn request(incoming: &mut impl BufRead) -> anyhow::Result<Option<Asked>> {
    let mut first = String::new();
    if incoming.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut header = String::new();
    while incoming.read_line(&mut header)? > 2 {
        header.clear();
    }
    let target = first.split(' ').nth(1).context("a request line has a target")?;
    let url = Url::parse("http://replay")?.join(target)?;
    Ok(Some(Asked {
        path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        was_answered: false,
    }))
}

/// Writes an answer with the first bytes of its body.
fn write(mut stream: &TcpStream, answer: &Answer, bytes: usize) -> anyhow::Result<()> {
    let retry_after = answer.retry_after.map(|seconds| format!("retry-after: {seconds}\r\n"));
    let head = format!(
        "HTTP/1.1 {} Played\r\ncontent-length: {}\r\n{}\r\n",
        answer.status,
        answer.body.len(),
        retry_after.unwrap_or_default()
    );
    let body = answer.body.get(..bytes).unwrap_or_default();
    stream.write_all(&[head.as_bytes(), body].concat())?;
    Ok(())
}
