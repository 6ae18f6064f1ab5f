//! The first lines of a table: what stands above its rows.

use super::dialect::{Cells, delimiter_of};
use super::headerless::looks_like_data;
use super::lines::Lines;
use super::{FileError, ReadOptions};

/// How many lines are looked at before a table is believed to be understood.
const LINES: usize = 1_000;
/// How many lines may stand above the header.
const PREAMBLE: usize = 20;

/// The beginning of a table, taken apart.
pub(super) struct Head {
    pub(super) delimiter: char,
    /// How many cells most lines have.
    pub(super) width: usize,
    /// The names of the columns, when they stand above them.
    pub(super) header: Option<Cells>,
    /// The symbol that a line of its own tells.
    pub(super) ticker: Option<String>,
    /// The line of the header, or the first row.
    pub(super) line: u64,
    /// The last line before the first row.
    pub(super) skipped: u64,
    /// The first rows.
    pub(super) rows: Vec<(u64, String)>,
}

impl Head {
    /// `None` when there is no line but blank ones and comments.
    pub(super) fn read(lines: &mut Lines, options: &ReadOptions) -> Result<Option<Self>, FileError> {
        let mut rows: Vec<(u64, String)> = Vec::new();
        let mut line = String::new();
        while rows.len() < LINES
            && let Some(number) = lines.next_into(&mut line)?
        {
            rows.push((number, line.clone()));
        }
        let (delimiter, width) = delimiter_of(rows.iter().map(|(_, line)| line.as_str()));
        let above = rows
            .iter()
            .take(PREAMBLE)
            .take_while(|(_, line)| line.starts_with('#') || (width > 1 && !line.contains(delimiter)))
            .count();
        let rows = rows.split_off(above.min(rows.len()));
        let Some((line, first)) = rows.first() else {
            return Ok(None);
        };
        let (line, mut cells) = (*line, Cells::default());
        let readable = cells.split(first, delimiter).is_ok();
        let data = options.no_header || (readable && looks_like_data(&cells));
        let mut head = Self {
            delimiter,
            width,
            header: None,
            ticker: None,
            line,
            skipped: line.saturating_sub(1),
            rows,
        };
        if lines.is_table || !data {
            head.rows.remove(0);
            head.skipped = line;
            head.header = Some(cells);
            head.take_ticker();
        }
        Ok(Some(head))
    }

    /// The library yfinance writes three lines above its rows: `Price,Close,High…`, `Ticker,AAPL,AAPL…`, `Date,,…`.
    fn take_ticker(&mut self) {
        let split = |row: Option<&(u64, String)>| {
            let mut cells = Cells::default();
            let (line, text) = row?;
            cells.split(text, self.delimiter).ok().map(|()| (*line, cells))
        };
        let (Some((_, tickers)), Some((line, stamps))) = (split(self.rows.first()), split(self.rows.get(1))) else {
            return;
        };
        let name = stamps.get(0).unwrap_or_default();
        let mut symbols = tickers.iter().skip(1);
        let symbol = symbols.next().unwrap_or_default();
        let alike = !symbol.is_empty() && symbols.all(|other| other == symbol);
        let named = matches!(name, "Date" | "Datetime") && stamps.iter().skip(1).all(str::is_empty);
        if tickers.get(0) == Some("Ticker") && alike && named {
            self.ticker = Some(symbol.to_owned());
            if let Some(header) = &mut self.header {
                header.rename_first(name);
            }
            self.skipped = line;
            self.rows.drain(..2);
        }
    }
}
