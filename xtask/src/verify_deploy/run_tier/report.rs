//! What became of each step: one line as soon as it is known, and a verdict at the end.

use std::fmt::Display;
use std::time::Instant;

use anyhow::bail;

use crate::terminal;

/// The steps taken so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    passed: usize,
    failed: Vec<&'static str>,
    not_run: Vec<&'static str>,
}

/// Why a step could not be taken: neither passed nor failed.
#[derive(Debug)]
pub(super) struct NotRun(pub(super) String);

impl std::error::Error for NotRun {}

impl Display for NotRun {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a step found, beside the value that later steps need.
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) detail: String,
}

/// A step that proves something and gives nothing.
pub(super) fn seen<E>(detail: impl Display) -> Result<Found<()>, E> {
    Ok(Found {
        value: (),
        detail: detail.to_string(),
    })
}

impl Report {
    /// Takes a step and tells what became of it; `None` unless it passed.
    pub(super) fn step<T>(&mut self, name: &'static str, take: impl FnOnce() -> anyhow::Result<Found<T>>) -> Option<T> {
        let began = Instant::now();
        match take() {
            Ok(Found { value, detail }) => {
                self.passed += 1;
                let seconds = began.elapsed().as_secs_f64();
                terminal::say(format_args!("ok       {name} ({seconds:.1} s): {detail}"));
                Some(value)
            }
            Err(error) => {
                match error.downcast_ref::<NotRun>() {
                    Some(NotRun(reason)) => self.not_run(name, reason),
                    None => {
                        self.failed.push(name);
                        terminal::say(format_args!("FAILED   {name}: {error:#}"));
                    }
                }
                None
            }
        }
    }

    /// Tells that a step is not taken, and why.
    pub(super) fn not_run(&mut self, name: &'static str, reason: impl Display) {
        self.not_run.push(name);
        terminal::say(format_args!("not run  {name}: {reason}"));
    }

    /// Sums up.
    ///
    /// # Errors
    /// When a step failed.
    pub(super) fn conclude(self) -> anyhow::Result<()> {
        let Self {
            passed,
            failed,
            not_run,
        } = self;
        terminal::say(format_args!(
            "\n{passed} ok, {} failed, {} not run",
            failed.len(),
            not_run.len()
        ));
        if !failed.is_empty() {
            bail!("not as promised: {}", failed.join("; "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_failed_fails() {
        let mut report = Report::default();
        assert_eq!(
            report.step("a number", || Ok(Found {
                value: 3,
                detail: "3".to_owned()
            })),
            Some(3)
        );
        assert_eq!(
            report.step("a tool", || Err::<Found<()>, _>(
                NotRun("it is missing".to_owned()).into()
            )),
            None
        );
        report.not_run("what needs it", "it is missing");
        assert_eq!((report.passed, report.not_run.len()), (1, 2));
        report.conclude().unwrap();
    }

    #[test]
    fn what_failed_is_named_in_the_end() {
        let mut report = Report::default();
        report.step("stack is healthy", || {
            Err::<Found<()>, _>(anyhow::anyhow!("api is unhealthy"))
        });
        report.step("image facts", || seen("10001"));
        assert_eq!(
            report.conclude().unwrap_err().to_string(),
            "not as promised: stack is healthy"
        );
    }
}
