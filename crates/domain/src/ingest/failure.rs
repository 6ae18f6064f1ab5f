//! What ends a run early, and how a run ends.

use super::{IngestError, OrderMistake};
use crate::{
    CorporateActionRepositoryError, Currency, ErrorChain, IngestRunRepositoryError, Instrument,
    InstrumentRepositoryError, MergeCounts, PriceRepositoryError, ProviderError, RunEnd, RunState, SourceName, Symbol,
    TimeRange, Timestamp, record_bars::RecordError,
};

/// An error by which a run ends; what was merged before stays.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The provider is not there any more, lost its key, or has such bars no longer.
    #[error(transparent)]
    Provider(#[from] OrderMistake),
    /// The provider does not know the instrument.
    #[error(
        "{provider} does not know {spelling}: search the provider for its spelling, and record it with the instrument"
    )]
    UnknownSymbol { provider: SourceName, spelling: Symbol },
    /// The provider gave nothing.
    #[error("{provider} gave no {what}")]
    NoAnswer {
        provider: SourceName,
        what: String,
        #[source]
        source: ProviderError,
    },
    /// The prices are in another currency.
    #[error(
        "{provider} gives prices in {theirs}, and those of {instrument} are in {ours}: two currencies are never mixed in one \
         series; correct the currency of the instrument, or the provider's spelling of it"
    )]
    Currency {
        provider: SourceName,
        instrument: Box<Instrument>,
        ours: Currency,
        theirs: Currency,
    },
    /// A page does not begin with the bar that ended the one before.
    #[error(
        "the page from {from} on does not repeat the bar of {from}, with which the page before ended: bars between them may \
         be missing, so nothing of it was stored; ingest again, and tell the provider when it lasts"
    )]
    Skipped { from: Timestamp },
    /// The bar that ended a page came again with other values.
    #[error(
        "the page from {from} on repeats the bar of {from} with other values than the page before: times or prices have \
         moved, so nothing of it was stored; ingest again, and tell the provider when it lasts"
    )]
    Moved { from: Timestamp },
    /// An answer speaks for nothing.
    #[error("the provider's answer says nothing about the time from {from} on: what is behind was not asked for")]
    Silent { from: Timestamp },
    /// An answer leads no further.
    #[error("the provider's answer leads nowhere from {from} on, so asking on would never end; ingest again later")]
    Stalled { from: Timestamp },
    /// What came does not belong into the series.
    #[error(transparent)]
    Prices(PriceRepositoryError),
    /// Splits and dividends cannot be kept.
    #[error(transparent)]
    Actions(CorporateActionRepositoryError),
    /// The currency cannot be recorded.
    #[error(transparent)]
    Instruments(InstrumentRepositoryError),
}

/// Why an attempt goes no further.
pub(super) enum Stop {
    /// The run was ended by hand.
    Ended,
    /// Nothing can be said of the run now: it stays as it is, and its lease runs out.
    Left(IngestError),
    /// The run ends by an error.
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Stop {
    pub(super) fn by_runs(error: IngestRunRepositoryError) -> Self {
        match error {
            IngestRunRepositoryError::Ended { .. } => Self::Ended,
            other => Self::Left(other.into()),
        }
    }

    /// A store that is away is no reason to end a run.
    pub(super) fn by_prices(error: PriceRepositoryError) -> Self {
        match error {
            PriceRepositoryError::Unavailable(_) => Self::Left(error.into()),
            refused => Self::Failed(Failure::Prices(refused)),
        }
    }

    pub(super) fn by_actions(error: CorporateActionRepositoryError) -> Self {
        match error {
            CorporateActionRepositoryError::Unavailable(_) => Self::Left(error.into()),
            refused => Self::Failed(Failure::Actions(refused)),
        }
    }

    pub(super) fn by_instruments(error: InstrumentRepositoryError) -> Self {
        match error {
            InstrumentRepositoryError::Unavailable(_) => Self::Left(error.into()),
            refused => Self::Failed(Failure::Instruments(refused)),
        }
    }

    pub(super) fn by_record(error: RecordError) -> Self {
        match error {
            RecordError::Prices(error) => Self::by_prices(error),
            RecordError::Actions(error) => Self::by_actions(error),
        }
    }
}

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
