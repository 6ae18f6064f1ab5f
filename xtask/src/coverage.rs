//! `cargo xtask coverage`: how much of the code the tests run, measured by LLVM.

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::workspace::{cargo, has_cargo_command, run as run_command, rustc_fact};
use crate::{postgres, terminal};

/// The oldest LLVM whose tools read the profiles of the Rust this workspace asks for.
const OLDEST_LLVM: u32 = 19;

/// Test support, which would flatter the figure, and chores.
const LEFT_OUT: [&str; 5] = [
    "repository-contract",
    "postgres-cluster",
    "postgres-fixture",
    "end-to-end",
    "xtask",
];

/// Run all tests, print which share of each file they ran, and fail below a threshold.
///
/// Needs cargo-llvm-cov and LLVM's own tools; says what to install when one is missing. The code of xtask and of test
/// support does not count. `cargo llvm-cov report --html` afterwards shows which lines.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Fail when fewer lines were run, in percent.
    #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(u8).range(0..=100), value_name = "PERCENT")]
    min_lines: u8,
    #[command(flatten)]
    postgres: postgres::Choice,
    /// For the test runner, after `--`.
    #[arg(last = true, value_name = "RUNNER ARGS")]
    runner_args: Vec<String>,
}

/// Measures the coverage.
///
/// # Errors
/// When a tool is missing, a test fails, or the figure is below the threshold.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if !has_cargo_command("llvm-cov") {
        bail!("coverage needs cargo-llvm-cov: install it with `cargo install --locked cargo-llvm-cov`");
    }
    let runner: &[_] = if has_cargo_command("nextest") {
        &["llvm-cov", "nextest"]
    } else {
        &["llvm-cov"]
    };
    let mut command = cargo(runner.iter().copied());
    if let Tools::OfVersion(version) = find_tools()? {
        command
            .env("LLVM_COV", format!("llvm-cov-{version}"))
            .env("LLVM_PROFDATA", format!("llvm-profdata-{version}"));
    }
    let server = postgres::provide(&args.postgres)?;
    server.tell(&mut command);
    command.args(["--workspace", "--no-fail-fast"]);
    for package in LEFT_OUT {
        command.args(["--exclude-from-report", package]);
    }
    command.args(["--fail-under-lines", &args.min_lines.to_string()]);
    if !args.runner_args.is_empty() {
        command.arg("--").args(&args.runner_args);
    }
    run_command(&mut command).with_context(|| {
        format!(
            "a test failed, or fewer than {} % of the lines were run: see above",
            args.min_lines
        )
    })?;
    terminal::say(format_args!(
        "coverage: at least {} % of the lines were run",
        args.min_lines
    ));
    Ok(())
}

/// LLVM's coverage tools.
#[derive(Debug, PartialEq, Eq)]
enum Tools {
    /// Where cargo-llvm-cov looks by itself: the environment, or rustup's component.
    Found,
    /// On the path, with the version in their names, as Debian has them.
    OfVersion(u32),
}

fn find_tools() -> anyhow::Result<Tools> {
    if in_environment() || rustup_tools()?.exists() {
        return Ok(Tools::Found);
    }
    match newest_pair(programs_on_path()) {
        Some(version) => Ok(Tools::OfVersion(version)),
        None => bail!(
            "coverage needs LLVM's tools: install them with `rustup component add llvm-tools`, or llvm-cov and \
             llvm-profdata of version {OLDEST_LLVM} or newer (Debian: `apt-get install llvm-{OLDEST_LLVM}`), or name \
             them in LLVM_COV and LLVM_PROFDATA"
        ),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo-llvm-cov's own variables, which it reads itself"
)]
fn in_environment() -> bool {
    ["LLVM_COV", "LLVM_PROFDATA"]
        .iter()
        .all(|name| std::env::var_os(name).is_some())
}

/// `llvm-cov` of rustup's component `llvm-tools`, there or not.
fn rustup_tools() -> anyhow::Result<PathBuf> {
    let output = std::process::Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let program = format!("llvm-cov{}", std::env::consts::EXE_SUFFIX);
    Ok(sysroot
        .join("lib/rustlib")
        .join(rustc_fact("host")?)
        .join("bin")
        .join(program))
}

#[expect(clippy::disallowed_methods, reason = "PATH says where programs are, not how to run")]
fn programs_on_path() -> Vec<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(OsStr::new(&path)).filter_map(|folder| folder.read_dir().ok());
    let entries = folders.flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// The newest version, not older than [`OLDEST_LLVM`], of which both tools are among the programs.
fn newest_pair(programs: Vec<String>) -> Option<u32> {
    let versions = programs
        .iter()
        .filter_map(|program| program.strip_prefix("llvm-cov-")?.parse().ok());
    versions
        .filter(|version| OLDEST_LLVM <= *version && programs.contains(&format!("llvm-profdata-{version}")))
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(programs: &[&str], expected: Option<u32>) {
        assert_eq!(
            newest_pair(programs.iter().map(|&program| program.to_owned()).collect()),
            expected,
            "{programs:?}"
        );
    }

    #[test]
    fn the_newest_version_with_both_tools_is_taken() {
        check(&[], None);
        check(&["llvm-cov-19", "llvm-profdata-19"], Some(19));
        check(
            &["llvm-cov-9", "llvm-profdata-9", "llvm-cov-14", "llvm-profdata-14"],
            None,
        );
        check(
            &["llvm-profdata-19", "llvm-cov-19", "llvm-cov-21", "llvm-profdata-20"],
            Some(19),
        );
        check(
            &["llvm-cov-20", "llvm-profdata-20", "llvm-cov-19", "llvm-profdata-19"],
            Some(20),
        );
        check(&["llvm-cov", "llvm-profdata", "llvm-cov-19.exe"], None);
    }
}
