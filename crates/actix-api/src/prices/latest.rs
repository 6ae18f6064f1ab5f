//! `GET …/prices/latest`: the newest bar.

use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use bar_formats::DecimalStyle;
use domain::query_prices::PriceRequest;
use domain::{Adjustment, Interval, Listing, Timestamp};
use utoipa::IntoParams;

use super::BarBody;
use super::parameters::{DecimalStyleName, Format, Question};
use super::state::State;
use crate::Api;
use crate::decimals;
use crate::fields::{Fields, Query, QueryParameters, truth};
use crate::instant::{self, Instant};
use crate::instruments::{InstrumentPath, Listed};
use crate::problem::{Problem, ProblemKind};
use crate::vocabulary::{AdjustmentName, IntervalName};

/// Which bar, in which form.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LatestParameters {
    /// How long the bar is; built from finer ones when it is not stored.
    #[param(value_type = Option<IntervalName>, default = "1d")]
    interval: Interval,
    /// Which corporate actions are counted in; as the series is stored when left out.
    #[param(value_type = Option<AdjustmentName>)]
    adjustment: Option<Adjustment>,
    /// What was believed at that instant; now when left out.
    #[param(value_type = Option<Instant>)]
    as_of: Option<Timestamp>,
    /// Also a bar whose interval has not closed.
    #[param(value_type = Option<bool>, default = false)]
    include_partial: bool,
    /// How decimals are written.
    #[param(value_type = Option<DecimalStyleName>, default = "number")]
    decimals: DecimalStyle,
}

impl QueryParameters for LatestParameters {
    fn read(fields: &mut Fields<String>) -> Option<Self> {
        Some(Self {
            interval: fields.optional("interval", str::parse).unwrap_or(Interval::OneDay),
            adjustment: fields.optional("adjustment", str::parse),
            as_of: fields.optional("as_of", instant::parse),
            include_partial: fields.optional("include_partial", truth).unwrap_or(false),
            decimals: fields.optional("decimals", decimals::style).unwrap_or_default(),
        })
    }
}

/// The newest bar; 404 when there is none.
#[utoipa::path(
    get,
    path = "/api/v1/instruments/{instrument}/prices/latest",
    operation_id = "readLatestPrice",
    tag = "prices",
    params(InstrumentPath, LatestParameters),
    responses(
        (status = 200, description = "The newest bar", body = BarBody),
        (status = 304, description = "It is what `If-None-Match` names"),
    )
)]
pub(crate) async fn latest(
    http: HttpRequest,
    parameters: Query<LatestParameters>,
    listed: Listed,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let LatestParameters {
        interval,
        adjustment,
        as_of,
        include_partial,
        decimals,
    } = parameters.0;
    let Listed { listing, asked_at } = listed;
    let Listing { instrument, series } = listing;
    let request = PriceRequest {
        adjustment,
        as_of,
        include_partial,
        ..PriceRequest::all(instrument, interval)
    };
    let question = Question {
        request,
        format: Format::Json,
        decimals,
        limit: Some(1),
        page_token: None,
    };
    let state = State::of(&question, series, asked_at);
    if let Some(unchanged) = state.unchanged(&http) {
        return Ok(unchanged);
    }
    let mut response = HttpResponse::Ok();
    state.label(&mut response);
    let instrument = question.request.instrument.clone();
    match api.query.latest(question.request, &state.series).await? {
        Some((_, row)) => Ok(response.json(BarBody::new(&row.bar, row.source.as_ref(), decimals))),
        None => Err(Problem::new(
            ProblemKind::NoBars,
            format!("{instrument} has no bar at {interval}: GET its /series to see what there is"),
        )),
    }
}
