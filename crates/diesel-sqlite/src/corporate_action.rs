//! Splits and dividends, with what was believed of them before.

mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use diesel::dsl::max;
use diesel::prelude::*;
use domain::{
    ActionBatch, ChangeKind, CorporateAction, CorporateActionKind, CorporateActionRepository,
    CorporateActionRepositoryError, InstrumentId, MergeCounts, RecordedAction, TimeRange, Timestamp,
};
use time::Date;

use crate::SqliteStore;
use crate::error::Failure;
use crate::history::{Change, write_journal};
use crate::instrument;
use crate::market_price::rows::instant;
use crate::schema::{corporate_action_revisions, corporate_action_sources, corporate_actions, instruments};
use crate::series::{SeriesRow, key_of};
use crate::source::Sources;
pub(crate) use rows::{ActionRow, WrittenAction, action_columns, text_of};

type ActionFailure = Failure<CorporateActionRepositoryError>;

/// What names an action within its instrument, in the order of the port.
type ActionKey = (Date, CorporateActionKind);

fn key_of_action(action: &CorporateAction) -> ActionKey {
    (action.ex_date(), action.kind())
}

fn current(
    connection: &mut SqliteConnection,
    instrument: InstrumentId,
    sources: &Sources,
) -> Result<BTreeMap<ActionKey, RecordedAction>, ActionFailure> {
    corporate_actions::table
        .filter(corporate_actions::instrument_id.eq(instrument.0))
        .select(action_columns!(corporate_actions, recorded_at))
        .load_iter::<ActionRow, _>(connection)?
        .map(|row| {
            let known = row?.into_action(instrument, sources)?;
            Ok((key_of_action(&known.action), known))
        })
        .collect()
}

/// Writes to the actions of one instrument, all with one stamp.
struct ActionBook<'a> {
    connection: &'a mut SqliteConnection,
    instrument: InstrumentId,
    series: Vec<SeriesRow>,
    stamp: Timestamp,
}

impl<'a> ActionBook<'a> {
    /// The stamp is the later of `now` and the last stamp of the actions and of any series plus a microsecond.
    fn open(
        connection: &'a mut SqliteConnection,
        instrument: InstrumentId,
        now: Timestamp,
    ) -> Result<Self, ActionFailure> {
        let Some(changed_at) = instrument::actions_changed_at(connection, instrument)? else {
            return Err(Failure::Refused(CorporateActionRepositoryError::UnknownInstrument(
                instrument,
            )));
        };
        let series = SeriesRow::of_instrument(connection, instrument)?;
        let mut stamp = changed_at.map_or(now, |last| now.max(last.next()));
        for row in &series {
            let key = || format!("series {instrument}/{}", row.interval);
            stamp = stamp.max(instant::<CorporateActionRepositoryError>(row.updated_at, "updated_at", key)?.next());
        }
        Ok(Self {
            connection,
            instrument,
            series,
            stamp,
        })
    }

    /// Moves what was believed to the revisions.
    fn retire(&mut self, old: &RecordedAction, sources: &Sources) -> Result<(), ActionFailure> {
        let row = WrittenAction::from(&old.action);
        let source_id = sources.known_id::<CorporateActionRepositoryError>(&old.source)?;
        diesel::insert_into(corporate_action_revisions::table)
            .values((
                corporate_action_revisions::instrument_id.eq(self.instrument.0),
                corporate_action_revisions::kind.eq(row.kind),
                corporate_action_revisions::ex_date.eq(&row.ex_date),
                corporate_action_revisions::believed_from.eq(old.recorded_at.unix_micros()),
                corporate_action_revisions::believed_until.eq(self.stamp.unix_micros()),
                corporate_action_revisions::new_shares.eq(row.new_shares),
                corporate_action_revisions::old_shares.eq(row.old_shares),
                corporate_action_revisions::amount.eq(row.amount),
                corporate_action_revisions::currency.eq(row.currency),
                corporate_action_revisions::source_id.eq(source_id),
            ))
            .execute(self.connection)?;
        let current = corporate_actions::table
            .filter(corporate_actions::instrument_id.eq(self.instrument.0))
            .filter(corporate_actions::kind.eq(row.kind))
            .filter(corporate_actions::ex_date.eq(&row.ex_date));
        diesel::delete(current).execute(self.connection)?;
        Ok(())
    }

    fn believe(&mut self, action: &CorporateAction, source_id: i64) -> Result<(), ActionFailure> {
        let row = WrittenAction::from(action);
        diesel::insert_into(corporate_actions::table)
            .values((
                corporate_actions::instrument_id.eq(self.instrument.0),
                corporate_actions::kind.eq(row.kind),
                corporate_actions::ex_date.eq(row.ex_date),
                corporate_actions::new_shares.eq(row.new_shares),
                corporate_actions::old_shares.eq(row.old_shares),
                corporate_actions::amount.eq(row.amount),
                corporate_actions::currency.eq(row.currency),
                corporate_actions::source_id.eq(source_id),
                corporate_actions::recorded_at.eq(self.stamp.unix_micros()),
            ))
            .execute(self.connection)?;
        Ok(())
    }

