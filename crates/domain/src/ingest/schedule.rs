//! Which ranges to ask a provider for: what is wanted, less what it answered, and the last sessions of that again.

use std::iter::successors;

use time::{Date, Duration};

use crate::{CoveredRange, Interval, OfferedInterval, RangeSet, SourceName, TimeRange, Timestamp, TradingCalendar};

/// How many of the last sessions that were answered are asked again, because sources correct them.
const SESSIONS_AGAIN: usize = 5;
/// How far back those sessions are looked for.
const MOST_DAYS_BACK: usize = 60;

/// What a provider answered of a series.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// Before the run was asked for.
    before: RangeSet,
    /// Since then, by an earlier attempt at the same run: fresh enough.
    since: RangeSet,
}

impl Answered {
    /// From the coverage of a series. Without a run, everything was answered before.
    pub(super) fn by(source: &SourceName, covered: &[CoveredRange], asked_at: Option<Timestamp>) -> Self {
        let mut answered = Self::default();
        for known in covered.iter().filter(|known| known.source == *source) {
            let fresh = asked_at.is_some_and(|asked_at| asked_at < known.answered_at);
            let set = if fresh {
                &mut answered.since
            } else {
                &mut answered.before
            };
            set.insert(known.range);
        }
        answered
    }

    /// Behind the last bar that it answered with.
    pub(super) fn until(&self) -> Option<Timestamp> {
        let last = |set: &RangeSet| set.iter().last().map(TimeRange::end);
        last(&self.before).max(last(&self.since))
    }
}

/// How a series is offered, and when it trades.
pub(super) struct Terms<'a> {
    pub(super) interval: Interval,
    pub(super) offered: &'a OfferedInterval,
    pub(super) calendar: &'a dyn TradingCalendar,
    /// Whether what was answered before is asked again.
    pub(super) refresh: bool,
}

/// What to ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Schedule {
    /// Oldest first; neither overlapping nor touching.
    pub(super) ranges: Vec<TimeRange>,
    /// What was answered before and is asked again all the same.
    pub(super) again: Option<TimeRange>,
    /// What the provider does not go back to, though it was asked for by a start of its own.
    pub(super) out_of_reach: Option<TimeRange>,
}

impl Terms<'_> {
    /// The difference of what is wanted at the time `now` and what was answered.
    pub(super) fn schedule(&self, asked: TimeRange, answered: &Answered, now: Timestamp) -> Schedule {
        let Ok(wanted) = TimeRange::new(asked.start(), asked.end().min(now)) else {
            return Schedule::default();
        };
        let reach = self.offered.reach(now);
        let reachable = TimeRange::new(wanted.start().max(reach), wanted.end()).ok();
        let again = answered
            .until()
            .and_then(|until| TimeRange::new(self.last_sessions(until), until).ok());
        let again = reachable.zip(again).and_then(|(one, other)| one.intersection(other));
        let mut todo: RangeSet = reachable.into_iter().collect();
        let again = again.filter(|_| !self.refresh);
        if !self.refresh {
            todo.subtract(&answered.before);
            todo.extend(again);
        }
        todo.subtract(&answered.since);
        Schedule {
            again: again.filter(|again| todo.iter().any(|range| range.intersection(*again).is_some())),
            ranges: todo.into_iter().collect(),
            out_of_reach: out_of_reach(wanted, reach, answered),
        }
    }

    /// Where the bars of the last sessions before an instant begin.
    fn last_sessions(&self, until: Timestamp) -> Timestamp {
        let last = until.checked_add(-Duration::MICROSECOND).unwrap_or(until);
        let begins = match self.interval.intraday_length() {
            // Hours may be counted from the opening of a session, but none opens more than its own length before it.
            Some(length) => dates_back_from(self.calendar.session_date(last))
                .filter_map(|date| self.calendar.session(date))
                .map(|session| session.start())
                .filter(|opening| *opening < until)
                .take(SESSIONS_AGAIN)
                .last()
                .map(|opening| opening.floor(length)),
            None => dates_back_from(last.date())
                .filter(|date| self.calendar.session(*date).is_some())
                .take(SESSIONS_AGAIN)
                .last()
                .and_then(|date| Timestamp::midnight(self.interval.period_start(date)).ok()),
        };
        begins.unwrap_or(until)
    }
}

/// An open start asks for what there is, so nothing of it is out of reach.
fn out_of_reach(wanted: TimeRange, reach: Timestamp, answered: &Answered) -> Option<TimeRange> {
    if wanted.start() == Timestamp::MIN {
        return None;
    }
    let mut lost: RangeSet = TimeRange::new(wanted.start(), wanted.end().min(reach))
        .into_iter()
        .collect();
    lost.subtract(&answered.before);
    lost.subtract(&answered.since);
    lost.into_iter().reduce(TimeRange::hull)
}

fn dates_back_from(date: Date) -> impl Iterator<Item = Date> {
    successors(Some(date), |date| date.previous_day()).take(MOST_DAYS_BACK)
}

#[cfg(test)]
mod tests;
