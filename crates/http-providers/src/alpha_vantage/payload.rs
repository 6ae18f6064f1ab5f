//! Their words: JSON or CSV, both read as a table whose cells are text.

mod csv;
mod pairs;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::connection::Malformed;
use pairs::{Pairs, cell};

/// What a body holds.
#[derive(Debug)]
pub(super) enum Answer<'a> {
    /// Rows: bars, actions or symbols.
    Table(Table<'a>),
    /// An error or a limit, always with status 200.
    Message(Message),
}

#[derive(Debug)]
pub(super) struct Message {
    pub(super) kind: MessageKind,
    pub(super) text: String,
}

/// Under which key a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageKind {
    /// `Error Message`: the call is wrong.
    Error,
    /// `Note` or `Information`: a limit.
    Limit,
}

/// Rows under their labels, in the order received, newest first.
#[derive(Debug, Default)]
pub(super) struct Table<'a> {
    /// `Time Zone` of the meta data.
    pub(super) zone: Option<String>,
    /// `Market Code` of the meta data: the quote of a crypto pair.
    pub(super) market: Option<String>,
    pub(super) rows: Vec<Row<'a>>,
}

/// Labels and values.
type Cells<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

#[derive(Debug)]
pub(super) struct Row<'a> {
    /// Without their numbers: `open` of `1. open`, `open (EUR)` of `1a. open (EUR)`. The time of a bar is `timestamp`.
    pub(super) cells: Cells<'a>,
    /// Where it stood: the line of a CSV file, else counted from 0.
    pub(super) index: usize,
    /// As it came.
    pub(super) raw: String,
}

impl Row<'_> {
    pub(super) fn get(&self, label: &str) -> Option<&str> {
        let found = self.cells.iter().find(|(name, _)| name == label);
        found.map(|(_, value)| value.as_ref())
    }
}

pub(super) fn parse(body: &[u8]) -> Result<Answer<'_>, Malformed> {
    match std::str::from_utf8(body) {
        Ok(text) if csv::is_table(text) => Ok(Answer::Table(csv::table(text))),
        _ => json(body),
    }
}

fn json(body: &[u8]) -> Result<Answer<'_>, Malformed> {
    let root: Pairs<'_, &RawValue> = serde_json::from_slice(body).map_err(|error| Malformed::json(body, error))?;
    let mut table = Table::default();
    let mut message = None;
    let mut has_rows = false;
    for (key, value) in root.0 {
        match key.as_ref() {
            "Error Message" => message = Some((MessageKind::Error, cell(value))),
            "Note" | "Information" => message = Some((MessageKind::Limit, cell(value))),
            "Meta Data" => {
                let meta = cells(&key, value)?;
                let find = |label: &str| meta.iter().find(|(name, _)| name == label);
                table.zone = find("Time Zone").map(|(_, zone)| zone.to_string());
                table.market = find("Market Code").map(|(_, market)| market.to_string());
            }
            "data" | "bestMatches" => {
                has_rows = true;
                let list: Vec<&RawValue> = part(&key, value)?;
                for (index, row) in list.into_iter().enumerate() {
                    let cells = cells(&format!("{key}[{index}]"), row)?;
                    table.rows.push(Row::new(cells, index, row));
                }
            }
            series if series.contains("Time Series") => {
                has_rows = true;
                let entries: Pairs<'_, &RawValue> = part(series, value)?;
                for (index, (stamp, row)) in entries.0.into_iter().enumerate() {
                    let mut cells = cells(&format!("{series}.{stamp}"), row)?;
                    cells.push((Cow::Borrowed("timestamp"), stamp));
                    table.rows.push(Row::new(cells, index, row));
                }
            }
            _ => {}
        }
    }
    match message {
        _ if has_rows => Ok(Answer::Table(table)),
        Some((kind, text)) => Ok(Answer::Message(Message {
            kind,
            text: text.into_owned(),
        })),
        None => {
            let text = String::from_utf8_lossy(body);
            Err(Malformed::value(
                "the top",
                text,
                "a time series, data or a message was expected",
            ))
        }
    }
}

impl<'a> Row<'a> {
    fn new(cells: Cells<'a>, index: usize, raw: &RawValue) -> Self {
        let stamp = cells.last().filter(|(label, _)| label == "timestamp");
        let stamp = stamp.map(|(_, stamp)| format!("{stamp} ")).unwrap_or_default();
        let words: Vec<_> = raw.get().split_whitespace().collect();
        Self {
            cells,
            index,
            raw: stamp + &words.join(" "),
        }
    }
}

/// A part of the whole, whose place an error names.
fn part<'a, T: serde::Deserialize<'a>>(at: &str, value: &'a RawValue) -> Result<T, Malformed> {
    serde_json::from_str(value.get()).map_err(|error| Malformed::value(at, value.get(), error))
}

/// The cells of an object.
fn cells<'a>(at: &str, object: &'a RawValue) -> Result<Cells<'a>, Malformed> {
    let pairs: Pairs<'a, &'a RawValue> = part(at, object)?;
    Ok(pairs
        .0
        .into_iter()
        .map(|(key, value)| (label(key), cell(value)))
        .collect())
}

/// A label without its number: `open` of `1. open`, `low (EUR)` of `3a. low (EUR)`.
fn label(key: Cow<'_, str>) -> Cow<'_, str> {
    let is_number = |text: &str| text.starts_with(|letter: char| letter.is_ascii_digit()) && !text.contains(' ');
    match key {
        Cow::Borrowed(text) => match text.split_once(". ") {
            Some((number, rest)) if is_number(number) => Cow::Borrowed(rest),
            _ => Cow::Borrowed(text),
        },
        Cow::Owned(text) => Cow::Owned(label(Cow::Borrowed(&text)).into_owned()),
    }
}
