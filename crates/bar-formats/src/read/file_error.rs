//! Why a file gives no bars, with the place, the value and the remedy.

use std::fmt;
use std::io;

use domain::{BoxError, Interval, Symbol, SymbolError};

use super::ColumnRole;

/// A file that cannot be read as bars. Single bad rows are no such error: they come out as rows with their fault.
#[derive(Debug)]
pub struct FileError {
    file: String,
    line: Option<u64>,
    problem: Box<FileProblem>,
}

impl FileError {
    pub(crate) fn new(file: &str, line: impl Into<Option<u64>>, problem: FileProblem) -> Self {
        Self {
            file: file.to_owned(),
            line: line.into(),
            problem: Box::new(problem),
        }
    }

    /// The file, with the entry when it lies in an archive: `prices.zip: AAPL.csv`.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line (from 1; in Parquet the row) at which it showed, where there is one.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &FileProblem {
        &self.problem
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(formatter, ", line {line}")?;
        }
        write!(formatter, ": {}", self.problem)
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.problem)
    }
}

/// What is wrong with a file; the message names the remedy.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// The file system says no, or the compressed data ends early.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// The wrapping is broken.
    #[error("is no whole {what}: fetch it again")]
    Damaged {
        /// What it claims to be.
        what: &'static str,
        /// What the decoder says.
        #[source]
        source: BoxError,
    },
    /// Something else than text in columns or Parquet.
    #[error("is {what}: {remedy}")]
    WrongKind {
        /// What it looks like.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// No bytes, or nothing but blank lines.
    #[error("is empty")]
    Empty,
    /// A header and nothing below it.
    #[error("has a header and no rows below it")]
    NoRows,
    /// A folder or an archive without a bar file in it.
    #[error("holds no bar file: looked for names that end in .csv, .tsv, .txt or .parquet, also with .gz, and .zip")]
    NoBarFiles,
    /// Figures of another kind than prices.
    #[error("holds {what}, not bars: {remedy}")]
    NotBars {
        /// What it holds.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A line too long to be a row.
    #[error("the line is longer than a million bytes, so this is no table of bars")]
    LineTooLong,
    /// A column that bars need is not there.
    #[error("no column for {missing} among {found}: name it with --map {first}=COLUMN")]
    MissingColumn {
        /// The roles without a column.
        missing: String,
        /// The first of them.
        first: ColumnRole,
        /// The columns that are there.
        found: String,
    },
    /// Two columns claim the same role.
    #[error("columns {first} and {second} could both be {role}: choose one with --map {role}=COLUMN")]
    AmbiguousColumn {
        /// The role.
        role: ColumnRole,
        /// One column.
        first: String,
        /// The other.
        second: String,
    },
    /// `--map` names a column that is not there.
    #[error("--map {role}={column}: there is no such column among {found}")]
    MappedColumnAbsent {
        /// The role.
        role: ColumnRole,
        /// The column as given.
        column: String,
        /// The columns that are there.
        found: String,
    },
    /// No header, and nothing proves which column is which.
    #[error(
        "has no header, and the order of its {width} columns cannot be told from the figures: number them, such as \
         --map timestamp=1,open=2,high=3,low=4,close=5,volume=6"
    )]
    OrderUnknown {
        /// How many columns there are.
        width: usize,
    },
    /// No row begins with something like a date or time.
    #[error("`{value}` is no date or time that is understood: describe it with --date-format, such as '%d %b %Y'")]
    StampNotUnderstood {
        /// The first value.
        value: String,
    },
    /// `01/02/2024`, and no row decides.
    #[error(
        "`{value}` could be day/month or month/day, and no row decides: say --date-format '%d{separator}%m{separator}%Y' \
         or '%m{separator}%d{separator}%Y'"
    )]
    DayOrMonth {
        /// The first value.
        value: String,
        /// What stands between its fields.
        separator: char,
    },
    /// Some rows can only be day/month, others only month/day.
    #[error(
        "`{day_first}` is day/month and line {other_line} has `{month_first}`, which is month/day: make them agree"
    )]
    MixedDayOrder {
        /// A value that begins with the day.
        day_first: String,
        /// The line of the other.
        other_line: u64,
        /// A value that begins with the month.
        month_first: String,
    },
    /// Seconds and milliseconds in one column.
    #[error(
        "`{value}` counts {unit}, and line {other_line} has `{other}`, which counts {other_unit}: take another column \
         with --map timestamp=COLUMN, or split the file"
    )]
    MixedUnits {
        /// One value.
        value: String,
        /// Its unit.
        unit: &'static str,
        /// The line of the other.
        other_line: u64,
        /// The other value.
        other: String,
        /// Its unit.
        other_unit: &'static str,
    },
    /// Intraday times without a zone.
    #[error(
        "`{value}` has no time zone: say in which zone it was written with --timezone, such as America/New_York or UTC"
    )]
    ZoneNeeded {
        /// The first such value.
        value: String,
    },
    /// Nobody says whose bars these are.
    #[error("neither a column nor the file's name tells the symbol: say --symbol")]
    NoSymbol,
    /// A symbol that cannot be one.
    #[error("column {column}: {source}; say --symbol if the file has one instrument")]
    BadSymbol {
        /// The column.
        column: String,
        /// What is wrong with it.
        #[source]
        source: SymbolError,
    },
    /// `--symbol` for a file of several.
    #[error("--symbol {given}, but the file has bars of {first} and of {second}: leave --symbol out")]
    SeveralSymbols {
        /// The flag.
        given: Symbol,
        /// A symbol of the file.
        first: String,
        /// Another.
        second: String,
    },
    /// `--interval` for a file of several.
    #[error("--interval {given}, but the file has `{first}` and `{second}` bars: leave --interval out")]
    SeveralIntervals {
        /// The flag.
        given: Interval,
        /// An interval of the file.
        first: String,
        /// Another.
        second: String,
    },
    /// An interval column with something else in it.
    #[error(
        "column {column}: `{text}` is not an interval: one of 1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w, 1mo; or say --interval"
    )]
    BadInterval {
        /// The column.
        column: String,
        /// The text.
        text: String,
    },
    /// Too few rows to tell.
    #[error("the interval of {symbol} cannot be told from {rows} row(s): say --interval")]
    NoInterval {
        /// Whose rows.
        symbol: Symbol,
        /// How many.
        rows: u64,
    },
    /// Rows at a distance that is no interval.
    #[error(
        "rows of {symbol} are mostly {seconds} seconds apart, which is none of 1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w, 1mo: \
         say --interval, or resample them first"
    )]
    OddInterval {
        /// Whose rows.
        symbol: Symbol,
        /// The most frequent distance.
        seconds: i64,
    },
    /// The name or the flag says one interval, the rows a shorter one.
    #[error("{given} bars by {by}, but rows of {symbol} are mostly {found} apart: say --interval {found}")]
    IntervalContradicted {
        /// What was said.
        given: Interval,
        /// Who said so.
        by: &'static str,
        /// Whose rows.
        symbol: Symbol,
        /// What they are.
        found: Interval,
    },
    /// The file is not what was surveyed.
    #[error("changed while it was being read: survey it again")]
    Changed,
    /// Whoever watched the survey ended it.
    #[error("stopped by hand before anything was read into the store")]
    Stopped,
    /// No room for sorting.
    #[error("its rows are not in order, and sorting them needs room for temporary files")]
    NoRoomToSort(#[source] io::Error),
}
