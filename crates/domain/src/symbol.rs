//! Symbols: how an instrument is written.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Why a text is not a symbol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// Empty, or longer than 32 characters.
    #[error("`{0}` is not a symbol: it needs 1 to 32 characters")]
    Length(String),
    /// A character outside the alphabet.
    #[error("`{text}` is not a symbol: {character:?} is not one of A-Z a-z 0-9 . - _ ^ = /")]
    Character {
        /// The text as given, cut to 60 characters.
        text: String,
        /// The first character that does not belong.
        character: char,
    },
}

/// The symbol of an instrument: 1 to 32 of `A-Z a-z 0-9 . - _ ^ = /`, such as `AAPL`, `^GSPC`, `BTC-USD`.
///
/// Kept as given, compared upper-cased: `aapl` and `AAPL` are the same symbol.
#[derive(Clone)]
pub struct Symbol(Arc<str>);

impl Symbol {
    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which symbols are compared and kept unique.
    #[must_use]
    pub fn to_upper(&self) -> String {
        self.0.to_ascii_uppercase()
    }
}

impl FromStr for Symbol {
    type Err = SymbolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > 32 {
            return Err(SymbolError::Length(text.chars().take(60).collect()));
        }
        match text
            .chars()
            .find(|letter| !letter.is_ascii_alphanumeric() && !".-_^=/".contains(*letter))
        {
            Some(character) => Err(SymbolError::Character {
                text: text.to_owned(),
                character,
            }),
            None => Ok(Self(text.into())),
        }
    }
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Symbol {}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Symbol {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.to_upper().cmp(&other.to_upper())
    }
}

impl std::hash::Hash for Symbol {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.to_upper().hash(state);
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_spellings_of_the_field() {
        for text in [
            "AAPL", "BRK.B", "^GSPC", "BTC-USD", "EURUSD=X", "ETH/BTC", "0700", "brk_b", "A",
        ] {
            assert_eq!(text.parse::<Symbol>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_what_cannot_be_one() {
        for text in ["", "NASDAQ:AAPL", "A B", "ÄÖ", &"X".repeat(33)] {
            assert!(text.parse::<Symbol>().is_err(), "{text}");
        }
    }

    #[test]
    fn compares_without_regard_to_case() {
        assert_eq!("aapl".parse::<Symbol>(), "AAPL".parse::<Symbol>());
    }
}
