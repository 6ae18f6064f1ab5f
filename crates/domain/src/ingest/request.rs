//! From an order to recorded runs.

use super::identify::Identified;
use super::{Ingest, IngestError, IngestOrder};
use crate::{
    IdempotencyKey, IngestRun, Instrument, InstrumentRepositoryError, NewRun, RequestedRun, RunId, RunRequest,
    SeriesKey,
};

/// What became of one instrument of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedSeries {
    /// The instrument.
    pub instrument: Instrument,
    /// It was not there before.
    pub created_instrument: bool,
    /// The run that brings it up to date.
    pub run: IngestRun,
    /// The run was not there before.
    pub created_run: bool,
}

impl Ingest {
    /// Finds or makes the instruments, records a run for each, and hands those that have not ended to whoever executes
    /// them. The same key gives the same runs. A run that waits or is at work on the same is given instead of a second.
    ///
    /// # Errors
    /// [`IngestError::Order`] with everything that is wrong with the order, and [`IngestError::Description`]: nothing was
    /// written. [`IngestError::Runs`] when the key was used for another order. [`IngestError::Queue`]: the runs are
    /// recorded; sending the same order again hands the same runs over.
    pub async fn request(
        &self,
        order: &IngestOrder,
        key: Option<IdempotencyKey>,
    ) -> Result<Vec<RequestedSeries>, IngestError> {
        let (desk, asked, chosen) = self.open(order).await?;
        let mut instruments = Vec::with_capacity(chosen.len());
        for identified in chosen {
            instruments.push(self.establish(identified).await?);
        }
        let new_run = |(instrument, _): &(Instrument, bool)| NewRun {
            series: SeriesKey {
                instrument: instrument.id,
                interval: order.interval,
            },
            source: desk.name.clone(),
            asked,
            refresh: order.refresh,
        };
        let runs = instruments.iter().map(new_run).collect();
        let recorded = self.stores.runs.request(RunRequest { runs, key }).await?;
        let waiting: Vec<RunId> = recorded
            .iter()
            .filter(|one| !one.run.state.is_final())
            .map(|one| one.run.id)
            .collect();
        if !waiting.is_empty() {
            self.queue.submit(&waiting).await?;
        }
        let requested = |((instrument, created_instrument), RequestedRun { run, created })| RequestedSeries {
            instrument,
            created_instrument,
            run,
            created_run: created,
        };
        Ok(instruments.into_iter().zip(recorded).map(requested).collect())
    }

    /// The instrument, and whether it was made.
    async fn establish(&self, identified: Identified) -> Result<(Instrument, bool), IngestError> {
        let instruments = &self.stores.instruments;
        match identified {
            Identified::Known {
                instrument,
                learned: None,
                ..
            } => Ok((instrument, false)),
            Identified::Known {
                instrument,
                learned: Some(details),
                ..
            } => Ok((instruments.update(instrument.id, details).await?, false)),
            Identified::New { details, .. } => match instruments.create(details.clone()).await {
                Ok(instrument) => Ok((instrument, true)),
                // Another process made it between the look and the leap.
                Err(InstrumentRepositoryError::AlreadyExists(instrument)) => {
                    let mut spelled = instrument.details.clone();
                    spelled.provider_symbols.extend(details.provider_symbols);
                    Ok((instruments.update(instrument.id, spelled).await?, false))
                }
                Err(InstrumentRepositoryError::SpellingTaken { taken_by, .. }) => Ok((*taken_by, false)),
                Err(error) => Err(error.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests;
