//! Sorting the lines of a file by series and time, on disk where memory would not do.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

/// How many bytes of lines are kept in memory at most.
const RUN: usize = 16 * 1024 * 1024;
/// What a line costs in memory beside its text.
const OVERHEAD: usize = 64;
/// How much of each run is read at a time.
const BUFFER: usize = 32 * 1024;

/// A line with what it is sorted by: series, then stamp, then its place in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortedLine {
    pub(super) series: u32,
    pub(super) stamp: i64,
    pub(super) table: u32,
    pub(super) line: u64,
    pub(super) text: String,
}

/// Takes lines in any order.
#[derive(Default)]
pub(super) struct LineSorter {
    lines: Vec<SortedLine>,
    bytes: usize,
    runs: Vec<File>,
    limit: Option<usize>,
}

impl LineSorter {
    #[cfg(test)]
    fn with_limit(bytes: usize) -> Self {
        Self {
            limit: Some(bytes),
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, line: SortedLine) -> io::Result<()> {
        self.bytes += line.text.len() + OVERHEAD;
        self.lines.push(line);
        if self.bytes > self.limit.unwrap_or(RUN) {
            self.spill()
        } else {
            Ok(())
        }
    }

    /// Writes what is in memory to a run of its own.
    fn spill(&mut self) -> io::Result<()> {
        self.lines.sort_unstable();
        let mut file = BufWriter::new(tempfile::tempfile()?);
        for line in self.lines.drain(..) {
            line.write(&mut file)?;
        }
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        self.runs.push(file);
        self.bytes = 0;
        Ok(())
    }

    /// All lines in order.
    pub(super) fn finish(mut self) -> io::Result<SortedLines> {
        if !self.runs.is_empty() {
            self.spill()?;
        }
        self.lines.sort_unstable();
        let mut sorted = SortedLines {
            memory: self.lines.into_iter(),
            runs: self
                .runs
                .into_iter()
                .map(|file| BufReader::with_capacity(BUFFER, file))
                .collect(),
            next: BinaryHeap::new(),
        };
        for run in 0..sorted.runs.len() {
            sorted.advance(run)?;
        }
        Ok(sorted)
    }
}

/// Gives lines in order: from memory when they fitted, else by merging the runs.
pub(super) struct SortedLines {
    memory: std::vec::IntoIter<SortedLine>,
    runs: Vec<BufReader<File>>,
    next: BinaryHeap<Reverse<Head>>,
}

#[derive(PartialEq, Eq)]
struct Head {
    line: SortedLine,
    run: usize,
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.line.cmp(&other.line)
    }
}

impl SortedLines {
    pub(super) fn next_line(&mut self) -> io::Result<Option<SortedLine>> {
        if let Some(line) = self.memory.next() {
            return Ok(Some(line));
        }
        let Some(Reverse(Head { line, run })) = self.next.pop() else {
            return Ok(None);
        };
        self.advance(run)?;
        Ok(Some(line))
    }

    fn advance(&mut self, run: usize) -> io::Result<()> {
        if let Some(reader) = self.runs.get_mut(run)
            && let Some(line) = SortedLine::read(reader)?
        {
            self.next.push(Reverse(Head { line, run }));
        }
        Ok(())
    }
}

impl SortedLine {
    fn write(&self, file: &mut impl Write) -> io::Result<()> {
        let length = u32::try_from(self.text.len()).map_err(io::Error::other)?;
        file.write_all(&length.to_le_bytes())?;
        file.write_all(&self.series.to_le_bytes())?;
        file.write_all(&self.stamp.to_le_bytes())?;
        file.write_all(&self.table.to_le_bytes())?;
        file.write_all(&self.line.to_le_bytes())?;
        file.write_all(self.text.as_bytes())
    }

    /// `None` at the end of the run.
    fn read(file: &mut impl Read) -> io::Result<Option<Self>> {
        let mut length = [0; 4];
        match file.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let series = u32::from_le_bytes(bytes(file)?);
        let stamp = i64::from_le_bytes(bytes(file)?);
        let table = u32::from_le_bytes(bytes(file)?);
        let line = u64::from_le_bytes(bytes(file)?);
        let mut text = vec![0; usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?];
        file.read_exact(&mut text)?;
        let text = String::from_utf8(text).map_err(io::Error::other)?;
        Ok(Some(Self {
            series,
            stamp,
            table,
            line,
            text,
        }))
    }
}

fn bytes<const LENGTH: usize>(file: &mut impl Read) -> io::Result<[u8; LENGTH]> {
    let mut buffer = [0; LENGTH];
    file.read_exact(&mut buffer)?;
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sorts_on_disk_as_in_memory(keys in proptest::collection::vec((0_u32..3, 0_i64..20), 0..300)) {
            let lines: Vec<SortedLine> = keys
                .into_iter()
                .zip(1..)
                .map(|((series, stamp), line)| SortedLine { series, stamp, table: 0, line, text: format!("row {line}") })
                .collect();
            let mut sorter = LineSorter::with_limit(1_000);
            for line in &lines {
                sorter.push(line.clone()).unwrap();
            }
            let mut sorted = sorter.finish().unwrap();
            let found: Vec<_> = std::iter::from_fn(|| sorted.next_line().unwrap()).collect();
            let mut expected = lines;
            expected.sort_by_key(|line| (line.series, line.stamp)); // stable: the file's order decides
            prop_assert_eq!(found, expected);
        }
    }
}
