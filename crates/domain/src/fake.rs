//! A store in memory that keeps the promises of a database, and a provider with a script, for the tests of whoever uses
//! the ports.

mod bars;
mod catalogue;
mod clock;
mod corporate_actions;
mod coverage;
mod discrepancies;
mod history;
mod instruments;
mod merging;
mod provider;
mod reading;
mod run_queue;
mod runs;
mod transfer;
mod verification;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use clock::ManualClock;
pub use provider::{FakeProvider, flat_bar};
pub use run_queue::InMemoryRunQueue;

use crate::{
    ChangeKind, Clock, CoveredRange, IdempotencyKey, IngestRun, Instrument, InstrumentId, JournalEntry, MergeCounts,
    QuarantinedRow, RunId, SeriesKey, TimeRange, Timestamp,
};
use bars::StoredSeries;
use corporate_actions::ActionBook;

/// All store ports over plain maps. One lock guards everything, so each call is a transaction, and no call waits for
/// anything else: its futures are ready at once.
///
/// It passes the suite of `repository-contract`, so a test against it proves what a test against a database would, save
/// for what only a database can fail at.
pub struct InMemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl InMemoryStore {
    /// An empty store that stamps its writes with `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// The state under the lock, and the time read there: a stamp is never older than what a reader already saw.
    fn open(&self) -> (MutexGuard<'_, State>, Timestamp) {
        // A test that panicked under the lock has failed already; others may still look.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        (state, now)
    }
}

impl std::fmt::Debug for InMemoryStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("InMemoryStore").finish_non_exhaustive()
    }
}

/// What there is. Every number that was ever given out is in a `last_…` field, so that none is given twice.
#[derive(Clone, Default)]
struct State {
    instruments: BTreeMap<InstrumentId, Instrument>,
    last_instrument: i64,
    series: BTreeMap<SeriesKey, StoredSeries>,
    coverage: BTreeMap<SeriesKey, Vec<CoveredRange>>,
    actions: BTreeMap<InstrumentId, ActionBook>,
    quarantine: BTreeMap<i64, QuarantinedRow>,
    last_quarantined: i64,
    journal: BTreeMap<i64, JournalEntry>,
    last_entry: i64,
    runs: BTreeMap<RunId, IngestRun>,
    requests: BTreeMap<IdempotencyKey, Vec<RunId>>,
    last_run: i64,
}

impl State {
    fn series_of(&self, instrument: InstrumentId) -> impl Iterator<Item = (&SeriesKey, &StoredSeries)> {
        self.series.iter().filter(move |(key, _)| key.instrument == instrument)
    }

    fn write_journal(&mut self, change: Change) {
        let Change {
            series,
            version,
            changed_at,
            kind,
            range,
            run,
            counts,
        } = change;
        self.last_entry += 1;
        let entry = JournalEntry {
            id: self.last_entry,
            series,
            version,
            changed_at,
            kind,
            range,
            run,
            counts,
        };
        self.journal.insert(entry.id, entry);
    }
}

/// A journal line that has no number yet.
struct Change {
    series: SeriesKey,
    version: u64,
    changed_at: Timestamp,
    kind: ChangeKind,
    range: TimeRange,
    run: Option<RunId>,
    counts: MergeCounts,
}

/// The length of a list as the counts hold it.
fn count_of<T>(list: &[T]) -> u64 {
    u64::try_from(list.len()).unwrap_or(u64::MAX)
}
