//! What a person can say about a file; all else is read from it.

use domain::calendar::MarketZone;
use domain::{Interval, Symbol};

use super::{ColumnMap, DateFormat};

/// What intraday times without a zone mean. Dates without a time need none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NaiveTimes {
    /// Nobody said: [`BarFile::open`](super::BarFile::open) refuses them.
    #[default]
    Refused,
    /// UTC, which may be assumed for crypto and forex.
    Utc,
    /// The clock of a place. Times that it skips or shows twice reject their row.
    In(MarketZone),
}

/// Which end of its bar a time stamp marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StampedAt {
    /// The beginning.
    #[default]
    Open,
    /// The end: bars move back one interval. A daily bar stamped at midnight belongs to the day that ends there; one
    /// stamped with a date alone, or during the day, to that day.
    Close,
}

/// What was said about a file by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// `--symbol`: goes before a column and the file's name, but not for files of several symbols.
    pub symbol: Option<Symbol>,
    /// `--interval`: goes before a column, the file's name and the distance of the rows.
    pub interval: Option<Interval>,
    /// `--map`
    pub columns: ColumnMap,
    /// `--no-header`: the first row is data, whatever it looks like.
    pub no_header: bool,
    /// `--date-format`
    pub date_format: Option<DateFormat>,
    /// `--timezone`, or UTC where that may be assumed.
    pub naive_times: NaiveTimes,
    /// The zone of the market, in which the session date of a daily bar is taken from an instant; UTC when `None`.
    /// Midnights are taken as dates as they are written, in any zone.
    pub session_zone: Option<MarketZone>,
    /// `--timestamps`
    pub stamped_at: StampedAt,
}
