//! Discrepancies: noted, closed when both agree, and opened again.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::merge::{MergePlan, Settlement};
use domain::{Bar, Dispute, Precedence, Price, SeriesKey, SourceName, TimeRange, Timestamp, Tolerance, Volume};

use super::PriceFailure;
use super::rows::{bar_key, instant, values_of};
use crate::history::DisputedValues;
use crate::instant::Micros;
use crate::link::Link;
use crate::numeric::Digits;
use crate::schema::{bars, discrepancies};
use crate::source::Sources;

/// Who says something about which series, and when.
pub(super) struct Claim<'a> {
    pub(super) series: SeriesKey,
    pub(super) source: &'a SourceName,
    pub(super) source_id: i32,
    pub(super) now: Timestamp,
    pub(super) tolerance: Tolerance,
    pub(super) precedence: &'a Precedence,
}

/// Notes what the batch disputes and closes what it settles: what its source said of bars that it now agrees with, and
/// what others said that is now what is kept.
pub(super) async fn settle(
    link: &mut Link,
    claim: &Claim<'_>,
    decided: &MergePlan,
    asked: &[Micros],
) -> Result<(), PriceFailure> {
    let (Some(first), Some(last)) = (asked.first(), asked.last()) else {
        return Ok(());
    };
    let open: Vec<OpenDispute> = discrepancies::table
        .filter(discrepancies::instrument_id.eq(claim.series.instrument.0))
        .filter(discrepancies::interval.eq(claim.series.interval.as_str()))
        .filter(discrepancies::opened_at.ge(first))
        .filter(discrepancies::opened_at.le(last))
        .filter(discrepancies::closed_at.is_null())
        .select((
            discrepancies::opened_at,
            discrepancies::source_id,
            discrepancies::value_key,
            values_of!(discrepancies),
        ))
        .load(link)
        .await?;
    if !open.is_empty() {
        let settlement = Settlement::of(decided, claim.source, claim.tolerance, claim.precedence);
        let sources = Sources::load(link).await?;
        for dispute in open {
            let key = || bar_key(claim.series, dispute.opened_at);
            let opened_at = instant(dispute.opened_at, "opened_at", key)?;
            let source = sources.name(dispute.source_id, key)?;
            if settlement.ends(opened_at, &source, &dispute.values.into_dispute(claim.series)?) {
                close(link, claim, dispute.opened_at, dispute.source_id, &dispute.value_key).await?;
            }
        }
    }
    let noted: Vec<DisputeRow<'_>> = decided
        .discrepancies
        .iter()
        .map(|bar| DisputeRow::differing(claim, bar))
        .collect();
    note(link, &noted).await
}

/// Notes the bars of this source in `covered` that an answer in whole no longer has.
pub(super) async fn withdraw(
    link: &mut Link,
    claim: &Claim<'_>,
    covered: TimeRange,
    told: &[Micros],
) -> Result<(), PriceFailure> {
    let own: Vec<Micros> = bars::table
        .filter(bars::instrument_id.eq(claim.series.instrument.0))
        .filter(bars::interval.eq(claim.series.interval.as_str()))
        .filter(bars::opened_at.ge(Micros::from(covered.start())))
        .filter(bars::opened_at.lt(Micros::from(covered.end())))
        .filter(bars::source_id.eq(claim.source_id))
        .order(bars::opened_at)
        .select(bars::opened_at)
        .load(link)
        .await?;
    let missing: Vec<DisputeRow<'_>> = own
        .into_iter()
        .filter(|opened_at| told.binary_search(opened_at).is_err())
        .map(|opened_at| DisputeRow::withdrawn(claim, opened_at))
        .collect();
    note(link, &missing).await
}

#[derive(Queryable)]
struct OpenDispute {
    opened_at: Micros,
    source_id: i32,
    value_key: String,
    values: DisputedValues,
}

async fn close(
    link: &mut Link,
    claim: &Claim<'_>,
    opened_at: Micros,
    source_id: i32,
    value_key: &str,
) -> QueryResult<()> {
    let dispute = discrepancies::table
        .filter(discrepancies::instrument_id.eq(claim.series.instrument.0))
        .filter(discrepancies::interval.eq(claim.series.interval.as_str()))
        .filter(discrepancies::opened_at.eq(opened_at))
        .filter(discrepancies::source_id.eq(source_id))
        .filter(discrepancies::value_key.eq(value_key));
    diesel::update(dispute)
        .set(discrepancies::closed_at.eq(Micros::from(claim.now)))
        .execute(link)
        .await
        .map(drop)
}

/// Rows in one statement, far fewer than its 65,535 parameters allow.
const PIECE: usize = 1_000;

/// A dispute over the same value as before is open again.
async fn note(link: &mut Link, rows: &[DisputeRow<'_>]) -> Result<(), PriceFailure> {
    for piece in rows.chunks(PIECE) {
        diesel::insert_into(discrepancies::table)
            .values(piece)
            .on_conflict((
                discrepancies::instrument_id,
                discrepancies::interval,
                discrepancies::opened_at,
                discrepancies::source_id,
                discrepancies::value_key,
            ))
            .do_update()
            .set(discrepancies::closed_at.eq(None::<Micros>))
            .execute(link)
            .await?;
    }
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = discrepancies)]
struct DisputeRow<'a> {
    instrument_id: i64,
    interval: &'a str,
    source_id: i32,
    noticed_at: Micros,
    opened_at: Micros,
    value_key: String,
    trade_count: Option<i64>,
    open: Option<Digits<Price>>,
    high: Option<Digits<Price>>,
    low: Option<Digits<Price>>,
    close: Option<Digits<Price>>,
    volume: Option<Digits<Volume>>,
    vwap: Option<Digits<Price>>,
}

impl<'a> DisputeRow<'a> {
    fn withdrawn(claim: &Claim<'_>, opened_at: Micros) -> Self {
        Self {
            instrument_id: claim.series.instrument.0,
            interval: claim.series.interval.as_str(),
            source_id: claim.source_id,
            noticed_at: claim.now.into(),
            opened_at,
            value_key: Dispute::WITHDRAWN.to_owned(),
            trade_count: None,
            open: None,
            high: None,
            low: None,
            close: None,
            volume: None,
            vwap: None,
        }
    }

    fn differing(claim: &Claim<'_>, bar: &Bar) -> Self {
        Self {
            value_key: Dispute::key_of_values(bar),
            trade_count: bar.trade_count().map(u64::cast_signed),
            open: Some(Digits(bar.open())),
            high: Some(Digits(bar.high())),
            low: Some(Digits(bar.low())),
            close: Some(Digits(bar.close())),
            volume: Some(Digits(bar.volume())),
            vwap: bar.vwap().map(Digits),
            ..Self::withdrawn(claim, bar.opened_at().into())
        }
    }
}
