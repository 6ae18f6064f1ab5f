//! Use case: carries everything from one store to another, goes on where an interrupted copy stopped, and compares both
//! record by record in the end.

mod comparison;

use std::ops::ControlFlow;
use std::sync::Arc;

pub use comparison::Difference;
use comparison::Walk;

use crate::{CounterRecord, Part, Record, RecordKey, StoreTransfer, StoreTransferError};

/// How many records are read and written at once.
const PAGE: usize = 10_000;

/// Why a store was not copied. What was written until then stays: the same copy again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source could not answer.
    #[error("the source cannot be read")]
    Source(#[source] StoreTransferError),
    /// The target could not answer, or take a record.
    #[error("the target cannot be read or written")]
    Target(#[source] StoreTransferError),
    /// A record refers to one that the source did not have when that part was copied, or takes what another has.
    #[error(
        "the target does not take the {part} of the source, because something wrote to one of them meanwhile: stop what \
         writes to the source, and copy into an empty database"
    )]
    Refused {
        /// Which part.
        part: Part,
        /// Why.
        #[source]
        source: StoreTransferError,
    },
    /// The target holds what is not the beginning of a copy. Nothing was written.
    #[error(
        "the target holds other data than the beginning of a copy of the source: {0}; nothing was written; copy into an \
         empty database"
    )]
    OtherContent(Difference),
    /// Something wrote to one of the stores while it was copied.
    #[error(
        "the copy is not the same as the source: {0}; stop what writes to the source, and copy into an empty database"
    )]
    Differs(Difference),
    /// Somebody asked to stop.
    #[error("stopped by hand; the same command goes on from there")]
    Stopped,
}

/// What a copy does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CopyStage {
    /// Looks at what the target has already.
    Resuming,
    /// Writes.
    Copying,
    /// Compares both stores.
    Verifying,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyProgress {
    /// What it does.
    pub stage: CopyStage,
    /// Of which part.
    pub part: Part,
    /// How many records of the part are done.
    pub records: u64,
    /// How many the source has, where that is known without reading them.
    pub total: Option<u64>,
}

/// Is told how far a copy is, and says whether to go on.
pub type CopyWatch<'a> = dyn FnMut(CopyProgress) -> ControlFlow<()> + Send + 'a;

/// Sums lines up to a short text. The domain has no hash of its own: whoever copies brings one.
pub trait LineHash: Send {
    /// Takes the next line.
    fn take(&mut self, line: &str);
    /// The sum of all lines, in their order.
    fn finish(self: Box<Self>) -> String;
}

/// Begins a new hash.
pub type NewHash<'a> = dyn Fn() -> Box<dyn LineHash> + Send + Sync + 'a;

/// What became of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedPart {
    /// Which.
    pub part: Part,
    /// How many records both stores have.
    pub records: u64,
    /// How many of them this copy wrote.
    pub copied: u64,
    /// The hash of their lines, which are the same on both sides.
    pub hash: String,
}

/// Where a part goes on.
struct Begun {
    after: Option<RecordKey>,
    records: u64,
}

/// Copies one store into another.
///
/// Each page is written whole or not at all, so a copy may be dropped or killed at any time, and goes on the next time.
#[derive(Clone)]
pub struct CopyStore {
    source: Arc<dyn StoreTransfer>,
    target: Arc<dyn StoreTransfer>,
    page: usize,
}

impl CopyStore {
    /// From `source`, to which nothing should write meanwhile, to `target`, which is empty or has the beginning of a copy.
    #[must_use]
    pub fn new(source: Arc<dyn StoreTransfer>, target: Arc<dyn StoreTransfer>) -> Self {
        Self {
            source,
            target,
            page: PAGE,
        }
    }

    /// With that many records at once, at least 1.
    #[must_use]
    pub fn in_pages_of(self, records: usize) -> Self {
        Self {
            page: records.max(1),
            ..self
        }
    }

    /// Copies what the target lacks, compares all records of both stores, and tells what there is, part by part.
    ///
    /// # Errors
    /// [`CopyError::OtherContent`] before anything is written; the others as they say.
    pub async fn copy(&self, new_hash: &NewHash<'_>, watch: &mut CopyWatch<'_>) -> Result<Vec<CopiedPart>, CopyError> {
        let mut begun = Vec::with_capacity(Part::ALL.len());
        // All parts first: a target with other data is left as it is.
        for part in Part::ALL {
            begun.push(self.begun(part, watch).await?);
        }
        let mut copied = Vec::with_capacity(Part::ALL.len());
        for (part, begun) in Part::ALL.into_iter().zip(begun) {
            copied.push(self.carry(part, begun, watch).await?);
        }
        let mut parts = Vec::with_capacity(Part::ALL.len());
        for (part, copied) in Part::ALL.into_iter().zip(copied) {
            let (records, hash) = self.verified(part, new_hash(), watch).await?;
            parts.push(CopiedPart {
                part,
                records,
                copied,
                hash,
            });
        }
        Ok(parts)
    }

