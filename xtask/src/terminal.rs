//! What the tasks say to the person in front of them: results on standard output, the rest on standard error.

use std::fmt::Display;

/// One line of a result, which a script may read.
#[expect(clippy::print_stdout, reason = "this is the one place that writes results")]
pub(crate) fn say(line: impl Display) {
    println!("{line}");
}

/// One line about what is going on or went wrong.
#[expect(clippy::print_stderr, reason = "this is the one place that writes notes and errors")]
pub(crate) fn warn(line: impl Display) {
    eprintln!("{line}");
}
