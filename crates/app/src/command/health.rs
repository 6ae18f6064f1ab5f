//! `sentinel health`: whether the server answers requests, for the health check of a container.
//!
//! It opens no database and no log file: it asks the server, which knows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::{Value, json};

use crate::command_line::HealthArgs;
use crate::config::{Config, Mistakes};
use crate::exit::{Exit, UsageError};
use crate::output::{Output, chain};

const PATH: &str = "/health/ready";
/// No answer of ours is longer.
const LONGEST_ANSWER: usize = 64 * 1_024;

/// Without `--url` the configuration has to be right; with it, nothing of it is needed.
pub(super) async fn run(loaded: Result<Config, Mistakes>, args: &HealthArgs, output: Output) -> anyhow::Result<Exit> {
    let url = match &args.url {
        Some(text) => named(text)?,
        None => configured(loaded?.server.listen)?,
    };
    let answer = ask(&url, Duration::from_secs(args.timeout_s)).await?;
    let problem = answer.problem(&url, args.timeout_s);
    output.object(&json!({
        "ready": problem.is_none(),
        "url": url.as_str(),
        "status": answer.status(),
        "dependencies": answer.dependencies(),
        "problem": problem,
    }))?;
    match problem {
        None => {
            output.line(format_args!("ready: {url} answers, and its database does too"))?;
            Ok(Exit::Done)
        }
        Some(problem) => {
            output.remark(format_args!("error: {problem}"));
            Ok(Exit::Failed)
        }
    }
}

/// Where a server that is configured alike can be asked from this machine.
fn configured(listen: SocketAddr) -> anyhow::Result<Url> {
    if listen.port() == 0 {
        let problem = format!(
            "server.listen is {listen}, so the server picks its port: name the address that it printed with --url"
        );
        return Err(UsageError(problem).into());
    }
    let address = SocketAddr::new(reachable(listen.ip()), listen.port());
    Url::parse(&format!("http://{address}{PATH}")).context("server.listen")
}

/// A server that listens on all addresses is asked on the loopback one.
fn reachable(listens: IpAddr) -> IpAddr {
    match listens {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

/// The path of the check below the address that somebody named, unless it is there already.
fn named(text: &str) -> Result<Url, UsageError> {
    let refused = || {
        UsageError(format!(
            "--url {text} is no address of a server: write http://HOST:PORT, such as http://127.0.0.1:8000"
        ))
    };
    let mut url = Url::parse(text).ok().filter(|url| url.has_host()).ok_or_else(refused)?;
    if url.scheme() != "http" {
        return Err(refused());
    }
    let path = url.path().trim_end_matches('/');
    if !path.ends_with(PATH) {
        let path = format!("{path}{PATH}");
        url.set_path(&path);
    }
    Ok(url)
}

/// What came back.
#[derive(Debug)]
enum Answer {
    /// An answer, and its body where that is JSON.
    Status(StatusCode, Option<Value>),
    /// Nothing within the time.
    Late,
    /// No connection, or one that broke.
    None(reqwest::Error),
}

impl Answer {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Status(status, _) => Some(status.as_u16()),
            Self::Late | Self::None(_) => None,
        }
    }

    fn dependencies(&self) -> Option<&Value> {
        match self {
            Self::Status(_, Some(body)) => body.get("dependencies"),
            _ => None,
        }
    }

    /// Why it is not ready, and what to do; `None` when it is.
    fn problem(&self, url: &Url, timeout_s: u64) -> Option<String> {
        let told = |body: &Option<Value>| Some(body.as_ref()?.get("status")?.as_str()?.to_owned());
        match self {
            Self::Status(StatusCode::OK, body) if told(body).as_deref() == Some("ready") => None,
            Self::Status(StatusCode::SERVICE_UNAVAILABLE, body) if told(body).is_some() => Some(format!(
                "{url} answers 503: its database does not answer; the log of the server has the cause, and `sentinel \
                 doctor` looks for it"
            )),
            Self::Status(status, _) => Some(format!(
                "{url} answers {}, and not as sentinel does: another program listens there; name the address of sentinel \
                 with --url",
                status.as_u16()
            )),
            Self::Late => Some(format!(
                "{url} gave no answer within {timeout_s} s: the server hangs or has too much to do; look at its log, or \
                 wait longer with --timeout-s"
            )),
            Self::None(error) if error.is_connect() => Some(format!(
                "nothing answers at {url}: {}; start it with `sentinel serve`, or name another address with --url",
                cause(error)
            )),
            Self::None(error) => Some(format!(
                "{url} gave no whole answer: {}; look at the log of the server, or name another address with --url",
                cause(error)
            )),
        }
    }
}

