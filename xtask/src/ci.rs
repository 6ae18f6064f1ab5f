//! `cargo xtask ci`: all checks in one run, each with its time, and a summary at the end.

use std::time::{Duration, Instant};

use anyhow::bail;
use clap::ValueEnum;

use crate::workspace::{cargo, run as run_command};
use crate::{boundaries, docs, grafana, terminal, test, verify_deploy};

/// Check everything that CI checks: formatting, boundaries, lints, documentation, deployment, tests.
///
/// Goes on after a failure and sums up at the end.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these steps, separated by commas; still in the order of the list.
    #[arg(long, value_delimiter = ',', value_name = "STEP")]
    only: Vec<Step>,
}

/// In the order in which they run: the quick ones first, the tests last so that their summary stays in sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// `cargo fmt --check`
    Fmt,
    /// `cargo xtask boundaries`
    Boundaries,
    /// clippy over every target, warnings are errors
    Clippy,
    /// rustdoc, warnings are errors
    Docs,
    /// `cargo xtask verify-deploy --static`
    Deploy,
    /// `cargo xtask grafana check`
    Grafana,
    /// `cargo xtask docs check`
    Documents,
    /// `cargo xtask test`
    Test,
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Fmt => run_command(&mut cargo(["fmt", "--all", "--check"])),
            Self::Boundaries => boundaries::run(),
            Self::Clippy => run_command(&mut cargo([
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ])),
            Self::Docs => run_command(cargo(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings")),
            Self::Deploy => verify_deploy::run_static(),
            Self::Grafana => grafana::check(),
            Self::Documents => docs::check(&docs::CheckArgs::default()),
            Self::Test => test::run(&test::Args::default()),
        }
    }
}

/// What became of one step.
struct Finished {
    step: Step,
    took: Duration,
    outcome: anyhow::Result<()>,
}

/// Runs the chosen steps.
///
/// # Errors
/// Names every step that failed, after all have run.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let finished: Vec<_> = chosen(&args.only).map(run_step).collect();
    terminal::warn("\nsummary");
    for step in &finished {
        terminal::warn(summary_line(step));
    }
    let failed: Vec<_> = finished
        .iter()
        .filter(|step| step.outcome.is_err())
        .map(|step| step.step.name())
        .collect();
    if !failed.is_empty() {
        let failed = failed.join(",");
        bail!("not ready: run `cargo xtask ci --only {failed}` again once mended");
    }
    Ok(())
}

fn chosen(only: &[Step]) -> impl Iterator<Item = Step> {
    Step::value_variants()
        .iter()
        .copied()
        .filter(move |step| only.is_empty() || only.contains(step))
}

fn run_step(step: Step) -> Finished {
    terminal::warn(format_args!("\n== {}", step.name()));
    let started = Instant::now();
    let outcome = step.run();
    let finished = Finished {
        step,
        took: started.elapsed(),
        outcome,
    };
    terminal::warn(format_args!("== {}", summary_line(&finished).trim_start()));
    finished
}

fn summary_line(finished: &Finished) -> String {
    let word = if finished.outcome.is_ok() { "ok" } else { "FAILED" };
    let cause = finished
        .outcome
        .as_ref()
        .err()
        .map(|error| format!("  {error:#}"))
        .unwrap_or_default();
    format!(
        "  {:<10} {word:<6} {:>6.1} s{cause}",
        finished.step.name(),
        finished.took.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_steps_run_unless_some_are_named() {
        assert_eq!(chosen(&[]).count(), Step::value_variants().len());
        assert_eq!(
            chosen(&[Step::Test, Step::Fmt]).collect::<Vec<_>>(),
            [Step::Fmt, Step::Test]
        );
    }

    #[test]
    fn the_summary_says_which_step_failed_and_why() {
        let took = Duration::from_millis(12_340);
        let failed = Finished {
            step: Step::Clippy,
            took,
            outcome: Err(anyhow::anyhow!("`cargo clippy` failed")),
        };
        assert_eq!(
            summary_line(&failed),
            "  clippy     FAILED   12.3 s  `cargo clippy` failed"
        );
        let passed = Finished {
            step: Step::Fmt,
            took,
            outcome: Ok(()),
        };
        assert_eq!(summary_line(&passed), "  fmt        ok       12.3 s");
    }
}
