//! What names a record within its part, and the order in which parts are read.

use std::fmt;

use time::Date;

use super::{Counter, CoverageRecord};
use crate::{Discrepancy, InstrumentId, RecordedAction, Revision, SeriesKey, SourceName, Timestamp};

/// The key of a record. Keys of one part are ordered field by field; texts, intervals and kinds of actions among them, by
/// their bytes: what databases call the collation `C` or `BINARY`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKey {
    /// An instrument, a run, a row in quarantine, a line of the journal.
    Number(i64),
    /// A series.
    Series {
        /// Whose.
        instrument: i64,
        /// The name of its interval.
        interval: &'static str,
    },
    /// A bar, final or not.
    Bar {
        /// Whose.
        instrument: i64,
        /// The name of its interval.
        interval: &'static str,
        /// When it opens.
        opened_at: Timestamp,
    },
    /// The former state of a bar.
    Revision {
        /// Whose.
        instrument: i64,
        /// The name of its interval.
        interval: &'static str,
        /// When the bar opens.
        opened_at: Timestamp,
        /// Since when it was believed.
        believed_from: Timestamp,
    },
    /// A disagreement about a bar.
    Discrepancy {
        /// Whose.
        instrument: i64,
        /// The name of its interval.
        interval: &'static str,
        /// When the bar opens.
        opened_at: Timestamp,
        /// Who disagrees.
        source: SourceName,
        /// [`Dispute::value_key`](crate::Dispute::value_key).
        value: String,
    },
    /// A covered range.
    Coverage {
        /// Whose.
        instrument: i64,
        /// The name of its interval.
        interval: &'static str,
        /// Who answered.
        source: SourceName,
        /// Where the range starts.
        start: Timestamp,
    },
    /// A corporate action.
    Action {
        /// Whose.
        instrument: i64,
        /// The name of its kind.
        kind: &'static str,
        /// Its date.
        ex_date: Date,
    },
    /// The former state of a corporate action.
    ActionRevision {
        /// Whose.
        instrument: i64,
        /// The name of its kind.
        kind: &'static str,
        /// Its date.
        ex_date: Date,
        /// Since when it was believed.
        believed_from: Timestamp,
    },
    /// A source that gave all corporate actions of an instrument.
    Source {
        /// Of which instrument.
        instrument: i64,
        /// Who.
        source: SourceName,
    },
    /// A last number.
    Counter(Counter),
}

impl RecordKey {
    pub(super) fn of_series(series: SeriesKey) -> Self {
        let (instrument, interval) = names(series);
        Self::Series { instrument, interval }
    }

    pub(super) fn of_bar(series: SeriesKey, opened_at: Timestamp) -> Self {
        let (instrument, interval) = names(series);
        Self::Bar {
            instrument,
            interval,
            opened_at,
        }
    }

    pub(super) fn of_revision(revision: &Revision) -> Self {
        let (instrument, interval) = names(revision.series);
        Self::Revision {
            instrument,
            interval,
            opened_at: revision.bar.opened_at(),
            believed_from: revision.believed_from,
        }
    }

    pub(super) fn of_discrepancy(discrepancy: &Discrepancy) -> Self {
        let (instrument, interval) = names(discrepancy.series);
        Self::Discrepancy {
            instrument,
            interval,
            opened_at: discrepancy.opened_at,
            source: discrepancy.source.clone(),
            value: discrepancy.dispute.value_key(),
        }
    }

    pub(super) fn of_coverage(record: &CoverageRecord) -> Self {
        let (instrument, interval) = names(record.series);
        Self::Coverage {
            instrument,
            interval,
            source: record.covered.source.clone(),
            start: record.covered.range.start(),
        }
    }

    pub(super) fn of_action(action: &RecordedAction) -> Self {
        Self::Action {
            instrument: action.instrument.0,
            kind: action.action.kind().as_str(),
            ex_date: action.action.ex_date(),
        }
    }

    pub(super) fn of_action_revision(action: &RecordedAction) -> Self {
        Self::ActionRevision {
            instrument: action.instrument.0,
            kind: action.action.kind().as_str(),
            ex_date: action.action.ex_date(),
            believed_from: action.recorded_at,
        }
    }
}

fn names(series: SeriesKey) -> (i64, &'static str) {
    let SeriesKey {
        instrument: InstrumentId(instrument),
        interval,
    } = series;
    (instrument, interval.as_str())
}

impl fmt::Display for RecordKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(formatter, "number {number}"),
            Self::Series { instrument, interval } => write!(formatter, "{instrument}/{interval}"),
            Self::Bar {
                instrument,
                interval,
                opened_at,
            } => write!(formatter, "{instrument}/{interval} at {opened_at}"),
            Self::Revision {
                instrument,
                interval,
                opened_at,
                believed_from,
            } => write!(
                formatter,
                "{instrument}/{interval} at {opened_at}, believed from {believed_from}"
            ),
            Self::Discrepancy {
                instrument,
                interval,
                opened_at,
                source,
                value,
            } => write!(formatter, "{instrument}/{interval} at {opened_at} by {source}: {value}"),
            Self::Coverage {
                instrument,
                interval,
                source,
                start,
            } => write!(formatter, "{instrument}/{interval} by {source} from {start}"),
            Self::Action {
                instrument,
                kind,
                ex_date,
            } => write!(formatter, "{kind} of instrument {instrument} on {ex_date}"),
            Self::ActionRevision {
                instrument,
                kind,
                ex_date,
                believed_from,
            } => write!(
                formatter,
                "{kind} of instrument {instrument} on {ex_date}, believed from {believed_from}"
            ),
            Self::Source { instrument, source } => write!(formatter, "instrument {instrument} by {source}"),
            Self::Counter(counter) => formatter.write_str(counter.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interval;

    #[test]
    fn intervals_are_ordered_by_the_bytes_of_their_names() {
        let mut keys: Vec<RecordKey> = Interval::ALL
            .map(|interval| {
                RecordKey::of_series(SeriesKey {
                    instrument: InstrumentId(1),
                    interval,
                })
            })
            .into();
        keys.sort();
        let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            [
                "1/15m", "1/1d", "1/1h", "1/1m", "1/1mo", "1/1w", "1/30m", "1/4h", "1/5m"
            ]
        );
    }
}
