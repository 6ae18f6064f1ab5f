//! What is carried over: one record of any part.

use std::borrow::Cow;

use super::{Part, RecordKey};
use crate::{
    CoveredRange, Discrepancy, IngestRun, Instrument, InstrumentId, JournalEntry, MarketPrice, QuarantinedRow,
    RecordedAction, Revision, Series, SeriesKey, SourceName, Timestamp, storable,
};

/// An instrument with what stores keep of it beside its details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentRecord {
    /// The instrument.
    pub instrument: Instrument,
    /// The stamp of the last change of its corporate actions: later stamps of its series lie behind it.
    pub actions_changed_at: Option<Timestamp>,
}

/// A covered range with its series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageRecord {
    /// Which series.
    pub series: SeriesKey,
    /// What was answered, by whom and when.
    pub covered: CoveredRange,
}

/// The former state of a corporate action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRevision {
    /// What was believed, and from when on.
    pub action: RecordedAction,
    /// Until when, exclusive.
    pub believed_until: Timestamp,
}

/// A source that gave all corporate actions it knows of an instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionCompleteness {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// Who did.
    pub source: SourceName,
    /// When it last did.
    pub complete_since: Timestamp,
}

/// What a store numbers by itself; no number is given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// Instruments.
    Instruments,
    /// Runs.
    Runs,
    /// Rows in quarantine.
    Quarantine,
    /// Lines of the journal.
    Journal,
}

impl Counter {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Instruments, Self::Runs, Self::Quarantine, Self::Journal];

    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instruments => "instruments",
            Self::Runs => "runs",
            Self::Quarantine => "quarantine",
            Self::Journal => "journal",
        }
    }
}

/// The last number that was given, be it to something that is gone; every store has one record for each [`Counter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterRecord {
    /// Of what.
    pub counter: Counter,
    /// The number; 0 before the first.
    pub last: i64,
}

/// One record of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Of [`Part::Instruments`].
    Instrument(InstrumentRecord),
    /// Of [`Part::Runs`]. The keys by which clients asked for them stay behind: a request that is sent again to the copy
    /// is a new one there.
    Run(IngestRun),
    /// Of [`Part::Series`].
    Series(Series),
    /// Of [`Part::Bars`].
    Bar(MarketPrice),
    /// Of [`Part::ProvisionalBars`].
    ProvisionalBar(MarketPrice),
    /// Of [`Part::Revisions`].
    Revision(Revision),
    /// Of [`Part::Discrepancies`].
    Discrepancy(Discrepancy),
    /// Of [`Part::Quarantine`].
    QuarantinedRow(QuarantinedRow),
    /// Of [`Part::Journal`].
    JournalEntry(JournalEntry),
    /// Of [`Part::Coverage`].
    Coverage(CoverageRecord),
    /// Of [`Part::Actions`].
    Action(RecordedAction),
    /// Of [`Part::ActionRevisions`].
    ActionRevision(ActionRevision),
    /// Of [`Part::ActionCompleteness`].
    ActionCompleteness(ActionCompleteness),
    /// Of [`Part::Counters`].
    Counter(CounterRecord),
}

