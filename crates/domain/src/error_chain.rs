//! Errors with all their causes, for people who see one line.

use std::error::Error;
use std::fmt;

/// An error with its causes on one line, outermost first: `failed to merge: the store is unavailable: connection refused`.
///
/// A cause that says the same as the error around it is passed over.
#[derive(Clone, Copy, Debug)]
pub struct ErrorChain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.to_string();
        formatter.write_str(&shown)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if text != shown {
                write!(formatter, ": {text}")?;
                shown = text;
            }
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IngestRunRepositoryError, ProviderError};

    #[test]
    fn an_error_is_told_with_its_causes() {
        let error = IngestRunRepositoryError::Unavailable("connection refused".into());
        assert_eq!(
            ErrorChain(&error).to_string(),
            "the store is unavailable: connection refused"
        );
    }

    #[test]
    fn what_is_said_twice_is_told_once() {
        let error = ProviderError::Unavailable {
            retry_after: None,
            source: Box::new(ProviderError::Unavailable {
                retry_after: None,
                source: "timed out".into(),
            }),
        };
        assert_eq!(ErrorChain(&error).to_string(), "source unavailable: timed out");
    }
}
