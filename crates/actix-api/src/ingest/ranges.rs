//! Half-open ranges of time, as answers tell them.

use domain::{TimeRange, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::vocabulary::Utc;

/// A half-open range, which may be open at its ends.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenRange)]
pub(super) struct OpenRangeBody {
    /// The first instant inside; null for all that there is.
    start: Option<Utc>,
    /// The first instant after; null for all up to the moment of the fetch.
    end: Option<Utc>,
}

impl From<TimeRange> for OpenRangeBody {
    fn from(range: TimeRange) -> Self {
        let (start, end) = (range.start(), range.end());
        Self {
            start: (start != Timestamp::MIN).then_some(Utc(start)),
            end: (end != Timestamp::MAX).then_some(Utc(end)),
        }
    }
}

/// A half-open range.
#[derive(Serialize, ToSchema)]
#[schema(as = Range)]
pub(super) struct RangeBody {
    /// The first instant inside.
    start: Utc,
    /// The first instant after.
    end: Utc,
}

impl From<TimeRange> for RangeBody {
    fn from(range: TimeRange) -> Self {
        let (start, end) = (Utc(range.start()), Utc(range.end()));
        Self { start, end }
    }
}
