//! Bars in the body of a request: JSON `{"data":[bar…]}`, NDJSON or CSV, under the names in which they are served.
//!
//! Stricter than files: nothing is guessed, a key that is no part of a bar rejects its row. Decimals are taken by their
//! text, as numbers or strings, never through a float.

mod fields;
mod json;

use std::fmt;

use domain::record_bars::DecodedRow;
use domain::{BarError, BarField, BarValues, SourceName, Volume};

use crate::read::Cells;
use fields::{Fields, Key};

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// `{"data":[bar…]}`
    Json,
    /// One bar, as a JSON object, a line.
    Ndjson,
    /// A header line with the names of the columns in any order, then one bar a line.
    Csv,
}

impl BodyFormat {
    /// The format of a `Content-Type`, whatever its parameters; `None` for another type.
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/json" => Some(Self::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(Self::Ndjson),
            "text/csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// The rows of a body, good and bad, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Every row.
    pub rows: Vec<BodyRow>,
    /// Whether any row gives a volume; when none does, all volumes are zero.
    pub gives_volume: bool,
}

/// One row of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyRow {
    /// The row, numbered from 0; its values are not yet checked as a bar.
    pub row: DecodedRow,
    /// Who the row itself says brought it, as bars that were read from the API do.
    pub source: Option<SourceName>,
}

/// Why a body as a whole gives no rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not UTF-8.
    #[error("the body is not UTF-8: byte {position} begins no character")]
    NotUtf8 {
        /// The first such byte, from 0.
        position: usize,
    },
    /// Not the JSON that is asked for.
    #[error("the body is not {{\"data\":[bar…]}}: {0}")]
    NotAnEnvelope(String),
    /// CSV without a line.
    #[error("the body is empty: CSV begins with the line timestamp,open,high,low,close,volume")]
    Empty,
    /// CSV with a column that is no part of a bar.
    #[error(
        "column `{0}` is no part of a bar: one of timestamp, open, high, low, close, volume, trade_count, vwap, source"
    )]
    UnknownColumn(String),
    /// CSV with a column twice.
    #[error("column `{0}` comes twice")]
    RepeatedColumn(&'static str),
    /// CSV without a column that every bar needs.
    #[error("column `{0}` is missing: CSV begins with the line timestamp,open,high,low,close,volume")]
    MissingColumn(BarField),
}

/// Reads a body.
///
/// # Errors
/// [`BodyError`] when the body as a whole is not what its format says; bad rows are told row by row.
pub fn decode(format: BodyFormat, body: &[u8]) -> Result<Body, BodyError> {
    let text = std::str::from_utf8(body).map_err(|error| BodyError::NotUtf8 {
        position: error.valid_up_to(),
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let drafts = match format {
        BodyFormat::Json => json::envelope(text)?,
        BodyFormat::Ndjson => text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(json::bar)
            .collect(),
        BodyFormat::Csv => csv(text)?,
    };
    let gives_volume = drafts
        .iter()
        .any(|draft| draft.values.as_ref().is_ok_and(|(_, volume)| volume.is_some()));
    let rows = drafts
        .into_iter()
        .zip(0..)
        .map(|(draft, index)| draft.finish(index, gives_volume))
        .collect();
    Ok(Body { rows, gives_volume })
}

/// A row before it is known whether the body gives volumes: the values with a volume of zero, and the volume.
struct Draft {
    raw: String,
    source: Option<SourceName>,
    values: Result<(BarValues, Option<Volume>), BarError>,
}

impl Draft {
    fn new(raw: &str, fields: Result<Fields<'_>, BarError>) -> Self {
        let read = fields.and_then(|fields| Ok((fields.source()?, fields.values()?)));
        let (source, values) = match read {
            Ok((source, values)) => (source, Ok(values)),
            Err(fault) => (None, Err(fault)),
        };
        Self {
            raw: raw.to_owned(),
            source,
            values,
        }
    }

    fn finish(self, index: u64, gives_volume: bool) -> BodyRow {
        let values = self.values.and_then(|(values, volume)| match volume {
            Some(volume) => Ok(BarValues { volume, ..values }),
            None if gives_volume => Err(BarError::Missing(BarField::Volume)),
            None => Ok(values),
        });
        let raw = self.raw;
        BodyRow {
            row: DecodedRow { index, raw, values },
            source: self.source,
        }
    }
}

/// A fault of the row as a whole.
fn row_fault(reason: String) -> BarError {
    BarError::Unreadable {
        field: BarField::Row,
        reason,
    }
}

fn csv(text: &str) -> Result<Vec<Draft>, BodyError> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let mut cells = Cells::default();
    let header = lines.next().ok_or(BodyError::Empty)?;
    let keys = match cells.split(header, ',') {
        Ok(()) => header_keys(&cells)?,
        Err(_unclosed) => return Err(BodyError::UnknownColumn(crate::read::cut(header))),
    };
    let fields = |cells: &mut Cells, line: &str| -> Draft {
        if cells.split(line, ',').is_err() {
            return Draft::new(line, Err(row_fault("a quoted cell is not closed".to_owned())));
        }
        if cells.len() != keys.len() {
            let reason = format!("{} cells, and the header has {}", cells.len(), keys.len());
            return Draft::new(line, Err(row_fault(reason)));
        }
        let mut fields = Fields::default();
        for (key, cell) in keys.iter().zip(cells.iter()) {
            if !cell.is_empty() {
                fields.put(*key, cell.into());
            }
        }
        Draft::new(line, Ok(fields))
    };
    Ok(lines.map(|line| fields(&mut cells, line)).collect())
}

fn header_keys(cells: &Cells) -> Result<Vec<Key>, BodyError> {
    let mut keys = Vec::with_capacity(cells.len());
    for name in cells.iter() {
        let key =
            Key::named(&name.to_ascii_lowercase()).ok_or_else(|| BodyError::UnknownColumn(crate::read::cut(name)))?;
        if keys.contains(&key) {
            return Err(BodyError::RepeatedColumn(key.as_str()));
        }
        keys.push(key);
    }
    let needed = [
        BarField::Timestamp,
        BarField::Open,
        BarField::High,
        BarField::Low,
        BarField::Close,
    ];
    match needed.into_iter().find(|field| !keys.contains(&Key::Field(*field))) {
        Some(field) => Err(BodyError::MissingColumn(field)),
        None => Ok(keys),
    }
}

impl fmt::Display for BodyFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        })
    }
}

#[cfg(test)]
mod tests;
