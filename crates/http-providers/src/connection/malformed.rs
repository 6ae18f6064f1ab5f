//! What is wrong with an answer, and where.

use domain::{BoxError, ProviderError};

/// How much of an answer an error shows.
const EXCERPT_BYTES: usize = 200;
/// How much of that stands before the place itself.
const BEFORE_BYTES: usize = 60;

/// An answer that is not what the source documents.
#[derive(Debug)]
pub(crate) struct Malformed {
    at: String,
    near: Near,
    source: BoxError,
}

#[derive(Debug)]
enum Near {
    /// Counted in bytes from the beginning of the body.
    Offset(usize),
    /// What stands there.
    Text(String),
}

impl Malformed {
    /// A body that is no JSON, or JSON of another shape.
    pub(crate) fn json(body: &[u8], error: serde_json::Error) -> Self {
        let lines_before = error.line().saturating_sub(1);
        let line_start: usize = body
            .split_inclusive(|byte| *byte == b'\n')
            .take(lines_before)
            .map(<[u8]>::len)
            .sum();
        Self {
            at: format!("line {} column {}", error.line(), error.column()),
            near: Near::Offset(line_start + error.column().saturating_sub(1)),
            source: error.into(),
        }
    }

    /// A value that cannot be, under its path in the answer.
    pub(crate) fn value(at: impl Into<String>, text: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self {
            at: at.into(),
            near: Near::Text(text.into()),
            source: source.into(),
        }
    }

    /// The error of the port. `mask` blots out the key; it goes over whole texts, so that no cut leaves a part of one.
    pub(crate) fn into_error(self, body: &[u8], mask: &dyn Fn(&str) -> String) -> ProviderError {
        let excerpt = match self.near {
            Near::Offset(offset) => {
                let masked = mask(&String::from_utf8_lossy(body));
                let start = floor_boundary(&masked, offset.saturating_sub(BEFORE_BYTES));
                excerpt(masked.get(start..).unwrap_or_default())
            }
            Near::Text(text) => excerpt(&mask(&text)),
        };
        let said = self.source.to_string();
        let masked = mask(&said);
        ProviderError::InvalidPayload {
            at: self.at,
            excerpt,
            source: if masked == said { self.source } else { masked.into() },
        }
    }
}

/// The beginning of a text on one line.
pub(crate) fn excerpt(text: &str) -> String {
    let end = floor_boundary(text, EXCERPT_BYTES);
    let cut = text.get(..end).unwrap_or_default();
    cut.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The last character boundary at or before `index`.
fn floor_boundary(text: &str, index: usize) -> usize {
    (0..=index.min(text.len()))
        .rev()
        .find(|index| text.is_char_boundary(*index))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str, secret: &str) -> (String, String, String) {
        let error = serde_json::from_str::<Vec<u32>>(body).unwrap_err();
        let mask = |text: &str| text.replace(secret, &"*".repeat(secret.len()));
        match Malformed::json(body.as_bytes(), error).into_error(body.as_bytes(), &mask) {
            ProviderError::InvalidPayload { at, excerpt, source } => (at, excerpt, source.to_string()),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn shows_the_place() {
        let (at, excerpt, source) = shown("[1,\n2,\n  x]", "none");
        assert_eq!(at, "line 3 column 3");
        assert_eq!(excerpt, "[1, 2, x]");
        assert!(source.contains("expected value"), "{source}");
    }

    #[test]
    fn no_cut_leaves_a_part_of_the_key() {
        // The key straddles the end of the excerpt, then its beginning, then the decoder quotes it.
        let check = |body: &str| {
            let (_, excerpt, source) = shown(body, "SECRETKEY");
            assert!(!excerpt.contains("SEC") && !excerpt.contains("KEY"), "{excerpt}");
            assert!(!source.contains("SECRETKEY"), "{source}");
        };
        check(&format!("x{}SECRETKEY", " y".repeat(98)));
        check(&format!("[1, {}\"SECRETKEY\"]", "2, ".repeat(30)));
        check("[\"SECRETKEY\"]");
    }

    #[test]
    fn an_excerpt_is_short_and_whole_characters() {
        let (_, excerpt, _) = shown(&format!("<{}", "é".repeat(300)), "none");
        assert!(excerpt.len() <= EXCERPT_BYTES && excerpt.ends_with('é'), "{excerpt}");
    }
}
