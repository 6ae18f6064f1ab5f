//! The port that writes and reads bars.

use async_trait::async_trait;

use crate::{
    Basis, BoxError, InstrumentId, MarketPrice, MergeBatch, Merged, PriceRow, SeriesKey, SourceName, TimeRange,
    Timestamp,
};

/// Why a store of bars could not answer.
#[derive(Debug, thiserror::Error)]
pub enum PriceRepositoryError {
    /// Bars of an instrument that does not exist.
    #[error("there is no instrument {0}")]
    UnknownInstrument(InstrumentId),
    /// Prices of another basis than the series has.
    #[error("the series holds {stored} prices, and these are {given}: keep them in an instrument of their own")]
    BasisMismatch {
        /// Which series.
        series: SeriesKey,
        /// What it holds.
        stored: Basis,
        /// What came.
        given: Basis,
    },
    /// Hourly bars that open at another minute than the series' do.
    #[error(
        "the hourly bars of the series open {stored} minutes past the hour, and these {given}: keep them in an instrument of \
         their own"
    )]
    GridMismatch {
        /// Which series.
        series: SeriesKey,
        /// Its minutes past the hour.
        stored: u8,
        /// Theirs.
        given: u8,
    },
    /// What is stored breaks a rule of the domain; `verify` tells more.
    #[error("the store holds something that breaks a rule: {0}")]
    Corrupt(String),
    /// The store cannot be reached; asking again later may help.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
}

/// In which direction bars are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeOrder {
    /// Oldest first.
    #[default]
    Ascending,
    /// Newest first.
    Descending,
}

/// Which bars to read. To go on, ask again for what lies behind the last bar, as of [`BarChunk::pinned`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarQuery {
    /// Of which series.
    pub series: SeriesKey,
    /// Bars that open in this range.
    pub range: TimeRange,
    /// In which direction.
    pub order: TimeOrder,
    /// At most this many; at least 1.
    pub limit: usize,
    /// What was believed at that instant; `None` for now. It lies in the past.
    pub as_of: Option<Timestamp>,
    /// Also bars whose interval had not closed. They have no history: always those of now.
    pub include_partial: bool,
}

impl BarQuery {
    /// The last final bar that opens before an instant; `None` when nothing can.
    #[must_use]
    pub fn last_before(series: SeriesKey, instant: Timestamp, as_of: Timestamp) -> Option<Self> {
        let range = TimeRange::new(Timestamp::MIN, instant).ok()?;
        Some(Self {
            series,
            range,
            order: TimeOrder::Descending,
            limit: 1,
            as_of: Some(as_of),
            include_partial: false,
        })
    }
}

/// Bars in the order asked for, and the state they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarChunk {
    /// At most [`BarQuery::limit`] of them.
    pub bars: Vec<MarketPrice>,
    /// Whether more lie behind them in the range.
    pub more: bool,
    /// Reading as of this instant gives this state again, whatever is written meanwhile. Of a series that does not
    /// exist: an instant before any stamp it can ever have.
    pub pinned: Timestamp,
    /// The version of the series in this state; 0 when it did not exist.
    pub version: u64,
}

/// What is shown of a [`BarChunk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChunk {
    /// At most [`BarQuery::limit`] of them.
    pub rows: Vec<PriceRow>,
    /// Whether more lie behind them in the range.
    pub more: bool,
}

impl From<BarChunk> for RowChunk {
    fn from(chunk: BarChunk) -> Self {
        Self {
            rows: chunk.bars.into_iter().map(PriceRow::from).collect(),
            more: chunk.more,
        }
    }
}

/// A range to take out by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Of which series.
    pub series: SeriesKey,
    /// Bars that open in this range.
    pub range: TimeRange,
    /// Who asks for it.
    pub source: SourceName,
}

/// Writes and reads bars.
///
/// Writers of one series serialise; readers never wait for them. Each write happens in one transaction, whole or not at
/// all, also when its future is dropped half-way.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait PriceRepository: Send + Sync {
    /// Merges a batch, with catalogue, revisions, discrepancies, quarantine, coverage, journal and run, as
    /// [`plan`](crate::merge::plan) decides.
    ///
    /// The change is stamped with the later of the store's clock and the last stamp of the series plus 1 µs. Merging
    /// the same batch again changes no row, no version and no time, but for the counts of its run and the time of its
    /// coverage.
    ///
    /// A provisional bar replaces a former one whatever their sources, and counts as unchanged where a final bar is,
    /// which stands. A final bar takes the provisional one of its instant away.
    ///
    /// # Errors
    /// [`PriceRepositoryError::UnknownInstrument`], [`PriceRepositoryError::BasisMismatch`],
    /// [`PriceRepositoryError::GridMismatch`]: nothing is written then.
    async fn merge(&self, batch: MergeBatch) -> Result<Merged, PriceRepositoryError>;

    /// Moves the bars of a range to the revisions, where readers as of an earlier instant still see them. Provisional
    /// bars of the range go without a trace. [`MergeCounts::updated`](crate::MergeCounts) tells how many final bars went.
    ///
    /// # Errors
    /// [`PriceRepositoryError::UnknownInstrument`].
    async fn remove(&self, removal: Removal) -> Result<Merged, PriceRepositoryError>;

    /// Bars of a range in order. With [`BarQuery::as_of`], exactly what a reader would have seen then, the same each
    /// time: writes stamped at or before that instant are waited for.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`]. A series that does not exist is empty.
    async fn read(&self, query: &BarQuery) -> Result<BarChunk, PriceRepositoryError>;

    /// Of what [`PriceRepository::read`] gives, only what is shown. A store that need not read the rest for it does not.
    ///
    /// # Errors
    /// As [`PriceRepository::read`].
    async fn rows(&self, query: &BarQuery) -> Result<RowChunk, PriceRepositoryError> {
        self.read(query).await.map(RowChunk::from)
    }

    /// For each instant, in their order, the last final bar that opens before it, as believed at `as_of`, which lies in the
    /// past; `None` where there is none. A store that can answer all of them at once does.
    ///
    /// # Errors
    /// As [`PriceRepository::read`].
    async fn last_before(
        &self,
        series: SeriesKey,
        instants: &[Timestamp],
        as_of: Timestamp,
    ) -> Result<Vec<Option<MarketPrice>>, PriceRepositoryError> {
        let mut last = Vec::with_capacity(instants.len());
        for instant in instants {
            last.push(match BarQuery::last_before(series, *instant, as_of) {
                Some(query) => self.read(&query).await?.bars.pop(),
                None => None,
            });
        }
        Ok(last)
    }
}
