//! The middleware that turns every error into a problem: ours, those of the framework, and panics.

use std::panic::AssertUnwindSafe;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::middleware::Next;
use futures_util::FutureExt;

use super::{Problem, ProblemKind};
use crate::request_trace::RequestId;

/// Renders the errors of everything inside it, with the id of the request.
pub(crate) async fn render(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId::of(&request);
    let response = match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        Ok(Err(error)) => return Err(of_error(&error).of_request(id.as_str()).into()),
        Err(panic) => {
            let problem = Problem::internal(said(&*panic)).of_request(id.as_str());
            problem.log();
            return Err(problem.into());
        }
    };
    if let Some(problem) = response
        .response()
        .error()
        .and_then(|error| error.as_error::<Problem>())
    {
        problem.log();
        let rendered = problem.response(Some(id.as_str()));
        return Ok(response.into_response(rendered));
    }
    if is_bare_error(&response) {
        let problem = of_status(response.status());
        let rendered = problem.response(Some(id.as_str()));
        return Ok(response.into_response(rendered));
    }
    Ok(response)
}

/// An error whose body is not ours: plain text of the framework, or none.
fn is_bare_error(response: &ServiceResponse<BoxBody>) -> bool {
    let text = |value: &header::HeaderValue| value.as_bytes().starts_with(b"text/plain");
    response.status().as_u16() >= 400 && response.headers().get(header::CONTENT_TYPE).is_none_or(text)
}

fn of_error(error: &Error) -> Problem {
    of_status(error.as_response_error().status_code())
}

/// What the framework means by a status.
fn of_status(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::new(
            ProblemKind::UnknownPath,
            "there is nothing here: /docs lists all there is",
        ),
        StatusCode::NOT_ACCEPTABLE => Problem::new(
            ProblemKind::NotAcceptable,
            "`Accept-Encoding` excludes every encoding: allow identity, gzip, br or zstd",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ProblemKind::TooLarge, "the body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Problem::new(ProblemKind::UnsupportedMediaType, "the content type is not taken here")
        }
        status if status.is_client_error() => Problem::new(ProblemKind::Invalid, "the request cannot be read"),
        status => Problem::internal(format!("the framework answered {status}")),
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without words"))
}
