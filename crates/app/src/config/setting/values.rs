//! What a setting takes: the words of the documentation, and the rule that a value is held against.

use std::fmt;

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// A whole number of these, both ends included.
    Whole {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// One of these words.
    Words(&'static [&'static str]),
    /// What the text says; the type that it becomes knows the rule.
    Text(&'static str),
}

impl Values {
    /// What to write instead of something else.
    pub(in crate::config) fn remedy(self) -> String {
        match self {
            Self::Whole { least, most, unit } => format!("write a whole number of {unit} from {least} to {most}"),
            Self::Words(_) | Self::Text(_) => format!("write {self}"),
        }
    }

    /// A whole number that is in the range.
    pub(in crate::config) fn whole(self, text: &str) -> Result<u64, String> {
        let within = |number: &u64| match self {
            Self::Whole { least, most, .. } => (least..=most).contains(number),
            Self::Words(_) | Self::Text(_) => false,
        };
        text.parse().ok().filter(within).ok_or_else(|| self.remedy())
    }
}

impl fmt::Display for Values {
    /// `1 to 600`; `always, never or auto`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { least, most, .. } => write!(formatter, "{least} to {most}"),
            Self::Words(words) => match words {
                [before @ .., last] if !before.is_empty() => write!(formatter, "{} or {last}", before.join(", ")),
                _ => formatter.write_str(&words.join(", ")),
            },
            Self::Text(text) => formatter.write_str(text),
        }
    }
}
