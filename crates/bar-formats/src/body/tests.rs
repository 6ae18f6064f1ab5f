use domain::{AssetClass, Bar};

use super::*;
use crate::{BarRow, BarWriter, TextFormat};

fn told(format: BodyFormat, body: &str) -> Vec<String> {
    let body = match decode(format, body.as_bytes()) {
        Ok(body) => body,
        Err(error) => return vec![error.to_string()],
    };
    let told = |BodyRow { row, source }: BodyRow| match row.values {
        Ok(values) => format!(
            "{} {} {} {} {} {} {:?} {:?} {:?}",
            values.opened_at,
            values.open,
            values.high,
            values.low,
            values.close,
            values.volume,
            values.trade_count,
            values.vwap,
            source
        ),
        Err(fault) => format!("{} {}: {fault}", row.index, fault.field()),
    };
    body.rows.into_iter().map(told).collect()
}

fn bar(text: &str) -> String {
    told(BodyFormat::Ndjson, text).remove(0)
}

#[test]
fn takes_decimals_as_numbers_or_strings_by_their_text() {
    let good = "2024-01-02T00:00:00Z 187.10 188.44000000000000001 183.885 185.64 82488674 None None None";
    assert_eq!(
        told(
            BodyFormat::Json,
            r#"{"data":[
                {"timestamp":"2024-01-02","open":187.10,"high":"188.44000000000000001","low":183.885,"close":18564e-2,"volume":82488674,"vwap":null},
                {"timestamp":1704153600,"open":"187.10","high":188.44000000000000001,"low":183.885,"close":185.64,"volume":"82488674"}
            ]}"#
        ),
        [good, good]
    );
}

#[test]
fn names_what_is_wrong_with_a_row() {
    let with = |what: &str| bar(&format!(r#"{{"open":1,"high":2,"low":1,"close":2,"volume":3,{what}}}"#));
    insta::assert_snapshot!(
        [
            with(r#""timestamp":1704153600000"#),
            with(r#""timestamp":"20240102""#),
            with(r#""timestamp":"2024-01-02 09:30""#),
            with(r#""timestamp":null"#),
            with(r#""timestamp":true"#),
            with(r#""timestamp":"2024-01-02","adj_close":5"#),
            with(r#""timestamp":"2024-01-02","open":5"#),
            with(r#""timestamp":"2024-01-02","trade_count":1.5"#),
            with(r#""timestamp":"2024-01-02","vwap":"1,5""#),
            with(r#""timestamp":"2024-01-02","source":"My Broker""#),
            with(r#""timestamp":"2024-01-02","source":5"#),
            bar(r#"{"timestamp":"2024-01-02","open":"NaN","high":2,"low":1,"close":2}"#),
            bar(r#"{"timestamp":"2024-01-02","open":1,"high":1e400,"low":1,"close":2}"#),
            bar(r#"{"timestamp":"2024-01-02","open":[1],"high":2,"low":1,"close":2}"#),
            bar(r#"{"timestamp":"2024-01-02","open":1,"high":2,"low":1,"close":2,"volume":-1}"#),
            bar("[1,2,3]"),
            bar(r#"{"timestamp":"2024-01-02""#),
        ]
        .join("\n")
    );
}

#[test]
fn names_what_is_wrong_with_a_body() {
    insta::assert_snapshot!(
        [
            told(BodyFormat::Json, "[]"),
            told(BodyFormat::Json, "{}"),
            told(BodyFormat::Json, r#"{"data":[],"more":1}"#),
            told(BodyFormat::Json, r#"{"data":[{"open":1,}]}"#),
            told(BodyFormat::Csv, ""),
            told(BodyFormat::Csv, "timestamp,open,high,low,kurs"),
            told(BodyFormat::Csv, "timestamp,open,high,low"),
            told(BodyFormat::Csv, "timestamp,open,open"),
            vec![decode(BodyFormat::Csv, b"timestamp,\xFF").unwrap_err().to_string()],
        ]
        .concat()
        .join("\n")
    );
}

#[test]
fn bodies_without_volumes_have_none() {
    let without = decode(BodyFormat::Csv, b"timestamp,open,high,low,close\n2024-01-02,1,1,1,1\n").unwrap();
    assert!(!without.gives_volume && without.rows.first().unwrap().row.values.is_ok());
    let csv = "timestamp,open,high,low,close,volume\n2024-01-02,1,1,1,1,5\n2024-01-03,1,1,1,1,\n2024-01-04,1,1\n";
    assert_eq!(
        told(BodyFormat::Csv, csv),
        [
            "2024-01-02T00:00:00Z 1 1 1 1 5 None None None",
            "1 volume: volume is empty",
            "2 row: row: 3 cells, and the header has 6"
        ]
    );
}

#[test]
fn what_was_served_can_be_sent_back() {
    let values = decode(
        BodyFormat::Ndjson,
        br#"{"timestamp":"2020-08-31T13:30:00Z","open":127.58,"high":131.00,"low":126.0,"close":129.04,"volume":225702700,"trade_count":7,"vwap":128.5}"#,
    );
    let values = values.unwrap().rows.remove(0).row.values.unwrap();
    let bar = Bar::new(values.clone(), AssetClass::Stock).unwrap();
    let source = SourceName::file();
    for format in TextFormat::ALL {
        let writer = BarWriter::new(format);
        let mut out = Vec::new();
        writer.header(&mut out);
        writer.row(
            &BarRow {
                symbol: None,
                bar: &bar,
                source: Some(&source),
            },
            &mut out,
        );
        let body = decode(BodyFormat::of_content_type(format.content_type()).unwrap(), &out).unwrap();
        let row = body.rows.first().unwrap();
        assert_eq!(
            (row.row.values.as_ref(), row.source.as_ref()),
            (Ok(&values), Some(&source)),
            "{format}"
        );
    }
}
