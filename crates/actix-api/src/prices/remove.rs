//! `DELETE …/prices`: moves the bars of a range to the revisions.

use actix_web::web;
use domain::{Interval, Removal, SeriesKey, SourceName, TimeRange, Timestamp};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::fields::{Fields, Query, QueryParameters};
use crate::instant::{self, Bounds, Instant};
use crate::instruments::{InstrumentPath, Named};
use crate::problem::Problem;
use crate::vocabulary::IntervalName;

/// Which bars. All three must be said, so that nothing goes by mistake.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemovalParameters {
    /// Of which stored series.
    #[param(value_type = IntervalName)]
    interval: Interval,
    /// Bars that open at or after this instant.
    #[param(value_type = Instant)]
    start: Timestamp,
    /// Bars that open before this instant.
    #[param(value_type = Instant)]
    end: Timestamp,
}

impl QueryParameters for RemovalParameters {
    fn read(fields: &mut Fields<String>) -> Option<Self> {
        let interval = fields.required("interval", str::parse);
        let start = fields.required("start", instant::parse);
        let end = fields.required("end", instant::parse);
        Some(Self {
            interval: interval?,
            start: start?,
            end: end?,
        })
    }
}

/// What a removal did.
#[derive(Serialize, ToSchema)]
#[schema(as = Removal)]
pub(crate) struct RemovalBody {
    /// How many final bars went to the revisions; `as_of` an earlier instant still sees them.
    removed: u64,
    /// The version of the series afterwards.
    version: u64,
}

/// Removes a range of bars; readers as of an earlier instant still see them.
#[utoipa::path(
    delete,
    path = "/api/v1/instruments/{instrument}/prices",
    operation_id = "removePrices",
    tag = "prices",
    params(InstrumentPath, RemovalParameters),
    responses((status = 200, description = "What went", body = RemovalBody))
)]
pub(crate) async fn remove(
    parameters: Query<RemovalParameters>,
    named: Named,
    api: web::Data<Api>,
) -> Result<web::Json<RemovalBody>, Problem> {
    let RemovalParameters { interval, start, end } = parameters.0;
    let range: TimeRange = Bounds {
        start: Some(start),
        end: Some(end),
    }
    .range()?;
    let series = SeriesKey {
        instrument: named.0.id,
        interval,
    };
    let merged = api
        .prices
        .remove(Removal {
            series,
            range,
            source: SourceName::api(),
        })
        .await?;
    tracing::info!(%series, %range, removed = merged.counts.updated, "removed bars");
    Ok(web::Json(RemovalBody {
        removed: merged.counts.updated,
        version: merged.version,
    }))
}
