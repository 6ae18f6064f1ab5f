//! What a provider is asked, and what a sound one says.

use std::collections::BTreeMap;

use super::Answer;

/// A request, as a provider sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The path without the query.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// Whether it got the answer that a sound server gives.
    pub was_answered: bool,
}

impl Asked {
    /// The value of a parameter, empty when it was not given.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// The value of a parameter that is a whole number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.parameter(name).parse().ok()
    }
}

/// What a sound server of one provider says.
pub trait Source: Send + Sync {
    /// The answer to a request, `None` when the path is none of this provider.
    fn answer(&self, asked: &Asked) -> Option<Answer>;
}
