//! Splits and dividends, with what was believed of them before.

mod rows;

use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    ActionBatch, ChangeKind, Clock, CorporateAction, CorporateActionKind, CorporateActionRepository,
    CorporateActionRepositoryError, InstrumentId, MergeCounts, RecordedAction, TimeRange, Timestamp,
};
use time::Date;

use crate::PostgresStore;
use crate::error::Failure;
use crate::history::{Change, write_journal};
use crate::instant::Micros;
use crate::instrument;
use crate::link::Link;
use crate::lock;
use crate::market_price::rows::instant;
use crate::schema::{corporate_action_revisions, corporate_action_sources, corporate_actions, instruments, series};
use crate::series::{SeriesRow, key_of};
use crate::source::Sources;
pub(crate) use rows::{ActionRow, WrittenAction, action_columns};

type ActionFailure = Failure<CorporateActionRepositoryError>;

/// What names an action within its instrument, in the order of the port.
type ActionKey = (Date, CorporateActionKind);

fn key_of_action(action: &CorporateAction) -> ActionKey {
    (action.ex_date(), action.kind())
}

async fn current(
    link: &mut Link,
    instrument: InstrumentId,
    sources: &Sources,
) -> Result<BTreeMap<ActionKey, RecordedAction>, ActionFailure> {
    corporate_actions::table
        .filter(corporate_actions::instrument_id.eq(instrument.0))
        .select(action_columns!(corporate_actions, recorded_at))
        .load::<ActionRow>(link)
        .await?
        .into_iter()
        .map(|row| {
            let known = row.into_action(instrument, sources)?;
            Ok((key_of_action(&known.action), known))
        })
        .collect()
}

/// Writes to the actions of one instrument, all with one stamp.
struct ActionBook<'a> {
    link: &'a mut Link,
    instrument: InstrumentId,
    series: Vec<SeriesRow>,
    stamp: Timestamp,
}

impl<'a> ActionBook<'a> {
    /// The stamp is the later of `now` and the last stamp of the actions and of any series plus a microsecond.
    async fn open(link: &'a mut Link, instrument: InstrumentId, now: Timestamp) -> Result<Self, ActionFailure> {
        let Some(changed_at) = instrument::actions_changed_at(link, instrument).await? else {
            return Err(Failure::Refused(CorporateActionRepositoryError::UnknownInstrument(
                instrument,
            )));
        };
        let series = SeriesRow::of_instrument(link, instrument).await?;
        let mut stamp = changed_at.map_or(now, |last| now.max(last.next()));
        for row in &series {
            let key = || format!("series {instrument}/{}", row.interval);
            stamp = stamp.max(instant::<CorporateActionRepositoryError>(row.updated_at, "updated_at", key)?.next());
        }
        Ok(Self {
            link,
            instrument,
            series,
            stamp,
        })
    }

    /// Moves what was believed to the revisions.
    async fn retire(&mut self, old: &RecordedAction, sources: &Sources) -> Result<(), ActionFailure> {
        let row = WrittenAction::from(&old.action);
        let source_id = sources.known_id::<CorporateActionRepositoryError>(&old.source)?;
        diesel::insert_into(corporate_action_revisions::table)
            .values((
                corporate_action_revisions::instrument_id.eq(self.instrument.0),
                corporate_action_revisions::kind.eq(row.kind),
                corporate_action_revisions::ex_date.eq(row.ex_date),
                corporate_action_revisions::believed_from.eq(Micros::from(old.recorded_at)),
                corporate_action_revisions::believed_until.eq(Micros::from(self.stamp)),
                corporate_action_revisions::new_shares.eq(row.new_shares),
                corporate_action_revisions::old_shares.eq(row.old_shares),
                corporate_action_revisions::amount.eq(row.amount),
                corporate_action_revisions::currency.eq(row.currency),
                corporate_action_revisions::source_id.eq(source_id),
            ))
            .execute(self.link)
            .await?;
        let current = corporate_actions::table
            .filter(corporate_actions::instrument_id.eq(self.instrument.0))
            .filter(corporate_actions::kind.eq(row.kind))
            .filter(corporate_actions::ex_date.eq(row.ex_date));
        diesel::delete(current).execute(self.link).await?;
        Ok(())
    }

