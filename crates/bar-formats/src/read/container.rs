//! What a bar file is wrapped in, told by its first bytes and not by its name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::CrcReader;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use zip::{CompressionMethod, ZipArchive};

use super::folder::{is_bar_file, stem};
use super::lines::Lines;
use super::{FileError, FileProblem};

/// What a bar file is wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Text as it is.
    Plain,
    /// gzip, also of several members one behind the other.
    Gzip,
    /// A zip archive; every entry whose name promises bars is read, in the order of the names.
    Zip,
    /// Parquet.
    Parquet,
}

/// One table of bars: a file, or an entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// As messages name it: `prices.zip: AAPL.csv`.
    pub(super) name: String,
    /// Its name without folders and suffixes, which may tell symbol and interval.
    pub(super) stem: String,
    entry: Option<usize>,
}

/// What a file is wrapped in, and the tables in it.
pub(super) fn parts(path: &Path) -> Result<(Container, Vec<Part>), FileError> {
    let name = path.display().to_string();
    let unreadable = |source| FileError::new(&name, None, FileProblem::Unreadable(source));
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let whole = || {
        vec![Part {
            name: name.clone(),
            stem: stem(&name).to_owned(),
            entry: None,
        }]
    };
    match kind_of(file.fill_buf().map_err(unreadable)?) {
        Kind::Gzip => Ok((Container::Gzip, whole())),
        Kind::Parquet => Ok((Container::Parquet, whole())),
        Kind::Zip => Ok((Container::Zip, entries(file, &name)?)),
        Kind::Text | Kind::Wrong { .. } => Ok((Container::Plain, whole())),
    }
}

fn entries(file: BufReader<File>, name: &str) -> Result<Vec<Part>, FileError> {
    let archive = ZipArchive::new(file).map_err(|source| damaged_zip(name, source))?;
    if archive.index_for_name("[Content_Types].xml").is_some() {
        let what = "an Excel workbook";
        let remedy = "save the sheet as CSV";
        return Err(FileError::new(name, None, FileProblem::WrongKind { what, remedy }));
    }
    let mut parts = Vec::new();
    for index in 0..archive.len() {
        let Some(entry) = archive
            .name_for_index(index)
            .transpose()
            .map_err(|source| damaged_zip(name, source))?
        else {
            continue;
        };
        if is_bar_file(&entry) {
            parts.push(Part {
                name: format!("{name}: {entry}"),
                stem: stem(&entry).to_owned(),
                entry: Some(index),
            });
        }
    }
    parts.sort_by(|left, right| left.name.cmp(&right.name));
    if parts.is_empty() {
        return Err(FileError::new(name, None, FileProblem::NoBarFiles));
    }
    Ok(parts)
}

/// Opens a table from its beginning.
pub(super) fn open(path: &Path, part: &Part) -> Result<Lines, FileError> {
    let unreadable = |source| FileError::new(&part.name, None, FileProblem::Unreadable(source));
    let mut file = File::open(path).map_err(unreadable)?;
    let Some(entry) = part.entry else {
        let mut magic = [0; 4];
        let read = file.read(&mut magic).map_err(unreadable)?;
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        if read == 4 && magic == *b"PAR1" {
            return parquet(part, file);
        }
        return unwrapped(part, Box::new(BufReader::new(file)), 0);
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|source| damaged_zip(&part.name, source))?;
    let entry = archive
        .by_index_raw(entry)
        .map_err(|source| damaged_zip(&part.name, source))?;
    let wrong = |what, remedy| FileError::new(&part.name, None, FileProblem::WrongKind { what, remedy });
    if entry.encrypted() {
        return Err(wrong("encrypted", "unpack it first"));
    }
    let (method, length, crc) = (entry.compression(), entry.compressed_size(), entry.crc32());
    let start = entry.data_start().unwrap_or(0);
    drop(entry);
    let mut file = archive.into_inner();
    file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
    let raw = file.take(length);
    let inflated: Box<dyn Read + Send> = match method {
        CompressionMethod::Stored => Box::new(raw),
        CompressionMethod::Deflated => Box::new(DeflateDecoder::new(raw)),
        _ => return Err(wrong("packed by a method other than deflate", "unpack it first")),
    };
    unwrapped(
        part,
        Box::new(BufReader::new(Checked {
            reader: CrcReader::new(inflated),
            crc,
        })),
        0,
    )
}

