//! What happens to the stack: many at once, killed, cut off, stopped.

use std::fs;

use anyhow::{Context, ensure};

use super::engine::said_by;
use super::http;
use super::report::{Found, seen};
use super::stack::Stack;
use crate::workspace::root;

const REPLICAS: usize = 10;

/// On an empty database, all let go at the same moment: each migration is applied by one of them, and all end well.
pub(super) fn ten_migrate_at_once(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    stack.psql("postgres", "CREATE DATABASE replicas OWNER sentinel")?;
    let gate = stack.engine.folder().join("gate");
    let _former = fs::remove_dir_all(&gate);
    fs::create_dir_all(&gate)?;
    let mount = format!("--volume={}:/gate:ro", gate.display());
    let url = format!("--env=SENTINEL_DATABASE__URL={}", stack.database_url("replicas")?);
    let script = "touch /tmp/waits; until [ -e /gate/open ]; do sleep 0.05; done; exec sentinel --json migrate up";
    let network = network_of(stack)?;
    let image = super::images::in_full("market-sentinel:verified");
    let mut replicas = Vec::new();
    for _replica in 0..REPLICAS {
        let flags = [
            "run",
            "--detach",
            "--pull=never",
            "--no-healthcheck",
            &network,
            &mount,
            &url,
            "--entrypoint=sh",
        ];
        replicas.push(
            stack
                .engine
                .podman(flags.into_iter().chain([image.as_str(), "-c", script]))?,
        );
    }
    fs::write(gate.join("open"), "")?;
    let mut applied = 0;
    for replica in &replicas {
        let code = stack.engine.podman(["wait", replica])?;
        let said = stack.engine.podman(["logs", replica])?;
        ensure!(code == "0", "a replica ended with {code}: {said}");
        applied += said.matches("\"20").count();
        stack.engine.podman(["rm", replica])?;
    }
    let there = fs::read_dir(root().join("migrations/postgres"))?.count();
    ensure!(
        applied == there,
        "{applied} migrations were applied, and there are {there}"
    );
    stack.psql("postgres", "DROP DATABASE replicas")?;
    seen(format_args!(
        "{REPLICAS} containers ended with 0; {there} migrations, each applied once"
    ))
}

fn network_of(stack: &Stack<'_>) -> anyhow::Result<String> {
    let names = stack.engine.podman(["network", "ls", "--format", "{{.Name}}"])?;
    let name = names.lines().find(|name| name.ends_with("_database"));
    Ok(format!(
        "--network={}",
        name.context("there is no network of the database")?
    ))
}

/// By the operating system, without a word.
pub(super) fn killed_is_restarted(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let container = stack.container("api")?;
    let restarts = || stack.inspected(&container, "{{.RestartCount}}");
    let before = restarts()?;
    kill(&stack.inspected(&container, "{{.State.Pid}}")?)?;
    let took = stack.wait_until("the API is ready after it was killed", || {
        restarts().is_ok_and(|now| now != before) && stack.is_ready()
    })?;
    seen(format_args!(
        "ready {:.1} s after kill -9, restarts: {}",
        took.as_secs_f64(),
        restarts()?
    ))
}

/// The API says 503 while it is away, and works again without a restart of its own.
pub(super) fn database_comes_back(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let started = stack.inspected(&stack.container("api")?, "{{.State.StartedAt}}")?;
    stack.said(&["stop", "--timeout=10", "db"])?;
    let away = http::get(stack.api_port, "/health/ready")?;
    let alive = http::get(stack.api_port, "/health")?;
    stack.said(&["start", "db"])?;
    ensure!(
        (away.status, alive.status) == (503, 200),
        "ready is {away:?}, live is {alive:?}"
    );
    let took = stack.wait_until("the API is ready after the database came back", || stack.is_ready())?;
    let now = stack.inspected(&stack.container("api")?, "{{.State.StartedAt}}")?;
    ensure!(started == now, "the API was restarted");
    seen(format_args!(
        "live and not ready meanwhile; ready {:.1} s later without a restart",
        took.as_secs_f64()
    ))
}

/// The signal reaches the program, which says goodbye.
pub(super) fn stops_cleanly(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let container = stack.container("api")?;
    stack.engine.podman(["stop", "--time", "20", &container])?;
    let code = stack.inspected(&container, "{{.State.ExitCode}}")?;
    let logs = stack.logs("api");
    let last = logs.lines().last().unwrap_or_default().to_owned();
    ensure!(
        code == "0" && last.contains("\"stopped\""),
        "it ended with {code}; the last line is {last}"
    );
    stack.up()?;
    seen("exit code 0, the last line says that it stopped")
}

fn kill(process: &str) -> anyhow::Result<()> {
    said_by(std::process::Command::new("kill").args(["-9", process]))?;
    Ok(())
}
