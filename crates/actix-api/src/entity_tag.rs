//! Entity tags: one strong tag for one state of one answer, and what a client already has.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What the compression appends to a tag.
const ENCODINGS: [&str; 4] = ["-gzip", "-br", "-zstd", "-deflate"];

/// The tag of an answer, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EntityTag(String);

impl EntityTag {
    /// From everything that the answer depends on.
    pub(crate) fn of(parts: &str) -> Self {
        Self(digest(parts))
    }

    /// As a header value.
    pub(crate) fn header(&self) -> (HeaderName, HeaderValue) {
        // The alphabet of base64url is one of header values.
        let value = HeaderValue::from_str(&format!("\"{}\"", self.0));
        (
            header::ETAG,
            value.unwrap_or_else(|_never| HeaderValue::from_static("\"\"")),
        )
    }

    /// This tag as the client has it, with the mark of its encoding, when `If-None-Match` says so: a 304 with another
    /// tag would not freshen what the client keeps.
    pub(crate) fn known_to(&self, request: &HttpRequest) -> Option<Self> {
        request
            .headers()
            .get_all(header::IF_NONE_MATCH)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(',').map(str::trim))
            .find_map(|tag| match tag.trim_start_matches("W/").trim_matches('"') {
                "*" => Some(self.clone()),
                tag => self.matches(tag).then(|| Self(tag.to_owned())),
            })
    }

    /// The tag of an answer that depends on more.
    pub(crate) fn and(&self, parts: &str) -> Self {
        Self::of(&format!("{} {parts}", self.0))
    }

    /// Whether `If-Range` allows a part of this answer; without the header it does.
    pub(crate) fn allows_range(&self, request: &HttpRequest) -> bool {
        match request.headers().get(header::IF_RANGE) {
            Some(value) => value.to_str().is_ok_and(|tag| tag == format!("\"{}\"", self.0)),
            None => true,
        }
    }

    fn matches(&self, tag: &str) -> bool {
        tag == self.0
            || ENCODINGS
                .iter()
                .any(|encoding| tag.strip_suffix(encoding) == Some(self.0.as_str()))
    }
}

/// 16 bytes of SHA-256, as base64url.
pub(crate) fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn knows_its_own_tag_in_every_encoding() {
        let tag = EntityTag::of("AAPL 7");
        let known = |value: String| {
            let request = TestRequest::default()
                .insert_header((header::IF_NONE_MATCH, value))
                .to_http_request();
            tag.known_to(&request).map(|known| known.0)
        };
        let gzip = format!("{}-gzip", tag.0);
        assert_eq!(known(format!("\"{}\"", tag.0)), Some(tag.0.clone()));
        assert_eq!(known(format!("\"x\", W/\"{gzip}\"")), Some(gzip));
        assert_eq!(known("*".to_owned()), Some(tag.0.clone()));
        assert_eq!(known(format!("\"{}\"", EntityTag::of("AAPL 8").0)), None);
    }
}
