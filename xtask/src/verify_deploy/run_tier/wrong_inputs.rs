//! What goes wrong on a server, and what its reader is told.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

use anyhow::ensure;

use super::engine::{Finished, finished, last_lines, said_by};
use super::report::{Found, seen};
use super::stack::Stack;

/// The sentence a person reads, which has to hold `words`, and not the secret.
fn told(finished: &Finished, words: &[&str]) -> anyhow::Result<String> {
    let said = format!("{}\n{}", finished.stdout, finished.stderr);
    ensure!(finished.code != 0, "it ended well: {said}");
    for word in words {
        ensure!(said.contains(word), "it does not say `{word}`: {said}");
    }
    ensure!(!said.contains("not-the-password"), "it tells the password: {said}");
    let sentence = said
        .lines()
        .find(|line| line.contains(words.first().copied().unwrap_or_default()));
    Ok(sentence.unwrap_or_default().trim().to_owned())
}

/// Nobody listens at the address of the database.
pub(super) fn no_database(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let url = "--env=SENTINEL_DATABASE__URL=postgres://sentinel:not-the-password@127.0.0.1:5432/market";
    let sentence = told(&stack.run_beside(&[url], &["serve"])?, &["no PostgreSQL answers at"])?;
    seen(sentence)
}

/// The server is there and lets nobody in.
pub(super) fn wrong_secret(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let url = "--env=SENTINEL_DATABASE__URL=postgres://sentinel:not-the-password@db:5432/market";
    let sentence = told(&stack.run_beside(&[url], &["serve"])?, &["password"])?;
    seen(sentence)
}

/// Another program has the port that the API is to be published on.
pub(super) fn port_taken(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = taken.local_addr()?.port();
    let mut up = stack.compose(&["up", "--detach", "--no-build", "--pull=never", "api"]);
    let outcome = finished(up.env("API_PORT", port.to_string()))?;
    drop(taken);
    let sentence = told(&outcome, &["address already in use"])?;
    stack.up()?;
    seen(last_words(&sentence))
}

/// No room: for an embedded database, and for a backup.
pub(super) fn full_disk(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let mount = format!(
        "--volume={}:/var/lib/sentinel",
        stack.engine.folder().join("full").display()
    );
    let (embedded, _left) = on_a_disk_of(stack, "4m", |_folder| {
        stack.run_beside(&[&mount], &["demo", "--configured", "--no-serve"])
    })?;
    let sentence = told(&embedded, &["full"])?;
    let (backup, left) = on_a_disk_of(stack, "64k", |folder| {
        finished(&mut stack.script_command("backup.sh", &["--output", folder]))
    })?;
    let backup = told(&backup, &["o space left on device"])?;
    ensure!(left == 0, "half a backup is left");
    seen(format_args!(
        "`{sentence}`; backup: `{}`, nothing left",
        last_words(&backup)
    ))
}

/// Runs something with a folder that holds so much, and counts the files that it leaves there.
fn on_a_disk_of(
    stack: &Stack<'_>,
    size: &str,
    run: impl FnOnce(&str) -> anyhow::Result<Finished>,
) -> anyhow::Result<(Finished, usize)> {
    let folder = stack.engine.folder().join("full");
    fs::create_dir_all(&folder)?;
    let options = format!("size={size},mode=1777");
    said_by(
        Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(&folder),
    )?;
    let outcome = run(&folder.to_string_lossy());
    let left = fs::read_dir(&folder).map(Iterator::count);
    said_by(Command::new("umount").arg(&folder))?;
    Ok((outcome?, left?))
}

/// The gate is real: what is not healthy fails the start.
pub(super) fn broken_healthcheck(stack: &Stack<'_>) -> anyhow::Result<Found<()>> {
    let broken = "services:\n  api:\n    healthcheck:\n      test: [CMD, \"false\"]\n      interval: 1s\n      retries: 2\n      \
                  start_period: 1s\n";
    fs::write(stack.deploy().join("broken.yaml"), broken)?;
    let mut up = stack.compose(&[
        "up",
        "--detach",
        "--no-build",
        "--pull=never",
        "--wait",
        "--wait-timeout=60",
        "api",
    ]);
    let outcome = finished(up.env("COMPOSE_FILE", "compose.yaml:verified.yaml:broken.yaml"))?;
    let sentence = told(&outcome, &["unhealthy"])?;
    seen(last_words(&sentence))
}

/// Of a line that begins with the names of containers and times.
fn last_words(line: &str) -> String {
    let line = last_lines(line, 1);
    let from = line.char_indices().rev().nth(159).map_or(0, |(at, _)| at);
    line.get(from..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_well_or_says_something_else_is_no_refusal() {
        let outcome = |code, stderr: &str| Finished {
            code,
            stdout: String::new(),
            stderr: stderr.to_owned(),
        };
        assert_eq!(
            told(&outcome(1, "error: disk is full\n"), &["full"]).unwrap(),
            "error: disk is full"
        );
        assert!(told(&outcome(0, "error: disk is full"), &["full"]).is_err());
        assert!(told(&outcome(1, "error: another"), &["full"]).is_err());
        assert!(told(&outcome(1, "full: not-the-password"), &["full"]).is_err());
    }

    #[test]
    fn a_long_line_is_told_from_its_end() {
        assert_eq!(last_words(&"é".repeat(200)), "é".repeat(160));
        assert_eq!(last_words("short"), "short");
    }
}
