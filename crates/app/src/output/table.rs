//! A table in plain text: columns as wide as they need to be, numbers to the right.

use std::fmt;

/// Rows below a header.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Without rows yet.
    #[must_use]
    pub(crate) fn new(header: impl Into<Vec<&'static str>>) -> Self {
        Self {
            header: header.into(),
            rows: Vec::new(),
        }
    }

    /// One more row, with a cell for each column.
    pub(crate) fn push<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    fn lines(&self) -> impl Iterator<Item = Vec<&str>> {
        let header = self.header.to_vec();
        std::iter::once(header).chain(self.rows.iter().map(|row| row.iter().map(String::as_str).collect()))
    }

    /// Columns that hold nothing but counts, or dashes where there is none, are numbers.
    fn is_number(&self, column: usize) -> bool {
        let is_count =
            |cell: &&String| cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b',') && !cell.is_empty();
        let mut cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.clone().any(|cell| is_count(&cell)) && cells.all(|cell| is_count(&cell) || cell == "-")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut widths = vec![0; self.header.len()];
        for line in self.lines() {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.chars().count().max(*width);
            }
        }
        for line in self.lines() {
            let mut text = String::new();
            for (column, (width, cell)) in widths.iter().copied().zip(line).enumerate() {
                let gap = if column == 0 { "" } else { "  " };
                if self.is_number(column) {
                    text.push_str(&format!("{gap}{cell:>width$}"));
                } else {
                    text.push_str(&format!("{gap}{cell:<width$}"));
                }
            }
            writeln!(formatter, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_words_left_and_counts_right() {
        let mut table = Table::new(["symbol", "bars", "last"]);
        table.push(["AAPL", "5,849", "2021-03-31"]);
        table.push(["^GSPC", "15,821", ""]);
        assert_eq!(
            table.to_string(),
            "symbol    bars  last\nAAPL     5,849  2021-03-31\n^GSPC   15,821\n"
        );
    }
}
