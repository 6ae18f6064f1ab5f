//! What the image of the project is, and what it may do when it runs.

use anyhow::{Context, bail, ensure};

use super::engine::Engine;
use super::images::in_full;
use super::report::{Found, seen};

/// How much the image may add to its base.
const BUDGET_BYTES: u64 = 60_000_000;

/// Flags of a run that may do as little as possible.
const HARDENED: [&str; 12] = [
    "run",
    "--rm",
    "--pull=never",
    "--no-healthcheck",
    "--network=none",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--memory=128m",
    "--pids-limit=64",
    "--read-only-tmpfs=false",
    "--entrypoint=sh",
];

/// A user who is a number and not root, a healthcheck, labels, a size.
pub(super) fn facts(engine: &Engine, image: &str) -> anyhow::Result<Found<()>> {
    let inspected = |what: &str, of: &str| engine.podman(["image", "inspect", "--format", what, of]);
    let user = inspected("{{.User}}", image)?;
    let number = user.split(':').next().and_then(|user| user.parse::<u32>().ok());
    ensure!(
        number.is_some_and(|user| user > 0),
        "the user `{user}` is no number above 0"
    );
    let health = inspected("{{json .HealthCheck}}", image)?;
    ensure!(
        health.contains("\"sentinel\",\"health\""),
        "the healthcheck is {health}"
    );
    let labels = inspected("{{json .Labels}}", image)?;
    for label in ["title", "description", "licenses", "version", "revision"] {
        ensure!(
            labels.contains(&format!("org.opencontainers.image.{label}")),
            "there is no label {label}: {labels}"
        );
    }
    let size = |of: &str| -> anyhow::Result<u64> { Ok(inspected("{{.Size}}", of)?.parse()?) };
    let added = size(image)?.saturating_sub(size(&in_full("debian:bookworm-slim"))?);
    ensure!(
        added < BUDGET_BYTES,
        "{added} bytes over the base are more than {BUDGET_BYTES}"
    );
    let megabytes = added / 1_000_000;
    seen(format_args!(
        "user {user}, healthcheck by the binary, labels, {megabytes} MB over its base"
    ))
}

/// Neither in its history nor in its environment.
pub(super) fn holds_no_secret(engine: &Engine, image: &str) -> anyhow::Result<Found<()>> {
    let history = engine.podman(["history", "--no-trunc", "--format", "{{.CreatedBy}}", image])?;
    let environment = engine.podman(["image", "inspect", "--format", "{{json .Config.Env}}", image])?;
    for told in [&history, &environment] {
        let lower = told.to_lowercase();
        for word in ["password", "secret", "api_key", "postgres://", "token"] {
            ensure!(!lower.contains(word), "`{word}` stands in {told}");
        }
    }
    seen(format_args!(
        "{} steps of its history and its environment",
        history.lines().count()
    ))
}

/// Without rights, on a file system that cannot be written, it does its work; and it does not get more by asking.
pub(super) fn runs_hardened(engine: &Engine, image: &str) -> anyhow::Result<Found<()>> {
    let script = "sentinel --version; id -u; grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; \
                  touch /x /var/lib/sentinel/x /tmp/x 2>/dev/null; ls /x /var/lib/sentinel/x /tmp/x 2>/dev/null; echo end";
    let said = engine.podman(HARDENED.into_iter().chain([image, "-c", script]))?;
    let words: Vec<&str> = said.split_whitespace().collect();
    let after = |key: &str| words.iter().skip_while(|word| **word != key).nth(1).copied();
    ensure!(said.starts_with("sentinel "), "it said {said}");
    ensure!(
        after("CapEff:").is_some_and(|rights| rights.trim_start_matches('0').is_empty()),
        "it has rights: {said}"
    );
    ensure!(after("NoNewPrivs:") == Some("1"), "it may get new rights: {said}");
    ensure!(after("Seccomp:") == Some("2"), "no filter of calls is on: {said}");
    if words.iter().any(|word| word.ends_with("/x")) {
        bail!("it wrote where nothing may be written: {said}");
    }
    let version = said.lines().next().context("it said nothing")?;
    seen(format_args!(
        "{version}: no capability, no new privileges, seccomp, nothing written"
    ))
}
