//! Schemas of keys whose rules the derive cannot express.

use domain::{CalendarName, Calendars};
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, SchemaType, Type};

const SYMBOL: &str = "^[A-Za-z0-9._^=/-]{1,32}$";
const SOURCE: &str = "^[a-z0-9._-]{1,32}$";

/// Spellings by provider.
pub(super) fn spellings() -> Object {
    by_provider(SchemaType::Type(Type::String), SchemaType::Type(Type::Object))
}

/// Spellings by provider, to be merged: null takes one away, or all.
pub(super) fn merged_spellings() -> Object {
    by_provider(
        SchemaType::Array(vec![Type::String, Type::Null]),
        SchemaType::Array(vec![Type::Object, Type::Null]),
    )
}

fn by_provider(spelling: SchemaType, all: SchemaType) -> Object {
    let spelling = ObjectBuilder::new().schema_type(spelling).pattern(Some(SYMBOL));
    ObjectBuilder::new()
        .schema_type(all)
        .property_names(Some(
            ObjectBuilder::new().schema_type(Type::String).pattern(Some(SOURCE)),
        ))
        .additional_properties(Some(AdditionalProperties::RefOr(spelling.build().into())))
        .description(Some("How each provider spells it."))
        .build()
}

/// The name of a calendar; an operator may have added others.
pub(super) fn calendar() -> Object {
    let names: Vec<String> = match Calendars::built_in() {
        Ok(calendars) => calendars.names().map(CalendarName::to_string).collect(),
        Err(_none) => Vec::new(),
    };
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values((!names.is_empty()).then_some(names))
        .description(Some("When it trades; that of its class and exchange when left out."))
        .build()
}
