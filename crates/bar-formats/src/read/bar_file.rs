//! The second pass over a file: its rows, with values.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::import_bars::{BarRows, FileRow, RowsError, SeriesTraits};
use domain::record_bars::DecodedRow;
use domain::{Interval, Symbol};

use super::container;
use super::lines::Lines;
use super::row::{Owner, RowReader};
use super::sorted_rows::{LineSorter, SortedLine, SortedLines};
use super::survey::Survey;
use super::table::Table;
use super::{FileError, FileProblem, NaiveTimes, ReadOptions, SeriesSurvey};

/// The rows of a file, in its order; when the rows of any series are not in order, sorted by series and time on disk,
/// rows of one instant in the file's order, so that in any case equal instants of a series come together and the last
/// of them stands last in the file.
///
/// The index of a row is its line, from 1, in its entry when the file is an archive; in Parquet it is the number of the
/// row, whose raw text are its cells with commas between. Values are normalised and not yet checked as a bar. Ends after
/// the first error.
pub struct BarFile {
    path: PathBuf,
    tables: Vec<Arc<Table>>,
    options: ReadOptions,
    series: HashMap<(Symbol, Interval), u32>,
    /// By the number of the series.
    traits: Vec<SeriesTraits>,
    /// Of series whose interval no row states.
    intervals: HashMap<Symbol, Interval>,
    last: Option<(Owner, Known)>,
    source: Source,
}

/// What is known of the series of a row.
#[derive(Clone, Copy)]
struct Known {
    interval: Interval,
    index: u32,
}

enum Source {
    InOrder {
        table: usize,
        open: Option<Box<(Lines, RowReader)>>,
        line: String,
    },
    Sorted {
        lines: SortedLines,
        readers: Vec<RowReader>,
    },
    Ended,
}

impl BarFile {
    /// Opens a file that was surveyed with the same options; only [`ReadOptions::naive_times`] and
    /// [`ReadOptions::session_zone`] may have become known since.
    ///
    /// # Errors
    /// [`FileProblem::ZoneNeeded`] for intraday times without a zone when nobody said what they mean, and what reading
    /// and sorting can meet.
    pub fn open(path: &Path, survey: &Survey, options: &ReadOptions) -> Result<Self, FileError> {
        if let (Some((table, line, value)), NaiveTimes::Refused) = (&survey.naive, &options.naive_times) {
            let part = survey.parts.get(*table).map_or("", |part| part.name.as_str());
            return Err(FileError::new(
                part,
                *line,
                FileProblem::ZoneNeeded { value: value.clone() },
            ));
        }
        let numbered = survey.series.iter().zip(0..);
        let mut file = Self {
            path: path.to_owned(),
            tables: survey.tables.clone(),
            options: options.clone(),
            series: numbered
                .map(|(series, index)| ((series.symbol.clone(), series.interval), index))
                .collect(),
            traits: survey.series.iter().map(SeriesSurvey::traits).collect(),
            intervals: survey
                .series
                .iter()
                .map(|series| (series.symbol.clone(), series.interval))
                .collect(),
            last: None,
            source: Source::InOrder {
                table: 0,
                open: None,
                line: String::new(),
            },
        };
        if !survey.is_ordered() {
            let lines = file.sorted()?;
            let readers = survey
                .tables
                .iter()
                .map(|table| RowReader::new(Arc::clone(&table.layout)))
                .collect();
            file.source = Source::Sorted { lines, readers };
        }
        Ok(file)
    }

    fn sorted(&mut self) -> Result<SortedLines, FileError> {
        let mut sorter = LineSorter::default();
        let mut text = String::new();
        // A row without a stamp stays behind the one before it.
        let mut stamps: HashMap<u32, i64> = HashMap::new();
        for (index, table) in self.tables.clone().iter().enumerate() {
            let mut lines = container::open(&self.path, &table.part)?;
            let mut reader = RowReader::new(Arc::clone(&table.layout));
            while let Some(line) = lines.next_into(&mut text)? {
                if line <= table.layout.skipped || !reader.take(&text) {
                    continue;
                }
                let known = self.known(&mut reader, table, line)?;
                let stamp = match reader.stamp() {
                    Ok(stamp) => stamp.order(),
                    Err(_told_later) => stamps.get(&known.index).copied().unwrap_or(i64::MIN),
                };
                stamps.insert(known.index, stamp);
                let line = SortedLine {
                    series: known.index,
                    stamp,
                    table: u32::try_from(index).unwrap_or(u32::MAX),
                    line,
                    text: text.clone(),
                };
                sorter.push(line).map_err(|error| self.no_room(error))?;
            }
        }
        sorter.finish().map_err(|error| self.no_room(error))
    }

