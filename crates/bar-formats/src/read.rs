//! Reading bar files: what they are wrapped in, what their columns and time stamps mean, and their rows.

mod bar_file;
mod cell;
mod column;
mod column_map;
mod container;
mod date_format;
mod dialect;
mod file_error;
mod file_name;
mod folder;
mod head;
mod headerless;
mod interval_spelling;
mod layout;
mod lines;
mod opening;
mod options;
#[cfg(feature = "parquet")]
mod parquet_lines;
mod row;
mod sorted_rows;
mod stamp;
mod stamp_judge;
mod stamp_reading;
mod survey;
mod table;
mod tracker;

pub use bar_file::BarFile;
pub use cell::DecimalMark;
pub use column::ColumnRole;
pub use column_map::{ColumnMap, ColumnMapError};
pub use container::Container;
pub use date_format::{DateFormat, DateFormatError};
pub use file_error::{FileError, FileProblem};
pub use folder::bar_files;
pub use interval_spelling::{UnknownSpelling, interval_of};
pub use options::{NaiveTimes, ReadOptions, StampedAt};
pub use stamp_reading::{DayOrder, StampReading, UnixUnit};
pub use survey::{PartSurvey, Survey, survey, survey_watched};
pub use tracker::{RowOrder, SeriesSurvey};

use cell::is_missing;
pub(crate) use cell::{count, cut, plain_price};
pub(crate) use dialect::Cells;
pub(crate) use stamp::Stamp;
