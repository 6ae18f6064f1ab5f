//! One id, one span, one log line and one set of metrics for each request.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use bytes::Bytes;
use tracing::{Instrument, Span};

use crate::Api;
use crate::metrics::{AnsweredRequest, Metrics};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What stands for the route of a path that matches none, so that labels stay few.
const NO_ROUTE: &str = "unmatched";

/// The id of a request: the client's own when it is sane, else a new one.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The id that [`trace`] gave; a new one where it did not run.
    pub(crate) fn of(request: &ServiceRequest) -> Self {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .unwrap_or_else(Self::generate)
    }

    /// 1 to 128 letters, digits or `. _ : -`: what can stand in a log and a header without harm.
    fn of_client(request: &ServiceRequest) -> Option<Self> {
        let text = request.headers().get(REQUEST_ID)?.to_str().ok()?;
        let sane = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        ((1..=128).contains(&text.len()) && text.bytes().all(sane)).then(|| Self(text.into()))
    }

    fn generate() -> Self {
        Self(uuid::Uuid::now_v7().to_string().into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The outermost middleware.
pub(crate) async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId::of_client(&request).unwrap_or_else(RequestId::generate);
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", request.id = id.as_str());
    let metrics = request.app_data::<web::Data<Api>>().map(|api| Arc::clone(&api.metrics));
    if let Some(metrics) = &metrics {
        metrics.request_began();
    }
    let mut record = Record {
        span: span.clone(),
        method: method_label(request.method()),
        route: NO_ROUTE.to_owned(),
        status: StatusCode::INTERNAL_SERVER_ERROR,
        started: Instant::now(),
        bytes: 0,
        whole: false,
        metrics,
    };
    let header = HeaderValue::from_str(id.as_str()).unwrap_or_else(|_never| HeaderValue::from_static("-"));
    match next.call(request).instrument(span).await {
        Ok(mut response) => {
            if let Some(route) = response.request().match_pattern() {
                record.route = route;
            }
            record.status = response.status();
            // Nothing is read of an empty body, nor of any body that HEAD does not send.
            let empty = matches!(response.response().body().size(), BodySize::None | BodySize::Sized(0));
            record.whole = empty || *response.request().method() == Method::HEAD;
            response.headers_mut().insert(REQUEST_ID, header);
            Ok(response.map_body(|_head, body| {
                BoxBody::new(TracedBody {
                    body: body.boxed(),
                    record,
                })
            }))
        }
        // Only a panic or the framework itself gets here; the error renders itself.
        Err(error) => {
            let mut response = error.error_response();
            record.status = response.status();
            record.whole = true;
            response.headers_mut().insert(REQUEST_ID, header);
            Err(actix_web::error::InternalError::from_response(error, response).into())
        }
    }
}

/// Method names are a closed set in labels.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// What is told of a request when its last byte is sent, or when the client is gone.
struct Record {
    span: Span,
    method: &'static str,
    route: String,
    status: StatusCode,
    started: Instant,
    bytes: u64,
    whole: bool,
    /// Told once more that it is over.
    metrics: Option<Arc<dyn Metrics>>,
}

impl Drop for Record {
    fn drop(&mut self) {
        let elapsed = self.started.elapsed();
        if let Some(metrics) = &self.metrics {
            metrics.request_ended(&AnsweredRequest {
                method: self.method,
                route: &self.route,
                status: self.status.as_u16(),
                elapsed,
            });
        }
        let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let (method, route, status) = (self.method, self.route.as_str(), self.status.as_u16());
        let (bytes, whole) = (self.bytes, self.whole);
        self.span.in_scope(|| {
            tracing::info!(
                method,
                route,
                status,
                duration_ms,
                bytes,
                whole,
                "{method} {route} {status}"
            );
        });
    }
}

/// A body that counts what is sent of it.
struct TracedBody {
    body: BoxBody,
    record: Record,
}

impl MessageBody for TracedBody {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        let _entered = this.record.span.enter();
        let polled = this.body.as_pin_mut().poll_next(context);
        match &polled {
            Poll::Ready(Some(Ok(chunk))) => {
                this.record.bytes = this
                    .record
                    .bytes
                    .saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
                if let BodySize::Sized(size) = this.body.size() {
                    // A body of known size is not polled again after its last byte.
                    this.record.whole = this.record.bytes >= size;
                }
            }
            Poll::Ready(None) => this.record.whole = true,
            Poll::Ready(Some(Err(error))) => tracing::error!(cause = %error, "the answer broke off"),
            Poll::Pending => {}
        }
        polled
    }
}