    fn no_room(&self, error: std::io::Error) -> FileError {
        FileError::new(&self.path.display().to_string(), None, FileProblem::NoRoomToSort(error))
    }

    /// The series of the row that the reader holds.
    fn known(&mut self, reader: &mut RowReader, table: &Table, line: u64) -> Result<Known, FileError> {
        let wrong = |problem| FileError::new(&table.part.name, line, problem);
        let owner = reader.owner().map_err(wrong)?;
        if let Some((last, known)) = &self.last
            && *last == owner
        {
            return Ok(*known);
        }
        let interval = owner.1.or_else(|| self.intervals.get(&owner.0).copied());
        let series = interval.and_then(|interval| Some((interval, *self.series.get(&(owner.0.clone(), interval))?)));
        let Some((interval, index)) = series else {
            return Err(wrong(FileProblem::Changed));
        };
        let known = Known { interval, index };
        self.last = Some((owner, known));
        Ok(known)
    }

    fn next_row(&mut self) -> Result<Option<FileRow>, FileError> {
        // The source is taken out while a row is read, and stays out after an error.
        let mut source = std::mem::replace(&mut self.source, Source::Ended);
        let row = match &mut source {
            Source::Ended => None,
            Source::InOrder { table, open, line } => self.next_in_order(table, open, line)?,
            Source::Sorted { lines, readers } => match lines.next_line().map_err(|error| self.no_room(error))? {
                None => None,
                Some(sorted) => {
                    let index = usize::try_from(sorted.table).unwrap_or(usize::MAX);
                    match (readers.get_mut(index), self.tables.get(index).cloned()) {
                        (Some(reader), Some(table)) => {
                            reader.take(&sorted.text);
                            Some(self.row(reader, &table, sorted.line, sorted.text)?)
                        }
                        _ => None,
                    }
                }
            },
        };
        if row.is_some() {
            self.source = source;
        }
        Ok(row)
    }

    fn next_in_order(
        &mut self,
        index: &mut usize,
        open: &mut Option<Box<(Lines, RowReader)>>,
        text: &mut String,
    ) -> Result<Option<FileRow>, FileError> {
        while let Some(table) = self.tables.get(*index).cloned() {
            let (lines, reader) = &mut **match open {
                Some(open) => open,
                None => {
                    let lines = container::open(&self.path, &table.part)?;
                    open.insert(Box::new((lines, RowReader::new(Arc::clone(&table.layout)))))
                }
            };
            while let Some(line) = lines.next_into(text)? {
                if line > table.layout.skipped && reader.take(text) {
                    return self.row(reader, &table, line, text.clone()).map(Some);
                }
            }
            *open = None;
            *index += 1;
        }
        Ok(None)
    }

    fn row(&mut self, reader: &mut RowReader, table: &Table, line: u64, raw: String) -> Result<FileRow, FileError> {
        let known = self.known(reader, table, line)?;
        let Some(((symbol, _), _)) = &self.last else {
            return Err(FileError::new(&table.part.name, line, FileProblem::NoSymbol));
        };
        Ok(FileRow {
            symbol: symbol.clone(),
            interval: known.interval,
            row: DecodedRow {
                index: line,
                raw,
                values: reader.values(known.interval, &self.options),
            },
        })
    }
}

impl BarRows for BarFile {
    fn traits_of(&self, symbol: &Symbol, interval: Interval) -> SeriesTraits {
        let known = self.series.get(&(symbol.clone(), interval));
        let traits = known.and_then(|index| self.traits.get(usize::try_from(*index).ok()?));
        // Every row belongs to a series that was surveyed; of any other nothing is known.
        traits.copied().unwrap_or(SeriesTraits {
            gives_volume: false,
            minutes_past_hour: 0,
        })
    }

    fn next_rows(&mut self, limit: usize) -> Result<Vec<FileRow>, RowsError> {
        let rows: Result<_, FileError> = self.take(limit).collect();
        rows.map_err(|error| RowsError::Unreadable(error.into()))
    }
}

impl Iterator for BarFile {
    type Item = Result<FileRow, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}
