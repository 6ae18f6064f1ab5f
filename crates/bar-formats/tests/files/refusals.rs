//! Files that give no bars: what a person reads, and what to do.

use std::io::Write;

use crate::support::{file, told_of};
use bar_formats::{FileProblem, ReadOptions, survey};

fn options(symbol: Option<&str>, interval: Option<&str>, map: &str) -> ReadOptions {
    ReadOptions {
        symbol: symbol.map(|symbol| symbol.parse().unwrap()),
        interval: interval.map(|interval| interval.parse().unwrap()),
        columns: map.parse().unwrap(),
        ..ReadOptions::default()
    }
}

#[test]
fn every_refusal_names_the_remedy() {
    let header = "date,open,high,low,close,volume\n";
    let day = "2024-01-02,1,2,1,2,10\n2024-01-03,1,2,1,2,10\n";
    let cases: Vec<(&str, String, ReadOptions)> = vec![
        ("empty.csv", String::new(), options(None, None, "")),
        ("blank.csv", "\n \r\n\n".to_owned(), options(None, None, "")),
        ("AAPL.csv", header.to_owned(), options(None, None, "")),
        (
            "page.csv",
            "<!DOCTYPE html><html></html>".to_owned(),
            options(None, None, ""),
        ),
        (
            "answer.csv",
            "{\"Information\": \"rate limit\"}".to_owned(),
            options(None, None, ""),
        ),
        ("prices.csv", format!("{header}{day}"), options(None, None, "")),
        ("AAPL.csv", "when,what\nnow,that\n".to_owned(), options(None, None, "")),
        (
            "AAPL.csv",
            "date,open,high,low\n2024-01-02,1,2,1\n".to_owned(),
            options(None, None, ""),
        ),
        ("AAPL.csv", format!("{header}{day}"), options(None, None, "close=Kurs")),
        (
            "AAPL.csv",
            "date,open,open,high,low,close\n".to_owned(),
            options(None, None, ""),
        ),
        (
            "AAPL.csv",
            "1517443740,10,10,10,10,5\n".to_owned(),
            options(None, None, ""),
        ),
        (
            "AAPL.csv",
            format!("{header}soon,1,2,1,2,10\n"),
            options(None, None, ""),
        ),
        (
            "AAPL.csv",
            format!("{header}2024-01-02,1,2,1,2,10\n"),
            options(None, None, ""),
        ),
        (
            "AAPL.csv",
            format!("{header}2024-01-02 10:00,1,2,1,2,1\n2024-01-02 10:02,1,2,1,2,1\n"),
            options(None, None, ""),
        ),
        (
            "AAPL-1d.csv",
            (0..9).fold(header.to_owned(), |text, minute| {
                format!("{text}2024-01-02T10:0{minute}:00Z,1,2,1,2,1\n")
            }),
            options(None, None, ""),
        ),
        (
            "AAPL.csv",
            format!("{header}1704153600,1,2,1,2,1\n1704240000000,1,2,1,2,1\n"),
            options(None, None, ""),
        ),
        (
            "AAPL.csv",
            format!("{header}13/01/2024,1,2,1,2,1\n01/13/2024,1,2,1,2,1\n"),
            options(None, None, ""),
        ),
        (
            "all.csv",
            format!("symbol,{header}A,2024-01-02,1,2,1,2,1\nB,2024-01-02,1,2,1,2,1\n"),
            options(Some("A"), None, ""),
        ),
        (
            "all.csv",
            format!("symbol,{header}NASDAQ:A,2024-01-02,1,2,1,2,1\n"),
            options(None, None, ""),
        ),
        (
            "A.csv",
            format!("interval,{header}1d,2024-01-02,1,2,1,2,1\n1wk,2024-01-02,1,2,1,2,1\n"),
            options(None, Some("1d"), ""),
        ),
        (
            "A.csv",
            format!("interval,{header}2h,2024-01-02,1,2,1,2,1\n"),
            options(None, None, ""),
        ),
        (
            "Dividends.csv",
            "Date,Dividends\n2024-01-02,0.24\n".to_owned(),
            options(None, None, ""),
        ),
        (
            "Splits.csv",
            "Date,Stock Splits\n2020-08-31,4:1\n".to_owned(),
            options(None, None, ""),
        ),
        (
            "long.csv",
            format!("{header}{}", "1".repeat(1_000_001)),
            options(None, None, ""),
        ),
    ];
    let said: Vec<_> = cases
        .iter()
        .map(|(name, content, options)| told_of(name, content, options))
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn things_that_are_no_tables_are_named() {
    let cases: [(&str, &[u8]); 8] = [
        ("utf16.csv", b"\xFF\xFEd\0a\0t\0e\0"),
        ("x.csv", b"\x28\xB5\x2F\xFDxxxx"),
        ("x.csv", b"\x7FELF\0\0\0"),
        ("x.feather", b"ARROW1\0\0"),
        ("x.db", b"SQLite format 3\0"),
        ("x.zip", b"PK\x03\x04 and no more"),
        ("x.csv.gz", b"\x1F\x8B and no more"),
        ("x.parquet", b"PAR1 and no more"),
    ];
    let said: Vec<_> = cases
        .iter()
        .map(|(name, content)| told_of(name, content, &ReadOptions::default()))
        .collect();
    let said: Vec<_> = said
        .iter()
        .filter(|said| !said.starts_with("x.parquet"))
        .cloned()
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_file_that_is_not_there_says_so() {
    let error = survey(std::path::Path::new("no-such.csv"), &ReadOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "no-such.csv: cannot be read");
    assert!(matches!(error.problem(), FileProblem::Unreadable(_)) && std::error::Error::source(&error).is_some());
}

#[test]
fn a_cut_off_gzip_is_damaged_and_not_short() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"date,close\n").unwrap();
    for day in 1..=28 {
        writeln!(packed, "2024-01-{day:02},{}", day * 7919 % 1009).unwrap();
    }
    let packed = packed.finish().unwrap();
    let (_folder, path) = file("A.csv.gz", packed.get(..packed.len() / 2).unwrap());
    let error = survey(&path, &ReadOptions::default()).unwrap_err();
    assert!(matches!(error.problem(), FileProblem::Damaged { .. }), "{error}");
}
