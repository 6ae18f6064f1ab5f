//! The rows of a Parquet file as lines of text, so that they are read as those of any other table.

use std::fs::File;

use domain::Timestamp;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as PhysicalType};
use parquet::data_type::Decimal;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;

use super::FileProblem;

/// What a column of integers counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    None,
    /// Microseconds or milliseconds; whether they are UTC.
    Instant {
        utc: bool,
    },
    /// Nanoseconds, which the row reader gives as plain integers.
    Nanoseconds {
        utc: bool,
    },
}

/// Rows as comma-separated lines, the names of the columns first, as line 0.
pub(super) struct ParquetLines {
    rows: RowIter<'static>,
    names: Option<Vec<String>>,
    clocks: Vec<Clock>,
    row: u64,
}

impl ParquetLines {
    pub(super) fn open(file: File) -> Result<Self, FileProblem> {
        let reader = SerializedFileReader::new(file).map_err(damaged)?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let columns = schema.columns();
        if schema.root_schema().get_fields().iter().any(|field| field.is_group()) {
            return Err(FileProblem::WrongKind {
                what: "Parquet with nested columns",
                remedy: "write one plain column each for timestamp, open, high, low, close and volume",
            });
        }
        let clock = |column: &parquet::schema::types::ColumnDescPtr| match column.logical_type_ref() {
            Some(LogicalType::Timestamp(stamp)) if matches!(stamp.unit, TimeUnit::NANOS) => Clock::Nanoseconds {
                utc: stamp.is_adjusted_to_u_t_c,
            },
            Some(LogicalType::Timestamp(stamp)) => Clock::Instant {
                utc: stamp.is_adjusted_to_u_t_c,
            },
            _ if column.physical_type() == PhysicalType::INT96 => Clock::Instant { utc: false },
            _ if column.converted_type() == ConvertedType::TIMESTAMP_MILLIS => Clock::Instant { utc: true },
            _ if column.converted_type() == ConvertedType::TIMESTAMP_MICROS => Clock::Instant { utc: true },
            _ => Clock::None,
        };
        Ok(Self {
            names: Some(columns.iter().map(|column| column.name().to_owned()).collect()),
            clocks: columns.iter().map(clock).collect(),
            rows: RowIter::from_file_into(Box::new(reader)),
            row: 0,
        })
    }

    pub(super) fn next_into(&mut self, line: &mut String) -> Result<Option<u64>, (u64, FileProblem)> {
        line.clear();
        if let Some(names) = self.names.take() {
            for name in &names {
                push(line, name);
            }
            line.pop();
            return Ok(Some(0));
        }
        let Some(row) = self.rows.next() else {
            return Ok(None);
        };
        self.row += 1;
        let row = row.map_err(|error| (self.row, damaged(error)))?;
        for ((_, field), clock) in row.get_column_iter().zip(&self.clocks) {
            push(line, &text(field, *clock));
        }
        line.pop();
        Ok(Some(self.row))
    }
}

fn damaged(source: parquet::errors::ParquetError) -> FileProblem {
    FileProblem::Damaged {
        what: "Parquet file",
        source: source.into(),
    }
}

/// Adds a cell and the comma behind it.
fn push(line: &mut String, cell: &str) {
    if cell.contains([',', '"', '\n', '\r']) {
        line.push('"');
        line.push_str(&cell.replace('"', "\"\"").replace(['\n', '\r'], " "));
        line.push('"');
    } else {
        line.push_str(cell);
    }
    line.push(',');
}

/// A value as text: floats by their shortest decimal, the rest exactly.
fn text(field: &Field, clock: Clock) -> String {
    match (field, clock) {
        (Field::Null, _) => String::new(),
        (Field::Str(text), _) => text.clone(),
        (Field::Bytes(bytes), _) => String::from_utf8_lossy(bytes.data()).into_owned(),
        (Field::Long(nanos), Clock::Nanoseconds { utc }) => stamp(Some(nanos.div_euclid(1_000)), utc),
        (Field::TimestampMicros(micros), clock) => stamp(Some(*micros), clock != Clock::Instant { utc: false }),
        (Field::TimestampMillis(millis), clock) => {
            stamp(millis.checked_mul(1_000), clock != Clock::Instant { utc: false })
        }
        (Field::Date(days), _) => stamp(i64::from(*days).checked_mul(86_400_000_000), true)
            .split('T')
            .next()
            .unwrap_or_default()
            .to_owned(),
        (Field::Decimal(decimal), _) => decimal_text(decimal),
        (Field::Bool(value), _) => value.to_string(),
        (Field::Byte(value), _) => value.to_string(),
        (Field::Short(value), _) => value.to_string(),
        (Field::Int(value), _) => value.to_string(),
        (Field::Long(value), _) => value.to_string(),
        (Field::UByte(value), _) => value.to_string(),
        (Field::UShort(value), _) => value.to_string(),
        (Field::UInt(value), _) => value.to_string(),
        (Field::ULong(value), _) => value.to_string(),
        (Field::Float(value), _) => value.to_string(),
        (Field::Double(value), _) => value.to_string(),
        (other, _) => other.to_string(),
    }
}

fn stamp(micros: Option<i64>, utc: bool) -> String {
    let Some(instant) = micros.and_then(|micros| Timestamp::from_unix_micros(micros).ok()) else {
        return "outside the years 1 to 9999".to_owned();
    };
    let mut text = instant.to_string();
    if !utc {
        text.pop();
    }
    text
}

/// `mantissa / 10^scale`, written out.
fn decimal_text(decimal: &Decimal) -> String {
    let data = decimal.data();
    let scale = usize::try_from(decimal.scale()).unwrap_or(0);
    let negative = data.first().is_some_and(|byte| *byte >= 0x80);
    if data.len() > 16
        && !data
            .iter()
            .rev()
            .skip(16)
            .all(|byte| *byte == if negative { 0xFF } else { 0 })
    {
        return "a decimal of more than 38 digits".to_owned();
    }
    let mut bytes = [if negative { 0xFF } else { 0_u8 }; 16];
    for (to, from) in bytes.iter_mut().rev().zip(data.iter().rev()) {
        *to = *from;
    }
    let mantissa = i128::from_be_bytes(bytes);
    let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len() - scale).unwrap_or((&digits, ""));
    let sign = if mantissa < 0 { "-" } else { "" };
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}
