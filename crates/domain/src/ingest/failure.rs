//! What ends a run early.

use super::order::how_to_spell;
use super::{IngestError, OrderMistake};
use crate::record_bars::RecordError;
use crate::{
    CorporateActionRepositoryError, Currency, IngestRunRepositoryError, Instrument, InstrumentRepositoryError,
    PriceRepositoryError, ProviderError, SourceName, Symbol, Timestamp,
};

/// An error by which a run ends; what was merged before stays.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The provider is not there any more, lost its key, or has such bars no longer.
    #[error(transparent)]
    Provider(#[from] OrderMistake),
    /// The provider does not know the instrument.
    #[error("{provider} does not know {spelling}: {}, and record it with the instrument", how_to_spell(*search))]
    UnknownSymbol {
        provider: SourceName,
        spelling: Symbol,
        search: bool,
    },
    /// The provider gave nothing.
    #[error("{provider} gave no {what}")]
    NoAnswer {
        provider: SourceName,
        what: String,
        #[source]
        source: ProviderError,
    },
    /// The prices are in another currency.
    #[error(
        "{provider} gives prices in {theirs}, and those of {instrument} are in {ours}: two currencies are never mixed in one \
         series; correct the currency of the instrument, or the provider's spelling of it"
    )]
    Currency {
        provider: SourceName,
        instrument: Box<Instrument>,
        ours: Currency,
        theirs: Currency,
    },
    /// A page does not begin with the bar that ended the one before.
    #[error(
        "the page from {from} on does not repeat the bar of {from}, with which the page before ended: bars between them may \
         be missing, so nothing of it was stored; ingest again, and tell the provider when it lasts"
    )]
    Skipped { from: Timestamp },
    /// The bar that ended a page came again with other values.
    #[error(
        "the page from {from} on repeats the bar of {from} with other values than the page before: times or prices have \
         moved, so nothing of it was stored; ingest again, and tell the provider when it lasts"
    )]
    Moved { from: Timestamp },
    /// An answer speaks for nothing.
    #[error("the provider's answer says nothing about the time{}: what is behind was not asked for", on(*from))]
    Silent { from: Timestamp },
    /// An answer leads no further.
    #[error("the provider's answer leads nowhere{}, so asking on would never end; ingest again later", on(*from))]
    Stalled { from: Timestamp },
    /// What came does not belong into the series.
    #[error(transparent)]
    Prices(PriceRepositoryError),
    /// Splits and dividends cannot be kept.
    #[error(transparent)]
    Actions(CorporateActionRepositoryError),
    /// The currency cannot be recorded.
    #[error(transparent)]
    Instruments(InstrumentRepositoryError),
}

/// ` from 2020-01-01T00:00:00Z on`; nothing where there is no beginning.
pub(super) fn on(from: Timestamp) -> String {
    match from {
        Timestamp::MIN => String::new(),
        from => format!(" from {from} on"),
    }
}

/// Why an attempt goes no further.
pub(super) enum Stop {
    /// The run was ended by hand.
    Ended,
    /// Nothing can be said of the run now: it stays as it is, and its lease runs out.
    Left(IngestError),
    /// The run ends by an error.
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Stop {
    pub(super) fn by_runs(error: IngestRunRepositoryError) -> Self {
        match error {
            IngestRunRepositoryError::Ended { .. } => Self::Ended,
            other => Self::Left(other.into()),
        }
    }

    /// A store that is away is no reason to end a run.
    pub(super) fn by_prices(error: PriceRepositoryError) -> Self {
        match error {
            PriceRepositoryError::Unavailable(_) => Self::Left(error.into()),
            refused => Self::Failed(Failure::Prices(refused)),
        }
    }

    pub(super) fn by_actions(error: CorporateActionRepositoryError) -> Self {
        match error {
            CorporateActionRepositoryError::Unavailable(_) => Self::Left(error.into()),
            refused => Self::Failed(Failure::Actions(refused)),
        }
    }

    pub(super) fn by_instruments(error: InstrumentRepositoryError) -> Self {
        match error {
            InstrumentRepositoryError::Unavailable(_) => Self::Left(error.into()),
            refused => Self::Failed(Failure::Instruments(refused)),
        }
    }

    pub(super) fn by_record(error: RecordError) -> Self {
        match error {
            RecordError::Prices(error) => Self::by_prices(error),
            RecordError::Actions(error) => Self::by_actions(error),
        }
    }
}
