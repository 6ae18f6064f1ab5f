//! Bars in files and bodies: CSV, NDJSON, JSON and Parquet, in and out, over plain `Read` and `Write`.
//!
//! Reading a file takes two passes in constant memory: [`survey`] decides once for the whole file what its columns and
//! time stamps mean, then [`BarFile`] gives its rows as [`domain::BarValues`], not yet checked as bars. The command line
//! and the API write with the same [`BarWriter`], so both give the same bytes.

pub mod body;
mod read;
mod write;

pub use read::{
    BarFile, ColumnMap, ColumnMapError, ColumnRole, Container, DateFormat, DateFormatError, DayOrder, DecimalMark,
    FileError, FileProblem, NaiveTimes, PartSurvey, ReadOptions, RowOrder, SeriesSurvey, StampReading, StampedAt,
    Survey, UnixUnit, UnknownSpelling, bar_files, interval_of, survey, survey_watched,
};
pub use write::{BarRow, BarWriter, DecimalStyle, TextFormat, UnknownTextFormat};
