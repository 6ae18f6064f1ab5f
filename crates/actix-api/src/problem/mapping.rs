//! Which problem each error of the domain is. Every match is exhaustive: a new variant asks for its status.

use domain::TimeRangeError;
use domain::query_gaps::GapsError;
use domain::query_prices::QueryError;
use domain::record_bars::RecordError;
use domain::resolve_instrument::ResolutionError;
use domain::{CorporateActionRepositoryError, InstrumentRepositoryError, PriceRepositoryError, ReferenceError};

use super::{FieldError, Problem, ProblemKind};

impl From<ReferenceError> for Problem {
    fn from(error: ReferenceError) -> Self {
        Self::invalid(vec![FieldError {
            field: "instrument".to_owned(),
            message: error.to_string(),
        }])
    }
}

impl From<ResolutionError> for Problem {
    fn from(error: ResolutionError) -> Self {
        let detail = error.to_string();
        match error {
            ResolutionError::NotFound(_) => Self::new(ProblemKind::UnknownInstrument, detail),
            ResolutionError::Ambiguous { candidates, .. } => {
                let detail = format!("{detail}: ask for one of them");
                Self::new(ProblemKind::AmbiguousInstrument, detail).with_candidates(candidates)
            }
            ResolutionError::Repository(error) => error.into(),
            ResolutionError::Catalogue(error) => error.into(),
        }
    }
}

impl From<InstrumentRepositoryError> for Problem {
    fn from(error: InstrumentRepositoryError) -> Self {
        let detail = error.to_string();
        match error {
            InstrumentRepositoryError::AlreadyExists(instrument) => {
                Self::new(ProblemKind::InstrumentExists, detail).with_candidates(vec![*instrument])
            }
            InstrumentRepositoryError::SpellingTaken { taken_by, .. } => {
                Self::new(ProblemKind::InstrumentExists, detail).with_candidates(vec![*taken_by])
            }
            InstrumentRepositoryError::NotFound(_) => Self::new(ProblemKind::UnknownInstrument, detail),
            InstrumentRepositoryError::HasBars { .. } => {
                let detail = format!("{detail}: ?cascade=true erases them, and their history, with it");
                Self::new(ProblemKind::InstrumentHasBars, detail)
            }
            InstrumentRepositoryError::Corrupt(_) => Self::internal(error),
            InstrumentRepositoryError::Unavailable(source) => Self::unavailable(source),
        }
    }
}

impl From<PriceRepositoryError> for Problem {
    fn from(error: PriceRepositoryError) -> Self {
        let detail = error.to_string();
        match error {
            PriceRepositoryError::UnknownInstrument(_) => Self::new(ProblemKind::UnknownInstrument, detail),
            PriceRepositoryError::BasisMismatch { .. } | PriceRepositoryError::GridMismatch { .. } => {
                Self::new(ProblemKind::SeriesMismatch, detail)
            }
            PriceRepositoryError::Corrupt(_) => Self::internal(error),
            PriceRepositoryError::Unavailable(source) => Self::unavailable(source),
        }
    }
}

impl From<CorporateActionRepositoryError> for Problem {
    fn from(error: CorporateActionRepositoryError) -> Self {
        let detail = error.to_string();
        match error {
            CorporateActionRepositoryError::UnknownInstrument(_) => Self::new(ProblemKind::UnknownInstrument, detail),
            CorporateActionRepositoryError::Corrupt(_) => Self::internal(error),
            CorporateActionRepositoryError::Unavailable(source) => Self::unavailable(source),
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::FutureAsOf { .. } => Self::impossible_field("as_of", error),
            QueryError::Adjustment { .. } | QueryError::Factors(_) => Self::impossible_field("adjustment", error),
            QueryError::Resampling(ref cause) => {
                Self::impossible_field("interval", format!("{error}: {cause}; ask for a shorter interval"))
            }
            QueryError::Prices(error) => error.into(),
            QueryError::Actions(error) => error.into(),
        }
    }
}

impl From<GapsError> for Problem {
    fn from(error: GapsError) -> Self {
        match error {
            GapsError::NoBars { .. } => Self::new(ProblemKind::NoBars, error.to_string()),
            GapsError::Range(error) => error.into(),
            GapsError::TooLong { .. } => Self::impossible_field("start", error),
            GapsError::Prices(error) => error.into(),
        }
    }
}

impl From<TimeRangeError> for Problem {
    fn from(error: TimeRangeError) -> Self {
        let errors = vec![FieldError {
            field: "end".to_owned(),
            message: error.to_string(),
        }];
        match error {
            TimeRangeError::Empty(_) => Self::invalid(errors),
            TimeRangeError::Reversed { .. } => Self::impossible(errors),
        }
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Prices(error) => error.into(),
            RecordError::Actions(error) => error.into(),
        }
    }
}
