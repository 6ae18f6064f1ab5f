//! The beginning of a table: how it is written, and which column is which.

use std::path::Path;
use std::sync::Arc;

use super::cell::DecimalMark;
use super::container::{self, Part};
use super::dialect::Cells;
use super::file_name::named_bars;
use super::head::Head;
use super::headerless::proven_columns;
use super::layout::{NamedColumns, named_columns, numbered_columns};
use super::row::{Layout, RowReader};
use super::stamp_judge::StampJudge;
use super::{ColumnMap, FileError, FileProblem, ReadOptions, StampReading};

/// A table of bars whose columns and stamps are understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) part: Part,
    pub(super) layout: Arc<Layout>,
    pub(super) header: bool,
    pub(super) ignored: Vec<String>,
}

/// Reads the beginning, and all of the table where only all rows together can decide.
pub(super) fn understand(path: &Path, part: &Part, options: &ReadOptions) -> Result<Table, FileError> {
    let wrong = |line: Option<u64>, problem| FileError::new(&part.name, line, problem);
    let head = Head::read(&mut container::open(path, part)?, options)?;
    let Some(head) = head else {
        return Err(wrong(None, FileProblem::Empty));
    };
    let named = match &head.header {
        Some(header) => named_columns(header, &options.columns),
        None => unnamed(&head, &options.columns),
    };
    let NamedColumns {
        mut columns,
        ignored,
        named_value,
    } = named.map_err(|problem| wrong(Some(head.line), problem))?;
    // Some programs end each row, but not the header, with one more delimiter.
    columns.trailing = head.width == columns.width + 1;
    let by_name = named_bars(&part.stem);
    let named_value = named_value.filter(|name| !name.bytes().any(|byte| byte.is_ascii_lowercase()));
    let mut table = Table {
        part: part.clone(),
        header: head.header.is_some(),
        ignored,
        layout: Arc::new(Layout {
            delimiter: head.delimiter,
            skipped: head.skipped,
            names: head.header.iter().flat_map(Cells::iter).map(str::to_owned).collect(),
            stamps: StampReading::Written(None),
            decimals: DecimalMark::Point,
            symbol: match (&options.symbol, columns.symbol) {
                (Some(symbol), _) => Some(symbol.clone()),
                (None, Some(_)) => None,
                (None, None) => {
                    let told = head.ticker.or(named_value);
                    told.and_then(|name| name.parse().ok()).or(by_name.symbol)
                }
            },
            interval: options.interval.or(match columns.interval {
                Some(_) => None,
                None => by_name.interval,
            }),
            columns,
        }),
    };
    table.judge(path, options, &head.rows)?;
    Ok(table)
}

fn unnamed(head: &Head, map: &ColumnMap) -> Result<NamedColumns, FileProblem> {
    let columns = if map.is_empty() {
        let split = |(_, line): &(u64, String)| {
            let mut cells = Cells::default();
            cells.split(line, head.delimiter).ok().map(|()| cells)
        };
        let rows: Vec<Cells> = head.rows.iter().filter_map(split).collect();
        proven_columns(&rows, head.width).ok_or(FileProblem::OrderUnknown { width: head.width })?
    } else {
        numbered_columns(head.width, map)?
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
        let mut reader = RowReader::new(Arc::clone(&self.layout));
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
        let decimals = if evidence.comma && !evidence.point && self.layout.delimiter != ',' {
            DecimalMark::Comma
        } else {
            DecimalMark::Point
        };
        let stamps = match &options.date_format {
            Some(format) => StampReading::Format(format.clone()),
            None if evidence.rows == 0 => StampReading::Written(None),
            None => evidence
                .stamps
                .verdict()
                .map_err(|(line, problem)| FileError::new(&self.part.name, line, problem))?,
        };
        let layout = Layout::clone(&self.layout);
        self.layout = Arc::new(Layout {
            stamps,
            decimals,
            ..layout
        });
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
    fn hear(&mut self, reader: &mut RowReader, number: u64, line: &str) {
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
