//! From the cells of a line to the values of a bar.

use std::sync::Arc;

use domain::{BarError, BarField, BarValues, Interval, Price, Symbol, Volume};

use super::cell::{DecimalMark, count, is_missing, price, volume};
use super::dialect::Cells;
use super::layout::Columns;
use super::opening::opening;
use super::{FileProblem, ReadOptions, Stamp, StampReading, interval_of};

/// What was decided about one table: enough to read any row of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) delimiter: char,
    /// The line of the header, or of the last line before the first row.
    pub(super) skipped: u64,
    pub(super) columns: Columns,
    /// The columns' names, or their numbers, for messages.
    pub(super) names: Vec<String>,
    pub(super) stamps: StampReading,
    pub(super) decimals: DecimalMark,
    /// The symbol of every row, when no column tells it.
    pub(super) symbol: Option<Symbol>,
    /// The interval of every row, when no column tells it and it need not be inferred.
    pub(super) interval: Option<Interval>,
}

/// Reads rows of one table; remembers the last symbol and interval, which seldom change from row to row.
pub(super) struct RowReader {
    layout: Arc<Layout>,
    cells: Cells,
    stamp: String,
    last_symbol: Option<(String, Symbol)>,
    last_interval: Option<(String, Interval)>,
    fault: Option<BarError>,
}

/// Whose row it is, and of which interval when the row or the table says so.
pub(super) type Owner = (Symbol, Option<Interval>);

impl RowReader {
    pub(super) fn new(layout: Arc<Layout>) -> Self {
        Self {
            layout,
            cells: Cells::default(),
            stamp: String::new(),
            last_symbol: None,
            last_interval: None,
            fault: None,
        }
    }

    /// Splits a line; `false` when all its cells are empty, which is a blank line.
    pub(super) fn take(&mut self, line: &str) -> bool {
        let columns = &self.layout.columns;
        let closed = self.cells.split(line, self.layout.delimiter);
        let found = || format!("{} columns instead of {}", self.cells.len(), columns.width);
        self.fault = if closed.is_err() {
            Some(row_fault("a quoted cell is not closed".to_owned()))
        } else if self.cells.is_blank() {
            return false;
        } else if self.cells.len() > columns.width + usize::from(columns.trailing)
            || self.cells.iter().skip(columns.width).any(|cell| !cell.is_empty())
        {
            let reason = format!(
                "{}: a number with thousands separators, or two rows in one line",
                found()
            );
            Some(row_fault(reason))
        } else if self.cells.len() < columns.needed() {
            Some(row_fault(format!("{}: is it cut off?", found())))
        } else {
            None
        };
        true
    }

    fn cell(&self, index: usize) -> &str {
        self.cells.get(index).unwrap_or_default()
    }

    fn optional(&self, index: Option<usize>) -> Option<&str> {
        self.cells.get(index?).filter(|cell| !is_missing(cell))
    }

    /// Whose row it is.
    pub(super) fn owner(&mut self) -> Result<Owner, FileProblem> {
        let symbol = match (&self.layout.symbol, self.layout.columns.symbol) {
            (Some(symbol), _) => symbol.clone(),
            (None, Some(index)) => {
                let text = self.cells.get(index).unwrap_or_default();
                match &self.last_symbol {
                    Some((last, symbol)) if last == text => symbol.clone(),
                    _ => {
                        let symbol: Symbol = text.parse().map_err(|source| FileProblem::BadSymbol {
                            column: self.name(index),
                            source,
                        })?;
                        self.last_symbol = Some((text.to_owned(), symbol.clone()));
                        symbol
                    }
                }
            }
            (None, None) => return Err(FileProblem::NoSymbol),
        };
        let interval = match (self.layout.interval, self.layout.columns.interval) {
            (Some(interval), _) => Some(interval),
            (None, Some(index)) => {
                let text = self.cell(index);
                match &self.last_interval {
                    Some((last, interval)) if last == text => Some(*interval),
                    _ => {
                        let interval = interval_of(text).map_err(|unknown| FileProblem::BadInterval {
                            column: self.name(index),
                            text: unknown.0,
                        })?;
                        self.last_interval = Some((text.to_owned(), interval));
                        Some(interval)
                    }
                }
            }
            (None, None) => None,
        };
        Ok((symbol, interval))
    }