/// The innermost reason; what is around it tells the URL once more.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    chain(cause)
}

async fn ask(url: &Url, timeout: Duration) -> anyhow::Result<Answer> {
    // The client wants to know how it would encrypt, although nothing here is.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = Client::builder()
        .timeout(timeout)
        .no_proxy()
        // Reading the certificates of the system would take longer than all the rest.
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .context("no HTTP client can be built")?;
    let asked = async {
        let response = client.get(url.clone()).send().await?;
        let status = response.status();
        Ok::<_, reqwest::Error>(Answer::Status(status, body(response).await?))
    };
    Ok(match asked.await {
        Ok(answer) => answer,
        Err(error) if error.is_timeout() => Answer::Late,
        Err(error) => Answer::None(error),
    })
}

/// The object of an answer; `None` when it is none, or too long for one of ours.
async fn body(mut response: Response) -> Result<Option<Value>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if LONGEST_ANSWER < bytes.len() {
            return Ok(None);
        }
    }
    Ok(serde_json::from_slice(&bytes).ok())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use super::*;

    /// A server that gives this answer to one request, or none when it is empty.
    fn server(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(&stream).lines();
            while !lines.next().unwrap().unwrap().is_empty() {}
            if answer.is_empty() {
                // Until the client is gone.
                drop(lines.next());
            }
            // The client may be gone.
            let _ = write!(&stream, "{answer}");
        });
        format!("http://{address}")
    }

    async fn problem(address: &str) -> Option<String> {
        let url = named(address).unwrap();
        let answer = ask(&url, Duration::from_millis(500)).await.unwrap();
        answer
            .problem(&url, 1)
            .map(|problem| problem.replace(address, "http://HOST:PORT"))
    }

    #[tokio::test]
    async fn ready_is_what_sentinel_says_and_nothing_else() {
        let ready = server("HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"status\":\"ready\"}");
        assert_eq!(problem(&ready).await, None);
        let down = server("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 24\r\n\r\n{\"status\":\"unavailable\"}");
        insta::assert_snapshot!(problem(&down).await.unwrap(), @"http://HOST:PORT/health/ready answers 503: its database does not answer; the log of the server has the cause, and `sentinel doctor` looks for it");
        let other = server("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n<html/>");
        insta::assert_snapshot!(problem(&other).await.unwrap(), @"http://HOST:PORT/health/ready answers 200, and not as sentinel does: another program listens there; name the address of sentinel with --url");
    }

    #[tokio::test]
    async fn a_server_that_is_silent_away_or_broken_is_not_ready() {
        let silent = server("");
        insta::assert_snapshot!(problem(&silent).await.unwrap(), @"http://HOST:PORT/health/ready gave no answer within 1 s: the server hangs or has too much to do; look at its log, or wait longer with --timeout-s");
        let broken = problem(&server("HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"sta"))
            .await
            .unwrap();
        assert!(
            broken.starts_with("http://HOST:PORT/health/ready gave no whole answer: "),
            "{broken}"
        );
        // Port 1 is nobody's.
        let away = problem("http://127.0.0.1:1").await.unwrap();
        assert!(
            away.starts_with("nothing answers at http://HOST:PORT/health/ready: Connection refused"),
            "{away}"
        );
        assert!(
            away.ends_with("start it with `sentinel serve`, or name another address with --url"),
            "{away}"
        );
    }

    #[test]
    fn a_server_on_all_addresses_is_asked_on_loopback() {
        let check = |listen: &str, url: &str| assert_eq!(configured(listen.parse().unwrap()).unwrap().as_str(), url);
        check("0.0.0.0:8000", "http://127.0.0.1:8000/health/ready");
        check("[::]:8000", "http://[::1]:8000/health/ready");
        check("10.1.2.3:80", "http://10.1.2.3/health/ready");
        check("[fe80::1]:8000", "http://[fe80::1]:8000/health/ready");
        let error = configured("[::]:0".parse().unwrap()).unwrap_err();
        insta::assert_snapshot!(error, @"server.listen is [::]:0, so the server picks its port: name the address that it printed with --url");
    }

    #[test]
    fn the_path_is_added_where_it_is_missing() {
        let check = |text: &str, url: &str| assert_eq!(named(text).unwrap().as_str(), url);
        check("http://api:8000", "http://api:8000/health/ready");
        check("http://api:8000/", "http://api:8000/health/ready");
        check("http://api:8000/health/ready", "http://api:8000/health/ready");
        check("http://api/market/", "http://api/market/health/ready");
        for refused in ["api:8000", "https://api", "file:///etc/passwd", "http://", ""] {
            assert!(named(refused).is_err(), "{refused}");
        }
    }
}
