//! Use case: bars that a series should have and has not.

mod filter;
mod found;

use std::sync::Arc;

pub use filter::{GapFilter, UnknownGapFilter};
use found::Found;

use crate::calendar::{Calendars, closes_at};
use crate::{
    BarQuery, Clock, CoverageRepository, Instrument, Interval, PriceRepository, PriceRepositoryError, Series,
    SeriesCatalogue, SeriesKey, Stretch, TimeOrder, TimeRange, TimeRangeError, Timestamp, confirmed, expected_openings,
    gaps,
};

/// Stored bars read at once.
const CHUNK_BARS: usize = 10_000;
/// As many bars as a range may have room for: 38 years of minutes.
const MOST_EXPECTED: i64 = 20_000_000;

/// Which missing bars to tell.
#[derive(Clone, Debug)]
pub struct GapRequest {
    /// Whose bars.
    pub instrument: Instrument,
    /// Of which stored series.
    pub interval: Interval,
    /// Bars that open at or after this instant; `None` for the first bar of the series.
    pub start: Option<Timestamp>,
    /// Bars that open before this instant; `None` up to the last bar that has closed, and of an instrument that is not
    /// brought up to date any more, up to its last bar.
    pub end: Option<Timestamp>,
    /// What must be known of them.
    pub filter: GapFilter,
    /// Where the page before ended; `None` for the first.
    pub after: Option<GapPosition>,
}

/// Where a page ended, and the state of the bars that it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GapPosition {
    /// Bars are as they were at this instant.
    pub pinned: Timestamp,
    /// Bars that had closed by this instant are expected.
    pub closed_by: Timestamp,
    /// The first instant that was not told.
    pub behind: Timestamp,
}

/// Missing bars, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapPage {
    /// What was looked at, over all pages; `None` when no bar is due there yet.
    pub range: Option<TimeRange>,
    /// Bars that follow each other; no expected bar of another state lies between the first and the last of one.
    pub stretches: Vec<Stretch>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<GapPosition>,
}

/// Why gaps could not be told.
#[derive(Debug, thiserror::Error)]
pub enum GapsError {
    /// Without bars and without a start nothing says where to begin.
    #[error("{instrument} has no {interval} bars: give a start to see what is missing from there")]
    NoBars {
        /// Whose.
        instrument: String,
        /// Of which series.
        interval: Interval,
    },
    /// Start and end make no range.
    #[error(transparent)]
    Range(#[from] TimeRangeError),
    /// More bars would have to be looked at than one question may cost.
    #[error("{range} is too long for {interval} bars: ask for at most {most_days} days at once")]
    TooLong {
        /// What was asked.
        range: TimeRange,
        /// Of which bars.
        interval: Interval,
        /// How long it may be.
        most_days: i64,
    },
    /// A store could not answer.
    #[error(transparent)]
    Prices(#[from] PriceRepositoryError),
}

/// Tells gaps.
#[derive(Clone)]
pub struct QueryGaps {
    prices: Arc<dyn PriceRepository>,
    catalogue: Arc<dyn SeriesCatalogue>,
    coverage: Arc<dyn CoverageRepository>,
    calendars: Arc<Calendars>,
    clock: Arc<dyn Clock>,
}

impl QueryGaps {
    /// Over the stores.
    #[must_use]
    pub fn new(
        prices: Arc<dyn PriceRepository>,
        catalogue: Arc<dyn SeriesCatalogue>,
        coverage: Arc<dyn CoverageRepository>,
        calendars: Arc<Calendars>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            prices,
            catalogue,
            coverage,
            calendars,
            clock,
        }
    }

    /// At most `limit` stretches of missing bars, in constant memory however long the range is. All pages see the bars in
    /// one state, whatever is written meanwhile; what is known of those that are missing may grow.
    ///
    /// A bar that is there only provisionally is missing once its interval has closed.
    ///
    /// # Errors
    /// [`GapsError`], as it says.
    pub async fn page(&self, request: &GapRequest, limit: usize) -> Result<GapPage, GapsError> {
        let series = SeriesKey {
            instrument: request.instrument.id,
            interval: request.interval,
        };
        let stored = self.catalogue.find(series).await?;
        let closed_by = request.after.map_or_else(|| self.clock.now(), |after| after.closed_by);
        let Some(range) = range_of(request, stored.as_ref(), closed_by)? else {
            let (stretches, next) = (Vec::new(), None);
            return Ok(GapPage {
                range: None,
                stretches,
                next,
            });
        };
        let minutes_past_hour = stored.map_or(0, |stored| stored.minutes_past_hour);
        let calendar = self.calendars.for_instrument(&request.instrument);
        let confirmed = confirmed(&self.coverage.covered(series).await?, closed_by);
        let mut pinned = request.after.map(|after| after.pinned);
        let mut found = Found::new(request.filter, limit);
        let mut rest = match request.after {
            Some(after) => TimeRange::new(range.start().max(after.behind), range.end()).ok(),
            None => Some(range),
        };
        while let Some(unseen) = rest.filter(|_| !found.is_full()) {
            let query = BarQuery {
                series,
                range: unseen,
                order: TimeOrder::Ascending,
                limit: CHUNK_BARS,
                as_of: pinned,
                include_partial: false,
            };
            let chunk = self.prices.read(&query).await?;
            pinned = pinned.or(Some(chunk.pinned));
            let present = chunk.bars.iter().map(|price| price.bar.opened_at());
            let behind = present.clone().next_back().filter(|_| chunk.more).map(Timestamp::next);
            let window = TimeRange::new(unseen.start(), behind.unwrap_or(unseen.end()))?;
            let expected = expected_openings(request.interval, window, &*calendar, minutes_past_hour)
                .take_while(|opening| closes_at(request.interval, *opening, &*calendar) <= closed_by);
            for stretch in gaps(expected, present, &confirmed) {
                found.add(stretch);
                if found.is_full() {
                    break;
                }
            }
            rest = behind.and_then(|behind| TimeRange::new(behind, range.end()).ok());
        }
        let (stretches, more) = found.into_page();
        let last = stretches.last().filter(|_| more);
        let next = last.zip(pinned).map(|(last, pinned)| GapPosition {
            pinned,
            closed_by,
            behind: last.last.next(),
        });
        let range = Some(range);
        Ok(GapPage { range, stretches, next })
    }
}

/// What to look at: as asked, else from the first bar to the last one that can be there.
fn range_of(
    request: &GapRequest,
    stored: Option<&Series>,
    closed_by: Timestamp,
) -> Result<Option<TimeRange>, GapsError> {
    let GapRequest {
        instrument,
        interval,
        start,
        end,
        ..
    } = request;
    if let Some((start, end)) = start.zip(*end) {
        TimeRange::new(start, end)?;
    }
    let start = start.or_else(|| stored?.first).ok_or_else(|| GapsError::NoBars {
        instrument: instrument.to_string(),
        interval: *interval,
    })?;
    let last_kept = stored
        .filter(|_| !instrument.details.active)
        .and_then(|stored| stored.last);
    let end = end.or(last_kept.map(Timestamp::next)).unwrap_or(closed_by);
    let Ok(range) = TimeRange::new(start, end.min(closed_by)) else {
        return Ok(None);
    };
    if let Some(length) = interval.intraday_length() {
        let most = length.saturating_mul(i32::try_from(MOST_EXPECTED).unwrap_or(i32::MAX));
        if range.end().since(range.start()) > most {
            return Err(GapsError::TooLong {
                range,
                interval: *interval,
                most_days: most.whole_days(),
            });
        }
    }
    Ok(Some(range))
}

#[cfg(test)]
mod tests;
