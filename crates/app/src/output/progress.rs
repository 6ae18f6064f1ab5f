//! How far a long task is: a bar on a terminal, plain lines elsewhere, both on standard error.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::grouped;

/// Between two plain lines.
const EVERY: Duration = Duration::from_secs(10);

/// Rows of one file on their way.
#[derive(Debug)]
pub(crate) struct Progress {
    what: String,
    total: Option<u64>,
    bar: Option<ProgressBar>,
    told: Instant,
}

impl Progress {
    /// Begins; `total` rows are expected, when that is known.
    #[must_use]
    pub(crate) fn begin(what: &str, total: Option<u64>) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = match total {
                Some(total) => ProgressBar::new(total),
                None => ProgressBar::new_spinner(),
            };
            let template = match total {
                Some(_) => "{msg:24!} [{bar:30}] {human_pos} of {human_len} rows, {eta} left",
                None => "{msg:24!} {spinner} {human_pos} rows",
            };
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_plain| ProgressStyle::default_bar());
            bar.set_style(style.progress_chars("=> "));
            bar.set_message(what.to_owned());
            bar
        });
        Self {
            what: what.to_owned(),
            total,
            bar,
            told: Instant::now(),
        }
    }

    /// So many rows are done.
    pub(crate) fn reach(&mut self, rows: u64) {
        match &self.bar {
            Some(bar) => bar.set_position(rows),
            None if self.told.elapsed() >= EVERY => {
                self.told = Instant::now();
                let of = self
                    .total
                    .map_or_else(String::new, |total| format!(" of {}", grouped(total)));
                // Nobody is left to be told that standard error is closed.
                let _unheard = writeln!(io::stderr().lock(), "{}: {}{of} rows", self.what, grouped(rows));
            }
            None => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
