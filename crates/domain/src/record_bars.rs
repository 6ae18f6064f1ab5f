//! Use case: decoded rows of one series become stored bars, whoever brought them: a file, a client or a provider.

use std::sync::Arc;

use time::Date;

use crate::basis::{self, BasisError};
use crate::calendar::{Calendars, closes_at};
use crate::{
    Bar, BarError, BarValues, Basis, Clock, CorporateAction, CorporateActionRepository, CorporateActionRepositoryError,
    Instrument, Interval, MergeBatch, Merged, Precedence, PriceRepository, PriceRepositoryError, RejectedRow, RunId,
    SeriesCatalogue, SeriesKey, SourceName, SplitRatio, TimeRange, Timestamp, Tolerance, TradingCalendar,
};

/// How much of a rejected row is kept.
const RAW_CHARACTERS: usize = 2_000;

/// One row as a decoder read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedRow {
    /// Where it stood: counted from 0 in a request, the line number (from 1) in a file.
    pub index: u64,
    /// The row as it came.
    pub raw: String,
    /// Its values, or what is wrong with them.
    pub values: Result<BarValues, BarError>,
}

/// Rows of one series from one source.
#[derive(Clone, Debug)]
pub struct RecordRequest {
    /// Whose bars.
    pub instrument: Instrument,
    /// How long each is.
    pub interval: Interval,
    /// Who says so.
    pub source: SourceName,
    /// What the prices are as they come.
    pub basis: Basis,
    /// When two bars of this source count as equal.
    pub tolerance: Tolerance,
    /// Whether the source gives volumes.
    pub gives_volume: bool,
    /// How many minutes past the hour hourly bars open.
    pub minutes_past_hour: u8,
    /// The run that brings them.
    pub run: Option<RunId>,
    /// What was asked and answered in whole, if anything.
    pub covered: Option<TimeRange>,
    /// When they were fetched; `None` for now. Bars that had not closed by then are provisional.
    pub fetched_at: Option<Timestamp>,
    /// The rows.
    pub rows: Vec<DecodedRow>,
}

impl RecordRequest {
    /// The series they belong to.
    #[must_use]
    pub fn series(&self) -> SeriesKey {
        SeriesKey {
            instrument: self.instrument.id,
            interval: self.interval,
        }
    }
}

/// Rows that were checked, before anything is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedBars {
    /// What would be merged; its rejected rows say what is wrong with the others.
    pub batch: MergeBatch,
}

/// Why rows could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store of bars refused or could not answer.
    #[error(transparent)]
    Prices(#[from] PriceRepositoryError),
    /// The store of corporate actions could not answer.
    #[error(transparent)]
    Actions(#[from] CorporateActionRepositoryError),
}

/// Checks rows against the rules of their instrument and merges what is good.
#[derive(Clone)]
pub struct RecordBars {
    prices: Arc<dyn PriceRepository>,
    catalogue: Arc<dyn SeriesCatalogue>,
    actions: Arc<dyn CorporateActionRepository>,
    calendars: Arc<Calendars>,
    clock: Arc<dyn Clock>,
    precedence: Precedence,
}

impl RecordBars {
    /// Over the stores, with the order in which sources are believed.
    #[must_use]
    pub fn new(
        prices: Arc<dyn PriceRepository>,
        catalogue: Arc<dyn SeriesCatalogue>,
        actions: Arc<dyn CorporateActionRepository>,
        calendars: Arc<Calendars>,
        clock: Arc<dyn Clock>,
        precedence: Precedence,
    ) -> Self {
        Self {
            prices,
            catalogue,
            actions,
            calendars,
            clock,
            precedence,
        }
    }

    /// Checks every row and turns prices back to raw where that is possible; writes nothing.
    ///
    /// # Errors
    /// [`RecordError`] when a store could not answer.
    pub async fn prepare(&self, request: RecordRequest) -> Result<PreparedBars, RecordError> {
        let calendar = self.calendars.for_instrument(&request.instrument);
        let fetched_at = request.fetched_at.unwrap_or_else(|| self.clock.now());
        let restoration = self.restoration(&request, fetched_at, &*calendar).await?;
        let check = RowCheck {
            request: &request,
            calendar: &*calendar,
            fetched_at,
            restoration: &restoration,
        };
        let mut batch = MergeBatch {
            series: request.series(),
            basis: restoration.basis(),
            minutes_past_hour: request.minutes_past_hour,
            gives_volume: request.gives_volume,
            source: request.source.clone(),
            run: request.run,
            bars: Vec::with_capacity(request.rows.len()),
            provisional: Vec::new(),
            rejected: Vec::new(),
            covered: request.covered,
            tolerance: request.tolerance,
            precedence: self.precedence.clone(),
        };
        for row in &request.rows {
            match check.bar(row) {
                Ok(bar) if closes_at(request.interval, bar.opened_at(), &*calendar) <= fetched_at => {
                    batch.bars.push(bar);
                }
                Ok(bar) => batch.provisional.push(bar),
                Err(error) => batch.rejected.push(rejected(row, &error)),
            }
        }
        Ok(PreparedBars { batch })
    }

    /// Merges what was prepared.
    ///
    /// # Errors
    /// [`RecordError::Prices`]: nothing was written then.
    pub async fn commit(&self, prepared: PreparedBars) -> Result<Merged, RecordError> {
        Ok(self.prices.merge(prepared.batch).await?)
    }

    /// Checks rows, merges the good ones and puts the others in quarantine.
    ///
    /// # Errors
    /// [`RecordError`]: nothing was written then.
    pub async fn record(&self, request: RecordRequest) -> Result<Merged, RecordError> {
        let prepared = self.prepare(request).await?;
        self.commit(prepared).await
    }

    /// Whether and how prices are turned back to raw.
    async fn restoration(
        &self,
        request: &RecordRequest,
        fetched_at: Timestamp,
        calendar: &dyn TradingCalendar,
    ) -> Result<Restoration, RecordError> {
        let never_splits = !request.instrument.details.asset_class.has_corporate_actions();
        match request.basis {
            Basis::Raw => return Ok(Restoration::Keep(Basis::Raw)),
            Basis::SplitAdjusted | Basis::SplitDividendAdjusted if never_splits => {
                return Ok(Restoration::Keep(Basis::Raw));
            }
            Basis::SplitDividendAdjusted => return Ok(Restoration::Keep(Basis::SplitDividendAdjusted)),
            Basis::SplitAdjusted => {}
        }
        let stored = self
            .catalogue
            .find(request.series())
            .await?
            .filter(|series| series.count > 0);
        let known = self.actions.complete_since(request.instrument.id).await?.is_some();
        if stored.as_ref().is_some_and(|series| series.basis != Basis::Raw) || !known {
            return Ok(Restoration::Keep(Basis::SplitAdjusted));
        }
        let fetched_on = calendar.session_date(fetched_at);
        let splits: Vec<(Date, SplitRatio)> = self
            .actions
            .list(request.instrument.id, None)
            .await?
            .into_iter()
            .filter_map(|recorded| match recorded.action {
                CorporateAction::Split { ex_date, ratio } if ex_date <= fetched_on => Some((ex_date, ratio)),
                _ => None,
            })
            .collect();
        let spans = |row: &DecodedRow| {
            row.values
                .as_ref()
                .is_ok_and(|values| basis::spans_an_ex_date(request.interval, values.opened_at, &splits, fetched_on))
        };
        if stored.is_none() && request.rows.iter().any(spans) {
            return Ok(Restoration::Keep(Basis::SplitAdjusted));
        }
        Ok(Restoration::UndoSplits { splits, fetched_on })
    }
}

/// What is done to prices on entry.
enum Restoration {
    /// They stay as they are.
    Keep(Basis),
    /// They are turned back to raw.
    UndoSplits {
        splits: Vec<(Date, SplitRatio)>,
        fetched_on: Date,
    },
}

impl Restoration {
    fn basis(&self) -> Basis {
        match self {
            Self::Keep(basis) => *basis,
            Self::UndoSplits { .. } => Basis::Raw,
        }
    }
}

/// The rules a row is checked against.
struct RowCheck<'a> {
    request: &'a RecordRequest,
    calendar: &'a dyn TradingCalendar,
    fetched_at: Timestamp,
    restoration: &'a Restoration,
}

