//! How a person or a client names an instrument.

use std::fmt;
use std::str::FromStr;

use crate::code::CodeError;
use crate::symbol::SymbolError;
use crate::{Exchange, InstrumentId, Symbol};

/// Why a text names no instrument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The symbol part is wrong.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// The exchange part is wrong.
    #[error(transparent)]
    Exchange(#[from] CodeError),
    /// `id:` without a number behind it.
    #[error("`{0}` is not an instrument id: write id: and a whole number, such as id:700")]
    Id(String),
}

/// `700`, `id:700`, `AAPL`, `:0700` or `XNAS:AAPL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstrumentReference {
    /// `id:700`: exactly that number.
    Id(InstrumentId),
    /// `:0700`: exactly that symbol, on whichever exchange.
    Symbol(Symbol),
    /// `XNAS:AAPL`: symbol and exchange.
    Listed {
        /// Where it trades.
        exchange: Exchange,
        /// How it is written.
        symbol: Symbol,
    },
    /// `700`: a number that may also be a symbol.
    IdOrSymbol {
        /// Read as a number.
        id: InstrumentId,
        /// Read as a symbol.
        symbol: Symbol,
    },
}

impl FromStr for InstrumentReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |digits: &str| digits.parse::<i64>().ok().filter(|id| *id > 0).map(InstrumentId);
        match text.split_once(':') {
            Some(("id", digits)) => number(digits)
                .map(Self::Id)
                .ok_or_else(|| ReferenceError::Id(text.to_owned())),
            Some(("", symbol)) => Ok(Self::Symbol(symbol.parse()?)),
            Some((exchange, symbol)) => Ok(Self::Listed {
                exchange: exchange.to_ascii_uppercase().parse()?,
                symbol: symbol.parse()?,
            }),
            None => {
                let symbol = text.parse()?;
                Ok(match number(text) {
                    Some(id) => Self::IdOrSymbol { id, symbol },
                    None => Self::Symbol(symbol),
                })
            }
        }
    }
}

impl fmt::Display for InstrumentReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(formatter, "id:{id}"),
            Self::Symbol(symbol) | Self::IdOrSymbol { symbol, .. } => fmt::Display::fmt(symbol, formatter),
            Self::Listed { exchange, symbol } => write!(formatter, "{exchange}:{symbol}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_an_id_or_a_symbol() {
        let parse = |text: &str| text.parse::<InstrumentReference>().unwrap();
        assert!(matches!(
            parse("0700"),
            InstrumentReference::IdOrSymbol {
                id: InstrumentId(700),
                ..
            }
        ));
        assert_eq!(parse("id:700"), InstrumentReference::Id(InstrumentId(700)));
        assert!(matches!(parse(":0700"), InstrumentReference::Symbol(_)));
        assert_eq!(parse("xnas:AAPL").to_string(), "XNAS:AAPL");
    }

    #[test]
    fn refuses_an_id_that_is_none() {
        for text in ["id:", "id:-1", "id:x", "A:B:C", ":"] {
            assert!(text.parse::<InstrumentReference>().is_err(), "{text}");
        }
    }
}