    fn name(&self, index: usize) -> String {
        self.layout
            .names
            .get(index)
            .cloned()
            .unwrap_or_else(|| (index + 1).to_string())
    }

    /// The first text of a column and that of this row, when they differ; `first` keeps the former.
    pub(super) fn second(&self, column: Option<usize>, first: &mut Option<String>) -> Option<(String, String)> {
        let text = self.optional(column)?;
        let first = first.get_or_insert_with(|| text.to_owned());
        (!first.eq_ignore_ascii_case(text)).then(|| (first.clone(), text.to_owned()))
    }

    /// The text of the stamp, date and time together.
    pub(super) fn stamp_text(&mut self) -> &str {
        let columns = &self.layout.columns;
        let date = self.cells.get(columns.timestamp).unwrap_or_default();
        match columns
            .time
            .and_then(|index| self.cells.get(index))
            .filter(|time| !is_missing(time))
        {
            None => date,
            Some(time) => {
                self.stamp.clear();
                self.stamp.push_str(date);
                self.stamp.push(' ');
                self.stamp.push_str(time);
                &self.stamp
            }
        }
    }

    /// The stamp of the row.
    pub(super) fn stamp(&mut self) -> Result<Stamp, BarError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let layout = Arc::clone(&self.layout);
        let text = self.stamp_text();
        if is_missing(text) {
            return Err(BarError::Missing(BarField::Timestamp));
        }
        layout.stamps.read(text).ok_or_else(|| BarError::Unreadable {
            field: BarField::Timestamp,
            reason: layout.stamps.complaint(text),
        })
    }

    /// Whether the row gives a volume.
    pub(super) fn has_volume(&self) -> bool {
        self.fault.is_none() && self.optional(self.layout.columns.volume).is_some()
    }

    /// The texts of the prices.
    pub(super) fn price_cells(&self) -> impl Iterator<Item = &str> {
        self.layout.columns.prices.iter().map(|index| self.cell(*index))
    }

    /// All values. The volume is zero where the row gives none: the prices are worth keeping, and volumes that sources
    /// do not know are zero with most of them.
    pub(super) fn values(&mut self, interval: Interval, options: &ReadOptions) -> Result<BarValues, BarError> {
        let stamp = self.stamp()?;
        let opened_at = opening(stamp, interval, options).map_err(|reason| BarError::Unreadable {
            field: BarField::Timestamp,
            reason,
        })?;
        let Layout { columns, decimals, .. } = &*self.layout;
        let [open, high, low, close] = columns.prices;
        let price_in = |index, field| price(self.cell(index), field, *decimals);
        let prices: [Price; 4] = [
            price_in(open, BarField::Open)?,
            price_in(high, BarField::High)?,
            price_in(low, BarField::Low)?,
            price_in(close, BarField::Close)?,
        ];
        let volume = match self.optional(columns.volume) {
            Some(cell) => volume(cell, *decimals)?,
            None => Volume::ZERO,
        };
        let trade_count = self.optional(columns.trade_count).map(count).transpose()?;
        let vwap = self
            .optional(columns.vwap)
            .map(|cell| price(cell, BarField::Vwap, *decimals))
            .transpose()?;
        let [open, high, low, close] = prices;
        Ok(BarValues {
            opened_at,
            open,
            high,
            low,
            close,
            volume,
            trade_count,
            vwap,
        })
    }
}

fn row_fault(reason: String) -> BarError {
    BarError::Unreadable {
        field: BarField::Row,
        reason,
    }
}
