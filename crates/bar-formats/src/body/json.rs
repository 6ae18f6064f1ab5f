//! Bars as JSON objects, their values taken by their text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{Fields, Key};
use domain::BarError;

use super::{BodyError, Draft, row_fault};
use crate::read::cut;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

pub(super) fn envelope(text: &str) -> Result<Vec<Draft>, BodyError> {
    if !text.trim_start().starts_with('{') {
        return Err(BodyError::NotAnEnvelope("it does not begin with {".to_owned()));
    }
    let envelope: Envelope<'_> =
        serde_json::from_str(text).map_err(|error| BodyError::NotAnEnvelope(error.to_string()))?;
    Ok(envelope.data.into_iter().map(|bar| self::bar(bar.get())).collect())
}

pub(super) fn bar(text: &str) -> Draft {
    Draft::new(text, fields(text))
}

fn fields(text: &str) -> Result<Fields<'_>, BarError> {
    if !text.trim_start().starts_with('{') {
        return Err(row_fault(format!("`{}` is no JSON object", cut(text))));
    }
    let Pairs(pairs) = serde_json::from_str(text).map_err(|error| row_fault(format!("no JSON object: {error}")))?;
    let mut fields = Fields::default();
    let mut seen: Vec<Key> = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        let Some(key) = Key::named(&name) else {
            return Err(row_fault(format!(
                "`{}` is no key of a bar: one of timestamp, open, high, low, close, volume, trade_count, vwap, source",
                cut(&name)
            )));
        };
        if seen.contains(&key) {
            return Err(row_fault(format!("`{}` comes twice", key.as_str())));
        }
        seen.push(key);
        if let Some(text) = scalar(key, value.get())? {
            fields.put(key, text);
        }
    }
    Ok(fields)
}

/// The text of a number or a string; `None` for null.
fn scalar(key: Key, raw: &str) -> Result<Option<Cow<'_, str>>, BarError> {
    match raw.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => match serde_json::from_str::<String>(raw) {
            Ok(text) => Ok(Some(Cow::Owned(text))),
            Err(error) => Err(row_fault(format!("{}: {error}", key.as_str()))),
        },
        Some(b'-' | b'0'..=b'9') if key != Key::Source => Ok(Some(Cow::Borrowed(raw))),
        _ => Err(match key {
            Key::Field(field) => BarError::Unreadable {
                field,
                reason: format!("`{}` is neither a number nor a string", cut(raw)),
            },
            Key::Source => row_fault(format!("source: `{}` is no string", cut(raw))),
        }),
    }
}

/// The members of an object in their order, repeated keys included.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a bar")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::with_capacity(9);
        while let Some(pair) = members.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}
