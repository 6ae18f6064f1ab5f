//! Which problem each error of ingesting is. Every match is exhaustive: a new variant asks for its status.

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use domain::ingest::{IngestError, OrderMistake};
use domain::{IngestRunRepositoryError, ProviderError};

use super::{FieldError, Problem, ProblemKind};

impl From<IngestRunRepositoryError> for Problem {
    fn from(error: IngestRunRepositoryError) -> Self {
        let detail = error.to_string();
        match error {
            IngestRunRepositoryError::NotFound(_) => Self::new(ProblemKind::UnknownRun, detail),
            IngestRunRepositoryError::Ended { .. } => Self::new(ProblemKind::RunEnded, detail),
            IngestRunRepositoryError::KeyReused { .. } => Self::new(ProblemKind::IdempotencyKeyReused, detail),
            // Only whoever carries out runs can be told so, and that is no handler.
            IngestRunRepositoryError::Held { .. } | IngestRunRepositoryError::TakenOver { .. } => Self::internal(error),
            IngestRunRepositoryError::Corrupt(_) => Self::internal(error),
            IngestRunRepositoryError::Unavailable(source) => Self::unavailable(source),
        }
    }
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        let detail = error.to_string();
        match error {
            IngestError::Order(mistakes) => of_order(mistakes),
            IngestError::Description { source, .. } => {
                let (kind, wait) = (kind_of(&source), source.retry_after());
                let problem = Self::new(kind, format!("{detail}: {source}")).caused_by(source);
                match wait {
                    // Less than a second is told as one: 0 would mean at once.
                    Some(wait) => problem.header(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1))),
                    None => problem,
                }
            }
            IngestError::Queue(source) => Self::new(
                ProblemKind::Unavailable,
                "the runs are recorded, and nobody could be told of them: send the same request again in a few seconds",
            )
            .header(RETRY_AFTER, HeaderValue::from_static("5"))
            .caused_by(source),
            IngestError::Runs(error) => error.into(),
            IngestError::Instruments(error) => error.into(),
            IngestError::Prices(error) => error.into(),
            IngestError::Actions(error) => error.into(),
            // Only whoever carries out runs can be told so, and that is no handler.
            IngestError::TakenOver { .. } | IngestError::OfFile(_) => Self::internal(error),
        }
    }
}

/// Everything that is wrong with an order, at the keys of the body.
fn of_order(mistakes: Vec<OrderMistake>) -> Problem {
    let is_ambiguous = |mistake: &OrderMistake| matches!(mistake, OrderMistake::Ambiguous { .. });
    let kind = if mistakes.iter().all(is_ambiguous) {
        ProblemKind::AmbiguousInstrument
    } else {
        ProblemKind::Impossible
    };
    let error_of = |mistake: &OrderMistake| FieldError {
        field: field_of(mistake).to_owned(),
        message: mistake.to_string(),
    };
    let errors = mistakes.iter().map(error_of).collect();
    let candidates = mistakes.into_iter().flat_map(|mistake| match mistake {
        OrderMistake::Ambiguous { candidates, .. } => candidates,
        _ => Vec::new(),
    });
    Problem::of_fields(kind, errors).with_candidates(candidates.collect())
}

fn field_of(mistake: &OrderMistake) -> &'static str {
    match mistake {
        OrderMistake::UnknownProvider { .. } | OrderMistake::NotConfigured { .. } => "provider",
        OrderMistake::UnsupportedInterval { .. } => "interval",
        OrderMistake::StartInFuture { .. } => "start",
        OrderMistake::Range(_) => "end",
        OrderMistake::NoInstruments
        | OrderMistake::UnsupportedClass { .. }
        | OrderMistake::UnknownSymbol { .. }
        | OrderMistake::Ambiguous { .. } => "instruments",
    }
}

/// Whether asking again later can help.
fn kind_of(error: &ProviderError) -> ProblemKind {
    match error {
        ProviderError::RateLimited { .. }
        | ProviderError::QuotaExhausted { .. }
        | ProviderError::Unavailable { .. } => ProblemKind::ProviderUnavailable,
        ProviderError::UnknownSymbol(_)
        | ProviderError::Unauthorized { .. }
        | ProviderError::Refused { .. }
        | ProviderError::OutOfReach { .. }
        | ProviderError::InvalidPayload { .. }
        | ProviderError::TooLarge { .. }
        | ProviderError::UnsupportedInterval(_)
        | ProviderError::Unsupported { .. } => ProblemKind::ProviderRefused,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn described(source: ProviderError) -> Problem {
        Problem::from(IngestError::Description {
            provider: "yahoo".parse().unwrap(),
            spelling: "AAPL".parse().unwrap(),
            source,
        })
    }

    #[test]
    fn a_provider_that_is_busy_is_a_matter_of_waiting() {
        let response = described(ProviderError::RateLimited {
            retry_after: Some(Duration::from_millis(300)),
        })
        .response(None);
        assert_eq!(response.status().as_u16(), 503);
        assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "1");
    }

    #[test]
    fn a_provider_that_refuses_is_told_in_its_words() {
        let problem = described(ProviderError::Unauthorized {
            detail: "the key is not valid".to_owned(),
        });
        assert_eq!(problem.status().as_u16(), 502);
        let detail = "yahoo could not be asked about AAPL: unauthorized: the key is not valid";
        assert!(problem.to_string().ends_with(detail), "{problem}");
    }
}
