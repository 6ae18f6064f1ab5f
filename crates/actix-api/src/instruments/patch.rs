//! `PATCH /api/v1/instruments/{instrument}`: a merge-patch (RFC 7396) of its details.

use std::collections::BTreeMap;

use actix_web::web;
use domain::calendar::Calendars;
use domain::{Exchange, InstrumentDetails};
use serde_json::Value;
use utoipa::ToSchema;

use super::create::{known_calendar, name_like, spellings};
use super::{InstrumentBody, InstrumentPath, Named, schemas};
use crate::Api;
use crate::fields::{Fields, NoParameters, Query};
use crate::json_object::JsonObject;
use crate::problem::Problem;
use crate::vocabulary::AssetClassName;

/// What is to change; what is left out stays.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "read by the OpenAPI document; the body itself is read key by key"
)]
pub(crate) struct InstrumentPatch {
    #[schema(pattern = "^[A-Za-z0-9._^=/-]{1,32}$", required = false)]
    symbol: String,
    #[schema(required = false)]
    asset_class: AssetClassName,
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]+$",
        required = false
    )]
    name: String,
    /// Null takes it away.
    #[schema(pattern = "^[A-Z0-9._-]{1,32}$")]
    exchange: Option<String>,
    #[schema(pattern = "^[A-Z0-9]{2,10}$", required = false)]
    currency: String,
    #[schema(schema_with = schemas::calendar, required = false)]
    calendar: String,
    #[schema(required = false)]
    active: bool,
    /// Merged by provider; null takes one away, or all.
    #[schema(schema_with = schemas::merged_spellings, required = false)]
    provider_symbols: Option<BTreeMap<String, Option<String>>>,
}

/// Changes an instrument.
#[utoipa::path(
    patch,
    path = "/api/v1/instruments/{instrument}",
    operation_id = "updateInstrument",
    tag = "instruments",
    params(InstrumentPath),
    request_body(content((InstrumentPatch = "application/merge-patch+json"), (InstrumentPatch = "application/json"))),
    responses((status = 200, description = "The instrument as it is now", body = InstrumentBody))
)]
pub(crate) async fn patch(
    _none: Query<NoParameters>,
    named: Named,
    body: JsonObject,
    api: web::Data<Api>,
) -> Result<web::Json<InstrumentBody>, Problem> {
    let details = patched(named.0.details, body.0, &api.calendars)?;
    Ok(web::Json(api.instruments.update(named.0.id, details).await?.into()))
}

fn patched(
    mut details: InstrumentDetails,
    mut fields: Fields<Value>,
    calendars: &Calendars,
) -> Result<InstrumentDetails, Problem> {
    if let Some(symbol) = fields.text("symbol", str::parse) {
        details.symbol = symbol;
    }
    if let Some(asset_class) = fields.text("asset_class", str::parse) {
        details.asset_class = asset_class;
    }
    if let Some(name) = fields.text("name", name_like) {
        details.name = name;
    }
    match fields.take("exchange") {
        None => {}
        Some(Value::Null) => details.exchange = None,
        Some(value) => details.exchange = fields.parsed("exchange", &value, str::parse::<Exchange>),
    }
    if let Some(currency) = fields.text("currency", str::parse) {
        details.currency = currency;
    }
    if let Some(calendar) = fields.text("calendar", |text| known_calendar(text, calendars)) {
        details.calendar = calendar;
    }
    if let Some(active) = fields.truth("active") {
        details.active = active;
    }
    match fields.take("provider_symbols") {
        None => {}
        Some(Value::Null) => details.provider_symbols.clear(),
        Some(value) => {
            for (provider, spelling) in spellings(&mut fields, value) {
                match spelling {
                    Some(symbol) => details.provider_symbols.insert(provider, symbol),
                    None => details.provider_symbols.remove(&provider),
                };
            }
        }
    }
    fields.finish(Some(details))
}
