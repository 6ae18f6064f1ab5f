//! The lines of one bar file, whatever it is wrapped in.

use std::io::{BufRead, ErrorKind};

use super::{FileError, FileProblem};

/// No row of a table of bars is longer.
const LONGEST_LINE: u64 = 1_000_000;

/// Gives one line after the other, numbered from 1, without line ends; blank lines are left out.
pub(super) struct Lines {
    file: String,
    source: Source,
    /// The columns have names of their own, so that the first line is a header.
    pub(super) is_table: bool,
}

enum Source {
    Text {
        reader: Box<dyn BufRead + Send>,
        line: u64,
        bytes: Vec<u8>,
    },
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet_lines::ParquetLines>),
}

impl Lines {
    pub(super) fn of_text(file: &str, reader: Box<dyn BufRead + Send>) -> Self {
        Self {
            file: file.to_owned(),
            source: Source::Text {
                reader,
                line: 0,
                bytes: Vec::new(),
            },
            is_table: false,
        }
    }

    #[cfg(feature = "parquet")]
    pub(super) fn of_parquet(file: &str, lines: super::parquet_lines::ParquetLines) -> Self {
        Self {
            file: file.to_owned(),
            source: Source::Parquet(Box::new(lines)),
            is_table: true,
        }
    }

    /// Puts the next line into `line` and returns its number; `None` at the end.
    pub(super) fn next_into(&mut self, line: &mut String) -> Result<Option<u64>, FileError> {
        let (reader, number, bytes) = match &mut self.source {
            #[cfg(feature = "parquet")]
            Source::Parquet(rows) => {
                return rows
                    .next_into(line)
                    .map_err(|(row, problem)| FileError::new(&self.file, row, problem));
            }
            Source::Text { reader, line, bytes } => (reader, line, bytes),
        };
        loop {
            bytes.clear();
            *number += 1;
            let read = std::io::Read::take(&mut *reader, LONGEST_LINE).read_until(b'\n', bytes);
            let read = match read {
                Ok(read) => u64::try_from(read).unwrap_or(u64::MAX),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    let damaged = FileProblem::Damaged {
                        what: "compressed file",
                        source: error.into(),
                    };
                    return Err(FileError::new(&self.file, *number, damaged));
                }
                Err(error) if error.kind() == ErrorKind::InvalidData || error.kind() == ErrorKind::InvalidInput => {
                    let damaged = FileProblem::Damaged {
                        what: "compressed file",
                        source: error.into(),
                    };
                    return Err(FileError::new(&self.file, *number, damaged));
                }
                Err(error) => return Err(FileError::new(&self.file, *number, FileProblem::Unreadable(error))),
            };
            if read == 0 {
                return Ok(None);
            }
            if read == LONGEST_LINE && bytes.last() != Some(&b'\n') {
                return Err(FileError::new(&self.file, *number, FileProblem::LineTooLong));
            }
            let mut content: &[u8] = bytes;
            if *number == 1 {
                content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
            }
            content = content.strip_suffix(b"\n").unwrap_or(content);
            content = content.strip_suffix(b"\r").unwrap_or(content);
            if !content.iter().all(u8::is_ascii_whitespace) {
                line.clear();
                line.push_str(&String::from_utf8_lossy(content));
                return Ok(Some(*number));
            }
        }
    }
}
