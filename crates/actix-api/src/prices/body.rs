//! The body of bars: its type, its encoding and its size, counted after decompression.

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use bar_formats::body::{Body, BodyFormat, decode};
use flate2::write::MultiGzDecoder;
use futures_util::StreamExt;

use crate::problem::{FieldError, Problem, ProblemKind};
use crate::server::BodyLimit;

/// Extracts the rows of a body, good and bad.
pub(crate) struct Bars(pub(super) Body);

impl FromRequest for Bars {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let format = format(request);
        let encoding = encoding(request);
        let limit = request.app_data::<web::Data<BodyLimit>>().map_or(0, |limit| limit.0);
        let mut payload = payload.take();
        Box::pin(async move {
            let (format, encoding) = (format?, encoding?);
            let mut sent = Limited {
                bytes: Vec::new(),
                limit,
            };
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|error| {
                    Problem::new(ProblemKind::Invalid, "the body broke off").caused_by(error.to_string())
                })?;
                if sent.write_all(&chunk).is_err() {
                    return Err(too_large(limit));
                }
            }
            // Inflating and decoding take a while, which other requests must not wait for.
            let decoded = web::block(move || {
                let text = match encoding {
                    Encoding::Identity => sent.bytes,
                    Encoding::Gzip => inflate(&sent.bytes, limit)?,
                };
                read(format, &text)
            });
            decoded
                .await
                .map_err(|error| Problem::internal(error.to_string()))?
                .map(Self)
        })
    }
}

fn format(request: &HttpRequest) -> Result<BodyFormat, Problem> {
    let given = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    given.and_then(BodyFormat::of_content_type).ok_or_else(|| {
        Problem::new(
            ProblemKind::UnsupportedMediaType,
            "bars are taken as application/json, application/x-ndjson or text/csv: say which with `Content-Type`",
        )
    })
}

#[derive(Clone, Copy)]
enum Encoding {
    Identity,
    Gzip,
}

fn encoding(request: &HttpRequest) -> Result<Encoding, Problem> {
    match request
        .headers()
        .get(header::CONTENT_ENCODING)
        .map(header::HeaderValue::as_bytes)
    {
        None | Some(b"identity") => Ok(Encoding::Identity),
        Some(b"gzip" | b"x-gzip") => Ok(Encoding::Gzip),
        Some(_) => Err(Problem::new(
            ProblemKind::UnsupportedMediaType,
            "this `Content-Encoding` is not taken: send the body plain or as gzip",
        )),
    }
}

fn too_large(limit: usize) -> Problem {
    let detail = format!(
        "the body is larger than {limit} bytes, counted after decompression: send the bars in several requests"
    );
    Problem::new(ProblemKind::TooLarge, detail)
}

/// A buffer that takes no more than its limit, so that a small body cannot become a large one.
struct Limited {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Limited {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(chunk.len()) > self.limit {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn inflate(packed: &[u8], limit: usize) -> Result<Vec<u8>, Problem> {
    let mut decoder = MultiGzDecoder::new(Limited {
        bytes: Vec::new(),
        limit,
    });
    let inflated = decoder.write_all(packed).and_then(|()| decoder.finish());
    inflated
        .map(|limited| limited.bytes)
        .map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => too_large(limit),
            _ => invalid("it is no gzip, though `Content-Encoding` says so").caused_by(error),
        })
}

fn read(format: BodyFormat, text: &[u8]) -> Result<Body, Problem> {
    let body = decode(format, text).map_err(|error| invalid(&error.to_string()))?;
    if body.rows.is_empty() {
        return Err(invalid("it holds no bars: send at least one"));
    }
    Ok(body)
}

fn invalid(message: &str) -> Problem {
    Problem::invalid(vec![FieldError {
        field: "body".to_owned(),
        message: message.to_owned(),
    }])
}