/// Unpacks what is packed within, and looks at what comes out.
fn unwrapped(part: &Part, mut reader: Box<dyn BufRead + Send>, depth: u8) -> Result<Lines, FileError> {
    let wrong = |what, remedy| FileError::new(&part.name, None, FileProblem::WrongKind { what, remedy });
    let unreadable = |source: io::Error| {
        let damaged = FileProblem::Damaged {
            what: "compressed file",
            source: source.into(),
        };
        FileError::new(&part.name, None, damaged)
    };
    match kind_of(reader.fill_buf().map_err(unreadable)?) {
        Kind::Gzip if depth < 2 => unwrapped(
            part,
            Box::new(BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(reader))),
            depth + 1,
        ),
        Kind::Gzip => Err(wrong("packed more than twice", "unpack it first")),
        Kind::Zip => Err(wrong("an archive within an archive", "unpack it first")),
        Kind::Parquet => {
            let mut file = tempfile::tempfile().map_err(unreadable)?;
            io::copy(&mut reader, &mut file).map_err(unreadable)?;
            parquet(part, file)
        }
        Kind::Wrong { what, remedy } => Err(wrong(what, remedy)),
        Kind::Text => Ok(Lines::of_text(&part.name, reader)),
    }
}

#[cfg(feature = "parquet")]
fn parquet(part: &Part, file: File) -> Result<Lines, FileError> {
    let lines =
        super::parquet_lines::ParquetLines::open(file).map_err(|problem| FileError::new(&part.name, None, problem))?;
    Ok(Lines::of_parquet(&part.name, lines))
}

#[cfg(not(feature = "parquet"))]
fn parquet(part: &Part, _file: File) -> Result<Lines, FileError> {
    let problem = FileProblem::WrongKind {
        what: "Parquet, which this build does not read",
        remedy: "build with the feature `parquet`, or convert it to CSV",
    };
    Err(FileError::new(&part.name, None, problem))
}

fn damaged_zip(name: &str, source: zip::result::ZipError) -> FileError {
    let damaged = FileProblem::Damaged {
        what: "zip archive",
        source: source.into(),
    };
    FileError::new(name, None, damaged)
}

enum Kind {
    Text,
    Gzip,
    Zip,
    Parquet,
    Wrong { what: &'static str, remedy: &'static str },
}

fn kind_of(beginning: &[u8]) -> Kind {
    let unpack = "unpack it first, or pack it with gzip or zip";
    let signs: [(&[u8], Kind); 11] = [
        (b"\x1F\x8B", Kind::Gzip),
        (b"PK\x03\x04", Kind::Zip),
        (b"PK\x05\x06", Kind::Zip),
        (b"PAR1", Kind::Parquet),
        (
            b"\x28\xB5\x2F\xFD",
            Kind::Wrong {
                what: "packed with zstd",
                remedy: unpack,
            },
        ),
        (
            b"\xFD7zXZ\0",
            Kind::Wrong {
                what: "packed with xz",
                remedy: unpack,
            },
        ),
        (
            b"BZh",
            Kind::Wrong {
                what: "packed with bzip2",
                remedy: unpack,
            },
        ),
        (
            b"ARROW1",
            Kind::Wrong {
                what: "an Arrow or Feather file",
                remedy: "write it as Parquet or CSV",
            },
        ),
        (
            b"SQLite format 3",
            Kind::Wrong {
                what: "a SQLite database",
                remedy: "export its bars as CSV",
            },
        ),
        (
            b"\xFF\xFE",
            Kind::Wrong {
                what: "text in UTF-16",
                remedy: "save it as UTF-8",
            },
        ),
        (
            b"\xFE\xFF",
            Kind::Wrong {
                what: "text in UTF-16",
                remedy: "save it as UTF-8",
            },
        ),
    ];
    if let Some((_, kind)) = signs.into_iter().find(|(sign, _)| beginning.starts_with(sign)) {
        return kind;
    }
    let text = beginning
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(beginning)
        .trim_ascii_start();
    if beginning.contains(&0) {
        Kind::Wrong {
            what: "binary data",
            remedy: "bars come as CSV or Parquet",
        }
    } else if text.starts_with(b"{") || text.starts_with(b"[") {
        Kind::Wrong {
            what: "JSON",
            remedy: "it may be a provider's error message; bars in files come as CSV or Parquet",
        }
    } else if text.starts_with(b"<!") || text.starts_with(b"<html") || text.starts_with(b"<?xml") {
        Kind::Wrong {
            what: "a web page",
            remedy: "the download failed: look at it and fetch it again",
        }
    } else {
        Kind::Text
    }
}

/// Compares the checksum of an archive's entry when it has been read to its end.
struct Checked<R: Read> {
    reader: CrcReader<R>,
    crc: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.reader.crc().sum() != self.crc {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the checksum of the entry is wrong",
            ));
        }
        Ok(read)
    }
}
