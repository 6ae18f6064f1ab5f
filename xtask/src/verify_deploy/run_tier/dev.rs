//! The profile `dev`: a debug build in its container, which takes up what changes in the checkout.

use std::fs;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::engine::last_lines;
use super::http;
use super::report::Found;
use super::stack::Stack;

/// How long a debug build of everything may take, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(60);

/// A source file, what is changed in it, and what it becomes; every answer of `/openapi.json` has it.
const SOURCE: &str = "crates/actix-api/src/openapi.rs";
const TITLE: &str = "title = \"Market Sentinel\"";
const CHANGED: &str = "title = \"Market Sentinel, changed\"";

/// `docker compose watch`, which is ended as by Ctrl-C. (`up --watch` ends on podman at the first restart, which it takes for
/// the end of the container.)
struct Watched<'a> {
    stack: &'a Stack<'a>,
    compose: Child,
}

impl<'a> Watched<'a> {
    fn begun(stack: &'a Stack<'a>) -> anyhow::Result<Self> {
        let log = log_file(stack);
        let written = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut watch = stack.compose(&["watch", "dev"]);
        watch.stdin(Stdio::null()).stdout(written.try_clone()?).stderr(written);
        let compose = watch.spawn().context("cannot start Compose")?;
        Ok(Self { stack, compose })
    }

    /// Until it is so; Compose has to run all the time.
    fn wait_until(&mut self, what: &str, mut holds: impl FnMut(&Stack<'_>) -> bool) -> anyhow::Result<Duration> {
        let began = Instant::now();
        while !holds(self.stack) {
            let said = || last_lines(&log_of(self.stack), 12);
            if let Some(status) = self.compose.try_wait()? {
                bail!("Compose ended ({status}) before {what}: {}", said());
            }
            if began.elapsed() > PATIENCE {
                bail!("{what}: not within {} min: {}", PATIENCE.as_secs() / 60, said());
            }
            sleep(Duration::from_millis(500));
        }
        Ok(began.elapsed())
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let _asked = Command::new("kill")
            .args(["-INT", &self.compose.id().to_string()])
            .status();
        let _ended = self.compose.wait();
    }
}

fn log_file(stack: &Stack<'_>) -> PathBuf {
    stack.engine.folder().join("dev.log")
}

/// What Compose said so far.
fn log_of(stack: &Stack<'_>) -> String {
    fs::read_to_string(log_file(stack)).unwrap_or_default()
}

/// A changed source and a new migration are copied in, built and run; gives that program.
pub(super) fn takes_up_changes(stack: &Stack<'_>) -> anyhow::Result<Found<PathBuf>> {
    let outcome = changed(stack);
    stack.said(&["rm", "--force", "--stop", "dev"])?;
    stack.checkout.take_back()?;
    outcome
}

fn changed(stack: &Stack<'_>) -> anyhow::Result<Found<PathBuf>> {
    let answers = |stack: &Stack<'_>, path: &str, words: &str| {
        http::get(stack.dev_port, path).is_ok_and(|answer| answer.status == 200 && answer.body.contains(words))
    };
    let mut dev = Watched::begun(stack)?;
    let built = dev.wait_until("the debug build answers", |stack| {
        answers(stack, "/openapi.json", "\"Market Sentinel\"")
    })?;
    // What is saved before Compose watches is not seen.
    dev.wait_until("Compose watches", |_stack| log_of(stack).contains("Watch enabled"))?;
    let container = stack.container("dev")?;
    stack.checkout.change(SOURCE, |text| {
        ensure!(text.contains(TITLE), "{SOURCE} has no `{TITLE}`");
        Ok(text.replace(TITLE, CHANGED))
    })?;
    let changed = dev.wait_until("the changed source answers", |stack| {
        answers(stack, "/openapi.json", "\"Market Sentinel, changed\"")
    })?;
    stack.checkout.add_migration()?;
    let migrated = dev.wait_until("the new migration is applied", |stack| {
        stack
            .psql("market", "SELECT to_regclass('only_newer') IS NOT NULL")
            .is_ok_and(|there| there == "t")
            && answers(stack, "/health/ready", "ready")
    })?;
    ensure!(
        container == stack.container("dev")?,
        "the container was made anew, where it was to be restarted"
    );
    // The program without what a debugger reads, and the database as it was.
    let program = stack.engine.folder().join("sentinel-newer");
    let inside = |command: &[&str]| {
        let exec = ["exec", container.as_str()];
        stack.engine.podman(exec.into_iter().chain(command.iter().copied()))
    };
    inside(&["strip", "-o", "/tmp/sentinel-newer", "/src/target/debug/sentinel"])?;
    let (from, to) = (
        format!("{container}:/tmp/sentinel-newer"),
        program.display().to_string(),
    );
    stack.engine.podman(["cp", &from, &to])?;
    inside(&["rm", "/tmp/sentinel-newer"])?;
    inside(&["/src/target/debug/sentinel", "migrate", "down", "--yes"])?;
    Ok(Found {
        value: program,
        detail: format!(
            "built in {:.0} s; a changed source answers {:.0} s after it was saved, a new migration is applied {:.0} s after",
            built.as_secs_f64(),
            changed.as_secs_f64(),
            migrated.as_secs_f64()
        ),
    })
}
