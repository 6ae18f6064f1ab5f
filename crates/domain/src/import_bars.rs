//! Use case: a file of bars, of one series or of many, goes into the store in constant memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::calendar::{Calendars, closes_at};
use crate::record_bars::{DecodedRow, RecordBars, RecordError, RecordRequest};
use crate::resolve_instrument::{FoundOrCreated, ResolutionError, ResolveInstrument, WantedInstrument};
use crate::{
    Basis, BoxError, ErrorChain, IngestRunRepository, IngestRunRepositoryError, Instrument, Interval, MergeCounts,
    RunEnd, RunId, RunState, SourceName, Symbol, TimeRange, Timestamp, Tolerance,
};

/// Rows merged in one transaction.
const BATCH_ROWS: usize = 10_000;
/// Rows held over all series of a file before all are merged.
const HELD_ROWS: usize = 50_000;

/// A row of a file, and the series it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Which instrument.
    pub symbol: Symbol,
    /// How long the bar is.
    pub interval: Interval,
    /// The row.
    pub row: DecodedRow,
}

/// What a file tells of one of its series as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesTraits {
    /// Whether it gives volumes.
    pub gives_volume: bool,
    /// How many minutes past the hour hourly bars open.
    pub minutes_past_hour: u8,
}

/// Rows of a file, a few at a time. Rows of one series come in the order of time, oldest or newest first, so that rows
/// for one instant follow each other: an import can then be repeated, or go on after a crash, and end the same.
pub trait BarRows: Send {
    /// What holds for all rows of a series.
    fn traits_of(&self, symbol: &Symbol, interval: Interval) -> SeriesTraits;

    /// At most `limit` rows; none at the end.
    ///
    /// # Errors
    /// [`RowsError`] when no more come although the file goes on.
    fn next_rows(&mut self, limit: usize) -> Result<Vec<FileRow>, RowsError>;
}

/// Why no more rows come.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// Somebody asked to stop.
    #[error("stopped by hand; what was merged stays, and importing again goes on")]
    Stopped,
    /// The file cannot be read on, with the reason for a person.
    #[error("the file cannot be read on")]
    Unreadable(#[source] BoxError),
}

/// What is said of all rows of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSettings {
    /// Who says so.
    pub source: SourceName,
    /// What the prices are.
    pub basis: Basis,
    /// Whether a bar that is not in the file counts as not there: the file becomes coverage.
    pub complete: bool,
    /// What is known of instruments that do not exist yet; its symbol is replaced by each row's.
    pub instrument: WantedInstrument,
}

/// What became of one series of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedSeries {
    /// Whose.
    pub instrument: Instrument,
    /// It was not there before.
    pub created: bool,
    /// How long the bars are.
    pub interval: Interval,
    /// The run that recorded it.
    pub run: RunId,
    /// What became of its rows.
    pub counts: MergeCounts,
    /// From the first good bar to behind the last.
    pub range: Option<TimeRange>,
}

/// What became of a file.
#[must_use]
#[derive(Debug)]
pub struct Imported {
    /// Its series, by symbol and interval, as far as they came.
    pub series: Vec<ImportedSeries>,
    /// Why the import ended before the file did.
    pub ended_early: Option<ImportError>,
}

