//! `cargo xtask test`: every test of the workspace, on a machine with nothing but Rust if need be.

use anyhow::bail;

use crate::workspace::{cargo, has_cargo_command, run as run_command};
use crate::{postgres, terminal};

/// Run every test of the workspace, with `cargo nextest` when it is installed, else with `cargo test`.
///
/// Doc tests run first, so that the summary of the rest comes last. Arguments after `--` go to that runner and narrow the
/// run, which then leaves the doc tests out: `cargo xtask test -- -E 'package(domain)'`. A PostgreSQL is found or started
/// before, and an error tells what to install where there is none.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    #[command(flatten)]
    postgres: postgres::Choice,
    /// For the test runner, after `--`.
    #[arg(last = true, value_name = "RUNNER ARGS")]
    runner_args: Vec<String>,
}

/// Runs the tests.
///
/// # Errors
/// When one of them fails or does not compile, after all have run; before that, when there is no PostgreSQL for them.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    // Before anything is built, so that what is missing is told at once.
    let server = postgres::provide(&args.postgres)?;
    let doc_tests = if args.runner_args.is_empty() {
        run_command(server.tell(&mut cargo(["test", "--workspace", "--doc", "--no-fail-fast"])))
    } else {
        Ok(())
    };
    let tests = run_command(
        server
            .tell(&mut cargo(runner().iter().copied()))
            .args(&args.runner_args),
    );
    match (doc_tests, tests) {
        (Ok(()), Ok(())) => Ok(()),
        (Err(failed), Ok(())) | (Ok(()), Err(failed)) => Err(failed),
        (Err(doc_tests), Err(tests)) => bail!("{doc_tests}; {tests}"),
    }
}

fn runner() -> &'static [&'static str] {
    if has_cargo_command("nextest") {
        return &["nextest", "run", "--workspace", "--no-fail-fast"];
    }
    terminal::warn(
        "cargo-nextest is not installed, so this is `cargo test`: the same tests, one binary after the other",
    );
    &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]
}
