//! `GET /api/v1/instruments/{instrument}/series`: the catalogue of one instrument.

use actix_web::web;
use domain::Series;
use serde::Serialize;
use utoipa::ToSchema;

use super::{InstrumentPath, Named};
use crate::Api;
use crate::fields::{NoParameters, Query};
use crate::problem::Problem;
use crate::vocabulary::{BasisName, IntervalName, Utc};

/// What is known of one series.
#[derive(Serialize, ToSchema)]
#[schema(as = Series)]
pub(crate) struct SeriesBody {
    interval: IntervalName,
    basis: BasisName,
    /// Opening of its first final bar; null when there is none.
    first: Option<Utc>,
    /// Opening of its last final bar; null when there is none.
    last: Option<Utc>,
    /// How many final bars it has.
    count: u64,
    /// Grows by one with each change of a final bar or a corporate action.
    version: u64,
    /// Grows by one with each change of a provisional bar.
    partial_version: u64,
    /// Whose write changed it last.
    source: Option<String>,
    /// Whether its sources give volumes; when not, a volume of 0 means unknown.
    gives_volume: bool,
    /// How many minutes past the hour its hourly bars open.
    minutes_past_hour: u8,
    created_at: Utc,
    /// When it last changed; reading with `as_of` this instant gives what is there now.
    updated_at: Utc,
}

impl From<Series> for SeriesBody {
    fn from(series: Series) -> Self {
        let Series {
            key,
            basis,
            minutes_past_hour,
            gives_volume,
            first,
            last,
            count,
            version,
            partial_version,
            last_source,
            created_at,
            updated_at,
        } = series;
        Self {
            interval: IntervalName(key.interval),
            basis: BasisName(basis),
            first: first.map(Utc),
            last: last.map(Utc),
            count,
            version,
            partial_version,
            source: last_source.map(|source| source.to_string()),
            gives_volume,
            minutes_past_hour,
            created_at: Utc(created_at),
            updated_at: Utc(updated_at),
        }
    }
}

/// All series of an instrument, shortest interval first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SeriesList {
    data: Vec<SeriesBody>,
    /// Always null: an instrument has few series.
    next_page_token: Option<String>,
}

/// The series that are stored.
#[utoipa::path(
    get,
    path = "/api/v1/instruments/{instrument}/series",
    operation_id = "listSeries",
    tag = "instruments",
    params(InstrumentPath),
    responses((status = 200, description = "All series of the instrument", body = SeriesList))
)]
pub(crate) async fn series(
    _none: Query<NoParameters>,
    named: Named,
    api: web::Data<Api>,
) -> Result<web::Json<SeriesList>, Problem> {
    let stored = api.catalogue.of_instrument(named.0.id).await?;
    let data = stored.into_iter().map(SeriesBody::from).collect();
    Ok(web::Json(SeriesList {
        data,
        next_page_token: None,
    }))
}
