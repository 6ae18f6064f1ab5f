//! `GET …/prices`: bars of a range, as a JSON page or as a whole file.

use actix_web::http::Method;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::Listing;

use super::disputes::Disputes;
use super::parameters::{Format, PriceParameters, Question};
use super::state::State;
use super::{Spool, export, page, ranged};
use crate::Api;
use crate::fields::Query;
use crate::instant::Bounds;
use crate::instruments::{InstrumentPath, Listed};
use crate::problem::Problem;

/// Bars of a range.
///
/// JSON comes in pages; ndjson and csv give the whole range in one body, and take `HEAD` and `Range`.
#[utoipa::path(
    get,
    path = "/api/v1/instruments/{instrument}/prices",
    operation_id = "readPrices",
    tag = "prices",
    params(InstrumentPath, Bounds, PriceParameters),
    responses(
        (status = 200, description = "The bars", content(
            (page::PricePageBody = "application/json"),
            (String = "application/x-ndjson"),
            (String = "text/csv"),
        )),
        (status = 206, description = "The asked bytes of a file", content(
            (String = "application/x-ndjson"),
            (String = "text/csv"),
        )),
        (status = 304, description = "It is what `If-None-Match` names"),
    )
)]
pub(crate) async fn read(
    http: HttpRequest,
    parameters: Query<PriceParameters>,
    listed: Listed,
    api: web::Data<Api>,
    spool: web::Data<Spool>,
) -> Result<HttpResponse, Problem> {
    let Listed { listing, asked_at: now } = listed;
    let Listing { instrument, series } = listing;
    let question = Question::new(&http, parameters, instrument)?;
    let mut state = State::of(&question, series, now);
    let mut disputes = Disputes::default();
    if question.format == Format::Json {
        disputes = Disputes::about(&api, &question, &state).await?;
        state.tag = state.tag.and(&disputes.tag_parts());
    }
    if let Some(unchanged) = state.unchanged(&http) {
        return Ok(unchanged);
    }
    match question.format {
        Format::Json => page::answer(&http, &api, question, &state, disputes, now).await,
        Format::File(format) if *http.method() == Method::HEAD || http.headers().contains_key(header::RANGE) => {
            ranged::answer(&http, &api, &spool, question, format, state).await
        }
        Format::File(format) => export::answer(&api, &question, format, &state).await,
    }
}
