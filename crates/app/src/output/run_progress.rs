//! How far runs are that are carried out side by side: a bar each on a terminal, plain lines elsewhere, both on standard
//! error.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::ingest::Progress;
use domain::{RunId, TimeRange, Timestamp};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{counted, grouped};

/// Between two plain lines.
const EVERY: Duration = Duration::from_secs(10);
/// How many steps a bar has.
const STEPS: u64 = 1_000;

/// Runs on their way.
pub(crate) struct RunProgress {
    names: HashMap<RunId, String>,
    shown: Mutex<Shown>,
}

struct Shown {
    rows: HashMap<RunId, u64>,
    over: usize,
    told: Instant,
    bars: Option<Bars>,
}

struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    each: HashMap<RunId, ProgressBar>,
}

impl RunProgress {
    /// Of runs, under the names that they are shown by.
    #[must_use]
    pub(crate) fn begin(names: HashMap<RunId, String>) -> Self {
        let bars = io::stderr().is_terminal().then(|| Bars::begin(names.len()));
        Self {
            names,
            shown: Mutex::new(Shown {
                rows: HashMap::new(),
                over: 0,
                told: Instant::now(),
                bars,
            }),
        }
    }

    /// A run began, or merged a page.
    pub(crate) fn reach(&self, progress: &Progress) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.rows.insert(progress.run, progress.counts.fetched());
        let name = self.name(progress.run);
        if let Some(bars) = &mut shown.bars {
            bars.reach(&name, progress);
        } else if shown.told.elapsed() >= EVERY {
            shown.told = Instant::now();
            let rows = shown.rows.values().sum();
            let rows = counted(rows, "row", "rows");
            let (over, all) = (shown.over, self.names.len());
            let up_to = up_to(progress.reached);
            remark(format_args!("{over} of {all} runs, {rows}; {name}{up_to}"));
        }
    }

    /// A run cannot begin yet.
    pub(crate) fn held(&self, run: RunId, by: RunId, until: Timestamp) {
        let name = self.name(run);
        self.say(&format!(
            "{name}: run {run} waits, run {by} is at work on its series until {until}, unless it says that it goes on"
        ));
    }

    /// A remark beside what is shown.
    pub(crate) fn say(&self, line: &str) {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        match &shown.bars {
            // A bar that cannot be drawn over is no reason to stop.
            Some(bars) => drop(bars.all.println(line)),
            None => remark(line),
        }
    }

    /// Nothing more happens to a run.
    pub(crate) fn over(&self, run: RunId) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.over += 1;
        if let Some(bars) = &mut shown.bars {
            bars.over(run);
        }
    }

    fn name(&self, run: RunId) -> String {
        self.names.get(&run).cloned().unwrap_or_else(|| format!("run {run}"))
    }
}

impl Bars {
    fn begin(runs: usize) -> Self {
        let all = MultiProgress::new();
        let total = all.add(ProgressBar::new(u64::try_from(runs).unwrap_or(u64::MAX)));
        total.set_style(style("{human_pos} of {human_len} runs, {elapsed}"));
        Self {
            all,
            total,
            each: HashMap::new(),
        }
    }

    fn reach(&mut self, name: &str, progress: &Progress) {
        let (all, total) = (&self.all, &self.total);
        let bar = self.each.entry(progress.run).or_insert_with(|| {
            let bar = all.insert_before(total, ProgressBar::new(STEPS));
            bar.set_style(style("{prefix:24!} [{bar:30}] {msg}"));
            bar.set_prefix(name.to_owned());
            bar
        });
        bar.set_position(steps(progress.asked, progress.reached));
        let rows = grouped(progress.counts.fetched());
        bar.set_message(format!("{rows} rows{}", up_to(progress.reached)));
        self.total.tick();
    }

    fn over(&mut self, run: RunId) {
        if let Some(bar) = self.each.remove(&run) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        self.total.inc(1);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.each.values().for_each(ProgressBar::finish_and_clear);
        self.total.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_plain| ProgressStyle::default_bar());
    style.progress_chars("=> ")
}

fn up_to(reached: Option<Timestamp>) -> String {
    reached.map_or_else(String::new, |reached| format!(" up to {}", reached.date()))
}

/// How much of a range lies before an instant; nothing while its beginning is not known.
fn steps(asked: TimeRange, reached: Option<Timestamp>) -> u64 {
    let micros = |instant: Timestamp| i128::from(instant.unix_micros());
    match reached {
        Some(reached) if asked.start() > Timestamp::MIN => {
            let (start, end) = (micros(asked.start()), micros(asked.end()));
            let done = (micros(reached) - start).clamp(0, end - start);
            u64::try_from(done * i128::from(STEPS) / (end - start)).unwrap_or(STEPS)
        }
        _ => 0,
    }
}

fn remark(line: impl std::fmt::Display) {
    // Nobody is left to be told that standard error is closed.
    let _unheard = writeln!(io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_the_part_of_the_range_that_was_answered() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let year = TimeRange::new(at("2023-01-01T00:00:00Z"), at("2024-01-01T00:00:00Z")).unwrap();
        let check = |reached: Option<&str>, expected| assert_eq!(steps(year, reached.map(at)), expected);
        check(None, 0);
        check(Some("2023-01-01T00:00:00Z"), 0);
        check(Some("2023-07-02T12:00:00Z"), 500);
        check(Some("2024-01-01T00:00:00Z"), 1_000);
        check(Some("2024-02-01T00:00:00Z"), 1_000);
        assert_eq!(
            steps(TimeRange::ALL, Some(at("2024-01-01T00:00:00Z"))),
            0,
            "it begins nobody knows when"
        );
    }
}
