//! The beginning of a table: how it is written, and which column is which.

use std::path::Path;

use super::cell::DecimalMark;
use super::container::{self, Part};
use super::dialect::{Cells, delimiter_of};
use super::file_name::named_bars;
use super::headerless::{looks_like_data, proven_columns};
use super::layout::{Columns, NamedColumns, named_columns, numbered_columns};
use super::row::{Layout, RowReader};
use super::stamp_reading::StampJudge;
use super::{FileError, FileProblem, ReadOptions, StampReading};

/// How many lines are looked at before a table is believed to be understood.
const HEAD: usize = 1_000;
/// How many lines may stand above the header.
const PREAMBLE: usize = 20;

/// A table of bars whose columns and stamps are understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) part: Part,
    pub(super) layout: Layout,
    pub(super) header: bool,
    pub(super) ignored: Vec<String>,
}

/// Reads the beginning, and all of the table where only all rows together can decide.
pub(super) fn understand(path: &Path, part: &Part, options: &ReadOptions) -> Result<Table, FileError> {
    let wrong = |line: Option<u64>, problem| FileError::new(&part.name, line, problem);
    let mut lines = container::open(path, part)?;
    let mut head: Vec<(u64, String)> = Vec::new();
    let mut line = String::new();
    while head.len() < HEAD
        && let Some(number) = lines.next_into(&mut line)?
    {
        head.push((number, line.clone()));
    }
    let (delimiter, width) = delimiter_of(head.iter().map(|(_, line)| line.as_str()));
    let above = head
        .iter()
        .take(PREAMBLE)
        .take_while(|(_, line)| line.starts_with('#') || (width > 1 && !line.contains(delimiter)))
        .count();
    let mut head = head.split_off(above.min(head.len()));
    let Some((first_line, first)) = head.first() else {
        return Err(wrong(None, FileProblem::Empty));
    };
    let (first_line, mut cells) = (*first_line, Cells::default());
    let readable = cells.split(first, delimiter).is_ok();
    let header = lines.is_table || (!options.no_header && !(readable && looks_like_data(&cells)));
    let named;
    let skipped;
    if header {
        named = named_columns(&cells, &options.columns).map_err(|problem| wrong(Some(first_line), problem))?;
        skipped = Some(first_line);
        head.remove(0);
    } else {
        named = unnamed(&head, delimiter, width, options).map_err(|problem| wrong(Some(first_line), problem))?;
        skipped = first_line.checked_sub(1);
    }
    let NamedColumns {
        columns,
        ignored,
        named_value,
    } = named;
    let by_name = named_bars(&part.stem);
    let named_value = named_value.filter(|name| !name.bytes().any(|byte| byte.is_ascii_lowercase()));
    let mut table = Table {
        part: part.clone(),
        header,
        ignored,
        layout: Layout {
            delimiter,
            skipped: skipped.unwrap_or(0),
            names: if header {
                cells.iter().map(str::to_owned).collect()
            } else {
                Vec::new()
            },
            stamps: StampReading::Written(None),
            decimals: DecimalMark::Point,
            symbol: match (&options.symbol, columns.symbol) {
                (Some(symbol), _) => Some(symbol.clone()),
                (None, Some(_)) => None,
                (None, None) => named_value.and_then(|name| name.parse().ok()).or(by_name.symbol),
            },
            interval: options.interval.or(match columns.interval {
                Some(_) => None,
                None => by_name.interval,
            }),
            columns,
        },
    };
    table.judge(path, options, &head)?;
    Ok(table)
}

fn unnamed(
    head: &[(u64, String)],
    delimiter: char,
    width: usize,
    options: &ReadOptions,
) -> Result<NamedColumns, FileProblem> {
    let rows: Vec<Cells> = head
        .iter()
        .filter_map(|(_, line)| {
            let mut cells = Cells::default();
            cells.split(line, delimiter).ok().map(|()| cells)
        })
        .collect();
    let columns: Columns = if options.columns.is_empty() {
        proven_columns(&rows, width).ok_or(FileProblem::OrderUnknown { width })?
    } else {
        numbered_columns(width, &options.columns)?
    };
    Ok(NamedColumns {
        columns,
        ignored: Vec::new(),
        named_value: None,
    })
}

impl Table {
    /// Decides how stamps and decimals are written.
    fn judge(&mut self, path: &Path, options: &ReadOptions, head: &[(u64, String)]) -> Result<(), FileError> {
        let mut evidence = Evidence::default();
        let mut reader = RowReader::new(&self.layout);
        for (number, line) in head {
            evidence.hear(&mut reader, *number, line);
        }
        let settled = matches!(evidence.stamps.clone().verdict(), Ok(StampReading::Written(None)));
        if (!settled && options.date_format.is_none()) || evidence.comma {
            evidence = Evidence::default();
            let mut lines = container::open(path, &self.part)?;
            let mut line = String::new();
            while let Some(number) = lines.next_into(&mut line)? {
                if number > self.layout.skipped {
                    evidence.hear(&mut reader, number, &line);
                }
            }
        }
        let no_comma_between = self.layout.delimiter != ',';
        if evidence.comma && !evidence.point && no_comma_between {
            self.layout.decimals = DecimalMark::Comma;
        }
        self.layout.stamps = match &options.date_format {
            Some(format) => StampReading::Format(format.clone()),
            None if evidence.rows == 0 => StampReading::Written(None),
            None => evidence
                .stamps
                .verdict()
                .map_err(|(line, problem)| FileError::new(&self.part.name, line, problem))?,
        };
        Ok(())
    }
}

#[derive(Default)]
struct Evidence {
    rows: u64,
    stamps: StampJudge,
    /// Some price holds a comma.
    comma: bool,
    /// Some price holds a point.
    point: bool,
}

impl Evidence {
    fn hear(&mut self, reader: &mut RowReader<'_>, number: u64, line: &str) {
        if reader.take(line) {
            self.rows += 1;
            self.stamps.hear(number, reader.stamp_text());
            for cell in reader.price_cells() {
                self.comma |= cell.contains(',');
                self.point |= cell.len() > 1 && cell.contains('.');
            }
        }
    }
}
