//! How a run ends.

use super::failure::Failure;
use crate::{ErrorChain, MergeCounts, RunEnd, RunState, TimeRange};

/// What an attempt comes to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What became of the rows, over all attempts.
    pub(super) counts: MergeCounts,
    /// Whether the provider was to be asked for anything.
    pub(super) asked: bool,
    /// What lies before the provider's look-back, though it was asked for.
    pub(super) out_of_reach: Option<TimeRange>,
    /// What answers passed over.
    pub(super) unanswered: Vec<TimeRange>,
    /// The error by which it ended.
    pub(super) failure: Option<Failure>,
}

impl Outcome {
    /// The end of the run, with every reason why it did not succeed.
    pub(super) fn end(&self) -> RunEnd {
        let mut reasons: Vec<String> = Vec::new();
        reasons.extend(self.failure.as_ref().map(|failure| ErrorChain(failure).to_string()));
        let out_of_reach = |lost| format!("{lost} lies before what the provider goes back to: it was not asked for");
        reasons.extend(self.out_of_reach.map(out_of_reach));
        let passed_over = |hole| format!("the provider's answer passed over {hole}");
        reasons.extend(self.unanswered.iter().map(passed_over));
        match self.counts.rejected {
            0 => {}
            1 => reasons.push("1 row made no bar: see the quarantine".to_owned()),
            rows => reasons.push(format!("{rows} rows made no bars: see the quarantine")),
        }
        let nothing_merged = self.counts.fetched() == 0;
        let state = match &self.failure {
            None if reasons.is_empty() => RunState::Succeeded,
            None if self.asked => RunState::Partial,
            Some(_) if !nothing_merged => RunState::Partial,
            _ => RunState::Failed,
        };
        let error = Some(reasons.join("; ")).filter(|reasons| !reasons.is_empty());
        RunEnd { state, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProviderError;

    fn check(outcome: Outcome, state: RunState, error: Option<&str>) {
        let end = outcome.end();
        assert_eq!((end.state, end.error.as_deref()), (state, error));
    }

    fn range() -> TimeRange {
        let at = |text: &str| text.parse().unwrap();
        TimeRange::new(at("2020-01-01T00:00:00Z"), at("2020-02-01T00:00:00Z")).unwrap()
    }

    fn rows(inserted: u64, rejected: u64) -> MergeCounts {
        MergeCounts {
            inserted,
            rejected,
            ..MergeCounts::default()
        }
    }

    fn of(counts: MergeCounts) -> Outcome {
        Outcome {
            counts,
            asked: true,
            ..Outcome::default()
        }
    }

    fn limited() -> Failure {
        Failure::NoAnswer {
            provider: "yahoo".parse().unwrap(),
            what: "bars".to_owned(),
            source: ProviderError::RateLimited { retry_after: None },
        }
    }

    #[test]
    fn a_run_that_was_answered_to_its_end_succeeded() {
        check(of(rows(3, 0)), RunState::Succeeded, None);
        check(of(rows(0, 0)), RunState::Succeeded, None);
        check(Outcome::default(), RunState::Succeeded, None);
    }

    #[test]
    fn an_error_before_anything_was_merged_is_a_failure() {
        let failed = |counts| Outcome {
            failure: Some(limited()),
            ..of(counts)
        };
        let told = "yahoo gave no bars: rate limited";
        check(failed(rows(0, 0)), RunState::Failed, Some(told));
        check(failed(rows(1, 0)), RunState::Partial, Some(told));
        let with_bad_row = format!("{told}; 1 row made no bar: see the quarantine");
        check(failed(rows(0, 1)), RunState::Partial, Some(&with_bad_row));
    }

    #[test]
    fn what_was_not_reached_makes_it_partial() {
        let beyond = |asked| Outcome {
            out_of_reach: Some(range()),
            asked,
            ..Outcome::default()
        };
        let told = "[2020-01-01T00:00:00Z, 2020-02-01T00:00:00Z) lies before what the provider goes back to: it was not \
                    asked for";
        check(beyond(true), RunState::Partial, Some(told));
        check(beyond(false), RunState::Failed, Some(told));
        let holed = Outcome {
            unanswered: vec![range()],
            ..of(rows(7, 2))
        };
        check(
            holed,
            RunState::Partial,
            Some(
                "the provider's answer passed over [2020-01-01T00:00:00Z, 2020-02-01T00:00:00Z); 2 rows made no bars: see the \
                 quarantine",
            ),
        );
    }
}
