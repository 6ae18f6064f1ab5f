//! Use case: bars of one instrument, stored or built from finer ones, adjusted or not, as known now or at a past instant.

mod reader;
mod source;

use std::sync::Arc;

pub use reader::{PricePage, PriceReader};
use source::PriceSource;

use crate::adjustment::{Adjustment, AdjustmentError, AdjustmentFactors};
use crate::calendar::Calendars;
use crate::{
    Basis, Clock, CorporateActionRepository, CorporateActionRepositoryError, DecimalError, Instrument, Interval,
    PriceRepository, PriceRepositoryError, PriceRow, Series, SeriesCatalogue, TimeOrder, TimeRange, Timestamp,
};

/// What to read.
#[derive(Clone, Debug)]
pub struct PriceRequest {
    /// Whose bars.
    pub instrument: Instrument,
    /// How long each is; built from finer ones when it is not stored.
    pub interval: Interval,
    /// Bars that open in this range.
    pub range: TimeRange,
    /// In which direction.
    pub order: TimeOrder,
    /// `None`: as the series has them.
    pub adjustment: Option<Adjustment>,
    /// What was believed at that instant; `None` for now.
    pub as_of: Option<Timestamp>,
    /// Also bars whose interval has not closed.
    pub include_partial: bool,
    /// A bar built from parts is final when its interval had closed by then; `None` for `as_of`, else now. A later page
    /// says the moment of the first, so that all pages agree.
    pub closed_by: Option<Timestamp>,
}

impl PriceRequest {
    /// All bars of an interval as they are now, oldest first.
    #[must_use]
    pub fn all(instrument: Instrument, interval: Interval) -> Self {
        Self {
            instrument,
            interval,
            range: TimeRange::ALL,
            order: TimeOrder::Ascending,
            adjustment: None,
            as_of: None,
            include_partial: false,
            closed_by: None,
        }
    }
}

/// What holds for all bars of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceHeader {
    /// The interval they were built from, when the asked one is not stored.
    pub derived_from: Option<Interval>,
    /// What the stored prices are; `None` when no series can answer.
    pub basis: Option<Basis>,
    /// What the answered prices are.
    pub adjustment: Adjustment,
    /// The state of the stored series that is read, whatever is written meanwhile.
    pub pinned: Timestamp,
    /// Reading as of this instant gives the same final bars again: [`PriceHeader::pinned`], or when the last bar that is
    /// built from parts closed, if that was later.
    pub as_of: Timestamp,
    /// The version of the stored series in this state; 0 when there is none.
    pub version: u64,
}

