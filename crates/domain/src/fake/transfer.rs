//! Carrying everything over, in memory.

use async_trait::async_trait;

use super::bars::StoredSeries;
use super::corporate_actions::key_of;
use super::{InMemoryStore, State, count_of};
use crate::{
    ActionCompleteness, ActionRevision, Counter, CounterRecord, CoverageRecord, InstrumentId, InstrumentRecord,
    JournalEntry, Part, Record, RecordKey, SeriesKey, StoreTransfer, StoreTransferError,
};

#[async_trait]
impl StoreTransfer for InMemoryStore {
    async fn read_part(
        &self,
        part: Part,
        after: Option<RecordKey>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreTransferError> {
        let mut behind: Vec<(RecordKey, Record)> = self
            .open()
            .0
            .records(part)
            .into_iter()
            .map(|record| (record.key(), record))
            .filter(|(key, _)| Some(key) > after.as_ref())
            .collect();
        behind.sort_by(|(left, _), (right, _)| left.cmp(right));
        behind.truncate(limit);
        Ok(behind.into_iter().map(|(_, record)| record).collect())
    }

    async fn write_records(&self, records: Vec<Record>) -> Result<(), StoreTransferError> {
        let (mut state, _) = self.open();
        // All or none: what is refused half-way leaves the state as it was.
        let mut draft = state.clone();
        for record in records {
            draft.take(record)?;
        }
        *state = draft;
        Ok(())
    }

    async fn count_part(&self, part: Part) -> Result<Option<u64>, StoreTransferError> {
        Ok(Some(count_of(&self.open().0.records(part))))
    }
}

impl State {
    /// All records of a part, in any order.
    fn records(&self, part: Part) -> Vec<Record> {
        let series = self.series.values();
        let books = self.actions.values();
        match part {
            Part::Instruments => self.instrument_records().map(Record::Instrument).collect(),
            Part::Runs => self.runs.values().cloned().map(Record::Run).collect(),
            Part::Series => series.map(|series| Record::Series(series.line.clone())).collect(),
            Part::Bars => series
                .flat_map(|series| series.bars.values().cloned())
                .map(Record::Bar)
                .collect(),
            Part::ProvisionalBars => series
                .flat_map(|series| series.provisional.values().cloned())
                .map(Record::ProvisionalBar)
                .collect(),
            Part::Revisions => series
                .flat_map(|series| series.revisions.values().cloned())
                .map(Record::Revision)
                .collect(),
            Part::Discrepancies => series
                .flat_map(|series| series.discrepancies.iter().cloned())
                .map(Record::Discrepancy)
                .collect(),
            Part::Quarantine => self.quarantine.values().cloned().map(Record::QuarantinedRow).collect(),
            Part::Journal => self.journal.values().cloned().map(Record::JournalEntry).collect(),
            Part::Coverage => self.coverage_records().map(Record::Coverage).collect(),
            Part::Actions => books
                .flat_map(|book| book.current.values().cloned())
                .map(Record::Action)
                .collect(),
            Part::ActionRevisions => books
                .flat_map(|book| &book.past)
                .map(|(action, until)| ActionRevision {
                    action: action.clone(),
                    believed_until: *until,
                })
                .map(Record::ActionRevision)
                .collect(),
            Part::ActionCompleteness => self.completeness_records().map(Record::ActionCompleteness).collect(),
            Part::Counters => Counter::ALL.map(|counter| self.counter_record(counter)).into(),
        }
    }

    fn instrument_records(&self) -> impl Iterator<Item = InstrumentRecord> {
        self.instruments.values().map(|instrument| InstrumentRecord {
            instrument: instrument.clone(),
            actions_changed_at: self.actions.get(&instrument.id).and_then(|book| book.last_stamp),
        })
    }

    fn coverage_records(&self) -> impl Iterator<Item = CoverageRecord> {
        self.coverage.iter().flat_map(|(series, ranges)| {
            ranges.iter().map(|covered| CoverageRecord {
                series: *series,
                covered: covered.clone(),
            })
        })
    }

    fn completeness_records(&self) -> impl Iterator<Item = ActionCompleteness> {
        self.actions.iter().flat_map(|(instrument, book)| {
            book.complete_since
                .iter()
                .map(|(source, complete_since)| ActionCompleteness {
                    instrument: *instrument,
                    source: source.clone(),
                    complete_since: *complete_since,
                })
        })
    }

    fn counter_record(&self, counter: Counter) -> Record {
        let last = match counter {
            Counter::Instruments => self.last_instrument,
            Counter::Runs => self.last_run,
            Counter::Quarantine => self.last_quarantined,
            Counter::Journal => self.last_entry,
        };
        Record::Counter(CounterRecord { counter, last })
    }

    fn raise(&mut self, CounterRecord { counter, last }: CounterRecord) {
        let known = match counter {
            Counter::Instruments => &mut self.last_instrument,
            Counter::Runs => &mut self.last_run,
            Counter::Quarantine => &mut self.last_quarantined,
            Counter::Journal => &mut self.last_entry,
        };
        *known = last.max(*known);
    }

