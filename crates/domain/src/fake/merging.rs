//! Merging and removing in memory.

use std::collections::BTreeSet;

use super::bars::StoredSeries;
use super::{Change, State, count_of};
use crate::merge::{MergePlan, plan};
use crate::{
    Bar, ChangeKind, MergeBatch, MergeCounts, Merged, Precedence, PriceRepositoryError, QuarantinedRow, Removal,
    RevisionKind, Series, TimeRange, Timestamp,
};

impl State {
    pub(super) fn merge(&mut self, mut batch: MergeBatch, now: Timestamp) -> Result<Merged, PriceRepositoryError> {
        self.refuse_foreign(&batch)?;
        let (mut series, stamp) = match self.series.remove(&batch.series) {
            Some(series) => {
                let stamp = series.next_stamp(now);
                (series, stamp)
            }
            None => (StoredSeries::new(first_line(&batch, now)), now),
        };
        let finals = std::mem::take(&mut batch.bars);
        let provisional = std::mem::take(&mut batch.provisional);
        let opened: BTreeSet<Timestamp> = finals.iter().map(Bar::opened_at).collect();
        let told: BTreeSet<Timestamp> = provisional
            .iter()
            .map(Bar::opened_at)
            .chain(opened.iter().copied())
            .collect();
        let decided = plan(finals, &batch.source, &series.bars, batch.tolerance, &batch.precedence);
        let mut counts = decided.counts(batch.rejected.len());
        let changed = series.apply(&decided, &batch, stamp);
        series.settle(&decided, &batch, now);
        counts += series.take_provisional(provisional, &opened, &batch, stamp);
        series.line.gives_volume |= batch.gives_volume;
        if let Some(covered) = batch.covered {
            series.withdraw(covered, &told, &batch.source, now);
            self.cover(batch.series, &batch.source, covered, now);
        }
        self.quarantine(&batch, now);
        self.progress(batch.run, counts, spanned(&opened), now);
        if let Some(range) = changed {
            series.commit(stamp, Some(&batch.source));
            self.write_journal(Change {
                series: batch.series,
                version: series.line.version,
                changed_at: stamp,
                kind: ChangeKind::Merge,
                range,
                run: batch.run,
                counts,
            });
        }
        let version = series.line.version;
        // A batch of nothing but bad rows says nothing about a series that is not there.
        if !told.is_empty() || batch.covered.is_some() || version > 0 || series.line.partial_version > 0 {
            self.series.insert(batch.series, series);
        }
        Ok(Merged {
            counts,
            version,
            stamp: changed.map(|_| stamp),
        })
    }

    pub(super) fn remove(&mut self, removal: &Removal, now: Timestamp) -> Result<Merged, PriceRepositoryError> {
        let Removal {
            series: key,
            range,
            source,
        } = removal;
        if !self.instruments.contains_key(&key.instrument) {
            return Err(PriceRepositoryError::UnknownInstrument(key.instrument));
        }
        let mut merged = Merged {
            counts: MergeCounts::default(),
            version: 0,
            stamp: None,
        };
        let Some(series) = self.series.get_mut(key) else {
            return Ok(merged);
        };
        let partial = series.provisional.len();
        series.provisional.retain(|opened_at, _| !range.contains(*opened_at));
        if series.provisional.len() < partial {
            series.line.partial_version += 1;
        }
        let stamp = series.next_stamp(now);
        let doomed: Vec<_> = series
            .bars
            .range(range.start()..range.end())
            .map(|(_, old)| old.clone())
            .collect();
        for old in &doomed {
            series.retire(old, stamp, RevisionKind::Removed);
        }
        merged.version = series.line.version;
        if let Some(range) = spanned(&doomed.iter().map(|old| old.bar.opened_at()).collect()) {
            series.commit(stamp, Some(source));
            merged.counts.updated = count_of(&doomed);
            merged.version = series.line.version;
            merged.stamp = Some(stamp);
            self.write_journal(Change {
                series: *key,
                version: merged.version,
                changed_at: stamp,
                kind: ChangeKind::Removal,
                range,
                run: None,
                counts: merged.counts,
            });
        }
        Ok(merged)
    }

