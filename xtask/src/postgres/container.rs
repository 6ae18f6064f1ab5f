//! A server in a container, where there is no PostgreSQL but docker or podman.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use postgres_cluster::Guardian;

use super::{Kept, Server, connection};

/// What runs containers, the first that works.
const ENGINES: [&str; 2] = ["docker", "podman"];

const IMAGE: &str = "docker.io/library/postgres:17";

/// How long the image may take to make its first cluster.
const PATIENCE: Duration = Duration::from_secs(120);

/// Starts a container on a free loopback port.
///
/// # Errors
/// When there is no engine, it cannot run the image, or the server in it does not answer in time.
pub(super) fn started() -> anyhow::Result<Server> {
    let mut failed = Vec::new();
    for engine in ENGINES {
        match started_by(engine) {
            Ok(server) => return Ok(server),
            Err(error) => failed.push(format!("{error:#}")),
        }
    }
    bail!("{}", failed.join("; "))
}

fn started_by(engine: &str) -> anyhow::Result<Server> {
    let container = said_by(Command::new(engine).args(run_args()))?;
    let guardian = Guardian::will_run([engine, "rm", "--force", "--volumes", &container].map(AsRef::as_ref))?;
    let ports = said_by(Command::new(engine).args(["port", &container, "5432/tcp"]))?;
    let address = published(&ports).with_context(|| format!("`{engine} port` printed `{ports}`"))?;
    let url = format!("postgres://postgres@{address}/postgres");
    let answer = wait_for(&url)?;
    Ok(Server {
        url: Some(url),
        described: format!(
            "PostgreSQL {} in a container of {engine} until the end of this command",
            answer.version
        ),
        _kept: Kept::Container {
            _removed_with_it: guardian,
        },
    })
}

/// A server that forgets everything, on a loopback port that the engine picks.
fn run_args() -> Vec<&'static str> {
    let mut args = vec!["run", "--rm", "--detach", "--publish", "127.0.0.1::5432"];
    args.extend(["--env", "POSTGRES_HOST_AUTH_METHOD=trust", IMAGE]);
    for setting in [
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "max_connections=300",
    ] {
        args.extend(["-c", setting]);
    }
    args
}

/// Until the server in it has made its cluster, its port is closed or lets nobody in.
fn wait_for(url: &str) -> anyhow::Result<connection::Answer> {
    let began = Instant::now();
    loop {
        match connection::ask(url) {
            Ok(answer) => return Ok(answer),
            Err(error) if began.elapsed() > PATIENCE => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

fn said_by(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start `{program}`"))?;
    if !output.status.success() {
        bail!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The address in what `port` prints, one a line.
fn published(ports: &str) -> Option<SocketAddr> {
    ports.lines().find_map(|line| line.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_address_is_read() {
        assert_eq!(published("127.0.0.1:49153\n"), Some(([127, 0, 0, 1], 49153).into()));
        assert_eq!(published(""), None);
    }

    #[test]
    fn the_container_listens_on_the_loopback_only_and_removes_itself() {
        let args = run_args();
        assert!(args.contains(&"127.0.0.1::5432") && args.contains(&"--rm"), "{args:?}");
        let image = args.iter().position(|arg| *arg == IMAGE).unwrap();
        assert_eq!(args.get(image + 1..image + 3), Some(["-c", "fsync=off"].as_slice()));
    }

    #[test]
    fn an_engine_that_is_not_there_says_so() {
        let error = said_by(&mut Command::new("no-such-engine")).unwrap_err();
        assert_eq!(error.to_string(), "cannot start `no-such-engine`");
    }
}
