//! What is compressed and what is not, around the framework's own middleware, which knows neither sizes nor tags.

use actix_web::Error;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;

/// Bodies below this size gain nothing.
const WORTH_IT: u64 = 1_024;
/// Marks an answer that is sent as it is; never leaves the server.
const AS_IT_IS: HeaderValue = HeaderValue::from_static("identity");

/// Inside the compression: marks what is sent as it is.
pub(crate) async fn choose<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    // Lengths and ranges are those of the plain bytes.
    let plain = *request.method() == Method::HEAD || request.headers().contains_key(header::RANGE);
    let mut response = next.call(request).await?;
    let small = matches!(response.response().body().size(), BodySize::Sized(size) if size < WORTH_IT);
    if (plain || small) && !response.headers().contains_key(header::CONTENT_ENCODING) {
        response.headers_mut().insert(header::CONTENT_ENCODING, AS_IT_IS);
    }
    Ok(response)
}

/// Outside the compression: takes the mark away, and gives each encoding a tag of its own.
pub(crate) async fn label<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    match headers.get(header::CONTENT_ENCODING).cloned() {
        Some(encoding) if encoding == AS_IT_IS => {
            headers.remove(header::CONTENT_ENCODING);
        }
        Some(encoding) => {
            if let Some(tag) = tag_of_encoding(headers, &encoding) {
                headers.insert(header::ETAG, tag);
            }
            // The compressed bytes cannot be had in parts.
            headers.remove(header::ACCEPT_RANGES);
        }
        None => {}
    }
    if headers.contains_key(header::ETAG) {
        headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    }
    Ok(response)
}

/// `"abc"` as gzip is `"abc-gzip"`.
fn tag_of_encoding(headers: &HeaderMap, encoding: &HeaderValue) -> Option<HeaderValue> {
    let tag = headers.get(header::ETAG)?.to_str().ok()?.strip_suffix('"')?;
    HeaderValue::from_str(&format!("{tag}-{}\"", encoding.to_str().ok()?)).ok()
}