impl Record {
    /// Where it belongs.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::Instrument(_) => Part::Instruments,
            Self::Run(_) => Part::Runs,
            Self::Series(_) => Part::Series,
            Self::Bar(_) => Part::Bars,
            Self::ProvisionalBar(_) => Part::ProvisionalBars,
            Self::Revision(_) => Part::Revisions,
            Self::Discrepancy(_) => Part::Discrepancies,
            Self::QuarantinedRow(_) => Part::Quarantine,
            Self::JournalEntry(_) => Part::Journal,
            Self::Coverage(_) => Part::Coverage,
            Self::Action(_) => Part::Actions,
            Self::ActionRevision(_) => Part::ActionRevisions,
            Self::ActionCompleteness(_) => Part::ActionCompleteness,
            Self::Counter(_) => Part::Counters,
        }
    }

    /// What names it within its part.
    #[must_use]
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Instrument(record) => RecordKey::Number(record.instrument.id.0),
            Self::Run(run) => RecordKey::Number(run.id.0),
            Self::Series(series) => RecordKey::of_series(series.key),
            Self::Bar(price) | Self::ProvisionalBar(price) => RecordKey::of_bar(price.series, price.bar.opened_at()),
            Self::Revision(revision) => RecordKey::of_revision(revision),
            Self::Discrepancy(discrepancy) => RecordKey::of_discrepancy(discrepancy),
            Self::QuarantinedRow(row) => RecordKey::Number(row.id),
            Self::JournalEntry(entry) => RecordKey::Number(entry.id),
            Self::Coverage(record) => RecordKey::of_coverage(record),
            Self::Action(action) => RecordKey::of_action(action),
            Self::ActionRevision(revision) => RecordKey::of_action_revision(&revision.action),
            Self::ActionCompleteness(record) => RecordKey::Source {
                instrument: record.instrument.0,
                source: record.source.clone(),
            },
            Self::Counter(record) => RecordKey::Counter(record.counter),
        }
    }

    /// Every field as it is written, digit for digit, free text as every store can keep it ([`storable`]). `==` is no such
    /// test: it takes `187.10` for `187.1`, and `aapl` for `AAPL`.
    #[must_use]
    pub fn line(&self) -> String {
        match self.made_storable() {
            Some(record) => format!("{record:?}"),
            None => format!("{self:?}"),
        }
    }

    /// The record with its free text as every store can keep it; `None` when that is what it has.
    fn made_storable(&self) -> Option<Self> {
        match self {
            Self::Instrument(record) => {
                let name = changed(&record.instrument.details.name)?;
                let mut record = record.clone();
                record.instrument.details.name = name;
                Some(Self::Instrument(record))
            }
            Self::Run(run) => Some(Self::Run(IngestRun {
                error: Some(changed(run.error.as_deref()?)?),
                ..run.clone()
            })),
            Self::QuarantinedRow(row) => {
                let texts = [&row.raw, &row.field, &row.reason];
                texts.into_iter().find_map(|text| changed(text))?;
                Some(Self::QuarantinedRow(QuarantinedRow {
                    raw: storable(&row.raw).into_owned(),
                    field: storable(&row.field).into_owned(),
                    reason: storable(&row.reason).into_owned(),
                    ..row.clone()
                }))
            }
            // Without free text.
            Self::Series(_)
            | Self::Bar(_)
            | Self::ProvisionalBar(_)
            | Self::Revision(_)
            | Self::Discrepancy(_)
            | Self::JournalEntry(_)
            | Self::Coverage(_)
            | Self::Action(_)
            | Self::ActionRevision(_)
            | Self::ActionCompleteness(_)
            | Self::Counter(_) => None,
        }
    }
}

/// The text as every store can keep it, when it is another one.
fn changed(text: &str) -> Option<String> {
    match storable(text) {
        Cow::Owned(text) => Some(text),
        Cow::Borrowed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AssetClass, InstrumentDetails};

    fn instrument(symbol: &str) -> Record {
        Record::Instrument(InstrumentRecord {
            instrument: Instrument {
                id: InstrumentId(7),
                details: InstrumentDetails {
                    name: "Apple".to_owned(),
                    ..InstrumentDetails::bare(symbol.parse().unwrap(), AssetClass::Stock)
                },
                created_at: Timestamp::MIN,
                updated_at: Timestamp::MIN,
            },
            actions_changed_at: None,
        })
    }

    #[test]
    fn lines_tell_apart_what_counts_as_equal() {
        let (upper, lower) = (instrument("AAPL"), instrument("aapl"));
        assert_eq!((&upper, upper.key()), (&lower, lower.key()));
        assert_ne!(upper.line(), lower.line());
    }

    #[test]
    fn a_line_is_the_same_whether_a_store_can_keep_nul_or_not() {
        let named = |name: &str| {
            let mut record = instrument("AAPL");
            if let Record::Instrument(record) = &mut record {
                record.instrument.details.name = name.to_owned();
            }
            record
        };
        assert_eq!(named("App\0le").line(), named("App\u{2400}le").line());
        assert_ne!(named("App\0le").line(), named("App\\0le").line());
    }
}