/// Why prices could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// An instant that has not come yet.
    #[error("as_of {as_of} lies in the future: it is {now} now")]
    FutureAsOf {
        /// As asked.
        as_of: Timestamp,
        /// By our clock.
        now: Timestamp,
    },
    /// The stored prices cannot be given in that form.
    #[error("adjustment={asked} is not possible: {instrument} {interval} is stored {basis}, and {reason}")]
    Adjustment {
        /// As asked.
        asked: Adjustment,
        /// Whose bars.
        instrument: String,
        /// Of the stored series.
        interval: Interval,
        /// What is stored.
        basis: Basis,
        /// Why that does not lead to what was asked, and what would.
        reason: &'static str,
    },
    /// A corporate action does not fit the prices.
    #[error(transparent)]
    Factors(#[from] AdjustmentError),
    /// A sum over bars outgrew what is kept.
    #[error("a bar built from its parts cannot be kept")]
    Resampling(#[from] DecimalError),
    /// The store of bars could not answer.
    #[error(transparent)]
    Prices(#[from] PriceRepositoryError),
    /// The store of corporate actions could not answer.
    #[error(transparent)]
    Actions(#[from] CorporateActionRepositoryError),
}

/// Answers for prices.
#[derive(Clone)]
pub struct QueryPrices {
    prices: Arc<dyn PriceRepository>,
    catalogue: Arc<dyn SeriesCatalogue>,
    actions: Arc<dyn CorporateActionRepository>,
    calendars: Arc<Calendars>,
    clock: Arc<dyn Clock>,
}

impl QueryPrices {
    /// Over the stores.
    #[must_use]
    pub fn new(
        prices: Arc<dyn PriceRepository>,
        catalogue: Arc<dyn SeriesCatalogue>,
        actions: Arc<dyn CorporateActionRepository>,
        calendars: Arc<Calendars>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            prices,
            catalogue,
            actions,
            calendars,
            clock,
        }
    }

    /// Opens a reader on one state of the series: whatever is written while it reads, it gives what one read at its
    /// first moment would have given.
    ///
    /// # Errors
    /// [`QueryError::FutureAsOf`]; [`QueryError::Adjustment`] when what is stored cannot be given in that form.
    pub async fn open(&self, request: PriceRequest) -> Result<PriceReader, QueryError> {
        let stored = self.catalogue.of_instrument(request.instrument.id).await?;
        self.open_on(request, &stored).await
    }

    /// As [`QueryPrices::open`], on the state in which the catalogue has just told these series of the instrument: one
    /// question less, and an answer that fits what else was made of them.
    ///
    /// # Errors
    /// As [`QueryPrices::open`].
    pub async fn open_on(&self, request: PriceRequest, stored: &[Series]) -> Result<PriceReader, QueryError> {
        let now = self.clock.now();
        // A later page is as of what the first one saw, which clocks that differ may put ahead.
        let asked = request.as_of.filter(|_| request.closed_by.is_none());
        if let Some(as_of) = asked.filter(|as_of| *as_of > now) {
            return Err(QueryError::FutureAsOf { as_of, now });
        }
        let calendar = self.calendars.for_instrument(&request.instrument);
        let source = PriceSource::choose(self, &request, stored).await?;
        let adjustment = adjustment_of(&request, source.as_ref())?;
        let pinned = match (&source, request.as_of) {
            (_, Some(as_of)) => as_of,
            (Some(source), None) => source.last_change(adjustment),
            (None, None) => Timestamp::MIN,
        };
        let version = match &source {
            Some(source) if pinned >= source.series.updated_at => source.series.version,
            Some(source) => source.version_as_of(self, pinned).await?,
            None => 0,
        };
        let factors = match &source {
            Some(source) => self.factors(&request, source, adjustment, pinned).await?,
            None => None,
        };
        let closed_by = request.closed_by.or(request.as_of).unwrap_or(now);
        let derived_from = source
            .as_ref()
            .map(|source| source.key.interval)
            .filter(|stored| *stored != request.interval);
        let as_of = match (&source, derived_from) {
            // A later page says what the first one said.
            (Some(_), Some(_)) if request.as_of.is_some() => pinned.max(closed_by),
            (Some(source), Some(_)) => {
                let closed = source.last_close(request.interval, &*calendar);
                pinned.max(closed.filter(|closed| *closed <= closed_by).unwrap_or(pinned))
            }
            _ => pinned,
        };
        let header = PriceHeader {
            derived_from,
            basis: source.as_ref().map(|source| source.series.basis),
            adjustment,
            pinned,
            as_of,
            version,
        };
        Ok(PriceReader::new(
            self.prices.clone(),
            request,
            source,
            header,
            factors,
            calendar,
            closed_by,
        ))
    }

    /// The newest bar of an interval, of series as for [`QueryPrices::open_on`]; `None` when there is none.
    ///
    /// # Errors
    /// As [`QueryPrices::open`].
    pub async fn latest(
        &self,
        request: PriceRequest,
        stored: &[Series],
    ) -> Result<Option<(PriceHeader, PriceRow)>, QueryError> {
        let newest_first = PriceRequest {
            order: TimeOrder::Descending,
            ..request
        };
        let mut reader = self.open_on(newest_first, stored).await?;
        let newest = reader.page(1).await?.rows.pop();
        Ok(newest.map(|row| (reader.header().clone(), row)))
    }

    /// The factors that turn stored prices into those asked for; `None` when they are the same.
    async fn factors(
        &self,
        request: &PriceRequest,
        source: &PriceSource,
        adjustment: Adjustment,
        pinned: Timestamp,
    ) -> Result<Option<AdjustmentFactors>, QueryError> {
        if adjustment == Adjustment::Raw || source.series.basis != Basis::Raw {
            return Ok(None);
        }
        let recorded = self.actions.list(request.instrument.id, Some(pinned)).await?;
        let actions: Vec<_> = recorded.into_iter().map(|recorded| recorded.action).collect();
        if actions.is_empty() {
            return Ok(None);
        }
        let closes = match adjustment {
            Adjustment::All => source.closes_before(self, request, &actions, pinned).await?,
            Adjustment::Raw | Adjustment::Split => std::collections::BTreeMap::new(),
        };
        let currency = &request.instrument.details.currency;
        Ok(Some(AdjustmentFactors::new(&actions, adjustment, currency, &closes)?))
    }
}

/// What the answered prices are, if what is stored can be given so.
fn adjustment_of(request: &PriceRequest, source: Option<&PriceSource>) -> Result<Adjustment, QueryError> {
    let Some(source) = source else {
        return Ok(request.adjustment.unwrap_or(Adjustment::Raw));
    };
    let native = match source.series.basis {
        Basis::Raw => Adjustment::Raw,
        Basis::SplitAdjusted => Adjustment::Split,
        Basis::SplitDividendAdjusted => Adjustment::All,
    };
    let asked = request.adjustment.unwrap_or(native);
    let refuse = |reason| {
        Err(QueryError::Adjustment {
            asked,
            instrument: request.instrument.to_string(),
            interval: source.key.interval,
            basis: source.series.basis,
            reason,
        })
    };
    match (source.series.basis, asked) {
        (Basis::Raw, _)
        | (Basis::SplitAdjusted, Adjustment::Split)
        | (Basis::SplitDividendAdjusted, Adjustment::All) => Ok(asked),
        (Basis::SplitAdjusted, Adjustment::Raw) => {
            refuse("its splits were not known when it came, so it cannot be turned back: ask for adjustment=split")
        }
        (Basis::SplitAdjusted, Adjustment::All) => {
            refuse("dividends are stated in raw shares, which it does not have: ask for adjustment=split")
        }
        (Basis::SplitDividendAdjusted, Adjustment::Raw | Adjustment::Split) => {
            refuse("the dividends in it cannot be taken out again: ask for adjustment=all")
        }
    }
}

#[cfg(test)]
mod tests;
