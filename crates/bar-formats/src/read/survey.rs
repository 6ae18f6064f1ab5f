//! The first pass over a file: what it is, decided once for all its rows.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use domain::{Interval, Symbol};

use super::cell::DecimalMark;
use super::container::{self, Container};
use super::row::{Owner, RowReader};
use super::table::{Table, understand};
use super::tracker::{RowOrder, SeriesSurvey, Tracker};
use super::{ColumnRole, FileError, FileProblem, ReadOptions, Stamp, StampReading, cut};

/// Rows between two looks of whoever watches a survey.
const WATCHED_ROWS: u64 = 10_000;

/// What a file holds and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// What it is wrapped in.
    pub container: Container,
    /// Its tables: the file itself, or the entries of an archive in the order of their names.
    pub parts: Vec<PartSurvey>,
    /// Its series, by symbol and interval.
    pub series: Vec<SeriesSurvey>,
    pub(super) tables: Vec<Arc<Table>>,
    /// The first intraday time without a zone: its table, line and text.
    pub(super) naive: Option<(usize, u64, String)>,
}

/// How one table of a file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSurvey {
    /// The file, or `archive.zip: entry.csv`.
    pub name: String,
    /// What separates its columns.
    pub delimiter: char,
    /// Whether names stand above the columns.
    pub header: bool,
    /// Which column (its name, else its number from 1) is read as what.
    pub columns: Vec<(ColumnRole, String)>,
    /// Columns that are not read, such as `adj_close`.
    pub ignored_columns: Vec<String>,
    /// How its time stamps are read.
    pub stamps: StampReading,
    /// How its prices are written.
    pub decimals: DecimalMark,
    /// How many rows it has, good or bad.
    pub rows: u64,
}

impl Survey {
    /// How many rows there are, good or bad.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// Whether it has intraday times without a zone, which [`BarFile::open`](super::BarFile::open) takes only when
    /// [`ReadOptions::naive_times`] says what they mean. The survey itself counts them as UTC.
    #[must_use]
    pub fn needs_zone(&self) -> bool {
        self.naive.is_some()
    }

    pub(super) fn is_ordered(&self) -> bool {
        self.series.iter().all(|series| series.order != RowOrder::Mixed)
    }
}

/// Looks at every row of a file, in constant memory.
///
/// # Errors
/// [`FileError`] when the file cannot be read, holds something else than bars, or leaves open what only a person can
/// say; the message names the flag.
pub fn survey(path: &Path, options: &ReadOptions) -> Result<Survey, FileError> {
    survey_watched(path, options, &mut |_rows| ControlFlow::Continue(()))
}

