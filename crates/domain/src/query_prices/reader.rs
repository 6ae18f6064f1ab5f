//! Reads an answer piece by piece, in constant memory, from one state of the series.

use std::collections::VecDeque;
use std::sync::Arc;

use super::source::PriceSource;
use super::{PriceHeader, PriceRequest, QueryError};
use crate::adjustment::AdjustmentFactors;
use crate::calendar::closes_at;
use crate::resampling::{Resampler, parts_range};
use crate::{BarQuery, Interval, PriceRepository, PriceRow, TimeOrder, TimeRange, Timestamp, TradingCalendar};

/// Stored bars read at once.
const CHUNK_BARS: usize = 10_000;

/// How many stored bars of `from` make one of `to` at most, so that a page reads about as many as it needs.
fn most_parts(to: Interval, from: Interval) -> usize {
    let minutes = |interval: Interval| match interval {
        Interval::OneDay => 24 * 60,
        Interval::OneWeek => 7 * 24 * 60,
        Interval::OneMonth => 31 * 24 * 60,
        _ => interval.intraday_length().map_or(1, |length| length.whole_minutes()),
    };
    usize::try_from(minutes(to) / minutes(from).max(1)).unwrap_or(1).max(1)
}

/// A page of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricePage {
    /// The bars, in the order asked for.
    pub rows: Vec<PriceRow>,
    /// Whether more follow.
    pub more: bool,
}

/// An answer that is being read.
pub struct PriceReader {
    prices: Arc<dyn PriceRepository>,
    request: PriceRequest,
    header: PriceHeader,
    factors: Option<AdjustmentFactors>,
    calendar: Arc<dyn TradingCalendar>,
    /// Bars built from parts are final when their interval had closed by then.
    closed_by: Timestamp,
    source: Option<PriceSource>,
    /// What of the stored series is still to be read.
    rest: Option<TimeRange>,
    resampler: Option<Resampler>,
    ready: VecDeque<PriceRow>,
}

impl PriceReader {
    pub(super) fn new(
        prices: Arc<dyn PriceRepository>,
        request: PriceRequest,
        source: Option<PriceSource>,
        header: PriceHeader,
        factors: Option<AdjustmentFactors>,
        calendar: Arc<dyn TradingCalendar>,
        closed_by: Timestamp,
    ) -> Self {
        let (mut rest, mut resampler) = (None, None);
        if let Some(source) = &source {
            let (to, from, minute) = (request.interval, source.key.interval, source.series.minutes_past_hour);
            if to == from {
                rest = Some(request.range);
            } else {
                rest = parts_range(request.range, to, from, &*calendar, minute);
                resampler = Some(Resampler::new(to, from, request.order, calendar.clone(), minute));
            }
        }
        let ready = VecDeque::new();
        Self {
            prices,
            request,
            header,
            factors,
            calendar,
            closed_by,
            source,
            rest,
            resampler,
            ready,
        }
    }

    /// What holds for all bars of the answer.
    #[must_use]
    pub fn header(&self) -> &PriceHeader {
        &self.header
    }

    /// The next `limit` bars, and whether more follow.
    ///
    /// # Errors
    /// [`QueryError`] when the store could not answer or a bar cannot be computed.
    pub async fn page(&mut self, limit: usize) -> Result<PricePage, QueryError> {
        while self.ready.len() <= limit && self.rest.is_some() {
            self.read_chunk(limit.saturating_add(1)).await?;
        }
        let behind = self.ready.split_off(limit.min(self.ready.len()));
        let rows = std::mem::replace(&mut self.ready, behind).into();
        Ok(PricePage {
            rows,
            more: !self.ready.is_empty(),
        })
    }

    /// The next bars, however many of the `wanted` ones come at once; none at the end.
    ///
    /// # Errors
    /// As [`PriceReader::page`].
    pub async fn next_rows(&mut self, wanted: usize) -> Result<Vec<PriceRow>, QueryError> {
        while self.ready.is_empty() && self.rest.is_some() && wanted > 0 {
            self.read_chunk(wanted).await?;
        }
        let behind = self.ready.split_off(wanted.min(self.ready.len()));
        Ok(std::mem::replace(&mut self.ready, behind).into())
    }

    /// Reads stored bars once and makes rows of them.
    async fn read_chunk(&mut self, wanted: usize) -> Result<(), QueryError> {
        let (Some(source), Some(range)) = (&self.source, self.rest) else {
            return Ok(());
        };
        let parts = most_parts(self.request.interval, source.key.interval);
        let limit = wanted.saturating_mul(parts).min(CHUNK_BARS);
        let query = BarQuery {
            series: source.key,
            range,
            order: self.request.order,
            limit,
            as_of: Some(self.header.pinned),
            include_partial: self.request.include_partial,
        };
        let chunk = self.prices.rows(&query).await?;
        self.rest = chunk
            .rows
            .last()
            .filter(|_| chunk.more)
            .and_then(|last| match self.request.order {
                TimeOrder::Ascending => TimeRange::new(last.bar.opened_at().next(), range.end()).ok(),
                TimeOrder::Descending => TimeRange::new(range.start(), last.bar.opened_at()).ok(),
            });
        match self.resampler.take() {
            None => {
                let rows = match &self.factors {
                    None => chunk.rows,
                    Some(factors) => chunk
                        .rows
                        .into_iter()
                        .map(|row| self.adjusted(row, source.key.interval, factors))
                        .collect::<Result<Vec<PriceRow>, QueryError>>()?,
                };
                self.keep(rows);
            }
            Some(mut resampler) => {
                let from = source.key.interval;
                for row in chunk.rows {
                    let row = match &self.factors {
                        None => row,
                        Some(factors) => self.adjusted(row, from, factors)?,
                    };
                    if let Some(built) = resampler.push(row)? {
                        self.built(built);
                    }
                }
                if self.rest.is_some() {
                    self.resampler = Some(resampler);
                } else if let Some(last) = resampler.finish()? {
                    self.built(last);
                }
            }
        }
        Ok(())
    }

    /// A stored bar as the factors show it.
    fn adjusted(&self, row: PriceRow, interval: Interval, factors: &AdjustmentFactors) -> Result<PriceRow, QueryError> {
        let session_date = match interval.intraday_length() {
            Some(_) => self.calendar.session_date(row.bar.opened_at()),
            None => row.bar.opened_at().date(),
        };
        Ok(PriceRow {
            bar: factors.apply(row.bar, session_date)?,
            ..row
        })
    }

    /// Puts rows behind those that wait; mostly none do, and then nothing is copied.
    fn keep(&mut self, rows: Vec<PriceRow>) {
        if self.ready.is_empty() {
            self.ready = rows.into();
        } else {
            self.ready.extend(rows);
        }
    }

    /// Keeps a bar built from parts when it opens in the range, and is closed or may be partial.
    fn built(&mut self, row: PriceRow) {
        let opened_at = row.bar.opened_at();
        let open = closes_at(self.request.interval, opened_at, &*self.calendar) > self.closed_by;
        let provisional = row.provisional || open;
        if self.request.range.contains(opened_at) && (self.request.include_partial || !provisional) {
            self.ready.push_back(PriceRow { provisional, ..row });
        }
    }
}
