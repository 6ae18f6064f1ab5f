//! What became of a check, and of all of them.

use std::fmt;
use std::time::Duration;

use anyhow::bail;

/// What was looked at, when it is sound.
pub(super) type Outcome = Result<String, Trouble>;

/// Why a check did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Something is wrong; what, in lines.
    Failed(String),
    /// Nobody looked; which tool is missing and how to get it.
    NotRun(String),
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(format!("{error:#}"))
    }
}

/// How a check is told: one line, and below it what a tool said when it failed.
pub(super) fn lines(name: &str, outcome: &Outcome, took: Duration) -> Vec<String> {
    let seconds = took.as_secs_f64();
    match outcome {
        Ok(looked_at) => vec![format!("ok       {name}: {looked_at} ({seconds:.1} s)")],
        Err(Trouble::NotRun(reason)) => vec![format!("not run: {name}: {reason}")],
        Err(Trouble::Failed(said)) => std::iter::once(format!("FAILED   {name} ({seconds:.1} s)"))
            .chain(said.trim_end().lines().map(|line| format!("           {line}")))
            .collect(),
    }
}

/// How many checks ended how.
#[derive(Debug, Default)]
pub(super) struct Tally {
    passed: usize,
    failed: usize,
    not_run: usize,
}

impl Tally {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        let count = match outcome {
            Ok(_) => &mut self.passed,
            Err(Trouble::Failed(_)) => &mut self.failed,
            Err(Trouble::NotRun(_)) => &mut self.not_run,
        };
        *count = count.saturating_add(1);
    }

    /// # Errors
    /// When a check failed; when strict, also when one was not run.
    pub(super) fn judged(&self, strict: bool) -> anyhow::Result<()> {
        if 0 < self.failed {
            bail!("{} of the checks failed: see above", self.failed);
        }
        if strict && 0 < self.not_run {
            bail!("{} of the checks were not run, and --strict asks for all", self.not_run);
        }
        Ok(())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ok, {} FAILED, {} not run",
            self.passed, self.failed, self.not_run
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(outcomes: &[Outcome]) -> Tally {
        let mut tally = Tally::default();
        outcomes.iter().for_each(|outcome| tally.add(outcome));
        tally
    }

    #[test]
    fn a_check_that_nobody_made_is_never_called_passed() {
        let outcomes = [Ok("3 files".to_owned()), Err(Trouble::NotRun("no helm".to_owned()))];
        let tally = tally(&outcomes);
        assert_eq!(tally.to_string(), "1 ok, 0 FAILED, 1 not run");
        assert!(tally.judged(false).is_ok());
        assert!(tally.judged(true).is_err());
        let told: Vec<_> = outcomes
            .iter()
            .flat_map(|outcome| lines("lint", outcome, Duration::ZERO))
            .collect();
        assert_eq!(told, ["ok       lint: 3 files (0.0 s)", "not run: lint: no helm"]);
    }

    #[test]
    fn a_failure_shows_what_the_tool_said() {
        let outcome = Err(Trouble::Failed("line 1\nline 2\n".to_owned()));
        assert_eq!(
            lines("lint", &outcome, Duration::ZERO),
            ["FAILED   lint (0.0 s)", "           line 1", "           line 2"]
        );
        assert!(tally(&[outcome]).judged(false).is_err());
    }
}
