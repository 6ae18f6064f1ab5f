//! Carrying everything over: tables read in the order of their keys, and written as they were.

mod bars;
mod behind;
mod pages;
mod rows;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::BigInt;
use domain::{Counter, Part, Record, RecordKey, StoreTransfer, StoreTransferError};

use crate::SqliteStore;
use crate::error::Failure;
use crate::history::at_most;
use crate::source::Sources;

type TransferFailure = Failure<StoreTransferError>;

#[async_trait]
impl StoreTransfer for SqliteStore {
    async fn read_part(
        &self,
        part: Part,
        after: Option<RecordKey>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreTransferError> {
        self.read(move |connection| {
            let sources = Sources::load(connection)?;
            pages::page(connection, part, &behind::Behind::of(after), at_most(limit), &sources)
        })
        .await
    }

    async fn write_records(&self, records: Vec<Record>) -> Result<(), StoreTransferError> {
        self.write(move |connection| write(connection, records).map_err(told_as_refusal))
            .await
    }

    async fn count_part(&self, part: Part) -> Result<Option<u64>, StoreTransferError> {
        self.read(move |connection| count(connection, part)).await
    }
}

fn write(connection: &mut SqliteConnection, records: Vec<Record>) -> Result<(), TransferFailure> {
    let mut sources = Sources::load(connection)?;
    let mut many = bars::ManyBars::default();
    for record in records {
        match record {
            Record::Bar(price) => many.bar(&price, sources.id_or_new(connection, &price.source)?),
            Record::ProvisionalBar(price) => many.provisional(&price, sources.id_or_new(connection, &price.source)?),
            Record::Revision(revision) => many.revision(&revision, sources.id_or_new(connection, &revision.source)?),
            other => rows::write(connection, &other, &mut sources)?,
        }
    }
    many.write(connection)?;
    Ok(())
}

/// What a constraint forbids is no fault of the store.
fn told_as_refusal(failure: TransferFailure) -> TransferFailure {
    match failure {
        Failure::Database(Error::DatabaseError(
            DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::NotNullViolation,
            details,
        )) => Failure::Refused(StoreTransferError::Refused(details.message().to_owned())),
        other => other,
    }
}

fn count(connection: &mut SqliteConnection, part: Part) -> Result<Option<u64>, TransferFailure> {
    let query = match part {
        Part::Bars => "SELECT ifnull(sum(bar_count), 0) AS records FROM series",
        // As many as the bars, perhaps, and counted nowhere.
        Part::Revisions => return Ok(None),
        Part::Instruments => "SELECT count(*) AS records FROM instruments",
        Part::Runs => "SELECT count(*) AS records FROM ingest_runs",
        Part::Series => "SELECT count(*) AS records FROM series",
        Part::ProvisionalBars => "SELECT count(*) AS records FROM provisional_bars",
        Part::Discrepancies => "SELECT count(*) AS records FROM discrepancies",
        Part::Quarantine => "SELECT count(*) AS records FROM quarantine",
        Part::Journal => "SELECT count(*) AS records FROM journal",
        Part::Coverage => "SELECT count(*) AS records FROM coverage",
        Part::Actions => "SELECT count(*) AS records FROM corporate_actions",
        Part::ActionRevisions => "SELECT count(*) AS records FROM corporate_action_revisions",
        Part::ActionCompleteness => "SELECT count(*) AS records FROM corporate_action_sources",
        Part::Counters => return Ok(u64::try_from(Counter::ALL.len()).ok()),
    };
    let counted: Counted = diesel::sql_query(query).get_result(connection)?;
    Ok(u64::try_from(counted.records).ok())
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    records: i64,
}

/// The table that a counter numbers.
fn table_of(counter: Counter) -> &'static str {
    match counter {
        Counter::Instruments => "instruments",
        Counter::Runs => "ingest_runs",
        Counter::Quarantine => "quarantine",
        Counter::Journal => "journal",
    }
}

#[cfg(test)]
mod tests;
