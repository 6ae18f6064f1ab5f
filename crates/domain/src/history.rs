//! What the store remembers beside the current bars: revisions, discrepancies, quarantine and journal.

use async_trait::async_trait;

use crate::{Bar, MergeCounts, PriceRepositoryError, RunId, SeriesKey, SourceName, TimeRange, Timestamp};

/// Why a bar is no longer believed as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevisionKind {
    /// Other values took its place.
    Restated,
    /// The same values, confirmed by a source of higher precedence: only the provenance moved.
    Confirmed,
    /// It was removed by hand.
    Removed,
}

impl RevisionKind {
    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restated => "restated",
            Self::Confirmed => "confirmed",
            Self::Removed => "removed",
        }
    }
}

/// The former state of a bar, and when it was believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Where it belongs.
    pub series: SeriesKey,
    /// What was believed.
    pub bar: Bar,
    /// Who had said so.
    pub source: SourceName,
    /// Since when it was believed, inclusive.
    pub believed_from: Timestamp,
    /// Until when, exclusive.
    pub believed_until: Timestamp,
    /// What ended it.
    pub kind: RevisionKind,
}

/// How a source disagrees with what is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dispute {
    /// A source of lower precedence says this instead. Values are the same when they are equal as numbers.
    Differs(Box<Bar>),
    /// The source that gave the bar no longer has it.
    Withdrawn,
}

impl Dispute {
    /// The key of [`Dispute::Withdrawn`].
    pub const WITHDRAWN: &str = "withdrawn";

    /// What is said, as a text that equal values share: one discrepancy is kept for each.
    #[must_use]
    pub fn value_key(&self) -> String {
        match self {
            Self::Differs(bar) => Self::key_of_values(bar),
            Self::Withdrawn => Self::WITHDRAWN.to_owned(),
        }
    }

    /// Open, high, low, close, volume, trade count and VWAP with `|` between them, each in as few digits as it takes;
    /// what is not stated is empty.
    #[must_use]
    pub fn key_of_values(bar: &Bar) -> String {
        let mut values: Vec<String> = [bar.open(), bar.high(), bar.low(), bar.close()]
            .into_iter()
            .map(shortest)
            .collect();
        values.push(shortest(bar.volume()));
        values.push(bar.trade_count().map(|count| count.to_string()).unwrap_or_default());
        values.push(bar.vwap().map(shortest).unwrap_or_default());
        values.join("|")
    }
}

/// The shortest text of the same number.
fn shortest(number: impl std::fmt::Display) -> String {
    let text = number.to_string();
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A disagreement about one bar; one per bar, source and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discrepancy {
    /// Where the bar belongs.
    pub series: SeriesKey,
    /// When the bar opens.
    pub opened_at: Timestamp,
    /// Who disagrees.
    pub source: SourceName,
    /// How.
    pub dispute: Dispute,
    /// When it was first seen.
    pub noticed_at: Timestamp,
    /// When both agreed again, be it that the source came round or that the kept bar did, or when a withdrawn bar came
    /// back; `None` while they do not agree, also when they disagree once more over the same value.
    pub closed_at: Option<Timestamp>,
}

/// A row that made no bar, kept with the reason; one per series, source and content, however often it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// Its number, in order of arrival.
    pub id: i64,
    /// Where it would have belonged.
    pub series: SeriesKey,
    /// Who sent it.
    pub source: SourceName,
    /// The run that brought it first.
    pub run: Option<RunId>,
    /// The row as it came, cut to 2,000 characters.
    pub raw: String,
    /// The column at fault.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
    /// When it came first.
    pub quarantined_at: Timestamp,
}

/// What kind of change a version stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// Bars were inserted or restated.
    Merge,
    /// Bars were removed by hand.
    Removal,
    /// Splits or dividends of the instrument changed.
    CorporateActions,
}

impl ChangeKind {
    /// The name used everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Removal => "removal",
            Self::CorporateActions => "corporate_actions",
        }
    }
}

/// One change of a series: every version has exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its number, growing over the whole store.
    pub id: i64,
    /// Which series changed.
    pub series: SeriesKey,
    /// The version it has since.
    pub version: u64,
    /// The stamp of the change.
    pub changed_at: Timestamp,
    /// What happened.
    pub kind: ChangeKind,
    /// From the opening of the first changed bar to behind the opening of the last one; everything when corporate
    /// actions changed.
    pub range: TimeRange,
    /// The run that did it.
    pub run: Option<RunId>,
    /// What became of the rows of the batch.
    pub counts: MergeCounts,
}

/// Tells what happened to bars.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait PriceHistory: Send + Sync {
    /// Revisions of bars that open in the range, by opening and then by [`Revision::believed_from`], from behind
    /// `after` (opening, believed from), at most `limit`.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`].
    async fn revisions(
        &self,
        series: SeriesKey,
        range: TimeRange,
        limit: usize,
        after: Option<(Timestamp, Timestamp)>,
    ) -> Result<Vec<Revision>, PriceRepositoryError>;

    /// Discrepancies about bars that open in the range, closed ones included, by opening and then by when they were
    /// noticed, at most `limit`.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`].
    async fn discrepancies(
        &self,
        series: SeriesKey,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Discrepancy>, PriceRepositoryError>;

    /// Rows in quarantine, of one series or of all, by id from behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`].
    async fn quarantine(
        &self,
        series: Option<SeriesKey>,
        limit: usize,
        after: i64,
    ) -> Result<Vec<QuarantinedRow>, PriceRepositoryError>;

    /// Changes of all series, by id from behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`PriceRepositoryError::Unavailable`], [`PriceRepositoryError::Corrupt`].
    async fn journal(&self, limit: usize, after: i64) -> Result<Vec<JournalEntry>, PriceRepositoryError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AssetClass, BarValues, Price};

    #[test]
    fn equal_numbers_have_one_shortest_text() {
        let check = |text: &str, expected: &str| assert_eq!(shortest(text.parse::<Price>().unwrap()), expected);
        check("187.10", "187.1");
        check("187.00", "187");
        check("1000", "1000");
        check("0.0", "0");
    }

    #[test]
    fn equal_values_have_one_key() {
        let key = |open: &str, trade_count| {
            let values = BarValues {
                opened_at: Timestamp::MIN,
                open: open.parse().unwrap(),
                high: "12.0".parse().unwrap(),
                low: "1.5".parse().unwrap(),
                close: "10".parse().unwrap(),
                volume: "1000.0".parse().unwrap(),
                trade_count,
                vwap: None,
            };
            Dispute::Differs(Box::new(Bar::new(values, AssetClass::Stock).unwrap())).value_key()
        };
        assert_eq!(key("2.50", Some(7)), "2.5|12|1.5|10|1000|7|");
        assert_eq!(key("2.50", None), key("2.5", None));
        assert_ne!(key("2.5", None), key("2.5", Some(7)));
        assert_eq!(Dispute::Withdrawn.value_key(), "withdrawn");
    }
}