    /// Gives every series of the instrument a new version, and a line in the journal.
    fn commit(self, source_id: Option<i64>, counts: MergeCounts) -> Result<(), ActionFailure> {
        let stamp = self.stamp.unix_micros();
        diesel::update(instruments::table.filter(instruments::id.eq(self.instrument.0)))
            .set(instruments::actions_changed_at.eq(stamp))
            .execute(self.connection)?;
        for mut row in self.series {
            row.version += 1;
            row.updated_at = stamp;
            row.last_source_id = source_id.or(row.last_source_id);
            row.save(self.connection)?;
            let change = Change {
                series: key_of(row.instrument_id, &row.interval)?,
                version: row.version,
                changed_at: self.stamp,
                kind: ChangeKind::CorporateActions,
                // Adjustment reaches back as far as there are bars.
                range: TimeRange::ALL,
                run: None,
                counts,
            };
            write_journal(self.connection, &change)?;
        }
        Ok(())
    }
}

fn merge(connection: &mut SqliteConnection, batch: &ActionBatch, now: Timestamp) -> Result<MergeCounts, ActionFailure> {
    let mut sources = Sources::load(connection)?;
    let known = current(connection, batch.instrument, &sources)?;
    let mut book = ActionBook::open(connection, batch.instrument, now)?;
    let source_id = sources.id_or_new(book.connection, &batch.source)?;
    if batch.complete {
        diesel::insert_into(corporate_action_sources::table)
            .values((
                corporate_action_sources::instrument_id.eq(batch.instrument.0),
                corporate_action_sources::source_id.eq(source_id),
                corporate_action_sources::complete_since.eq(now.unix_micros()),
            ))
            .on_conflict((
                corporate_action_sources::instrument_id,
                corporate_action_sources::source_id,
            ))
            .do_update()
            .set(corporate_action_sources::complete_since.eq(now.unix_micros()))
            .execute(book.connection)?;
    }
    let mut counts = MergeCounts::default();
    let mut newest = BTreeMap::new();
    for action in &batch.actions {
        if newest.insert(key_of_action(action), action).is_some() {
            counts.duplicate += 1;
        }
    }
    let mut changed = false;
    for (key, action) in newest {
        let Some(old) = known.get(&key) else {
            counts.inserted += 1;
            changed = true;
            book.believe(action, source_id)?;
            continue;
        };
        if old.action == *action {
            counts.unchanged += 1;
            if batch.precedence.outranks(&batch.source, &old.source) {
                // Only the provenance moves: an equal amount keeps the text it has.
                changed = true;
                book.retire(old, &sources)?;
                book.believe(&old.action, source_id)?;
            }
        } else if batch.precedence.outranks(&old.source, &batch.source) {
            counts.discrepant += 1;
        } else {
            counts.updated += 1;
            changed = true;
            book.retire(old, &sources)?;
            book.believe(action, source_id)?;
        }
    }
    if changed {
        book.commit(Some(source_id), counts)?;
    }
    Ok(counts)
}

fn remove(
    connection: &mut SqliteConnection,
    instrument: InstrumentId,
    key: ActionKey,
    now: Timestamp,
) -> Result<bool, ActionFailure> {
    let sources = Sources::load(connection)?;
    let known = current(connection, instrument, &sources)?;
    let mut book = ActionBook::open(connection, instrument, now)?;
    let Some(gone) = known.get(&key) else {
        return Ok(false);
    };
    book.retire(gone, &sources)?;
    let counts = MergeCounts {
        updated: 1,
        ..MergeCounts::default()
    };
    book.commit(None, counts)?;
    Ok(true)
}

fn believed_at(
    connection: &mut SqliteConnection,
    instrument: InstrumentId,
    as_of: Option<Timestamp>,
) -> Result<Vec<RecordedAction>, ActionFailure> {
    let sources = Sources::load(connection)?;
    let mut known = current(connection, instrument, &sources)?;
    if let Some(as_of) = as_of {
        known.retain(|_, action| action.recorded_at <= as_of);
        let retired: Vec<ActionRow> = corporate_action_revisions::table
            .filter(corporate_action_revisions::instrument_id.eq(instrument.0))
            .filter(corporate_action_revisions::believed_from.le(as_of.unix_micros()))
            .filter(corporate_action_revisions::believed_until.gt(as_of.unix_micros()))
            .select(action_columns!(corporate_action_revisions, believed_from))
            .load(connection)?;
        for row in retired {
            let action = row.into_action(instrument, &sources)?;
            known.insert(key_of_action(&action.action), action);
        }
    }
    Ok(known.into_values().collect())
}

#[async_trait]
impl CorporateActionRepository for SqliteStore {
    async fn merge(&self, batch: ActionBatch) -> Result<MergeCounts, CorporateActionRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| merge(connection, &batch, clock.now()))
            .await
    }

    async fn remove(
        &self,
        instrument: InstrumentId,
        kind: CorporateActionKind,
        ex_date: Date,
    ) -> Result<bool, CorporateActionRepositoryError> {
        let clock = Arc::clone(&self.clock);
        self.write(move |connection| remove(connection, instrument, (ex_date, kind), clock.now()))
            .await
    }

    async fn list(
        &self,
        instrument: InstrumentId,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<RecordedAction>, CorporateActionRepositoryError> {
        self.read(move |connection| believed_at(connection, instrument, as_of))
            .await
    }

    async fn complete_since(
        &self,
        instrument: InstrumentId,
    ) -> Result<Option<Timestamp>, CorporateActionRepositoryError> {
        self.read(move |connection| {
            let since: Option<i64> = corporate_action_sources::table
                .filter(corporate_action_sources::instrument_id.eq(instrument.0))
                .select(max(corporate_action_sources::complete_since))
                .first(connection)?;
            let row = || format!("sources of actions of instrument {instrument}");
            since.map(|micros| instant(micros, "complete_since", row)).transpose()
        })
        .await
    }
}