    async fn believe(&mut self, action: &CorporateAction, source_id: i32) -> Result<(), ActionFailure> {
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
                corporate_actions::recorded_at.eq(Micros::from(self.stamp)),
            ))
            .execute(self.link)
            .await?;
        Ok(())
    }

    /// Gives every series of the instrument a new version, and a line in the journal.
    async fn commit(self, source_id: Option<i32>, counts: MergeCounts) -> Result<(), ActionFailure> {
        let stamp = Micros::from(self.stamp);
        diesel::update(instruments::table.filter(instruments::id.eq(self.instrument.0)))
            .set(instruments::actions_changed_at.eq(stamp))
            .execute(self.link)
            .await?;
        for mut row in self.series {
            row.version += 1;
            row.updated_at = stamp;
            row.last_source_id = source_id.or(row.last_source_id);
            row.save(self.link).await?;
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
            write_journal(self.link, &change).await?;
        }
        Ok(())
    }
}

async fn merge(link: &mut Link, batch: &ActionBatch, clock: &dyn Clock) -> Result<MergeCounts, ActionFailure> {
    lock::instrument(link, batch.instrument).await?;
    let now = clock.now();
    let mut sources = Sources::load(link).await?;
    let known = current(link, batch.instrument, &sources).await?;
    let mut book = ActionBook::open(link, batch.instrument, now).await?;
    let source_id = sources.id_or_new(book.link, &batch.source).await?;
    if batch.complete {
        diesel::insert_into(corporate_action_sources::table)
            .values((
                corporate_action_sources::instrument_id.eq(batch.instrument.0),
                corporate_action_sources::source_id.eq(source_id),
                corporate_action_sources::complete_since.eq(Micros::from(now)),
            ))
            .on_conflict((
                corporate_action_sources::instrument_id,
                corporate_action_sources::source_id,
            ))
            .do_update()
            .set(corporate_action_sources::complete_since.eq(Micros::from(now)))
            .execute(book.link)
            .await?;
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
            book.believe(action, source_id).await?;
            continue;
        };
        if old.action == *action {
            counts.unchanged += 1;
            if batch.precedence.outranks(&batch.source, &old.source) {
                // Only the provenance moves: an equal amount keeps the text it has.
                changed = true;
                book.retire(old, &sources).await?;
                book.believe(&old.action, source_id).await?;
            }
        } else if batch.precedence.outranks(&old.source, &batch.source) {
            counts.discrepant += 1;
        } else {
            counts.updated += 1;
            changed = true;
            book.retire(old, &sources).await?;
            book.believe(action, source_id).await?;
        }
    }
    if changed {
        book.commit(Some(source_id), counts).await?;
    }
    Ok(counts)
}

async fn remove(
    link: &mut Link,
    instrument: InstrumentId,
    key: ActionKey,
    clock: &dyn Clock,
) -> Result<bool, ActionFailure> {
    lock::instrument(link, instrument).await?;
    let now = clock.now();
    let sources = Sources::load(link).await?;
    let known = current(link, instrument, &sources).await?;
    let mut book = ActionBook::open(link, instrument, now).await?;
    let Some(gone) = known.get(&key) else {
        return Ok(false);
    };
    book.retire(gone, &sources).await?;
    let counts = MergeCounts {
        updated: 1,
        ..MergeCounts::default()
    };
    book.commit(None, counts).await?;
    Ok(true)
}

async fn believed_at(
    link: &mut Link,
    instrument: InstrumentId,
    as_of: Option<Timestamp>,
) -> Result<Vec<RecordedAction>, ActionFailure> {
    let sources = Sources::load(link).await?;
    let mut known = current(link, instrument, &sources).await?;
    if let Some(as_of) = as_of {
        known.retain(|_, action| action.recorded_at <= as_of);
        let retired: Vec<ActionRow> = corporate_action_revisions::table
            .filter(corporate_action_revisions::instrument_id.eq(instrument.0))
            .filter(corporate_action_revisions::believed_from.le(Micros::from(as_of)))
            .filter(corporate_action_revisions::believed_until.gt(Micros::from(as_of)))
            .select(action_columns!(corporate_action_revisions, believed_from))
            .load(link)
            .await?;
        for row in retired {
            let action = row.into_action(instrument, &sources)?;
            known.insert(key_of_action(&action.action), action);
        }
    }
    Ok(known.into_values().collect())
}

