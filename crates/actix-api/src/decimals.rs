//! Decimals on the wire: bare JSON numbers digit for digit, or the same digits as text.

use std::fmt::Display;

use bar_formats::DecimalStyle;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// Reads a way to write decimals.
///
/// # Errors
/// What would be right.
pub(crate) fn style(text: &str) -> Result<DecimalStyle, String> {
    match text {
        "number" => Ok(DecimalStyle::Numbers),
        "string" => Ok(DecimalStyle::Strings),
        _ => Err(format!(
            "`{}` is not a way to write decimals: number or string",
            crate::fields::excerpt(text)
        )),
    }
}

/// An exact decimal.
#[derive(Clone, Debug)]
pub(crate) struct DecimalBody {
    digits: String,
    style: DecimalStyle,
}

impl DecimalBody {
    /// A price or volume, which print as plain digits.
    pub(crate) fn new(value: impl Display, style: DecimalStyle) -> Self {
        Self {
            digits: value.to_string(),
            style,
        }
    }
}

impl Serialize for DecimalBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.style {
            DecimalStyle::Numbers => RawValue::from_string(self.digits.clone())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            DecimalStyle::Strings => serializer.serialize_str(&self.digits),
        }
    }
}

impl PartialSchema for DecimalBody {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Array(vec![Type::Number, Type::String]))
            .pattern(Some(r"^-?[0-9]{1,20}(\.[0-9]{1,18})?$"))
            .description(Some(
                "An exact decimal, at most 20 whole and 18 fractional digits, plain digits without an exponent: a number, \
                 or the same digits as a string with decimals=string.",
            ))
            .into()
    }
}

impl ToSchema for DecimalBody {
    fn name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_digit() {
        let price: domain::Price = "12345678901234567890.123456789012345670".parse().unwrap();
        let number = serde_json::to_string(&DecimalBody::new(price, DecimalStyle::Numbers)).unwrap();
        assert_eq!(number, price.to_string());
        let text = serde_json::to_string(&DecimalBody::new(price, DecimalStyle::Strings)).unwrap();
        assert_eq!(text, format!("\"{price}\""));
    }
}
