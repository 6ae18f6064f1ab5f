//! Carrying everything over: tables read in the order of their keys, and written as they were.

mod bars;
mod behind;
mod counters;
mod pages;
mod rows;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{Counter, Part, Record, RecordKey, SourceName, StoreTransfer, StoreTransferError};

use crate::error::Failure;
use crate::history::at_most;
use crate::link::Link;
use crate::market_price::reading::cell;
use crate::source::Sources;
use crate::{PostgresStore, lock};
use behind::Behind;

type TransferFailure = Failure<StoreTransferError>;

#[async_trait]
impl StoreTransfer for PostgresStore {
    /// A replica may lack what was just written.
    async fn read_part(
        &self,
        part: Part,
        after: Option<RecordKey>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreTransferError> {
        let mut look = self.look_at_primary().await?;
        let page = read(&mut look, part, &Behind::of(after), at_most(limit)).await;
        look.finish(page).await
    }

    async fn write_records(&self, records: Vec<Record>) -> Result<(), StoreTransferError> {
        let mut write = self.write().await?;
        let written = write_all(&mut write, &records).await.map_err(told_as_refusal);
        write.finish(written).await
    }

    async fn count_part(&self, part: Part) -> Result<Option<u64>, StoreTransferError> {
        let look = self.look_at_primary().await?;
        let counted = count(&look, part).await;
        look.finish(counted).await
    }
}

async fn read(link: &mut Link, part: Part, after: &Behind, limit: i64) -> Result<Vec<Record>, TransferFailure> {
    let sources = Sources::load(link).await?;
    match part {
        Part::Bars | Part::ProvisionalBars | Part::Revisions => bars::page(link, part, after, limit, &sources).await,
        Part::Counters => counters::page(link, after.counter, limit).await,
        other => pages::page(link, other, after, limit, &sources).await,
    }
}

async fn write_all(link: &mut Link, records: &[Record]) -> Result<(), TransferFailure> {
    // Transfers take turns, also with those who delete instruments. The locks of all instruments in a batch may be more
    // than the server has room for, and are not needed: what a merge writes meanwhile is told by the keys, or noticed when
    // both stores are compared.
    lock::names(link).await?;
    let mut sources = Sources::load(link).await?;
    let named: BTreeSet<&SourceName> = records.iter().filter_map(source_of).collect();
    for source in named {
        sources.id_or_new::<StoreTransferError>(link, source).await?;
    }
    rows::write(link, records, &sources).await?;
    bars::write(link, records, &sources).await?;
    counters::raise(link, records).await
}

/// Who gave it: sources are kept by number, and given one when they have none.
fn source_of(record: &Record) -> Option<&SourceName> {
    match record {
        Record::Run(run) => Some(&run.source),
        Record::Series(line) => line.last_source.as_ref(),
        Record::Bar(price) | Record::ProvisionalBar(price) => Some(&price.source),
        Record::Revision(revision) => Some(&revision.source),
        Record::Discrepancy(discrepancy) => Some(&discrepancy.source),
        Record::QuarantinedRow(row) => Some(&row.source),
        Record::Coverage(record) => Some(&record.covered.source),
        Record::Action(action) => Some(&action.source),
        Record::ActionRevision(revision) => Some(&revision.action.source),
        Record::ActionCompleteness(record) => Some(&record.source),
        Record::Instrument(_) | Record::JournalEntry(_) | Record::Counter(_) => None,
    }
}

/// What a constraint forbids is no fault of the store.
fn told_as_refusal(failure: TransferFailure) -> TransferFailure {
    match failure {
        Failure::Database(error) => match error.violation() {
            Some(violation) => Failure::Refused(StoreTransferError::Refused(violation)),
            None => Failure::Database(error),
        },
        other => other,
    }
}

async fn count(link: &Link, part: Part) -> Result<Option<u64>, TransferFailure> {
    let query = match part {
        Part::Bars => "SELECT coalesce(sum(bar_count), 0)::bigint FROM series",
        // As many as the bars, perhaps, and counted nowhere.
        Part::Revisions => return Ok(None),
        Part::Instruments => "SELECT count(*) FROM instruments",
        Part::Runs => "SELECT count(*) FROM ingest_runs",
        Part::Series => "SELECT count(*) FROM series",
        Part::ProvisionalBars => "SELECT count(*) FROM provisional_bars",
        Part::Discrepancies => "SELECT count(*) FROM discrepancies",
        Part::Quarantine => "SELECT count(*) FROM quarantine",
        Part::Journal => "SELECT count(*) FROM journal",
        Part::Coverage => "SELECT count(*) FROM coverage",
        Part::Actions => "SELECT count(*) FROM corporate_actions",
        Part::ActionRevisions => "SELECT count(*) FROM corporate_action_revisions",
        Part::ActionCompleteness => "SELECT count(*) FROM corporate_action_sources",
        Part::Counters => return Ok(u64::try_from(Counter::ALL.len()).ok()),
    };
    let rows = link.rows(query, &[]).await?;
    let counted: i64 = rows.first().map_or(Ok(0), |row| cell(row, 0))?;
    Ok(u64::try_from(counted).ok())
}