/// Whether no write that is under way can still change what was believed at that instant: the stamps of an instrument,
/// of its actions and of its series together, only grow.
async fn is_settled(link: &mut Link, instrument: InstrumentId, as_of: Timestamp) -> Result<bool, ActionFailure> {
    let as_of = Micros::from(as_of);
    let of_actions: Option<Option<Micros>> = instruments::table
        .filter(instruments::id.eq(instrument.0))
        .select(instruments::actions_changed_at)
        .first(link)
        .await
        .optional()?;
    let of_series: Option<Micros> = series::table
        .filter(series::instrument_id.eq(instrument.0))
        .select(max(series::updated_at))
        .first(link)
        .await?;
    Ok(of_actions.flatten().max(of_series) >= Some(as_of))
}

/// The actions as believed at that instant, or `None` when this transaction may not see all of them yet.
async fn unless_unsettled(
    link: &mut Link,
    instrument: InstrumentId,
    as_of: Timestamp,
) -> Result<Option<Vec<RecordedAction>>, ActionFailure> {
    if is_settled(link, instrument, as_of).await? {
        believed_at(link, instrument, Some(as_of)).await.map(Some)
    } else {
        Ok(None)
    }
}

async fn complete_since(link: &mut Link, instrument: InstrumentId) -> Result<Option<Timestamp>, ActionFailure> {
    let since: Option<Micros> = corporate_action_sources::table
        .filter(corporate_action_sources::instrument_id.eq(instrument.0))
        .select(max(corporate_action_sources::complete_since))
        .first(link)
        .await?;
    let row = || format!("sources of actions of instrument {instrument}");
    since.map(|micros| instant(micros, "complete_since", row)).transpose()
}

#[async_trait]
impl CorporateActionRepository for PostgresStore {
    async fn merge(&self, batch: ActionBatch) -> Result<MergeCounts, CorporateActionRepositoryError> {
        let mut write = self.write().await?;
        let merged = merge(&mut write, &batch, &*self.clock).await;
        write.finish(merged).await
    }

    async fn remove(
        &self,
        instrument: InstrumentId,
        kind: CorporateActionKind,
        ex_date: Date,
    ) -> Result<bool, CorporateActionRepositoryError> {
        let mut write = self.write().await?;
        let removed = remove(&mut write, instrument, (ex_date, kind), &*self.clock).await;
        write.finish(removed).await
    }

    /// As of an instant behind the last stamp that is seen, a write may be under way that took its stamp before that
    /// instant, or a replica may lag: then the writers are waited for once, and the primary is asked.
    async fn list(
        &self,
        instrument: InstrumentId,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<RecordedAction>, CorporateActionRepositoryError> {
        let mut look = self.look().await?;
        let Some(as_of) = as_of else {
            let found = believed_at(&mut look, instrument, None).await;
            return look.finish(found).await;
        };
        let found = unless_unsettled(&mut look, instrument, as_of).await;
        if let Some(found) = look.finish(found).await? {
            return Ok(found);
        }
        let wait = self.write::<CorporateActionRepositoryError>().await?;
        let waited = lock::writers_of(&wait, instrument).await.map_err(ActionFailure::from);
        wait.finish(waited).await?;
        let mut look = self.look_at_primary().await?;
        let found = believed_at(&mut look, instrument, Some(as_of)).await;
        look.finish(found).await
    }

    async fn complete_since(
        &self,
        instrument: InstrumentId,
    ) -> Result<Option<Timestamp>, CorporateActionRepositoryError> {
        let mut look = self.look().await?;
        let found = complete_since(&mut look, instrument).await;
        look.finish(found).await
    }
}
