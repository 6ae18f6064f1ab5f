//! The way through one range, page by page: where to ask on, whether pages join, and what each answer covers.

use super::failure::Failure;
use crate::merge::same_values;
use crate::{Bar, Interval, MergeBatch, Page, TimeRange, Timestamp};

/// How far a range was answered.
#[derive(Debug)]
pub(super) struct Walk {
    interval: Interval,
    page: Page,
    range: TimeRange,
    /// Whether a late beginning of the first answer is the beginning of what the provider has.
    begins_open: bool,
    /// Behind the last bar that the provider answered with at any time: what lies before is known to be whole.
    answered_until: Option<Timestamp>,
    /// Up to here the provider answered.
    reached: Timestamp,
    /// From here on nothing is recorded as covered yet.
    unrecorded: Timestamp,
    /// The last final bar that came.
    border: Option<Bar>,
    /// What answers passed over.
    unanswered: Vec<TimeRange>,
}

impl Walk {
    pub(super) fn new(range: TimeRange, interval: Interval, page: Page) -> Self {
        Self {
            interval,
            page,
            range,
            begins_open: false,
            answered_until: None,
            reached: range.start(),
            unrecorded: range.start(),
            border: None,
            unanswered: Vec::new(),
        }
    }

    /// Nothing is amiss when the first answer begins late.
    pub(super) fn beginning_open(self, begins_open: bool) -> Self {
        Self { begins_open, ..self }
    }

    /// Behind the last bar with which the provider answered before.
    pub(super) fn answered_until(self, answered_until: Option<Timestamp>) -> Self {
        Self { answered_until, ..self }
    }

    /// Up to where the provider answered.
    pub(super) fn reached(&self) -> Timestamp {
        self.reached
    }

    /// What answers passed over so far.
    pub(super) fn into_unanswered(self) -> Vec<TimeRange> {
        self.unanswered
    }

    /// What to ask for next: the rest of the range, from the last final bar on where the page before can be overlapped;
    /// `None` at the end.
    pub(super) fn next(&self) -> Option<TimeRange> {
        let rest = TimeRange::new(self.reached, self.range.end()).ok()?;
        let overlapped = self
            .border
            .as_ref()
            .map(Bar::opened_at)
            .filter(|border| match self.page {
                Page::Whole | Page::Month => false,
                Page::Bars(most) => most > 1,
                Page::Span(span) => self.reached.since(*border) < span,
            });
        overlapped
            .and_then(|border| TimeRange::new(border, rest.end()).ok())
            .or(Some(rest))
    }

    /// Takes the answer to `asked`, the last that [`Walk::next`] gave: `answered` is the part that it speaks for, and
    /// `batch` its bars. The repeated bar leaves the batch, and what the batch covers is set.
    ///
    /// # Errors
    /// [`Failure::Skipped`], [`Failure::Moved`] when the answer does not join the one before, [`Failure::Stalled`] when it
    /// leads no further: nothing of it may be merged. The [`Failure::Silent`] that is given instead of going on leaves a
    /// batch that may.
    pub(super) fn take(
        &mut self,
        asked: TimeRange,
        answered: Option<TimeRange>,
        batch: &mut MergeBatch,
    ) -> Result<Onwards, Failure> {
        self.join(asked, batch)?;
        batch.covered = None;
        let Some(answered) = answered.and_then(|answered| answered.intersection(asked)) else {
            return Ok(Onwards::Silent(Failure::Silent { from: self.reached }));
        };
        self.refuse_standstill(answered, batch)?;
        if let Ok(hole) = TimeRange::new(self.reached, answered.start()) {
            if !(self.begins_open && hole.start() == self.range.start()) {
                self.unanswered.push(hole);
            }
            self.unrecorded = hole.end();
        }
        self.reached = answered.end();
        if let Some(last) = batch.bars.iter().max_by_key(|bar| bar.opened_at()) {
            self.border = Some(last.clone());
            self.answered_until = self
                .answered_until
                .max(Some(self.interval.next_opening(last.opened_at())));
        }
        let known_whole = self.answered_until.unwrap_or(self.unrecorded).min(self.reached);
        batch.covered = TimeRange::new(self.unrecorded, known_whole).ok();
        self.unrecorded = self.unrecorded.max(known_whole);
        Ok(Onwards::Answered)
    }

    /// Checks that the answer repeats the bar that ended the page before, and takes it out: it is there already.
    fn join(&self, asked: TimeRange, batch: &mut MergeBatch) -> Result<(), Failure> {
        let Some(border) = self
            .border
            .as_ref()
            .filter(|border| border.opened_at() == asked.start())
        else {
            return Ok(());
        };
        let from = border.opened_at();
        let mut repeated = batch.bars.iter().filter(|bar| bar.opened_at() == from).peekable();
        if repeated.peek().is_none() {
            return Err(Failure::Skipped { from });
        }
        if repeated.any(|bar| !same_values(bar, border, batch.tolerance)) {
            return Err(Failure::Moved { from });
        }
        batch.bars.retain(|bar| bar.opened_at() != from);
        Ok(())
    }

    /// An answer leads on when it brings a bar from where the last one ended, speaks for at least the time of one, or ends
    /// the range.
    fn refuse_standstill(&self, answered: TimeRange, batch: &MergeBatch) -> Result<(), Failure> {
        let far_enough = self
            .reached
            .checked_add(self.interval.shortest_length())
            .unwrap_or(Timestamp::MAX);
        let brings_bars = || {
            let mut openings = batch.bars.iter().map(Bar::opened_at);
            openings.any(|opened_at| self.reached <= opened_at)
        };
        let leads_on =
            self.reached < answered.end() && (far_enough.min(self.range.end()) <= answered.end() || brings_bars());
        match leads_on {
            true => Ok(()),
            false => Err(Failure::Stalled { from: self.reached }),
        }
    }
}

/// Whether there is a way on.
#[derive(Debug)]
pub(super) enum Onwards {
    /// The answer spoke for the range.
    Answered,
    /// It said nothing of it: its bars may be merged, and that is the end.
    Silent(Failure),
}

#[cfg(test)]
mod tests;
