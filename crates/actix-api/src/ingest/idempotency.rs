//! The header by which a client names its request, so that sending it again asks for nothing new.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use domain::IdempotencyKey;

use crate::fields::excerpt;
use crate::problem::{FieldError, Problem};

const HEADER: &str = "Idempotency-Key";

/// Extracts the key, if there is one.
pub(crate) struct RequestKey(pub(super) Option<IdempotencyKey>);

impl FromRequest for RequestKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let given: Vec<_> = request.headers().get_all(HEADER).collect();
        let key = match *given {
            [] => Ok(None),
            [value] => match value.to_str() {
                Ok(text) => text
                    .parse()
                    .map(Some)
                    .map_err(|error: domain::IdempotencyKeyError| error.to_string()),
                Err(_not_ascii) => {
                    let text = String::from_utf8_lossy(value.as_bytes());
                    Err(format!(
                        "`{}` has characters outside ASCII: take a UUID",
                        excerpt(&text)
                    ))
                }
            },
            _ => Err("it is given more than once: give it once".to_owned()),
        };
        ready(key.map(Self).map_err(|message| {
            Problem::invalid(vec![FieldError {
                field: HEADER.to_owned(),
                message,
            }])
        }))
    }
}
