//! What may become of a run, decided here once for all stores.

use time::Duration;

use super::{IngestRun, IngestRunRepositoryError, NewRun, RunEnd, RunId, RunState};
use crate::{MergeCounts, TimeRange, Timestamp};

impl IngestRun {
    /// How long a process counts as alive after its last sign.
    pub const LEASE: Duration = Duration::seconds(30);

    /// One that waits, and has done nothing yet.
    #[must_use]
    pub fn queued(id: RunId, new: NewRun, created_at: Timestamp) -> Self {
        let NewRun {
            series,
            source,
            asked,
            refresh,
        } = new;
        Self {
            id,
            source,
            series,
            asked: Some(asked),
            refresh,
            reached: None,
            state: RunState::Queued,
            counts: MergeCounts::default(),
            attempts: 0,
            error: None,
            created_at,
            started_at: None,
            finished_at: None,
            lease_until: None,
        }
    }

    /// Whether it was recorded for the same as `new` asks for: series, source, range and refresh.
    #[must_use]
    pub fn answers(&self, new: &NewRun) -> bool {
        self.series == new.series
            && self.source == new.source
            && self.asked == Some(new.asked)
            && self.refresh == new.refresh
    }

    /// Until when somebody is at work on it; `None` when nobody is.
    #[must_use]
    pub fn held_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.lease_until
            .filter(|until| self.state == RunState::Running && now < *until)
    }

    /// Whether only one of both may be at work: both ask the same source for the same series. Files ask nobody.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        self.asked.is_some()
            && other.asked.is_some()
            && self.id != other.id
            && self.series == other.series
            && self.source == other.source
    }

    /// Begins: one more attempt. `others` are runs of the same series that have a lease, as far as the store has any.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::Ended`], [`IngestRunRepositoryError::Held`].
    pub fn begin(&mut self, others: &[Self], now: Timestamp) -> Result<(), IngestRunRepositoryError> {
        self.refuse_ended()?;
        let holders = others.iter().filter(|other| self.excludes(other));
        let held = std::iter::once(&*self)
            .chain(holders)
            .find_map(|run| Some((run.id, run.held_until(now)?)));
        if let Some((by, until)) = held {
            return Err(IngestRunRepositoryError::Held { id: self.id, by, until });
        }
        self.state = RunState::Running;
        self.attempts = self.attempts.saturating_add(1);
        self.started_at = Some(now);
        self.lease_until = now.checked_add(Self::LEASE);
        Ok(())
    }

    /// The attempt is alive.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::Ended`], [`IngestRunRepositoryError::TakenOver`].
    pub fn renew(&mut self, attempt: u32, now: Timestamp) -> Result<(), IngestRunRepositoryError> {
        self.refuse_other(attempt)?;
        self.lease_until = now.checked_add(Self::LEASE);
        Ok(())
    }

    /// The attempt stops before the end.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::Ended`], [`IngestRunRepositoryError::TakenOver`].
    pub fn hand_back(&mut self, attempt: u32) -> Result<(), IngestRunRepositoryError> {
        self.refuse_other(attempt)?;
        self.state = RunState::Queued;
        self.lease_until = None;
        Ok(())
    }

    /// The attempt ends the run.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::Ended`], [`IngestRunRepositoryError::TakenOver`].
    pub fn finish(&mut self, attempt: u32, end: RunEnd, now: Timestamp) -> Result<(), IngestRunRepositoryError> {
        self.refuse_other(attempt)?;
        self.end(end, now);
        Ok(())
    }

    /// Somebody ends the run by hand.
    ///
    /// # Errors
    /// [`IngestRunRepositoryError::Ended`].
    pub fn cancel(&mut self, now: Timestamp) -> Result<(), IngestRunRepositoryError> {
        self.refuse_ended()?;
        let (state, error) = (RunState::Cancelled, None);
        self.end(RunEnd { state, error }, now);
        Ok(())
    }

    /// Counts what a merge did for it, which is a sign of life.
    pub fn count(&mut self, counts: MergeCounts, merged: Option<TimeRange>, now: Timestamp) {
        self.counts += counts;
        self.reached = match (self.reached, merged) {
            (Some(reached), Some(merged)) => Some(reached.hull(merged)),
            (reached, merged) => merged.or(reached),
        };
        if self.state == RunState::Running {
            self.lease_until = now.checked_add(Self::LEASE);
        }
    }

    fn end(&mut self, end: RunEnd, now: Timestamp) {
        self.state = end.state;
        self.error = end.error;
        self.finished_at = Some(now);
        self.lease_until = None;
    }

    fn refuse_ended(&self) -> Result<(), IngestRunRepositoryError> {
        let (id, state) = (self.id, self.state);
        if state.is_final() {
            return Err(IngestRunRepositoryError::Ended { id, state });
        }
        Ok(())
    }

    fn refuse_other(&self, attempt: u32) -> Result<(), IngestRunRepositoryError> {
        self.refuse_ended()?;
        if self.state != RunState::Running || self.attempts != attempt {
            return Err(IngestRunRepositoryError::TakenOver { id: self.id });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InstrumentId, Interval, SeriesKey};

    const DAILY: SeriesKey = SeriesKey {
        instrument: InstrumentId(1),
        interval: Interval::OneDay,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(second).unwrap()
    }

    fn new_run(source: &str) -> NewRun {
        NewRun {
            series: DAILY,
            source: source.parse().unwrap(),
            asked: TimeRange::ALL,
            refresh: false,
        }
    }

    fn run(id: i64, source: &str) -> IngestRun {
        IngestRun::queued(RunId(id), new_run(source), at(0))
    }

    fn begun(id: i64, source: &str) -> IngestRun {
        let mut run = run(id, source);
        run.begin(&[], at(0)).unwrap();
        run
    }

    #[test]
    fn a_lease_ends_at_its_instant() {
        let mut run = begun(1, "yahoo");
        assert_eq!(run.held_until(at(29)), Some(at(30)));
        assert_eq!(run.held_until(at(30)), None);
        let held = run.begin(&[], at(29)).unwrap_err();
        assert!(
            matches!(held, IngestRunRepositoryError::Held { by: RunId(1), .. }),
            "{held:?}"
        );
        run.begin(&[], at(30)).unwrap();
        assert_eq!((run.attempts, run.held_until(at(30))), (2, Some(at(60))));
    }

    #[test]
    fn a_run_waits_only_for_what_asks_the_same_source_for_the_same_series() {
        let of_file = IngestRun {
            asked: None,
            ..begun(2, "yahoo")
        };
        let of_weeks = IngestRun {
            series: SeriesKey {
                interval: Interval::OneWeek,
                ..DAILY
            },
            ..begun(3, "yahoo")
        };
        run(1, "yahoo")
            .begin(&[of_file.clone(), of_weeks, begun(4, "stooq")], at(1))
            .unwrap();
        IngestRun {
            asked: None,
            ..run(1, "yahoo")
        }
        .begin(&[begun(5, "yahoo")], at(1))
        .unwrap();

        let error = run(1, "yahoo")
            .begin(&[of_file, begun(5, "yahoo")], at(1))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "run 1 cannot begin: run 5 is at work on its series until 1970-01-01T00:00:30Z; wait for it, or cancel it"
        );
    }

    #[test]
    fn a_run_that_was_handed_back_obeys_no_former_attempt() {
        let mut run = begun(1, "yahoo");
        run.hand_back(1).unwrap();
        assert_eq!((run.state, run.lease_until), (RunState::Queued, None));
        let error = run.renew(1, at(1)).unwrap_err();
        assert!(
            matches!(error, IngestRunRepositoryError::TakenOver { id: RunId(1) }),
            "{error:?}"
        );
    }

    #[test]
    fn what_refreshes_is_no_answer_to_what_does_not() {
        let new = new_run("yahoo");
        assert!(run(1, "yahoo").answers(&new));
        assert!(!run(1, "yahoo").answers(&NewRun { refresh: true, ..new }));
    }
}
