//! Bars as JSON objects, their values taken by their text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{Fields, Key};
use super::{BodyError, Draft, RowFault};
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

fn fields(text: &str) -> Result<Fields<'_>, RowFault> {
    if !text.trim_start().starts_with('{') {
        return Err(RowFault::NotARow(format!("`{}` is no JSON object", cut(text))));
    }
    let Pairs(pairs) =
        serde_json::from_str(text).map_err(|error| RowFault::NotARow(format!("no JSON object: {error}")))?;
    let mut fields = Fields::default();
    let mut seen: Vec<Key> = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        let Some(key) = Key::named(&name) else {
            return Err(RowFault::UnknownKey(cut(&name)));
        };
        if seen.contains(&key) {
            return Err(RowFault::RepeatedKey(key.as_str()));
        }
        seen.push(key);
        if let Some(text) = scalar(key, value.get())? {
            fields.put(key, text);
        }
    }
    Ok(fields)
}

/// The text of a number or a string; `None` for null.
fn scalar(key: Key, raw: &str) -> Result<Option<Cow<'_, str>>, RowFault> {
    match raw.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => match serde_json::from_str::<String>(raw) {
            Ok(text) => Ok(Some(Cow::Owned(text))),
            Err(error) => Err(RowFault::NotARow(format!("{}: {error}", key.as_str()))),
        },
        Some(b'-' | b'0'..=b'9') if key != Key::Source => Ok(Some(Cow::Borrowed(raw))),
        _ => Err(match key {
            Key::Field(field) => domain::BarError::Unreadable {
                field,
                reason: format!("`{}` is neither a number nor a string", cut(raw)),
            }
            .into(),
            Key::Source => RowFault::NotARow(format!("source: `{}` is no string", cut(raw))),
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
