//! Splits and dividends in memory, with their history.

use std::collections::BTreeMap;

use async_trait::async_trait;
use time::Date;

use super::{Change, InMemoryStore, State};
use crate::{
    ActionBatch, ChangeKind, CorporateAction, CorporateActionKind, CorporateActionRepository,
    CorporateActionRepositoryError, InstrumentId, MergeCounts, RecordedAction, SourceName, TimeRange, Timestamp,
};

/// What names an action within its instrument.
pub(super) type ActionKey = (Date, CorporateActionKind);

/// The actions of one instrument.
#[derive(Clone, Default)]
pub(super) struct ActionBook {
    pub(super) current: BTreeMap<ActionKey, RecordedAction>,
    /// What was believed before, and until when, exclusive.
    pub(super) past: Vec<(RecordedAction, Timestamp)>,
    /// When each source last said that it gave all it knows.
    pub(super) complete_since: BTreeMap<SourceName, Timestamp>,
    pub(super) last_stamp: Option<Timestamp>,
}

#[async_trait]
impl CorporateActionRepository for InMemoryStore {
    async fn merge(&self, batch: ActionBatch) -> Result<MergeCounts, CorporateActionRepositoryError> {
        let (mut state, now) = self.open();
        state.refuse_unknown(batch.instrument)?;
        let stamp = state.action_stamp(batch.instrument, now);
        let book = state.actions.entry(batch.instrument).or_default();
        if batch.complete {
            book.complete_since.insert(batch.source.clone(), now);
        }
        let (counts, changed) = book.take(&batch, stamp);
        if changed {
            state.renew_series(batch.instrument, stamp, Some(&batch.source), counts);
        }
        Ok(counts)
    }

    async fn remove(
        &self,
        instrument: InstrumentId,
        kind: CorporateActionKind,
        ex_date: Date,
    ) -> Result<bool, CorporateActionRepositoryError> {
        let (mut state, now) = self.open();
        state.refuse_unknown(instrument)?;
        let stamp = state.action_stamp(instrument, now);
        let book = state.actions.entry(instrument).or_default();
        let Some(gone) = book.current.remove(&(ex_date, kind)) else {
            return Ok(false);
        };
        book.past.push((gone, stamp));
        book.last_stamp = Some(stamp);
        let counts = MergeCounts {
            updated: 1,
            ..MergeCounts::default()
        };
        state.renew_series(instrument, stamp, None, counts);
        Ok(true)
    }

    async fn list(
        &self,
        instrument: InstrumentId,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<RecordedAction>, CorporateActionRepositoryError> {
        let (state, _) = self.open();
        let Some(book) = state.actions.get(&instrument) else {
            return Ok(Vec::new());
        };
        let at = as_of.unwrap_or(Timestamp::MAX);
        let current = book.current.values().filter(|known| known.recorded_at <= at);
        let past = book
            .past
            .iter()
            .filter(|(known, until)| known.recorded_at <= at && at < *until);
        let mut believed: Vec<RecordedAction> = current.chain(past.map(|(known, _)| known)).cloned().collect();
        believed.sort_by_key(|known| key_of(&known.action));
        Ok(believed)
    }

    async fn complete_since(
        &self,
        instrument: InstrumentId,
    ) -> Result<Option<Timestamp>, CorporateActionRepositoryError> {
        Ok(self
            .open()
            .0
            .actions
            .get(&instrument)
            .and_then(|book| book.complete_since.values().max().copied()))
    }
}

impl State {
    fn refuse_unknown(&self, instrument: InstrumentId) -> Result<(), CorporateActionRepositoryError> {
        if self.instruments.contains_key(&instrument) {
            Ok(())
        } else {
            Err(CorporateActionRepositoryError::UnknownInstrument(instrument))
        }
    }

    /// One stamp for the actions and every series of the instrument.
    fn action_stamp(&self, instrument: InstrumentId, now: Timestamp) -> Timestamp {
        let last = self.actions.get(&instrument).and_then(|book| book.last_stamp);
        let series = self.series_of(instrument).map(|(_, series)| series.line.updated_at);
        series.chain(last).map(Timestamp::next).fold(now, Timestamp::max)
    }

    fn renew_series(
        &mut self,
        instrument: InstrumentId,
        stamp: Timestamp,
        source: Option<&SourceName>,
        counts: MergeCounts,
    ) {
        let mut changes = Vec::new();
        for series in self
            .series
            .values_mut()
            .filter(|series| series.line.key.instrument == instrument)
        {
            series.commit(stamp, source);
            changes.push(Change {
                series: series.line.key,
                version: series.line.version,
                changed_at: stamp,
                kind: ChangeKind::CorporateActions,
                // Adjustment reaches back as far as there are bars.
                range: TimeRange::ALL,
                run: None,
                counts,
            });
        }
        for change in changes {
            self.write_journal(change);
        }
    }
}

impl ActionBook {
    /// Merges actions; what became of them, and whether anything changed.
    fn take(&mut self, batch: &ActionBatch, stamp: Timestamp) -> (MergeCounts, bool) {
        let mut counts = MergeCounts::default();
        let mut newest = BTreeMap::new();
        for action in &batch.actions {
            if newest.insert(key_of(action), action).is_some() {
                counts.duplicate += 1;
            }
        }
        let mut changed = false;
        for (key, action) in newest {
            let old = self.current.get(&key);
            let same = old.is_some_and(|old| old.action == *action);
            let written = match old {
                None => {
                    counts.inserted += 1;
                    true
                }
                Some(old) if same => {
                    counts.unchanged += 1;
                    batch.precedence.outranks(&batch.source, &old.source)
                }
                Some(old) if batch.precedence.outranks(&old.source, &batch.source) => {
                    counts.discrepant += 1;
                    false
                }
                Some(_) => {
                    counts.updated += 1;
                    true
                }
            };
            if written {
                changed = true;
                let action = old.filter(|_| same).map_or(action, |old| &old.action);
                let believed = RecordedAction {
                    instrument: batch.instrument,
                    action: action.clone(),
                    source: batch.source.clone(),
                    recorded_at: stamp,
                };
                self.past
                    .extend(self.current.insert(key, believed).map(|old| (old, stamp)));
                self.last_stamp = Some(stamp);
            }
        }
        (counts, changed)
    }
}

pub(super) fn key_of(action: &CorporateAction) -> ActionKey {
    (action.ex_date(), action.kind())
}
