//! Discrepancies: noted, closed when both agree, and opened again.

use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::Sqlite;
use domain::merge::{MergePlan, Settlement};
use domain::{Bar, Dispute, Precedence, SeriesKey, SourceName, TimeRange, Timestamp, Tolerance};

use super::PriceFailure;
use super::rows::{bar_key, bind_series, instant, values_of};
use crate::bulk_insert::{BulkRow, insert_all};
use crate::history::DisputedValues;
use crate::schema::{bars, discrepancies};
use crate::source::Sources;

/// Who says something about which series, and when.
pub(super) struct Claim<'a> {
    pub(super) series: SeriesKey,
    pub(super) source: &'a SourceName,
    pub(super) source_id: i64,
    pub(super) now: Timestamp,
    pub(super) tolerance: Tolerance,
    pub(super) precedence: &'a Precedence,
}

/// Notes what the batch disputes and closes what it settles: what its source said of bars that it now agrees with, and
/// what others said that is now what is kept.
pub(super) fn settle(
    connection: &mut SqliteConnection,
    claim: &Claim<'_>,
    decided: &MergePlan,
    asked: &[i64],
    sources: &Sources,
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
        .load(connection)?;
    if !open.is_empty() {
        let settlement = Settlement::of(decided, claim.source, claim.tolerance, claim.precedence);
        for dispute in open {
            let key = || bar_key(claim.series, dispute.opened_at);
            let opened_at = instant(dispute.opened_at, "opened_at", key)?;
            let source = sources.name(dispute.source_id, key)?;
            if settlement.ends(opened_at, &source, &dispute.values.into_dispute(claim.series)?) {
                close(
                    connection,
                    claim,
                    dispute.opened_at,
                    dispute.source_id,
                    &dispute.value_key,
                )?;
            }
        }
    }
    let noted: Vec<DisputeRow> = decided.discrepancies.iter().map(DisputeRow::differing).collect();
    note(connection, claim, &noted)
}

/// Notes the bars of this source in `covered` that an answer in whole no longer has.
pub(super) fn withdraw(
    connection: &mut SqliteConnection,
    claim: &Claim<'_>,
    covered: TimeRange,
    told: &[i64],
) -> Result<(), PriceFailure> {
    let own: Vec<i64> = bars::table
        .filter(bars::instrument_id.eq(claim.series.instrument.0))
        .filter(bars::interval.eq(claim.series.interval.as_str()))
        .filter(bars::opened_at.ge(covered.start().unix_micros()))
        .filter(bars::opened_at.lt(covered.end().unix_micros()))
        .filter(bars::source_id.eq(claim.source_id))
        .order(bars::opened_at)
        .select(bars::opened_at)
        .load(connection)?;
    let missing: Vec<DisputeRow> = own
        .into_iter()
        .filter(|opened_at| told.binary_search(opened_at).is_err())
        .map(DisputeRow::withdrawn)
        .collect();
    note(connection, claim, &missing)
}

#[derive(Queryable)]
struct OpenDispute {
    opened_at: i64,
    source_id: i64,
    value_key: String,
    values: DisputedValues,
}

fn close(
    connection: &mut SqliteConnection,
    claim: &Claim<'_>,
    opened_at: i64,
    source_id: i64,
    value_key: &str,
) -> QueryResult<()> {
    let dispute = discrepancies::table
        .filter(discrepancies::instrument_id.eq(claim.series.instrument.0))
        .filter(discrepancies::interval.eq(claim.series.interval.as_str()))
        .filter(discrepancies::opened_at.eq(opened_at))
        .filter(discrepancies::source_id.eq(source_id))
        .filter(discrepancies::value_key.eq(value_key));
    diesel::update(dispute)
        .set(discrepancies::closed_at.eq(claim.now.unix_micros()))
        .execute(connection)
        .map(drop)
}

fn note(connection: &mut SqliteConnection, claim: &Claim<'_>, rows: &[DisputeRow]) -> Result<(), PriceFailure> {
    let shared = Noted {
        series: claim.series,
        source_id: claim.source_id,
        noticed_at: claim.now.unix_micros(),
    };
    insert_all(connection, &shared, rows)?;
    Ok(())
}

struct Noted {
    series: SeriesKey,
    source_id: i64,
    noticed_at: i64,
}

struct DisputeRow {
    opened_at: i64,
    value_key: String,
    /// Open, high, low, close, volume and vwap.
    texts: [Option<String>; 6],
    trade_count: Option<i64>,
}

impl DisputeRow {
    fn withdrawn(opened_at: i64) -> Self {
        Self {
            opened_at,
            value_key: Dispute::WITHDRAWN.to_owned(),
            texts: Default::default(),
            trade_count: None,
        }
    }

    fn differing(bar: &Bar) -> Self {
        let [open, high, low, close] =
            [bar.open(), bar.high(), bar.low(), bar.close()].map(|price| Some(price.to_string()));
        Self {
            opened_at: bar.opened_at().unix_micros(),
            value_key: Dispute::key_of_values(bar),
            texts: [
                open,
                high,
                low,
                close,
                Some(bar.volume().to_string()),
                bar.vwap().map(|vwap| vwap.to_string()),
            ],
            trade_count: bar.trade_count().map(u64::cast_signed),
        }
    }
}

impl BulkRow for DisputeRow {
    type Shared = Noted;
    const INSERT: &'static str = "INSERT INTO discrepancies (instrument_id, interval, source_id, noticed_at, opened_at, value_key, \
         trade_count, open, high, low, close, volume, vwap) SELECT ";
    const COLUMNS: &'static str =
        ", column1, column2, column3, column4, column5, column6, column7, column8, column9 FROM (VALUES ";
    const TAIL: &'static str = "WHERE true ON CONFLICT (instrument_id, interval, opened_at, source_id, value_key) \
         DO UPDATE SET closed_at = NULL WHERE closed_at IS NOT NULL";

    fn bind_shared<'b>(shared: &'b Noted, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        bind_series(&shared.series, out.reborrow())?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&shared.source_id)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&shared.noticed_at)
    }

    fn bind<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_bind_param::<BigInt, _>(&self.opened_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.value_key)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<BigInt>, _>(&self.trade_count)?;
        for text in &self.texts {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(text)?;
        }
        Ok(())
    }
}