    /// How much of a part the target has already; refuses what the source does not begin with.
    async fn begun(&self, part: Part, watch: &mut CopyWatch<'_>) -> Result<Begun, CopyError> {
        let mut begun = Begun {
            after: None,
            records: 0,
        };
        let (mut source, mut target) = self.walks(part);
        let mut all_equal = true;
        while let Some(found) = target.next().await.map_err(CopyError::Target)? {
            let expected = source.next().await.map_err(CopyError::Source)?;
            match Difference::between(part, expected.as_ref(), Some(&found)) {
                Some(difference)
                    if !expected.is_some_and(|expected| may_be_raised(&found.record, &expected.record)) =>
                {
                    return Err(CopyError::OtherContent(difference));
                }
                difference => all_equal &= difference.is_none(),
            }
            // Counters are there from the start: they go on at the first that is to be raised.
            if all_equal {
                begun.after = Some(found.record.key());
                begun.records += 1;
            }
            self.tell(watch, CopyStage::Resuming, part, begun.records, None)?;
        }
        Ok(begun)
    }

    /// Writes what the target lacks of a part; how many records that were.
    async fn carry(&self, part: Part, begun: Begun, watch: &mut CopyWatch<'_>) -> Result<u64, CopyError> {
        let total = self.source.count_part(part).await.map_err(CopyError::Source)?;
        let Begun { mut after, records } = begun;
        let mut copied = 0;
        loop {
            let page = self
                .source
                .read_part(part, after.clone(), self.page)
                .await
                .map_err(CopyError::Source)?;
            let Some(last) = page.last() else {
                return Ok(copied);
            };
            after = Some(last.key());
            let length = u64::try_from(page.len()).unwrap_or(u64::MAX);
            self.target.write_records(page).await.map_err(|error| match error {
                StoreTransferError::Refused(_) => CopyError::Refused { part, source: error },
                StoreTransferError::Corrupt(_) | StoreTransferError::Unavailable(_) => CopyError::Target(error),
            })?;
            copied += length;
            let progress = CopyProgress {
                stage: CopyStage::Copying,
                part,
                records: records + copied,
                total,
            };
            stop_where_asked(watch(progress))?;
        }
    }

    /// Compares a part of both stores, digit for digit; how many records it has, and the hash of their lines.
    async fn verified(
        &self,
        part: Part,
        mut hash: Box<dyn LineHash>,
        watch: &mut CopyWatch<'_>,
    ) -> Result<(u64, String), CopyError> {
        let total = self.source.count_part(part).await.map_err(CopyError::Source)?;
        let (mut source, mut target) = self.walks(part);
        let mut records = 0;
        loop {
            let expected = source.next().await.map_err(CopyError::Source)?;
            let found = target.next().await.map_err(CopyError::Target)?;
            if let Some(difference) = Difference::between(part, expected.as_ref(), found.as_ref()) {
                return Err(CopyError::Differs(difference));
            }
            let Some(found) = found else {
                return Ok((records, hash.finish()));
            };
            hash.take(&found.line);
            records += 1;
            self.tell(watch, CopyStage::Verifying, part, records, total)?;
        }
    }

    fn walks(&self, part: Part) -> (Walk<'_>, Walk<'_>) {
        (
            Walk::over(&*self.source, part, self.page),
            Walk::over(&*self.target, part, self.page),
        )
    }

    /// Tells once a page.
    fn tell(
        &self,
        watch: &mut CopyWatch<'_>,
        stage: CopyStage,
        part: Part,
        records: u64,
        total: Option<u64>,
    ) -> Result<(), CopyError> {
        if !records.is_multiple_of(u64::try_from(self.page).unwrap_or(u64::MAX)) {
            return Ok(());
        }
        stop_where_asked(watch(CopyProgress {
            stage,
            part,
            records,
            total,
        }))
    }
}

fn stop_where_asked(answer: ControlFlow<()>) -> Result<(), CopyError> {
    match answer {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(CopyError::Stopped),
    }
}

/// A counter stands where the copy has come to, and is raised at its end.
fn may_be_raised(found: &Record, expected: &Record) -> bool {
    match (found, expected) {
        (Record::Counter(found), Record::Counter(expected)) => {
            let CounterRecord { counter, last } = *found;
            counter == expected.counter && last <= expected.last
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
