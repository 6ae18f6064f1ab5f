//! What is remembered beside the current bars: revisions, discrepancies, quarantine and journal.

mod journal;
mod rows;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    Discrepancy, JournalEntry, PriceHistory, PriceRepositoryError, QuarantinedRow, Revision, SeriesKey, TimeRange,
    Timestamp,
};

use crate::PostgresStore;
use crate::instant::Micros;
use crate::link::Link;
use crate::market_price::PriceFailure;
use crate::market_price::rows::values_of;
use crate::schema::{bar_revisions, discrepancies, quarantine};
use crate::source::Sources;
pub(crate) use journal::{Change, write_journal};
use rows::RevisionRow;
pub(crate) use rows::{
    CountsRow, DiscrepancyRow, DisputedValues, JournalRow, QuarantineRow, discrepancy_columns, journal_columns,
    quarantine_columns, revision_kind,
};

pub(crate) fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

async fn revisions(
    link: &mut Link,
    series: SeriesKey,
    range: TimeRange,
    limit: usize,
    after: Option<(Timestamp, Timestamp)>,
) -> Result<Vec<Revision>, PriceFailure> {
    let (opened_at, believed_from) = after.unwrap_or((Timestamp::MIN, Timestamp::MIN));
    let begin = range.start().max(opened_at);
    // Without a row to go on behind, this lets everything through: it is `-infinity`.
    let behind = after.map_or(Micros(i64::MIN), |_| believed_from.into());
    let sources = Sources::load(link).await?;
    bar_revisions::table
        .filter(bar_revisions::instrument_id.eq(series.instrument.0))
        .filter(bar_revisions::interval.eq(series.interval.as_str()))
        .filter(bar_revisions::opened_at.ge(Micros::from(begin)))
        .filter(bar_revisions::opened_at.lt(Micros::from(range.end())))
        .filter(
            bar_revisions::opened_at
                .gt(Micros::from(opened_at))
                .or(bar_revisions::believed_from.gt(behind)),
        )
        .order((bar_revisions::opened_at, bar_revisions::believed_from))
        .limit(at_most(limit))
        .select((
            values_of!(bar_revisions),
            bar_revisions::source_id,
            bar_revisions::believed_from,
            bar_revisions::believed_until,
            bar_revisions::kind,
        ))
        .load::<RevisionRow>(link)
        .await?
        .into_iter()
        .map(|row| row.into_revision(series, &sources))
        .collect()
}

async fn discrepancies(
    link: &mut Link,
    series: SeriesKey,
    range: TimeRange,
    limit: usize,
) -> Result<Vec<Discrepancy>, PriceFailure> {
    let rows: Vec<DiscrepancyRow> = discrepancies::table
        .filter(discrepancies::instrument_id.eq(series.instrument.0))
        .filter(discrepancies::interval.eq(series.interval.as_str()))
        .filter(discrepancies::opened_at.ge(Micros::from(range.start())))
        .filter(discrepancies::opened_at.lt(Micros::from(range.end())))
        .order((
            discrepancies::opened_at,
            discrepancies::noticed_at,
            discrepancies::source_id,
            discrepancies::value_key,
        ))
        .limit(at_most(limit))
        .select(discrepancy_columns!())
        .load(link)
        .await?;
    let sources = Sources::knowing(link, rows.iter().map(DiscrepancyRow::source_id).collect()).await?;
    rows.into_iter()
        .map(|row| row.into_discrepancy(series, &sources))
        .collect()
}

async fn quarantine(
    link: &mut Link,
    series: Option<SeriesKey>,
    limit: usize,
    after: i64,
) -> Result<Vec<QuarantinedRow>, PriceFailure> {
    let sources = Sources::load(link).await?;
    let mut rows = quarantine::table
        .filter(quarantine::id.gt(after))
        .order(quarantine::id)
        .limit(at_most(limit))
        .select(quarantine_columns!())
        .into_boxed();
    if let Some(series) = series {
        rows = rows
            .filter(quarantine::instrument_id.eq(series.instrument.0))
            .filter(quarantine::interval.eq(series.interval.as_str()));
    }
    rows.load::<QuarantineRow>(link)
        .await?
        .into_iter()
        .map(|row| row.into_row(&sources))
        .collect()
}

#[async_trait]
impl PriceHistory for PostgresStore {
    async fn revisions(
        &self,
        series: SeriesKey,
        range: TimeRange,
        limit: usize,
        after: Option<(Timestamp, Timestamp)>,
    ) -> Result<Vec<Revision>, PriceRepositoryError> {
        let mut look = self.look().await?;
        let found = revisions(&mut look, series, range, limit, after).await;
        look.finish(found).await
    }

    async fn discrepancies(
        &self,
        series: SeriesKey,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Discrepancy>, PriceRepositoryError> {
        let mut glance = self.glance().await?;
        let found = discrepancies(&mut glance, series, range, limit).await;
        glance.finish(found).await
    }

    async fn quarantine(
        &self,
        series: Option<SeriesKey>,
        limit: usize,
        after: i64,
    ) -> Result<Vec<QuarantinedRow>, PriceRepositoryError> {
        let mut look = self.look().await?;
        let found = quarantine(&mut look, series, limit, after).await;
        look.finish(found).await
    }

    async fn journal(&self, limit: usize, after: i64) -> Result<Vec<JournalEntry>, PriceRepositoryError> {
        Box::pin(journal::behind(self, limit, after)).await
    }
}
