//! Errors as RFC 9457 problems: what went wrong, in one stable kind and one sentence, and how to mend it.

mod catalogue;
mod ingesting;
mod kind;
mod mapping;
mod rendering;

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use domain::{BoxError, Instrument};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use catalogue::{__path_explain, __path_explain_all, explain, explain_all};
pub(crate) use kind::ProblemKind;
pub(crate) use rendering::render;

use crate::instruments::InstrumentBody;

/// The media type of every error.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
/// At most this many fields are named in one problem.
const MOST_ERRORS: usize = 1_000;

/// One field at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// The parameter or the key of the body; a row of bars is `data[3].high`.
    pub(crate) field: String,
    /// What is wrong with it and what would be right.
    pub(crate) message: String,
}

/// An error on its way to a client.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: ProblemKind,
    detail: String,
    /// Boxed, so that results stay small.
    more: Box<More>,
}

/// What only some problems have.
#[derive(Debug, Default)]
struct More {
    errors: Vec<FieldError>,
    candidates: Vec<InstrumentBody>,
    headers: Vec<(HeaderName, HeaderValue)>,
    instance: Option<String>,
    /// For the log, never for the client.
    source: Option<BoxError>,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            more: Box::default(),
        }
    }

    /// Fields that cannot be read.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        Self::of_fields(ProblemKind::Invalid, errors)
    }

    /// Fields that can be read, and cannot be.
    pub(crate) fn impossible(errors: Vec<FieldError>) -> Self {
        Self::of_fields(ProblemKind::Impossible, errors)
    }

    /// One field that can be read, and cannot be.
    pub(crate) fn impossible_field(field: &str, message: impl fmt::Display) -> Self {
        Self::impossible(vec![FieldError {
            field: field.to_owned(),
            message: message.to_string(),
        }])
    }

    fn of_fields(kind: ProblemKind, mut errors: Vec<FieldError>) -> Self {
        let mut detail = errors
            .iter()
            .take(3)
            .map(|error| format!("{}: {}", error.field, error.message))
            .collect::<Vec<_>>()
            .join("; ");
        if errors.len() > 3 {
            detail = format!("{detail}; and {} more", errors.len() - 3);
        }
        errors.truncate(MOST_ERRORS);
        let mut problem = Self::new(kind, detail);
        problem.more.errors = errors;
        problem
    }

    /// A store that cannot be reached.
    pub(crate) fn unavailable(source: impl Into<BoxError>) -> Self {
        Self::new(
            ProblemKind::Unavailable,
            "the database cannot be reached: try again in a few seconds",
        )
        .header(actix_web::http::header::RETRY_AFTER, HeaderValue::from_static("5"))
        .caused_by(source)
    }

    /// Our own fault.
    pub(crate) fn internal(source: impl Into<BoxError>) -> Self {
        Self::new(
            ProblemKind::Internal,
            "something went wrong here; the log has it under the id in `instance`",
        )
        .caused_by(source)
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more.headers.push((name, value));
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.more.source = Some(source.into());
        self
    }

    pub(crate) fn with_candidates(mut self, candidates: Vec<Instrument>) -> Self {
        self.more.candidates = candidates.into_iter().map(InstrumentBody::from).collect();
        self
    }

    pub(crate) fn of_request(mut self, id: &str) -> Self {
        self.more.instance = Some(id.to_owned());
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.kind.status()
    }

    #[cfg(test)]
    pub(crate) fn errors(&self) -> &[FieldError] {
        &self.more.errors
    }

    /// The response; `instance` is the id of the request that it answers.
    pub(crate) fn response(&self, instance: Option<&str>) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        response.content_type(PROBLEM_JSON);
        for header in &self.more.headers {
            response.insert_header(header.clone());
        }
        response.json(ProblemBody {
            kind: self.kind.uri(),
            title: self.kind.title(),
            status: self.status().as_u16(),
            detail: &self.detail,
            instance,
            errors: &self.more.errors,
            candidates: &self.more.candidates,
        })
    }

    /// Writes what the client does not see to the log, once.
    pub(crate) fn log(&self) {
        if let Some(source) = &self.more.source {
            let cause = chain(&**source);
            if self.status().is_server_error() {
                tracing::error!(problem = self.kind.slug(), cause, "request failed");
            } else {
                tracing::debug!(problem = self.kind.slug(), cause, "request refused");
            }
        }
    }
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind.title(), self.detail)
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.more.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.response(self.more.instance.as_deref())
    }
}

/// An error, as RFC 9457 describes it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// The kind, as the path of a page that explains it.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The status of the response.
    status: u16,
    /// What happened, and what would help.
    detail: &'a str,
    /// The id of the request, which the log knows too.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    /// The fields at fault, all at once.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldError],
    /// The instruments that were possible, where the request did not say which.
    #[serde(skip_serializing_if = "<[InstrumentBody]>::is_empty")]
    #[schema(required = false)]
    candidates: &'a [InstrumentBody],
}

#[cfg(test)]
mod tests;
