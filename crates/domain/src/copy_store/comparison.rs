//! Two stores side by side: their records in order, and where they first differ.

use std::fmt;
use std::vec::IntoIter;

use crate::{Part, Record, RecordKey, StoreTransfer, StoreTransferError};

/// The records of one part of a store, read page by page.
pub(super) struct Walk<'a> {
    store: &'a dyn StoreTransfer,
    part: Part,
    limit: usize,
    page: IntoIter<Record>,
    after: Option<RecordKey>,
}

impl<'a> Walk<'a> {
    pub(super) fn over(store: &'a dyn StoreTransfer, part: Part, limit: usize) -> Self {
        Self {
            store,
            part,
            limit,
            page: Vec::new().into_iter(),
            after: None,
        }
    }

    /// The next record; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Told>, StoreTransferError> {
        if let Some(record) = self.page.next() {
            return Ok(Some(Told::from(record)));
        }
        let page = self.store.read_part(self.part, self.after.take(), self.limit).await?;
        self.after = page.last().map(Record::key);
        self.page = page.into_iter();
        Ok(self.page.next().map(Told::from))
    }
}

/// A record and its line, which is made once.
pub(super) struct Told {
    pub(super) record: Record,
    pub(super) line: String,
}

impl From<Record> for Told {
    fn from(record: Record) -> Self {
        Self {
            line: record.line(),
            record,
        }
    }
}

/// The first record in which two stores differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its part.
    pub part: Part,
    /// Its key.
    pub key: RecordKey,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Missing,
    Unexpected,
    Otherwise,
}

impl Difference {
    /// Compares the records that the source and the target have at one place, digit for digit; `None` when they are the
    /// same, or when both ended.
    pub(super) fn between(part: Part, source: Option<&Told>, target: Option<&Told>) -> Option<Self> {
        let (key, how) = match (source, target) {
            (None, None) => return None,
            (Some(source), Some(target)) if source.line == target.line => return None,
            (Some(source), None) => (source.record.key(), How::Missing),
            (None, Some(target)) => (target.record.key(), How::Unexpected),
            (Some(source), Some(target)) => {
                let (wanted, found) = (source.record.key(), target.record.key());
                match wanted.cmp(&found) {
                    std::cmp::Ordering::Less => (wanted, How::Missing),
                    std::cmp::Ordering::Greater => (found, How::Unexpected),
                    std::cmp::Ordering::Equal => (found, How::Otherwise),
                }
            }
        };
        Some(Self { part, key, how })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            How::Missing => "is in the source alone",
            How::Unexpected => "is in the target alone",
            How::Otherwise => "says something else in the target",
        };
        write!(formatter, "in {}, {} {how}", self.part, self.key)
    }
}
