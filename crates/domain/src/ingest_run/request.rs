//! What is asked for when runs are to be recorded.

use std::fmt;
use std::str::FromStr;

use super::{IngestRun, IngestRunRepositoryError};
use crate::{SeriesKey, SourceName, TimeRange};

/// The longest key, in characters.
const MAX_KEY: usize = 200;

/// A run to be recorded: a range of a series, from a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// Which series.
    pub series: SeriesKey,
    /// From where.
    pub source: SourceName,
    /// What is asked for; an open end is [`Timestamp::MIN`](crate::Timestamp::MIN) or
    /// [`Timestamp::MAX`](crate::Timestamp::MAX).
    pub asked: TimeRange,
    /// Whether everything is asked again, also what was answered before.
    pub refresh: bool,
}

/// Runs to be recorded together, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRequest {
    /// In the order in which they are to begin.
    pub runs: Vec<NewRun>,
    /// What the client calls this request by, if it wants to be able to send it again.
    pub key: Option<IdempotencyKey>,
}

/// The answer to a [`NewRun`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedRun {
    /// The run that does what was asked for.
    pub run: IngestRun,
    /// Whether it was recorded by this request; `false` when there was one already.
    pub created: bool,
}

impl RunRequest {
    /// The answer when `recorded` are the runs under the key, which was used before.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::KeyReused`] when they are others than are asked for now.
    pub fn repeated(
        &self,
        key: &IdempotencyKey,
        recorded: Vec<IngestRun>,
    ) -> Result<Vec<RequestedRun>, IngestRunRepositoryError> {
        let same =
            recorded.len() == self.runs.len() && recorded.iter().zip(&self.runs).all(|(run, new)| run.answers(new));
        if !same {
            return Err(IngestRunRepositoryError::KeyReused { key: key.clone() });
        }
        let known = |run| RequestedRun { run, created: false };
        Ok(recorded.into_iter().map(known).collect())
    }
}

/// What a client calls its request by, so that sending it again asks for nothing new: 1 to 200 visible ASCII characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

/// The text is no idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an idempotency key: 1 to {MAX_KEY} visible ASCII characters without spaces, such as a UUID")]
pub struct IdempotencyKeyError(String);

impl IdempotencyKey {
    /// The key itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = IdempotencyKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdempotencyKeyError(text.chars().take(60).collect()))
        }
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_1_to_200_visible_ascii_characters() {
        let longest = "x".repeat(MAX_KEY);
        for key in ["1", "8e03978e-40d5-43e8-bc93-6894a57f9324", "!~", &longest] {
            assert_eq!(key.parse::<IdempotencyKey>().unwrap().as_str(), key);
        }
        for text in ["", "two words", "schl\u{fc}ssel", "line\n", &format!("{longest}x")] {
            text.parse::<IdempotencyKey>().unwrap_err();
        }
    }

    #[test]
    fn says_what_would_be_a_key() {
        let error = "two words".parse::<IdempotencyKey>().unwrap_err().to_string();
        assert_eq!(
            error,
            "`two words` is not an idempotency key: 1 to 200 visible ASCII characters without spaces, such as a UUID"
        );
    }
}
