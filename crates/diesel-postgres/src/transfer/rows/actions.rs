//! Corporate actions, their former states, and who gave all of them.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{ActionRevision, Record};

use super::{all_of, insert_new};
use crate::corporate_action::WrittenAction;
use crate::instant::Micros;
use crate::link::Link;
use crate::schema::{corporate_action_revisions, corporate_action_sources, corporate_actions};
use crate::source::Sources;
use crate::transfer::TransferFailure;

pub(super) async fn write(link: &mut Link, records: &[Record], sources: &Sources) -> Result<(), TransferFailure> {
    current(link, records, sources).await?;
    former(link, records, sources).await?;
    completeness(link, records, sources).await
}

async fn current(link: &mut Link, records: &[Record], sources: &Sources) -> Result<(), TransferFailure> {
    let rows = all_of!(records, Record::Action).map(|record| {
        let row = WrittenAction::from(&record.action);
        Ok((
            corporate_actions::instrument_id.eq(record.instrument.0),
            corporate_actions::kind.eq(row.kind),
            corporate_actions::ex_date.eq(row.ex_date),
            corporate_actions::new_shares.eq(row.new_shares),
            corporate_actions::old_shares.eq(row.old_shares),
            corporate_actions::amount.eq(row.amount),
            corporate_actions::currency.eq(row.currency),
            corporate_actions::source_id.eq(sources.known_id(&record.source)?),
            corporate_actions::recorded_at.eq(Micros::from(record.recorded_at)),
        ))
    });
    let key = (
        corporate_actions::instrument_id,
        corporate_actions::kind,
        corporate_actions::ex_date,
    );
    insert_new!(link, corporate_actions, key, rows);
    Ok(())
}

async fn former(link: &mut Link, records: &[Record], sources: &Sources) -> Result<(), TransferFailure> {
    let rows = all_of!(records, Record::ActionRevision).map(|record| {
        let ActionRevision { action, believed_until } = record;
        let row = WrittenAction::from(&action.action);
        Ok((
            corporate_action_revisions::instrument_id.eq(action.instrument.0),
            corporate_action_revisions::kind.eq(row.kind),
            corporate_action_revisions::ex_date.eq(row.ex_date),
            corporate_action_revisions::believed_from.eq(Micros::from(action.recorded_at)),
            corporate_action_revisions::believed_until.eq(Micros::from(*believed_until)),
            corporate_action_revisions::new_shares.eq(row.new_shares),
            corporate_action_revisions::old_shares.eq(row.old_shares),
            corporate_action_revisions::amount.eq(row.amount),
            corporate_action_revisions::currency.eq(row.currency),
            corporate_action_revisions::source_id.eq(sources.known_id(&action.source)?),
        ))
    });
    let key = (
        corporate_action_revisions::instrument_id,
        corporate_action_revisions::kind,
        corporate_action_revisions::ex_date,
        corporate_action_revisions::believed_from,
    );
    insert_new!(link, corporate_action_revisions, key, rows);
    Ok(())
}

async fn completeness(link: &mut Link, records: &[Record], sources: &Sources) -> Result<(), TransferFailure> {
    let rows = all_of!(records, Record::ActionCompleteness).map(|record| {
        Ok((
            corporate_action_sources::instrument_id.eq(record.instrument.0),
            corporate_action_sources::source_id.eq(sources.known_id(&record.source)?),
            corporate_action_sources::complete_since.eq(Micros::from(record.complete_since)),
        ))
    });
    let key = (
        corporate_action_sources::instrument_id,
        corporate_action_sources::source_id,
    );
    insert_new!(link, corporate_action_sources, key, rows);
    Ok(())
}