    /// What no batch may do; asked before anything is written.
    fn refuse_foreign(&self, batch: &MergeBatch) -> Result<(), PriceRepositoryError> {
        if !self.instruments.contains_key(&batch.series.instrument) {
            return Err(PriceRepositoryError::UnknownInstrument(batch.series.instrument));
        }
        if let Some(run) = batch.run.filter(|run| !self.runs.contains_key(run)) {
            return Err(PriceRepositoryError::Unavailable(
                format!("there is no run {run}").into(),
            ));
        }
        let Some(Series {
            basis,
            minutes_past_hour,
            ..
        }) = self.series.get(&batch.series).map(|series| &series.line)
        else {
            return Ok(());
        };
        if *basis != batch.basis {
            return Err(PriceRepositoryError::BasisMismatch {
                series: batch.series,
                stored: *basis,
                given: batch.basis,
            });
        }
        if *minutes_past_hour != batch.minutes_past_hour {
            return Err(PriceRepositoryError::GridMismatch {
                series: batch.series,
                stored: *minutes_past_hour,
                given: batch.minutes_past_hour,
            });
        }
        Ok(())
    }

    fn quarantine(&mut self, batch: &MergeBatch, now: Timestamp) {
        for row in &batch.rejected {
            let known = self
                .quarantine
                .values()
                .any(|known| known.series == batch.series && known.source == batch.source && known.raw == row.raw);
            if !known {
                self.last_quarantined += 1;
                let kept = QuarantinedRow {
                    id: self.last_quarantined,
                    series: batch.series,
                    source: batch.source.clone(),
                    run: batch.run,
                    raw: row.raw.clone(),
                    field: row.field.to_owned(),
                    reason: row.reason.clone(),
                    quarantined_at: now,
                };
                self.quarantine.insert(kept.id, kept);
            }
        }
    }
}

impl StoredSeries {
    /// Writes what was decided; the range it touched, if any.
    fn apply(&mut self, decided: &MergePlan, batch: &MergeBatch, stamp: Timestamp) -> Option<TimeRange> {
        for bar in &decided.inserts {
            self.believe(bar.clone(), &batch.source, stamp);
        }
        for restatement in &decided.restatements {
            self.retire(&restatement.old, stamp, RevisionKind::Restated);
            self.believe(restatement.new.clone(), &batch.source, stamp);
        }
        for old in &decided.confirmed {
            self.retire(old, stamp, RevisionKind::Confirmed);
            self.believe(old.bar.clone(), &batch.source, stamp);
        }
        decided.changed()
    }

    /// Keeps unfinished bars apart: the newest replaces the former, and where a final bar is there, it stands.
    fn take_provisional(
        &mut self,
        bars: Vec<Bar>,
        finals: &BTreeSet<Timestamp>,
        batch: &MergeBatch,
        stamp: Timestamp,
    ) -> MergeCounts {
        let before = self.provisional.len();
        self.provisional.retain(|opened_at, _| !finals.contains(opened_at));
        let (late, open): (Vec<Bar>, Vec<Bar>) = bars
            .into_iter()
            .partition(|bar| self.bars.contains_key(&bar.opened_at()));
        let decided = plan(
            open,
            &batch.source,
            &self.provisional,
            batch.tolerance,
            &Precedence::default(),
        );
        let mut counts = decided.counts(0);
        counts.unchanged += count_of(&late);
        if self.provisional.len() < before || counts.inserted + counts.updated > 0 {
            self.line.partial_version += 1;
        }
        let restated = decided.restatements.into_iter().map(|restatement| restatement.new);
        for bar in decided.inserts.into_iter().chain(restated) {
            let price = crate::MarketPrice {
                series: self.line.key,
                source: batch.source.clone(),
                recorded_at: stamp,
                provisional: true,
                bar,
            };
            self.provisional.insert(price.bar.opened_at(), price);
        }
        counts
    }
}

/// The line of a series that is written to for the first time.
fn first_line(batch: &MergeBatch, now: Timestamp) -> Series {
    Series {
        key: batch.series,
        basis: batch.basis,
        minutes_past_hour: batch.minutes_past_hour,
        gives_volume: batch.gives_volume,
        first: None,
        last: None,
        count: 0,
        version: 0,
        partial_version: 0,
        last_source: None,
        created_at: now,
        updated_at: now,
    }
}

/// From the first instant to behind the last one.
fn spanned(instants: &BTreeSet<Timestamp>) -> Option<TimeRange> {
    TimeRange::new(*instants.first()?, instants.last()?.next()).ok()
}
