//! Pages of corporate actions, their former states, and who gave all of them.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::{ActionCompleteness, ActionRevision, InstrumentId, Record};

use super::super::TransferFailure;
use super::super::behind::{Behind, behind};
use crate::corporate_action::{ActionRow, action_columns};
use crate::instant::Micros;
use crate::link::Link;
use crate::market_price::rows::instant;
use crate::schema::{corporate_action_revisions, corporate_action_sources, corporate_actions, sources};
use crate::source::Sources;

pub(super) async fn page(
    link: &mut Link,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    let rows: Vec<(i64, ActionRow)> = corporate_actions::table
        .filter(behind!(
            "instrument_id, kind, ex_date",
            BigInt: after.id, Text: after.kind, Date: after.ex_date
        ))
        .order((
            corporate_actions::instrument_id,
            corporate_actions::kind,
            corporate_actions::ex_date,
        ))
        .limit(limit)
        .select((
            corporate_actions::instrument_id,
            action_columns!(corporate_actions, recorded_at),
        ))
        .load(link)
        .await?;
    rows.into_iter()
        .map(|(instrument, row)| row.into_action(InstrumentId(instrument), sources).map(Record::Action))
        .collect()
}

pub(super) async fn revisions_page(
    link: &mut Link,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    let rows: Vec<(i64, ActionRow, Micros)> = corporate_action_revisions::table
        .filter(behind!(
            "instrument_id, kind, ex_date, believed_from",
            BigInt: after.id, Text: after.kind, Date: after.ex_date, Timestamptz: after.believed_from
        ))
        .order((
            corporate_action_revisions::instrument_id,
            corporate_action_revisions::kind,
            corporate_action_revisions::ex_date,
            corporate_action_revisions::believed_from,
        ))
        .limit(limit)
        .select((
            corporate_action_revisions::instrument_id,
            action_columns!(corporate_action_revisions, believed_from),
            corporate_action_revisions::believed_until,
        ))
        .load(link)
        .await?;
    rows.into_iter()
        .map(|(instrument, row, until)| {
            let action = row.into_action(InstrumentId(instrument), sources)?;
            let key = || format!("a former action of instrument {instrument}");
            let believed_until = instant(until, "believed_until", key)?;
            Ok(Record::ActionRevision(ActionRevision { action, believed_until }))
        })
        .collect()
}

pub(super) async fn completeness_page(
    link: &mut Link,
    after: &Behind,
    limit: i64,
    sources: &Sources,
) -> Result<Vec<Record>, TransferFailure> {
    let rows: Vec<(i64, i32, Micros)> = corporate_action_sources::table
        .inner_join(sources::table.on(sources::id.eq(corporate_action_sources::source_id)))
        .filter(behind!("instrument_id, sources.name", BigInt: after.id, Text: &after.source))
        .order((corporate_action_sources::instrument_id, sources::name))
        .limit(limit)
        .select((
            corporate_action_sources::instrument_id,
            corporate_action_sources::source_id,
            corporate_action_sources::complete_since,
        ))
        .load(link)
        .await?;
    rows.into_iter()
        .map(|(instrument, source_id, since)| {
            let row = || format!("sources of actions of instrument {instrument}");
            Ok(Record::ActionCompleteness(ActionCompleteness {
                instrument: InstrumentId(instrument),
                source: sources.name(source_id, row)?,
                complete_since: instant(since, "complete_since", row)?,
            }))
        })
        .collect()
}
