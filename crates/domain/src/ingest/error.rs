//! Why an ingest was not planned, requested or carried out.

use super::order::OrderMistake;
use super::queue::RunQueueError;
use crate::record_bars::RecordError;
use crate::{
    CorporateActionRepositoryError, IngestRunRepositoryError, InstrumentRepositoryError, PriceRepositoryError,
    ProviderError, RunId, SourceName, Symbol,
};

/// Why there is no plan, no run, or no end of one. What a provider does while a run is at work is none of these: it is how
/// the run ends.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The order is wrong, with everything that is; nothing was written.
    #[error("{}", told(.0))]
    Order(Vec<OrderMistake>),
    /// The provider could not say what a symbol stands for; nothing was written.
    #[error("{provider} could not be asked about {spelling}")]
    Description {
        /// Which provider.
        provider: SourceName,
        /// The symbol as given.
        spelling: Symbol,
        /// Why not.
        #[source]
        source: ProviderError,
    },
    /// Another process took the run over: it goes on there, and nothing is left to do here.
    #[error("run {id} was taken over: another process is at work on it")]
    TakenOver {
        /// Which run.
        id: RunId,
    },
    /// The run brings a file, and nobody can be asked for it again.
    #[error("run {0} is that of a file: import the file again")]
    OfFile(RunId),
    /// The runs are recorded, but whoever executes them could not be told.
    #[error(transparent)]
    Queue(#[from] RunQueueError),
    /// The store of runs refused or could not answer.
    #[error(transparent)]
    Runs(IngestRunRepositoryError),
    /// The store of instruments refused or could not answer.
    #[error(transparent)]
    Instruments(#[from] InstrumentRepositoryError),
    /// The store of bars could not answer.
    #[error(transparent)]
    Prices(#[from] PriceRepositoryError),
    /// The store of corporate actions could not answer.
    #[error(transparent)]
    Actions(#[from] CorporateActionRepositoryError),
}

impl From<IngestRunRepositoryError> for IngestError {
    fn from(error: IngestRunRepositoryError) -> Self {
        match error {
            IngestRunRepositoryError::TakenOver { id } => Self::TakenOver { id },
            other => Self::Runs(other),
        }
    }
}

impl From<RecordError> for IngestError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Prices(error) => Self::Prices(error),
            RecordError::Actions(error) => Self::Actions(error),
        }
    }
}

fn told(mistakes: &[OrderMistake]) -> String {
    let sentences: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    sentences.join("; ")
}