    fn given(&mut self, counter: Counter, last: i64) {
        self.raise(CounterRecord { counter, last });
    }

    /// Keeps a record as it is, unless its key is there already.
    fn take(&mut self, record: Record) -> Result<(), StoreTransferError> {
        match record {
            Record::Instrument(record) => self.take_instrument(record)?,
            Record::Run(run) => {
                self.require_instrument(run.series.instrument)?;
                self.given(Counter::Runs, run.id.0);
                self.runs.entry(run.id).or_insert(run);
            }
            Record::Series(line) => {
                self.require_instrument(line.key.instrument)?;
                self.series.entry(line.key).or_insert_with(|| StoredSeries::new(line));
            }
            Record::Bar(price) => {
                let bars = &mut self.require_series(price.series)?.bars;
                bars.entry(price.bar.opened_at()).or_insert(price);
            }
            Record::ProvisionalBar(price) => {
                let bars = &mut self.require_series(price.series)?.provisional;
                bars.entry(price.bar.opened_at()).or_insert(price);
            }
            Record::Revision(revision) => {
                let revisions = &mut self.require_series(revision.series)?.revisions;
                let key = (revision.bar.opened_at(), revision.believed_from);
                revisions.entry(key).or_insert(revision);
            }
            Record::Discrepancy(discrepancy) => {
                let known = &mut self.require_series(discrepancy.series)?.discrepancies;
                let key = |one: &crate::Discrepancy| (one.opened_at, one.source.clone(), one.dispute.value_key());
                if known.iter().all(|one| key(one) != key(&discrepancy)) {
                    known.push(discrepancy);
                }
            }
            Record::QuarantinedRow(row) => {
                self.require_instrument(row.series.instrument)?;
                self.given(Counter::Quarantine, row.id);
                self.quarantine.entry(row.id).or_insert(row);
            }
            Record::JournalEntry(entry) => self.take_entry(entry)?,
            Record::Coverage(CoverageRecord { series, covered }) => {
                self.require_instrument(series.instrument)?;
                let ranges = self.coverage.entry(series).or_default();
                let key = |one: &crate::CoveredRange| (one.source.clone(), one.range.start());
                if ranges.iter().all(|one| key(one) != key(&covered)) {
                    ranges.push(covered);
                    ranges.sort_by_key(key);
                }
            }
            Record::Action(action) => {
                self.require_instrument(action.instrument)?;
                let book = self.actions.entry(action.instrument).or_default();
                book.current.entry(key_of(&action.action)).or_insert(action);
            }
            Record::ActionRevision(ActionRevision { action, believed_until }) => {
                self.require_instrument(action.instrument)?;
                let book = self.actions.entry(action.instrument).or_default();
                let same = |known: &crate::RecordedAction| {
                    key_of(&known.action) == key_of(&action.action) && known.recorded_at == action.recorded_at
                };
                if !book.past.iter().any(|(known, _)| same(known)) {
                    book.past.push((action, believed_until));
                }
            }
            Record::ActionCompleteness(record) => {
                self.require_instrument(record.instrument)?;
                let book = self.actions.entry(record.instrument).or_default();
                book.complete_since
                    .entry(record.source)
                    .or_insert(record.complete_since);
            }
            Record::Counter(record) => self.raise(record),
        }
        Ok(())
    }

    fn take_instrument(&mut self, record: InstrumentRecord) -> Result<(), StoreTransferError> {
        let InstrumentRecord {
            instrument,
            actions_changed_at,
        } = record;
        if self.instruments.contains_key(&instrument.id) {
            return Ok(());
        }
        self.refuse_taken(None, &instrument.details)
            .map_err(|error| StoreTransferError::Refused(error.to_string()))?;
        self.given(Counter::Instruments, instrument.id.0);
        if actions_changed_at.is_some() {
            self.actions.entry(instrument.id).or_default().last_stamp = actions_changed_at;
        }
        self.instruments.insert(instrument.id, instrument);
        Ok(())
    }

    /// Versions come in the order of the journal, and so do their stamps.
    fn take_entry(&mut self, entry: JournalEntry) -> Result<(), StoreTransferError> {
        let stamps = &mut self.require_series(entry.series)?.stamps;
        if entry.version == count_of(stamps) + 1 {
            stamps.push(entry.changed_at);
        }
        self.given(Counter::Journal, entry.id);
        self.journal.entry(entry.id).or_insert(entry);
        Ok(())
    }

    fn require_instrument(&self, id: InstrumentId) -> Result<(), StoreTransferError> {
        if self.instruments.contains_key(&id) {
            Ok(())
        } else {
            Err(StoreTransferError::Refused(format!("there is no instrument {id}")))
        }
    }

    fn require_series(&mut self, key: SeriesKey) -> Result<&mut StoredSeries, StoreTransferError> {
        self.series
            .get_mut(&key)
            .ok_or_else(|| StoreTransferError::Refused(format!("there is no series {key}")))
    }
}
