//! Mistakes in the configuration, all of them at once.

use std::fmt;

/// One mistake: where it stands, what it says, what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The setting as its origin spells it: `server.listen`, `SENTINEL_SERVER__LISTEN` or `--listen`.
    pub setting: String,
    /// Its value, masked when secret; `None` when the value does not matter.
    pub value: Option<String>,
    /// Where it was set.
    pub origin: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            value,
            origin,
            problem,
        } = self;
        match value {
            Some(value) => write!(formatter, "{setting} = `{value}` ({origin}): {problem}"),
            None => write!(formatter, "{setting} ({origin}): {problem}"),
        }
    }
}

/// Why there is no configuration: every mistake that was found, never an empty list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(formatter, "the configuration has a mistake\n  {only}"),
            all => {
                write!(formatter, "the configuration has {} mistakes", all.len())?;
                all.iter().try_for_each(|mistake| write!(formatter, "\n  {mistake}"))
            }
        }
    }
}

impl std::error::Error for Mistakes {}
