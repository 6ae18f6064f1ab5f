//! What commands print: tables for people, one JSON object for machines, progress on standard error.

mod progress;
mod run_progress;
mod table;

use std::fmt::Display;
use std::io::{self, Write};

pub(crate) use progress::Progress;
pub(crate) use run_progress::RunProgress;
pub(crate) use table::Table;

/// Standard output of a command: either lines and tables, or the one JSON object that `--json` asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// For people, or for machines.
    #[must_use]
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether `--json` was given.
    #[must_use]
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// A line for people.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(crate) fn line(self, line: impl Display) -> io::Result<()> {
        if self.json {
            Ok(())
        } else {
            writeln!(io::stdout().lock(), "{line}")
        }
    }

    /// A table for people.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(crate) fn table(self, table: &Table) -> io::Result<()> {
        if self.json {
            Ok(())
        } else {
            write!(io::stdout().lock(), "{table}")
        }
    }

    /// The object for machines.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(crate) fn object(self, object: &serde_json::Value) -> io::Result<()> {
        if self.json {
            writeln!(io::stdout().lock(), "{object}")
        } else {
            Ok(())
        }
    }

    /// A remark for people on standard error, whatever standard output is used for.
    pub(crate) fn remark(self, line: impl Display) {
        // Nobody is left to be told that standard error is closed.
        let _unheard = writeln!(io::stderr().lock(), "{line}");
    }
}

/// `1 row`, `2 rows`, with thousands apart: `5,849 bars`.
#[must_use]
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// `1234567` as `1,234,567`.
#[must_use]
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An error with its causes, in one line.
#[must_use]
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // A transparent wrapper says the same as what it wraps.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_thousands() {
        let check = |number, text: &str| assert_eq!(grouped(number), text);
        check(0, "0");
        check(999, "999");
        check(1_000, "1,000");
        check(1_234_567, "1,234,567");
        assert_eq!(counted(1, "bar", "bars"), "1 bar");
    }
}