/// [`survey`], and every ten thousand rows `watch` hears how many were seen and may end it.
///
/// # Errors
/// As [`survey`]; [`FileProblem::Stopped`] when `watch` ended it.
pub fn survey_watched(
    path: &Path,
    options: &ReadOptions,
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Survey, FileError> {
    let (container, parts) = container::parts(path)?;
    let mut tables = Vec::with_capacity(parts.len());
    for part in &parts {
        tables.push(understand(path, part, options)?);
    }
    if let [table] = &mut *tables {
        // The name of an archive speaks for its only entry.
        let archive = super::file_name::named_bars(super::folder::stem(&path.to_string_lossy()));
        let layout = Arc::make_mut(&mut table.layout);
        if layout.symbol.is_none() && layout.columns.symbol.is_none() {
            layout.symbol = archive.symbol;
        }
        if layout.interval.is_none() && layout.columns.interval.is_none() {
            layout.interval = archive.interval;
        }
    }
    let mut trackers: BTreeMap<Owner, Tracker> = BTreeMap::new();
    let mut rows = Vec::with_capacity(tables.len());
    for (index, table) in tables.iter().enumerate() {
        let before: u64 = rows.iter().sum();
        let mut watch = |seen| watch(before + seen);
        rows.push(listen(path, index, table, options, &mut trackers, &mut watch)?);
    }
    let file = path.display().to_string();
    if rows.iter().all(|rows| *rows == 0) {
        return Err(FileError::new(&file, None, FileProblem::NoRows));
    }
    let (series, naive) = finish(trackers, options).map_err(|problem| FileError::new(&file, None, problem))?;
    Ok(Survey {
        container,
        parts: tables
            .iter()
            .zip(rows)
            .map(|(table, rows)| table.survey(rows))
            .collect(),
        series,
        tables: tables.into_iter().map(Arc::new).collect(),
        naive,
    })
}

/// Hears every row of a table; returns how many there are.
fn listen(
    path: &Path,
    index: usize,
    table: &Table,
    options: &ReadOptions,
    trackers: &mut BTreeMap<Owner, Tracker>,
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<u64, FileError> {
    let wrong = |line: Option<u64>, problem| FileError::new(&table.part.name, line, problem);
    if table.layout.symbol.is_none() && table.layout.columns.symbol.is_none() {
        return Err(wrong(None, FileProblem::NoSymbol));
    }
    let mut lines = container::open(path, &table.part)?;
    let mut reader = RowReader::new(Arc::clone(&table.layout));
    let mut line = String::new();
    let mut rows = 0;
    let (mut only_symbol, mut only_interval) = (None, None);
    let mut last: Option<(Owner, Tracker)> = None;
    while let Some(number) = lines.next_into(&mut line)? {
        if number <= table.layout.skipped || !reader.take(&line) {
            continue;
        }
        rows += 1;
        if rows % WATCHED_ROWS == 0 && watch(rows).is_break() {
            return Err(wrong(None, FileProblem::Stopped));
        }
        if let Some(given) = &options.symbol
            && let Some((first, second)) = reader.second(table.layout.columns.symbol, &mut only_symbol)
        {
            return Err(wrong(
                Some(number),
                FileProblem::SeveralSymbols {
                    given: given.clone(),
                    first,
                    second,
                },
            ));
        }
        if let Some(given) = options.interval
            && let Some((first, second)) = reader.second(table.layout.columns.interval, &mut only_interval)
        {
            return Err(wrong(
                Some(number),
                FileProblem::SeveralIntervals { given, first, second },
            ));
        }
        let owner = reader.owner().map_err(|problem| wrong(Some(number), problem))?;
        // The tracker in hand is put back only when another series follows.
        if last.as_ref().is_none_or(|(held, _)| *held != owner) {
            if let Some((held, tracker)) = last.take() {
                trackers.insert(held, tracker);
            }
            let tracker = trackers.remove(&owner).unwrap_or_default();
            last = Some((owner, tracker));
        }
        let Some((_, tracker)) = &mut last else { continue };
        let stamp = reader.stamp().ok();
        tracker.with_volume += u64::from(reader.has_volume());
        tracker.hear(stamp, options);
        if matches!(stamp, Some(Stamp::Local(..))) && tracker.naive.is_none() {
            tracker.naive = Some((index, number, cut(reader.stamp_text())));
        }
    }
    if let Some((held, tracker)) = last {
        trackers.insert(held, tracker);
    }
    Ok(rows)
}

/// A time stamp without a zone: its table, line and text.
type NaiveStamp = (usize, u64, String);

/// Decides the interval of each series, and refuses what contradicts itself.
fn finish(
    trackers: BTreeMap<Owner, Tracker>,
    options: &ReadOptions,
) -> Result<(Vec<SeriesSurvey>, Option<NaiveStamp>), FileProblem> {
    let mut naive = None;
    let mut series: BTreeMap<(Symbol, Interval), SeriesSurvey> = BTreeMap::new();
    let mut usual = None;
    let mut decided = Vec::with_capacity(trackers.len());
    for ((symbol, given), tracker) in trackers {
        let interval = match given {
            Some(given) => {
                if let Some(found) = tracker.contradiction(given) {
                    let by = if options.interval.is_some() {
                        "--interval"
                    } else {
                        "the file's name or column"
                    };
                    return Err(FileProblem::IntervalContradicted {
                        given,
                        by,
                        symbol,
                        found,
                    });
                }
                Some(given)
            }
            None => tracker.inferred(&symbol)?,
        };
        usual = usual.max(interval.map(|interval| (tracker.rows, interval)));
        decided.push((symbol, interval, tracker));
    }
    for (symbol, interval, tracker) in decided {
        // A symbol with a single row is taken to be like the one with the most.
        let Some(interval) = interval.or(usual.map(|(_, interval)| interval)) else {
            return Err(FileProblem::NoInterval {
                symbol,
                rows: tracker.rows,
            });
        };
        if interval.is_intraday() && naive.is_none() {
            naive.clone_from(&tracker.naive);
        }
        let found = tracker.survey(symbol.clone(), interval, options);
        series
            .entry((symbol, interval))
            .and_modify(|known| known.join(&found))
            .or_insert(found);
    }
    Ok((series.into_values().collect(), naive))
}

impl Table {
    fn survey(&self, rows: u64) -> PartSurvey {
        let columns = &self.layout.columns;
        let [open, high, low, close] = columns.prices;
        let mut roles = vec![
            (ColumnRole::Timestamp, Some(columns.timestamp)),
            (ColumnRole::Time, columns.time),
        ];
        if open != close {
            roles.extend([
                (ColumnRole::Open, Some(open)),
                (ColumnRole::High, Some(high)),
                (ColumnRole::Low, Some(low)),
            ]);
        }
        roles.extend([
            (ColumnRole::Close, Some(close)),
            (ColumnRole::Volume, columns.volume),
            (ColumnRole::TradeCount, columns.trade_count),
            (ColumnRole::Vwap, columns.vwap),
            (ColumnRole::Symbol, columns.symbol),
            (ColumnRole::Interval, columns.interval),
        ]);
        let name = |index: usize| {
            let name = self.layout.names.get(index).filter(|name| !name.is_empty());
            name.cloned().unwrap_or_else(|| (index + 1).to_string())
        };
        PartSurvey {
            name: self.part.name.clone(),
            delimiter: self.layout.delimiter,
            header: self.header,
            columns: roles
                .into_iter()
                .filter_map(|(role, place)| Some((role, name(place?))))
                .collect(),
            ignored_columns: self.ignored.clone(),
            stamps: self.layout.stamps.clone(),
            decimals: self.layout.decimals,
            rows,
        }
    }
}
