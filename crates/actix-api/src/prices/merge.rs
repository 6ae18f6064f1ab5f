//! `PUT …/prices`: merges the bars of the body into a series.

use std::collections::BTreeSet;

use actix_web::web;
use bar_formats::body::Body;
use domain::record_bars::RecordRequest;
use domain::{Basis, Instrument, Interval, MergeCounts, RejectedRow, SeriesKey, SourceName, Tolerance};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::body::Bars;
use crate::decimals::DecimalBody;
use crate::fields::{Fields, Query, QueryParameters, truth};
use crate::instruments::{InstrumentPath, Named};
use crate::problem::{FieldError, Problem};
use crate::vocabulary::{BasisName, IntervalName};
use crate::{Api, instant};

/// Where the bars belong and what they are.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MergeParameters {
    /// How long each bar is.
    #[param(value_type = Option<IntervalName>, default = "1d")]
    interval: Interval,
    /// Who says so; the `source` that all rows name, else `api`, when left out.
    #[param(value_type = Option<String>, pattern = "^[a-z0-9._-]{1,32}$", example = "api")]
    source: Option<SourceName>,
    /// What the prices are as they come.
    #[param(value_type = Option<BasisName>, default = "raw")]
    basis: Basis,
    /// Whether one bad row stops all.
    #[param(value_type = Option<bool>, default = false)]
    strict: bool,
}

impl QueryParameters for MergeParameters {
    fn read(fields: &mut Fields<String>) -> Option<Self> {
        Some(Self {
            interval: fields.optional("interval", str::parse).unwrap_or(Interval::OneDay),
            source: fields.optional("source", str::parse),
            basis: fields.optional("basis", str::parse).unwrap_or_default(),
            strict: fields.optional("strict", truth).unwrap_or(false),
        })
    }
}

/// Bars to merge.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document; the rows are read by bar-formats")]
pub(crate) struct NewBars {
    /// In any order; of several for one instant the last wins.
    #[schema(min_items = 1)]
    data: Vec<NewBar>,
}

/// A bar to merge. Keys that are left out are unknown.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document; the rows are read by bar-formats")]
pub(crate) struct NewBar {
    /// When it opens, RFC 3339; daily and longer bars at 00:00Z.
    timestamp: instant::Instant,
    open: DecimalBody,
    high: DecimalBody,
    low: DecimalBody,
    close: DecimalBody,
    /// How much was traded; left out in all bars when the source gives no volumes.
    #[schema(required = false)]
    volume: DecimalBody,
    trade_count: Option<u64>,
    vwap: Option<DecimalBody>,
    /// Who said so, as answers have it.
    source: Option<String>,
}

/// What became of the rows: the counts and the rejected rows sum to `fetched`.
#[derive(Serialize, ToSchema)]
pub(crate) struct MergeResult {
    /// How many rows came.
    fetched: u64,
    /// Were not there.
    inserted: u64,
    /// Replaced other values, which went to the revisions.
    updated: u64,
    /// Were there already.
    unchanged: u64,
    /// Came again later in the body.
    duplicate: u64,
    /// Contradicted a source of higher precedence and were kept beside it.
    discrepant: u64,
    /// Made no bar; they are kept in quarantine.
    rejected: Vec<Rejection>,
    /// The version of the series afterwards.
    version: u64,
    /// What the stored prices are.
    basis: BasisName,
}

/// A row that made no bar.
#[derive(Serialize, ToSchema)]
pub(crate) struct Rejection {
    /// Its place in the body, from 0.
    index: u64,
    /// The key at fault; `row` when it is the row as a whole.
    field: &'static str,
    /// What is wrong with it.
    reason: String,
}

