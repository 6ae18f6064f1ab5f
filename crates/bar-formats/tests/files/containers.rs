//! Tables wrapped in gzip and zip, told by their first bytes.

use std::io::{Cursor, Write};

use crate::support::{file, told, told_of};
use bar_formats::ReadOptions;
use zip::write::SimpleFileOptions;

const JANUARY: &str = "date,close\n2024-01-30,1\n2024-01-31,2\n";
const FEBRUARY: &str = "date,close\n2024-02-01,3\n2024-02-02,4\n";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let method = if name.ends_with(".gz") {
            zip::CompressionMethod::Stored
        } else {
            zip::CompressionMethod::Deflated
        };
        archive
            .start_file(*name, SimpleFileOptions::default().compression_method(method))
            .unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn reads_gzip_of_several_members_whatever_its_name() {
    let both = [gzip(JANUARY.as_bytes()), gzip(b"2024-02-01,3\n")].concat();
    insta::assert_snapshot!(told_of("AAPL.csv", both, &ReadOptions::default()));
}

#[test]
fn reads_every_bar_file_of_a_zip_in_the_order_of_names() {
    let archive = zip_of(&[
        ("README.txt", b"not a table"),
        ("data/MSFT-1d-2024-02.csv.gz", &gzip(FEBRUARY.as_bytes())),
        ("data/MSFT-1d-2024-01.csv", JANUARY.as_bytes()),
        ("__MACOSX/._x.csv", b"\0\0"),
    ]);
    insta::assert_snapshot!(told_of("history.zip", archive, &ReadOptions::default()));
}

#[test]
fn the_name_of_an_archive_speaks_for_its_only_entry() {
    let archive = zip_of(&[("data.csv", JANUARY.as_bytes())]);
    insta::assert_snapshot!(told_of("BTCUSDT-1d-2024-01.zip", archive, &ReadOptions::default()));
}

#[test]
fn refuses_archives_without_tables() {
    let workbook = zip_of(&[("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")]);
    let pictures = zip_of(&[("a.png", b"x")]);
    let within = zip_of(&[("A.csv", &zip_of(&[("A.csv", JANUARY.as_bytes())]))]);
    let said = [workbook, pictures, within].map(|archive| told_of("x.zip", archive, &ReadOptions::default()));
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn notices_a_broken_entry() {
    let mut archive = zip_of(&[("A.csv.gz", JANUARY.as_bytes())]);
    let at = archive.windows(4).position(|bytes| bytes == b"date").unwrap();
    *archive.get_mut(at + 20).unwrap() ^= 1;
    let (_folder, path) = file("A.zip", archive);
    let said = told(&path, &ReadOptions::default());
    assert!(said.contains("is no whole compressed file: fetch it again"), "{said}");
}
