//! Coverage: what was asked of a provider and answered, and so which missing bars are gaps.

use async_trait::async_trait;

use crate::{PriceRepositoryError, SeriesKey, SourceName, TimeRange, Timestamp};

/// A range that a source was asked for and answered in whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoveredRange {
    /// The source.
    pub source: SourceName,
    /// What it answered.
    pub range: TimeRange,
    /// When it last did.
    pub answered_at: Timestamp,
}

/// Tells what was asked and answered.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait CoverageRepository: Send + Sync {
    /// Covered ranges of a series by source and start; ranges of one source neither overlap nor touch unless they were
    /// answered at different times.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`].
    async fn covered(&self, series: SeriesKey) -> Result<Vec<CoveredRange>, PriceRepositoryError>;
}
