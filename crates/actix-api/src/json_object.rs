//! JSON objects in request bodies: their content type, their size, and their keys one by one.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::fields::{Fields, excerpt};
use crate::problem::{FieldError, Problem, ProblemKind};

/// No object of ours is larger.
const MOST_BYTES: usize = 256 * 1024;

/// Extracts the keys of a JSON object.
pub(crate) struct JsonObject(pub(crate) Fields<Value>);

impl FromRequest for JsonObject {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = content_type(request);
        let mut payload = payload.take();
        Box::pin(async move {
            if !matches!(
                content_type.as_deref(),
                Some("application/json" | "application/merge-patch+json")
            ) {
                return Err(Problem::new(
                    ProblemKind::UnsupportedMediaType,
                    "an object is taken here: send it with `Content-Type: application/json`",
                ));
            }
            let mut body = Vec::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|error| {
                    Problem::new(ProblemKind::Invalid, "the body broke off").caused_by(error.to_string())
                })?;
                if body.len() + chunk.len() > MOST_BYTES {
                    let detail = format!("the body is larger than the {MOST_BYTES} bytes that are taken here");
                    return Err(Problem::new(ProblemKind::TooLarge, detail));
                }
                body.extend_from_slice(&chunk);
            }
            parse(&body).map(Self)
        })
    }
}

/// The media type of the body, in lower case, without its parameters.
pub(crate) fn content_type(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn parse(body: &[u8]) -> Result<Fields<Value>, Problem> {
    let refuse = |message: String| {
        Err(Problem::invalid(vec![FieldError {
            field: "body".to_owned(),
            message,
        }]))
    };
    if body.is_empty() {
        return refuse("it is empty: send a JSON object".to_owned());
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(_)) => {}
        Ok(_) => return refuse("it is no JSON object".to_owned()),
        Err(error) => return refuse(format!("it is no JSON: {error}")),
    }
    match serde_json::from_slice::<Pairs>(body) {
        Ok(Pairs(pairs)) => Ok(Fields::of_pairs(pairs)),
        Err(error) => refuse(format!("it is no JSON object: {error}")),
    }
}

/// The keys of an object in their order, also those that come twice.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl Fields<Value> {
    /// A text that may be left out.
    pub(crate) fn text<T, E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.take(name)?;
        self.parsed(name, &value, parse)
    }

    /// A text that must be there.
    pub(crate) fn required_text<T, E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(name) {
            Some(value) => self.parsed(name, &value, parse),
            None => {
                self.refuse(name, "it is required");
                None
            }
        }
    }

    /// A text that is there.
    pub(crate) fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: impl std::fmt::Display,
        value: &Value,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Value::String(text) = value else {
            self.refuse(name, format!("`{}` is not a text", excerpt(&value.to_string())));
            return None;
        };
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(name, error);
                None
            }
        }
    }

    /// `true` or `false`, which may be left out.
    pub(crate) fn truth(&mut self, name: &'static str) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(truth) => Some(truth),
            other => {
                self.refuse(
                    name,
                    format!("`{}` is neither true nor false", excerpt(&other.to_string())),
                );
                None
            }
        }
    }
}
