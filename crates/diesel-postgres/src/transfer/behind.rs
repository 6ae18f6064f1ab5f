//! Where a page begins: behind a key.

use domain::{Counter, RecordKey, Timestamp};
use time::{Date, OffsetDateTime};

use crate::instant::Micros;

/// Behind what a page begins: the fields of a key. Where there is none, the number decides: it lies in front of all.
pub(super) struct Behind {
    /// The instrument, or the number itself.
    pub(super) id: i64,
    pub(super) interval: &'static str,
    pub(super) kind: &'static str,
    /// The opening of a bar, the start of a range.
    pub(super) at: Micros,
    pub(super) believed_from: Micros,
    pub(super) source: String,
    pub(super) value: String,
    pub(super) ex_date: Date,
    pub(super) counter: Option<Counter>,
}

impl Behind {
    pub(super) fn of(key: Option<RecordKey>) -> Self {
        let nothing = Self {
            id: i64::MIN,
            interval: "",
            kind: "",
            at: Timestamp::MIN.into(),
            believed_from: Timestamp::MIN.into(),
            source: String::new(),
            value: String::new(),
            ex_date: OffsetDateTime::UNIX_EPOCH.date(),
            counter: None,
        };
        match key {
            None => nothing,
            Some(RecordKey::Number(id)) => Self { id, ..nothing },
            Some(RecordKey::Series { instrument, interval }) => Self {
                id: instrument,
                interval,
                ..nothing
            },
            Some(RecordKey::Bar {
                instrument,
                interval,
                opened_at,
            }) => Self {
                id: instrument,
                interval,
                at: opened_at.into(),
                ..nothing
            },
            Some(RecordKey::Revision {
                instrument,
                interval,
                opened_at,
                believed_from,
            }) => Self {
                id: instrument,
                interval,
                at: opened_at.into(),
                believed_from: believed_from.into(),
                ..nothing
            },
            Some(RecordKey::Discrepancy {
                instrument,
                interval,
                opened_at,
                source,
                value,
            }) => Self {
                id: instrument,
                interval,
                at: opened_at.into(),
                source: source.to_string(),
                value,
                ..nothing
            },
            Some(RecordKey::Coverage {
                instrument,
                interval,
                source,
                start,
            }) => Self {
                id: instrument,
                interval,
                at: start.into(),
                source: source.to_string(),
                ..nothing
            },
            Some(RecordKey::Action {
                instrument,
                kind,
                ex_date,
            }) => Self {
                id: instrument,
                kind,
                ex_date,
                ..nothing
            },
            Some(RecordKey::ActionRevision {
                instrument,
                kind,
                ex_date,
                believed_from,
            }) => Self {
                id: instrument,
                kind,
                ex_date,
                believed_from: believed_from.into(),
                ..nothing
            },
            Some(RecordKey::Source { instrument, source }) => Self {
                id: instrument,
                source: source.to_string(),
                ..nothing
            },
            Some(RecordKey::Counter(counter)) => Self {
                counter: Some(counter),
                ..nothing
            },
        }
    }
}

/// Whether a row lies behind a key: its columns, compared one after the other, along the index that begins with them.
macro_rules! behind {
    ($columns:literal, $first_type:ty: $first:expr $(, $type:ty: $value:expr)*) => {
        sql::<Bool>(concat!("(", $columns, ") > ("))
            .bind::<$first_type, _>($first)
            $(.sql(", ").bind::<$type, _>($value))*
            .sql(")")
    };
}
pub(super) use behind;