impl RowCheck<'_> {
    fn bar(&self, row: &DecodedRow) -> Result<Bar, BarError> {
        let values = row.values.clone()?;
        self.on_grid(values.opened_at)?;
        if values.opened_at > self.fetched_at {
            return Err(BarError::Unreadable {
                field: crate::BarField::Timestamp,
                reason: format!(
                    "{} lies in the future: check the unit and zone of the times",
                    values.opened_at
                ),
            });
        }
        let bar = Bar::new(values, self.request.instrument.details.asset_class)?;
        match self.restoration {
            Restoration::Keep(_) => Ok(bar),
            Restoration::UndoSplits { splits, fetched_on } => {
                if basis::spans_an_ex_date(self.request.interval, bar.opened_at(), splits, *fetched_on) {
                    return Err(BarError::Unreadable {
                        field: crate::BarField::Open,
                        reason: "a split falls inside this bar, so its prices cannot be turned back to raw".to_owned(),
                    });
                }
                let session_date = match self.request.interval.intraday_length() {
                    Some(_) => self.calendar.session_date(bar.opened_at()),
                    None => bar.opened_at().date(),
                };
                basis::undo_splits(bar, session_date, splits, *fetched_on, self.request.tolerance).map_err(unrestorable)
            }
        }
    }

    /// Where bars of each interval open: minutes on multiples since midnight UTC, hours at the series' minute, days at
    /// 00:00Z, weeks on Monday, months on the first.
    fn on_grid(&self, opened_at: Timestamp) -> Result<(), BarError> {
        let interval = self.request.interval;
        let (fits, rule) = match interval {
            Interval::OneHour | Interval::FourHours => {
                let minute = self.request.minutes_past_hour;
                let fits = opened_at.unix_micros().rem_euclid(3_600_000_000) == i64::from(minute) * 60_000_000;
                (fits, format!("{minute} minutes past the hour"))
            }
            Interval::OneDay | Interval::OneWeek | Interval::OneMonth => {
                let fits = opened_at.is_midnight() && interval.period_start(opened_at.date()) == opened_at.date();
                let rule = match interval {
                    Interval::OneWeek => "on a Monday at 00:00Z",
                    Interval::OneMonth => "on the first of the month at 00:00Z",
                    _ => "at 00:00Z of the session date",
                };
                (fits, rule.to_owned())
            }
            _ => {
                let fits = interval
                    .intraday_length()
                    .is_none_or(|length| opened_at.floor(length) == opened_at);
                (fits, format!("on multiples of {interval} since midnight UTC"))
            }
        };
        if fits {
            Ok(())
        } else {
            Err(BarError::OffGrid {
                opened_at,
                interval,
                rule,
            })
        }
    }
}

fn unrestorable(error: BasisError) -> BarError {
    BarError::Unreadable {
        field: crate::BarField::Close,
        reason: error.to_string(),
    }
}

fn rejected(row: &DecodedRow, error: &BarError) -> RejectedRow {
    RejectedRow {
        index: row.index,
        raw: row.raw.chars().take(RAW_CHARACTERS).collect(),
        field: error.field().as_str(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
