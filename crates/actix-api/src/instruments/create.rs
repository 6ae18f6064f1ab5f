//! `POST /api/v1/instruments`: a new instrument.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use domain::calendar::Calendars;
use domain::resolve_instrument::WantedInstrument;
use domain::{CalendarName, InstrumentDetails, SourceName, Symbol};
use serde_json::Value;
use utoipa::ToSchema;

use super::{InstrumentBody, schemas};
use crate::Api;
use crate::fields::{Fields, NoParameters, Query, excerpt};
use crate::json_object::JsonObject;
use crate::problem::Problem;
use crate::vocabulary::AssetClassName;

/// A new instrument.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "read by the OpenAPI document; the body itself is read key by key"
)]
pub(crate) struct NewInstrument {
    /// How it is written; kept as given, compared without regard to case.
    #[schema(pattern = "^[A-Za-z0-9._^=/-]{1,32}$", example = "AAPL")]
    symbol: String,
    asset_class: AssetClassName,
    /// What people call it; the symbol when left out.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]+$",
        required = false
    )]
    name: String,
    /// ISO 10383 market identifier or the name of a venue.
    #[schema(pattern = "^[A-Z0-9._-]{1,32}$", example = "XNAS")]
    exchange: Option<String>,
    /// What its prices are in; guessed from the symbol when left out, else XXX.
    #[schema(pattern = "^[A-Z0-9]{2,10}$", example = "USD", required = false)]
    currency: String,
    /// When it trades; that of its class and exchange when left out.
    #[schema(schema_with = schemas::calendar, required = false)]
    calendar: String,
    /// Whether it is brought up to date; true when left out.
    #[schema(required = false)]
    active: bool,
    /// How each provider spells it.
    #[schema(schema_with = schemas::spellings, required = false)]
    provider_symbols: BTreeMap<String, String>,
}

/// Creates an instrument.
#[utoipa::path(
    post,
    path = "/api/v1/instruments",
    operation_id = "createInstrument",
    tag = "instruments",
    request_body = NewInstrument,
    responses((status = 201, description = "It was created; `Location` says where it is", body = InstrumentBody))
)]
pub(crate) async fn create(
    _none: Query<NoParameters>,
    body: JsonObject,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let details = read(body.0, &api.calendars)?;
    let instrument = api.instruments.create(details).await?;
    Ok(HttpResponse::Created()
        .insert_header(("Location", format!("/api/v1/instruments/id:{}", instrument.id)))
        .json(InstrumentBody::from(instrument)))
}

fn read(mut fields: Fields<Value>, calendars: &Calendars) -> Result<InstrumentDetails, Problem> {
    let symbol = fields.required_text("symbol", str::parse);
    let asset_class = fields.required_text("asset_class", str::parse);
    let name = fields.text("name", name_like);
    let exchange = match fields.take("exchange") {
        None | Some(Value::Null) => None,
        Some(value) => fields.parsed("exchange", &value, str::parse),
    };
    let currency = fields.text("currency", str::parse);
    let calendar = fields.text("calendar", |text| known_calendar(text, calendars));
    let active = fields.truth("active");
    let mut provider_symbols = BTreeMap::new();
    if let Some(value) = fields.take("provider_symbols") {
        for (provider, spelling) in spellings(&mut fields, value) {
            match spelling {
                Some(symbol) => drop(provider_symbols.insert(provider, symbol)),
                None => fields.refuse(format!("provider_symbols.{provider}"), "it is null: leave it out"),
            }
        }
    }
    let read = symbol.zip(asset_class).map(|(symbol, asset_class)| {
        let wanted = WantedInstrument {
            symbol,
            exchange,
            asset_class: Some(asset_class),
            currency,
            calendar,
            name,
        };
        InstrumentDetails {
            active: active.unwrap_or(true),
            provider_symbols,
            ..wanted.details()
        }
    });
    fields.finish(read)
}

/// 1 to 200 characters that can be printed.
pub(super) fn name_like(text: &str) -> Result<String, &'static str> {
    if (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("it needs 1 to 200 characters, none of them a control character")
    }
}

/// A calendar that there is.
pub(super) fn known_calendar(text: &str, calendars: &Calendars) -> Result<CalendarName, String> {
    let name: CalendarName = text.parse().map_err(|error: domain::CodeError| error.to_string())?;
    if calendars.get(&name).is_some() {
        return Ok(name);
    }
    let names: Vec<&str> = calendars.names().map(CalendarName::as_str).collect();
    Err(format!("there is no calendar `{name}`: one of {}", names.join(", ")))
}

/// Spellings by provider; `None` stands for null.
pub(super) fn spellings(fields: &mut Fields<Value>, value: Value) -> BTreeMap<SourceName, Option<Symbol>> {
    let Value::Object(given) = value else {
        fields.refuse("provider_symbols", "it is no object of provider to spelling");
        return BTreeMap::new();
    };
    let mut read = BTreeMap::new();
    for (provider, spelling) in given {
        let field = format!("provider_symbols.{}", excerpt(&provider));
        let symbol = match &spelling {
            Value::Null => Some(None),
            spelling => fields.parsed(&field, spelling, str::parse::<Symbol>).map(Some),
        };
        match provider.parse::<SourceName>() {
            Ok(provider) => {
                if let Some(symbol) = symbol {
                    read.insert(provider, symbol);
                }
            }
            Err(error) => fields.refuse(&field, error),
        }
    }
    read
}
