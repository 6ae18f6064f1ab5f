//! Short codes of the market: currencies, exchanges and sources.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Why a text is not a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {kind}: {rule}")]
pub struct CodeError {
    text: String,
    kind: &'static str,
    rule: &'static str,
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The code itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = CodeError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(CodeError { text: text.chars().take(60).collect(), kind: $kind, rule: $rule })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

code! {
    /// ISO 4217 (`USD`), a crypto code (`BTC`), or a minor unit under its own code (`GBX`, `ZAC`, `ILA`), which is never
    /// folded into its major unit. `XXX` stands for unknown.
    Currency, "a currency", "2 to 10 of A-Z 0-9, such as USD, GBX or BTC",
    |text| (2..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

code! {
    /// Where an instrument trades: an ISO 10383 market identifier (`XNAS`) or the name of a venue (`BITSTAMP`).
    Exchange, "an exchange", "1 to 32 of A-Z 0-9 . - _, such as XNAS or BITSTAMP",
    |text| (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b".-_".contains(&byte))
}

code! {
    /// Who said so: the name of a provider (`yahoo`), `api`, or what an import was told (`file`).
    SourceName, "a source", "1 to 32 of a-z 0-9 . - _, such as yahoo or file",
    |text| (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte))
}

code! {
    /// The name of a trading calendar, such as `XNYS`, `24/7` or `weekdays`.
    CalendarName, "a calendar", "1 to 32 of A-Z a-z 0-9 / . - _, such as XNYS or 24/7",
    |text| (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.-_".contains(&byte))
}

impl Currency {
    /// `XXX`, the ISO 4217 code for no currency: used where it is not known.
    #[must_use]
    pub fn unknown() -> Self {
        Self("XXX".into())
    }

    /// Whether it is `XXX`.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        &*self.0 == "XXX"
    }
}

impl CalendarName {
    /// Monday to Friday, the fallback.
    #[must_use]
    pub fn weekdays() -> Self {
        Self("weekdays".into())
    }
}

impl SourceName {
    /// Bars that came in a file, unless the import named another source.
    #[must_use]
    pub fn file() -> Self {
        Self("file".into())
    }

    /// Bars that a client put over HTTP, unless it named another source.
    #[must_use]
    pub fn api() -> Self {
        Self("api".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_keep_their_own_code() {
        assert_ne!("GBX".parse::<Currency>().unwrap(), "GBP".parse::<Currency>().unwrap());
        assert!(
            "GBp".parse::<Currency>().is_err(),
            "providers' spellings are turned at the edge"
        );
    }

    #[test]
    fn says_what_would_be_right() {
        let error = "us dollar".parse::<Currency>().unwrap_err().to_string();
        assert_eq!(
            error,
            "`us dollar` is not a currency: 2 to 10 of A-Z 0-9, such as USD, GBX or BTC"
        );
    }
}
