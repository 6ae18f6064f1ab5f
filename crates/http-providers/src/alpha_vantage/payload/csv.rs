//! Their CSV: a line of labels, then rows; cells hold no commas.

use std::borrow::Cow;

use super::{Row, Table};

/// The first labels of their tables.
const FIRST_LABELS: [&str; 6] = [
    "timestamp",
    "time",
    "date",
    "ex_dividend_date",
    "effective_date",
    "symbol",
];

/// Whether a body begins as one of their tables does.
pub(super) fn is_table(text: &str) -> bool {
    let first = text.split([',', '\r', '\n']).next();
    first.is_some_and(|label| FIRST_LABELS.contains(&label.trim()))
}

/// The table. A row with another number of cells has a cell `row` that says so.
pub(super) fn table(text: &str) -> Table<'_> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let Some((_, header)) = lines.next() else {
        return Table::default();
    };
    let labels: Vec<&str> = header.split(',').map(|label| named(label.trim())).collect();
    let rows = lines.map(|(index, line)| {
        let values: Vec<&str> = line.split(',').map(str::trim).collect();
        let cells = labels.iter().zip(&values);
        let mut cells: Vec<_> = cells
            .map(|(label, value)| (Cow::Borrowed(*label), Cow::Borrowed(*value)))
            .collect();
        if values.len() != labels.len() {
            let reason = format!("{} cells under {} labels", values.len(), labels.len());
            cells.push((Cow::Borrowed("row"), Cow::Owned(reason)));
        }
        Row {
            cells,
            index: index + 1,
            raw: line.to_owned(),
        }
    });
    Table {
        zone: None,
        market: None,
        rows: rows.collect(),
    }
}

/// The time of a bar has one name here.
fn named(label: &str) -> &str {
    match label {
        "time" | "date" => "timestamp",
        other => other,
    }
}
