//! The catalogue: what is known of each series, always in step with its bars.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;

use crate::{Instrument, InstrumentId, PriceRepositoryError, SeriesKey, SourceName, Symbol, Timestamp};

/// What the prices of a source are; one per series, never mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Basis {
    /// As they were traded.
    #[default]
    Raw,
    /// Turned to today's shares by later splits (Yahoo's OHLC).
    SplitAdjusted,
    /// Also lowered by later dividends (Stooq, `adj_close`).
    SplitDividendAdjusted,
}

/// The text names no basis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a basis: one of raw, split_adjusted, split_dividend_adjusted")]
pub struct UnknownBasis(pub String);

impl Basis {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Raw, Self::SplitAdjusted, Self::SplitDividendAdjusted];

    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::SplitAdjusted => "split_adjusted",
            Self::SplitDividendAdjusted => "split_dividend_adjusted",
        }
    }
}

impl FromStr for Basis {
    type Err = UnknownBasis;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|basis| basis.as_str() == text)
            .ok_or_else(|| UnknownBasis(text.to_owned()))
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One line of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Which series.
    pub key: SeriesKey,
    /// What its prices are.
    pub basis: Basis,
    /// How many minutes past the hour its hourly bars open: 0 on the hour, 30 where the session opens at :30 (Yahoo's
    /// US hours). 0 for other intervals.
    pub minutes_past_hour: u8,
    /// Whether its sources give volumes; when not, a volume of 0 means unknown.
    pub gives_volume: bool,
    /// Opening of its first final bar.
    pub first: Option<Timestamp>,
    /// Opening of its last final bar.
    pub last: Option<Timestamp>,
    /// How many final bars it has.
    pub count: u64,
    /// Grows by one with each write that changed a final bar or a corporate action of the instrument; 0 before.
    pub version: u64,
    /// Grows by one with each write that changed a provisional bar, took it away or made it final.
    pub partial_version: u64,
    /// Whose write gave it its version.
    pub last_source: Option<SourceName>,
    /// When it was first written to.
    pub created_at: Timestamp,
    /// The stamp of its version, [`Series::created_at`] before the first: reading final bars as of this instant gives
    /// what is there now.
    pub updated_at: Timestamp,
}

/// A line of the catalogue, and whether anything about the series is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesStanding {
    /// The line.
    pub line: Series,
    /// A discrepancy about at least one of its bars is open.
    pub disputed: bool,
}

/// An instrument and its series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The instrument.
    pub instrument: Instrument,
    /// All its series, shortest interval first.
    pub series: Vec<SeriesStanding>,
}

impl AsRef<Instrument> for Listing {
    fn as_ref(&self) -> &Instrument {
        &self.instrument
    }
}

impl From<Listing> for Instrument {
    fn from(listing: Listing) -> Self {
        listing.instrument
    }
}

/// Tells what series there are.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait SeriesCatalogue: Send + Sync {
    /// One series; `None` when nothing was ever merged into it: no bar, final or not, and no answer in whole.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`].
    async fn find(&self, key: SeriesKey) -> Result<Option<Series>, PriceRepositoryError>;

    /// All series of an instrument, shortest interval first; those whose bars were all removed are among them.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`].
    async fn of_instrument(&self, instrument: InstrumentId) -> Result<Vec<Series>, PriceRepositoryError> {
        let standings = self.standings(instrument).await?;
        Ok(standings.into_iter().map(|standing| standing.line).collect())
    }

    /// The same, and whether anything about each is open, in one state of the store.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`].
    async fn standings(&self, instrument: InstrumentId) -> Result<Vec<SeriesStanding>, PriceRepositoryError>;

    /// All instruments with this symbol, by id, whatever their exchange, each with its standings, in one state of the
    /// store: all that is to be known before prices are read.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`].
    async fn listings(&self, symbol: &Symbol) -> Result<Vec<Listing>, PriceRepositoryError>;

    /// At most `limit` series of all instruments, by instrument id and interval, from behind `after`.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`].
    async fn list(&self, limit: usize, after: Option<SeriesKey>) -> Result<Vec<Series>, PriceRepositoryError>;
}
