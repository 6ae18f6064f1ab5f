//! `GET /api/v1/instruments/{instrument}`: one instrument.

use actix_web::{HttpRequest, HttpResponse};

use super::{InstrumentBody, InstrumentPath, Named};
use crate::entity_tag::EntityTag;
use crate::fields::{NoParameters, Query};
use crate::problem::Problem;

/// One instrument.
#[utoipa::path(
    get,
    path = "/api/v1/instruments/{instrument}",
    operation_id = "readInstrument",
    tag = "instruments",
    params(InstrumentPath),
    responses(
        (status = 200, description = "The instrument", body = InstrumentBody),
        (status = 304, description = "It is what `If-None-Match` names"),
    )
)]
pub(crate) async fn read(
    request: HttpRequest,
    _none: Query<NoParameters>,
    named: Named,
) -> Result<HttpResponse, Problem> {
    let tag = EntityTag::of(&format!("instrument {} {}", named.0.id, named.0.updated_at));
    let known = tag.known_to(&request);
    let mut response = if known.is_some() {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header(known.as_ref().unwrap_or(&tag).header())
        .insert_header(("Cache-Control", "private, no-cache"));
    if known.is_some() {
        return Ok(response.finish());
    }
    Ok(response.json(InstrumentBody::from(named.0)))
}
