//! Parquet: the same columns by the same names, whatever types they have.

use std::sync::Arc;

use bar_formats::ReadOptions;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::support::{told, told_of};

/// Values of one column; `None` is null.
enum Column {
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Double(Vec<Option<f64>>),
    Float(Vec<f32>),
    Bytes(Vec<Vec<u8>>),
    Fixed(Vec<Vec<u8>>),
}

fn written(schema: &str, columns: &[Column]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::default())).unwrap();
    let mut group = file.next_row_group().unwrap();
    for column in columns {
        let mut writer = group.next_column().unwrap().unwrap();
        match (writer.untyped(), column) {
            (ColumnWriter::Int32ColumnWriter(writer), Column::Int32(values)) => writer.write_batch(values, None, None),
            (ColumnWriter::Int64ColumnWriter(writer), Column::Int64(values)) => writer.write_batch(values, None, None),
            (ColumnWriter::FloatColumnWriter(writer), Column::Float(values)) => writer.write_batch(values, None, None),
            (ColumnWriter::DoubleColumnWriter(writer), Column::Double(values)) => {
                let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
                let present: Vec<f64> = values.iter().copied().flatten().collect();
                writer.write_batch(&present, Some(&levels), None)
            }
            (ColumnWriter::ByteArrayColumnWriter(writer), Column::Bytes(values)) => {
                let values: Vec<ByteArray> = values.iter().cloned().map(ByteArray::from).collect();
                writer.write_batch(&values, None, None)
            }
            (ColumnWriter::FixedLenByteArrayColumnWriter(writer), Column::Fixed(values)) => {
                let values: Vec<FixedLenByteArray> = values
                    .iter()
                    .cloned()
                    .map(|value| ByteArray::from(value).into())
                    .collect();
                writer.write_batch(&values, None, None)
            }
            _ => panic!("the schema and the values differ"),
        }
        .unwrap();
        writer.close().unwrap();
    }
    group.close().unwrap();
    file.into_inner().unwrap()
}

#[test]
fn reads_what_pandas_writes() {
    let schema = "message bars {
        optional double Open; optional double High; optional double Low; optional double Close;
        optional double Volume; required int64 __index_level_0__ (TIMESTAMP(MICROS,true)); }";
    let doubles = |values: [f64; 2]| Column::Double(values.map(Some).to_vec());
    let content = written(
        schema,
        &[
            doubles([12.803999900817871, 12.863499641418457]),
            doubles([12.904999732971191, 13.043999671936035]),
            doubles([12.663000106811523, 12.818499565124512]),
            Column::Double(vec![Some(12.865500450134277), None]),
            doubles([65_420_000.0, 55_018_000.0]),
            Column::Int64(vec![1_357_084_800_000_000, 1_357_171_200_000_000]),
        ],
    );
    insta::assert_snapshot!(told_of("AMZN.parquet", content, &ReadOptions::default()));
}

#[test]
fn reads_exact_decimals_of_every_kind() {
    let schema = "message bars {
        required int32 date (DATE);
        required int32 open (DECIMAL(9,2)); required int64 high (DECIMAL(18,4));
        required fixed_len_byte_array(16) low (DECIMAL(38,18)); required binary close (DECIMAL(20,3));
        required float volume; required binary symbol (UTF8); }";
    let content = written(
        schema,
        &[
            Column::Int32(vec![18_371, 18_372]),
            Column::Int32(vec![1_773, -3_763]),
            Column::Int64(vec![178_500, 139_000]),
            Column::Fixed(
                [-40_320_000_000_000_000_000_i128, -403_200_000_000_000_000_001]
                    .map(|v| v.to_be_bytes().to_vec())
                    .to_vec(),
            ),
            Column::Bytes(vec![(-37_630_i32).to_be_bytes().to_vec(), vec![0x27, 0x1A]]),
            Column::Float(vec![0.1, 231.0]),
            Column::Bytes(vec![b"CL-K20".to_vec(), b"CL-K20".to_vec()]),
        ],
    );
    insta::assert_snapshot!(told_of("oil.parquet", content, &ReadOptions::default()));
}

#[test]
fn reads_clocks_of_every_kind() {
    let check = |kind: &str, values: [i64; 2]| {
        let schema = format!("message bars {{ required int64 timestamp {kind}; required float close; }}");
        let content = written(
            &schema,
            &[Column::Int64(values.to_vec()), Column::Float(vec![1.5, 2.5])],
        );
        insta::assert_snapshot!(told_of("X.parquet", content, &ReadOptions::default()));
    };
    check(
        "(TIMESTAMP(NANOS,true))",
        [1_588_743_720_000_000_000, 1_588_743_780_000_000_000],
    );
    check("(TIMESTAMP(MILLIS,true))", [1_588_743_720_000, 1_588_743_780_000]);
    check("(TIMESTAMP(MILLIS,false))", [1_588_743_720_000, 1_588_743_780_000]);
    check("", [1_588_743_720, 1_588_743_780]);
}

#[test]
fn sorts_and_unpacks_parquet_too() {
    let schema = "message bars { required int32 date (DATE); required float close; }";
    let content = written(
        schema,
        &[
            Column::Int32(vec![18_002, 18_000, 18_001]),
            Column::Float(vec![3.0, 1.0, 2.0]),
        ],
    );
    let (folder, path) = crate::support::file("X-1d.parquet", &content);
    let plain = told(&path, &ReadOptions::default());
    insta::assert_snapshot!(plain);
    let packed = folder.path().join("X-1d.parquet.gz");
    let mut encoder =
        flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &content).unwrap();
    encoder.finish().unwrap();
    let rows = |text: &str| text.lines().skip(2).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&told(&packed, &ReadOptions::default())), rows(&plain));
}

#[test]
fn refuses_broken_and_nested_parquet() {
    let schema = "message bars { required int32 date (DATE); required group ohlc { required float close; } }";
    let nested = written(schema, &[Column::Int32(vec![18_002]), Column::Float(vec![3.0])]);
    let said = [
        told_of("X.parquet", nested, &ReadOptions::default()),
        told_of("X.parquet", b"PAR1 and no more", &ReadOptions::default()),
    ];
    insta::assert_snapshot!(said.join("\n"));
}
