//! Which stored series answers a request, and what else of it is needed.

use std::collections::BTreeMap;

use time::Date;

use super::{PriceRequest, QueryError, QueryPrices};
use crate::adjustment::Adjustment;
use crate::calendar::closes_at;
use crate::{
    BarQuery, Basis, CorporateAction, Interval, Price, Series, SeriesKey, TimeOrder, TimeRange, Timestamp,
    TradingCalendar, bucket_start,
};

/// The stored series that bars are read from.
#[derive(Clone, Debug)]
pub(super) struct PriceSource {
    pub(super) key: SeriesKey,
    pub(super) series: Series,
    /// The raw daily series of the instrument, from which dividend factors take their closes.
    daily: Option<Series>,
}

impl PriceSource {
    /// The series itself when it is stored, else the coarsest that divides the interval; `None` when none does. As of a
    /// past instant, only series that had a bar then.
    pub(super) async fn choose(
        queries: &QueryPrices,
        request: &PriceRequest,
        stored: &[Series],
    ) -> Result<Option<Self>, QueryError> {
        let daily = stored
            .iter()
            .find(|series| series.key.interval == Interval::OneDay && series.basis == Basis::Raw)
            .cloned();
        let interval = request.interval;
        let leads_there = |stored: Interval| stored == interval || interval.is_multiple_of(stored);
        let mut candidates: Vec<&Series> = stored
            .iter()
            .filter(|series| leads_there(series.key.interval))
            .collect();
        candidates.sort_by_key(|series| std::cmp::Reverse(series.key.interval));
        let mut empty = None;
        for series in candidates {
            let key = series.key;
            let has_bars = match request.as_of {
                Some(as_of) if as_of < series.updated_at => {
                    let then = BarQuery {
                        as_of: Some(as_of),
                        ..newest(key, TimeRange::ALL)
                    };
                    !queries.prices.read(&then).await?.bars.is_empty()
                }
                _ => series.count > 0 || (request.include_partial && series.partial_version > 0),
            };
            let source = Self {
                key,
                series: series.clone(),
                daily: daily.clone(),
            };
            if has_bars {
                return Ok(Some(source));
            }
            if key.interval == request.interval {
                empty = Some(source);
            }
        }
        Ok(empty)
    }

    /// The stamp of the last change to anything that the answer depends on.
    pub(super) fn last_change(&self, adjustment: Adjustment) -> Timestamp {
        match (&self.daily, adjustment) {
            (Some(daily), Adjustment::All) => self.series.updated_at.max(daily.updated_at),
            _ => self.series.updated_at,
        }
    }

    /// When the bar of `interval` closes to which the newest stored one belongs.
    pub(super) fn last_close(&self, interval: Interval, calendar: &dyn TradingCalendar) -> Option<Timestamp> {
        let minute = self.series.minutes_past_hour;
        let opened_at = bucket_start(interval, self.series.last?, self.key.interval, calendar, minute);
        Some(closes_at(interval, opened_at, calendar))
    }

    /// The version that the series had at an instant.
    pub(super) async fn version_as_of(&self, queries: &QueryPrices, instant: Timestamp) -> Result<u64, QueryError> {
        let query = BarQuery {
            as_of: Some(instant),
            ..newest(self.key, TimeRange::ALL)
        };
        Ok(queries.prices.read(&query).await?.version)
    }

    /// The raw close of the last session before each dividend's ex-date; those before the range change no bar of it and
    /// are left out.
    pub(super) async fn closes_before(
        &self,
        queries: &QueryPrices,
        request: &PriceRequest,
        actions: &[CorporateAction],
        pinned: Timestamp,
    ) -> Result<BTreeMap<Date, Price>, QueryError> {
        let series = self.daily.as_ref().map_or(self.key, |daily| daily.key);
        let calendar = queries.calendars.for_instrument(&request.instrument);
        let mut openings = BTreeMap::new();
        // In any zone, the session of a bar lies within a day of its date in UTC.
        let first = request.range.start().date().previous_day().unwrap_or(Date::MIN);
        for action in actions {
            let ex_date = match action {
                CorporateAction::Dividend { ex_date, .. } if *ex_date > first => ex_date,
                _ => continue,
            };
            let opening = match series.interval.intraday_length() {
                Some(_) => calendar.session(*ex_date).map(TimeRange::start),
                None => None,
            };
            if let Some(opening) = opening.or_else(|| Timestamp::midnight(*ex_date).ok()) {
                openings.insert(*ex_date, opening);
            }
        }
        let instants: Vec<Timestamp> = openings.values().copied().collect();
        let before = queries.prices.last_before(series, &instants, pinned).await?;
        let closes = openings.into_keys().zip(before);
        Ok(closes
            .filter_map(|(ex_date, last)| Some((ex_date, last?.bar.close())))
            .collect())
    }
}

fn newest(series: SeriesKey, range: TimeRange) -> BarQuery {
    BarQuery {
        series,
        range,
        order: TimeOrder::Descending,
        limit: 1,
        as_of: None,
        include_partial: false,
    }
}