/// Why an import ended before its file did. What was merged before stays; importing again goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No more rows came.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// An instrument was not found.
    #[error(transparent)]
    Resolution(#[from] ResolutionError),
    /// Bars could not be merged.
    #[error("{series}")]
    Record {
        /// Instrument and interval.
        series: String,
        /// Why not.
        #[source]
        source: RecordError,
    },
    /// The run could not be recorded.
    #[error(transparent)]
    Runs(#[from] IngestRunRepositoryError),
}

/// Puts files of bars into the store.
#[derive(Clone)]
pub struct ImportBars {
    resolve: ResolveInstrument,
    record: RecordBars,
    runs: Arc<dyn IngestRunRepository>,
    calendars: Arc<Calendars>,
}

impl ImportBars {
    /// Over the use cases it needs.
    #[must_use]
    pub fn new(
        resolve: ResolveInstrument,
        record: RecordBars,
        runs: Arc<dyn IngestRunRepository>,
        calendars: Arc<Calendars>,
    ) -> Self {
        Self {
            resolve,
            record,
            runs,
            calendars,
        }
    }

    /// Imports all rows; `progress` hears how many came so far, after each batch. One run is recorded for each series:
    /// succeeded, partial when rows went to quarantine, cancelled when somebody asked to stop, failed when the import
    /// ended early for another reason.
    pub async fn import(
        &self,
        rows: &mut dyn BarRows,
        settings: &ImportSettings,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Imported {
        let mut open = BTreeMap::new();
        let mut ended_early = self.import_all(rows, settings, progress, &mut open).await.err();
        let error = ended_early.as_ref().map(|error| ErrorChain(error).to_string());
        let stopped = matches!(ended_early, Some(ImportError::Rows(RowsError::Stopped)));
        let mut report = Vec::with_capacity(open.len());
        for series in open.into_values() {
            let state = match &error {
                Some(_) if stopped => RunState::Cancelled,
                Some(_) => RunState::Failed,
                None if series.imported.counts.rejected > 0 => RunState::Partial,
                None => RunState::Succeeded,
            };
            let error = error.clone();
            let ended = self
                .runs
                .finish(series.imported.run, series.attempt, RunEnd { state, error });
            if let Err(failure) = ended.await {
                ended_early.get_or_insert(failure.into());
            }
            report.push(series.imported);
        }
        Imported {
            series: report,
            ended_early,
        }
    }

    async fn import_all(
        &self,
        rows: &mut dyn BarRows,
        settings: &ImportSettings,
        progress: &mut (dyn FnMut(u64) + Send),
        open: &mut BTreeMap<(Symbol, Interval), OpenSeries>,
    ) -> Result<(), ImportError> {
        let (mut held, mut seen) = (0, 0_u64);
        loop {
            let next = rows.next_rows(BATCH_ROWS)?;
            if next.is_empty() {
                break;
            }
            held += next.len();
            seen += u64::try_from(next.len()).unwrap_or(u64::MAX);
            for FileRow { symbol, interval, row } in next {
                let key = (symbol, interval);
                let series = match open.entry(key) {
                    std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::btree_map::Entry::Vacant(entry) => {
                        let traits = rows.traits_of(&entry.key().0, interval);
                        let opened = self.open(&entry.key().0, interval, traits, settings).await?;
                        entry.insert(opened)
                    }
                };
                series.held.push(row);
                if series.held.len() >= BATCH_ROWS {
                    held -= series.held.len();
                    self.merge(series, settings).await?;
                }
            }
            if held >= HELD_ROWS {
                for series in open.values_mut() {
                    self.merge(series, settings).await?;
                }
                held = 0;
            }
            progress(seen);
        }
        for series in open.values_mut() {
            self.merge(series, settings).await?;
        }
        Ok(())
    }

    async fn open(
        &self,
        symbol: &Symbol,
        interval: Interval,
        traits: SeriesTraits,
        settings: &ImportSettings,
    ) -> Result<OpenSeries, ImportError> {
        let wanted = WantedInstrument {
            symbol: symbol.clone(),
            ..settings.instrument.clone()
        };
        let FoundOrCreated { instrument, created } = self.resolve.find_or_create(&wanted, &settings.source).await?;
        let key = crate::SeriesKey {
            instrument: instrument.id,
            interval,
        };
        let run = self.runs.create(key, &settings.source, None).await?;
        let run = self.runs.begin(run.id).await?;
        let counts = MergeCounts::default();
        let imported = ImportedSeries {
            instrument,
            created,
            interval,
            run: run.id,
            counts,
            range: None,
        };
        Ok(OpenSeries {
            imported,
            attempt: run.attempts,
            traits,
            held: Vec::new(),
        })
    }

    async fn merge(&self, series: &mut OpenSeries, settings: &ImportSettings) -> Result<(), ImportError> {
        if series.held.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut series.held);
        let here = self.range_of(&series.imported, &rows);
        let covered = match (settings.complete, here, series.imported.range) {
            (false, _, _) | (true, None, _) => None,
            (true, Some(here), before) => Some(joined(here, before)),
        };
        let request = RecordRequest {
            instrument: series.imported.instrument.clone(),
            interval: series.imported.interval,
            source: settings.source.clone(),
            basis: settings.basis,
            tolerance: Tolerance::Exact,
            gives_volume: series.traits.gives_volume,
            minutes_past_hour: series.traits.minutes_past_hour,
            run: Some(series.imported.run),
            covered,
            fetched_at: None,
            rows,
        };
        let merged = self
            .record
            .record(request)
            .await
            .map_err(|source| ImportError::Record {
                series: format!("{} {}", series.imported.instrument, series.imported.interval),
                source,
            })?;
        series.imported.counts += merged.counts;
        series.imported.range = match (series.imported.range, here) {
            (Some(before), Some(here)) => Some(before.hull(here)),
            (before, here) => before.or(here),
        };
        Ok(())
    }

    /// From the opening of the first bar to the close of the last.
    fn range_of(&self, imported: &ImportedSeries, rows: &[DecodedRow]) -> Option<TimeRange> {
        let openings = || {
            rows.iter()
                .filter_map(|row| row.values.as_ref().ok())
                .map(|values| values.opened_at)
        };
        let calendar = self.calendars.for_instrument(&imported.instrument);
        let last: Timestamp = openings().max()?;
        let behind = closes_at(imported.interval, last, &*calendar).max(last.next());
        TimeRange::new(openings().min()?, behind).ok()
    }
}

struct OpenSeries {
    imported: ImportedSeries,
    attempt: u32,
    traits: SeriesTraits,
    held: Vec<DecodedRow>,
}

/// What this batch covers, with the hole between it and the batch before: rows come in the order of time.
fn joined(here: TimeRange, before: Option<TimeRange>) -> TimeRange {
    let reach = before.and_then(|before| {
        if before.end() < here.start() {
            TimeRange::new(before.end(), here.end()).ok()
        } else if here.end() < before.start() {
            TimeRange::new(here.start(), before.start()).ok()
        } else {
            None
        }
    });
    reach.unwrap_or(here)
}

#[cfg(test)]
mod tests;