/// Merges bars: new ones are inserted, different ones restated, equal ones left alone.
#[utoipa::path(
    put,
    path = "/api/v1/instruments/{instrument}/prices",
    operation_id = "mergePrices",
    tag = "prices",
    params(InstrumentPath, MergeParameters),
    // Generators of clients know no other request types than JSON.
    request_body(content = NewBars, description = "`{\"data\":[bar…]}`; also taken as application/x-ndjson (one bar a \
        line) and text/csv (a header line with these names in any order). `Content-Encoding: gzip` is taken; the limit \
        counts inflated bytes"),
    responses((status = 200, description = "What became of the rows", body = MergeResult))
)]
pub(crate) async fn merge(
    parameters: Query<MergeParameters>,
    named: Named,
    bars: Bars,
    api: web::Data<Api>,
) -> Result<web::Json<MergeResult>, Problem> {
    let MergeParameters {
        interval,
        source,
        basis,
        strict,
    } = parameters.0;
    let source = source.map_or_else(|| named_source(&bars.0), Ok)?;
    let minutes_past_hour = minute(&api, &named.0, interval, &bars.0).await?;
    let request = RecordRequest {
        instrument: named.0,
        interval,
        source,
        basis,
        tolerance: Tolerance::Exact,
        gives_volume: bars.0.gives_volume,
        minutes_past_hour,
        run: None,
        covered: None,
        fetched_at: None,
        rows: bars.0.rows.into_iter().map(|row| row.row).collect(),
    };
    let prepared = api.record.prepare(request).await?;
    let none_good = prepared.batch.bars.is_empty() && prepared.batch.provisional.is_empty();
    if none_good || (strict && !prepared.batch.rejected.is_empty()) {
        let refused = refused(&prepared.batch.rejected);
        if !strict {
            // No bar is touched, and whoever looks after the data sees what this source sends.
            api.record.commit(prepared).await?;
        }
        return Err(refused);
    }
    let rejected = prepared.batch.rejected.iter().map(Rejection::from).collect();
    let basis = BasisName(prepared.batch.basis);
    let merged = api.record.commit(prepared).await?;
    let MergeCounts {
        inserted,
        updated,
        unchanged,
        duplicate,
        rejected: _,
        discrepant,
    } = merged.counts;
    let fetched = merged.counts.fetched();
    let version = merged.version;
    Ok(web::Json(MergeResult {
        fetched,
        inserted,
        updated,
        unchanged,
        duplicate,
        discrepant,
        rejected,
        version,
        basis,
    }))
}

impl From<&RejectedRow> for Rejection {
    fn from(row: &RejectedRow) -> Self {
        let RejectedRow {
            index,
            raw: _,
            field,
            reason,
        } = row;
        Self {
            index: *index,
            field,
            reason: reason.clone(),
        }
    }
}

/// The source that the rows themselves name, or `api`.
fn named_source(body: &Body) -> Result<SourceName, Problem> {
    let sources: BTreeSet<&SourceName> = body.rows.iter().filter_map(|row| row.source.as_ref()).collect();
    let mut named = sources.iter();
    match (named.next(), named.next()) {
        (None, _) => Ok(SourceName::api()),
        (Some(only), None) => Ok((*only).clone()),
        (Some(first), Some(second)) => Err(Problem::invalid(vec![FieldError {
            field: "source".to_owned(),
            message: format!("the rows name several sources, {first} and {second}: say whose they are with source="),
        }])),
    }
}

/// How many minutes past the hour hourly bars open: as the series has them, else as the first row does.
async fn minute(api: &Api, instrument: &Instrument, interval: Interval, body: &Body) -> Result<u8, Problem> {
    if !matches!(interval, Interval::OneHour | Interval::FourHours) {
        return Ok(0);
    }
    let series = api
        .catalogue
        .find(SeriesKey {
            instrument: instrument.id,
            interval,
        })
        .await?;
    if let Some(series) = series.filter(|series| series.count > 0) {
        return Ok(series.minutes_past_hour);
    }
    let first = body.rows.iter().find_map(|row| row.row.values.as_ref().ok());
    let minute = first.map_or(0, |values| {
        values.opened_at.unix_seconds().div_euclid(60).rem_euclid(60)
    });
    u8::try_from(minute).map_err(Problem::internal)
}

/// Nothing was merged, since all rows are bad, or one and the request is strict.
fn refused(rejected: &[RejectedRow]) -> Problem {
    let error = |row: &RejectedRow| FieldError {
        field: format!("data[{}].{}", row.index, row.field),
        message: row.reason.clone(),
    };
    Problem::impossible(rejected.iter().map(error).collect())
}
