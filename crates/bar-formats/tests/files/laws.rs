//! What holds for every file: writing and reading back is identity, nothing panics, order does not matter.

use std::fmt::Write;

use crate::support::{file, rows};
use bar_formats::body::{BodyFormat, decode};
use bar_formats::{BarRow, BarWriter, ReadOptions, RowOrder, TextFormat, survey};
use domain::{AssetClass, Bar, BarValues, Price, Timestamp, Volume};
use proptest::prelude::*;

fn values() -> impl Strategy<Value = BarValues> {
    let digits =
        -99_999_999_999_999_999_999_999_999_999_999_999_999_i128..=99_999_999_999_999_999_999_999_999_999_999_999_999;
    let price =
        move || (digits.clone(), Just(18_u8)).prop_map(|(mantissa, scale)| Price::new(mantissa, scale).unwrap());
    let volume =
        (0_i128..1_000_000_000_000, 0_u8..=18).prop_map(|(mantissa, scale)| Volume::new(mantissa, scale).unwrap());
    // Minutes of the years 1980 to 2100.
    let opened_at = (5_258_880_i64..68_374_080).prop_map(|minute| Timestamp::from_unix_seconds(minute * 60).unwrap());
    let prices = [price(), price(), price(), price()];
    (
        opened_at,
        prices,
        volume,
        any::<Option<u64>>(),
        proptest::option::of(price()),
    )
        .prop_map(|(opened_at, mut prices, volume, trade_count, vwap)| {
            prices.sort();
            let [low, open, close, high] = prices;
            BarValues {
                opened_at,
                open,
                high,
                low,
                close,
                volume,
                trade_count,
                vwap,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_back(values in proptest::collection::vec(values(), 1..20)) {
        let mut csv = Vec::new();
        let writer = BarWriter::new(TextFormat::Csv);
        writer.header(&mut csv);
        for values in &values {
            let bar = Bar::new(values.clone(), AssetClass::Rate).unwrap();
            writer.row(&BarRow { symbol: None, bar: &bar, source: None }, &mut csv);
        }
        let (_folder, path) = file("X.csv", csv);
        let options = ReadOptions { interval: Some("1m".parse().unwrap()), ..ReadOptions::default() };
        let read: Vec<_> = rows(&path, &options).unwrap().into_iter().map(|row| row.row.values.unwrap()).collect();
        let mut expected = values;
        if survey(&path, &options).unwrap().series.first().unwrap().order == RowOrder::Mixed {
            expected.sort_by_key(|values| values.opened_at);
        }
        prop_assert_eq!(&read, &expected);
        let text = |values: &[BarValues]| format!("{values:?}");
        prop_assert_eq!(text(&read), text(&expected), "every digit");
    }

    #[test]
    fn no_bytes_make_it_panic(content in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (_folder, path) = file("X.csv", &content);
        let _any = rows(&path, &ReadOptions::default());
        for format in [BodyFormat::Json, BodyFormat::Ndjson, BodyFormat::Csv] {
            let _any = decode(format, &content);
        }
    }

    #[test]
    fn no_text_makes_it_panic(content in "[-0-9:/.,;TZ \"aeiotn\n]{0,300}", header: bool) {
        let header = if header { "date,time,open,high,low,close,volume\n" } else { "" };
        let (_folder, path) = file("X.csv", format!("{header}{content}"));
        let _any = rows(&path, &ReadOptions::default());
    }

    #[test]
    fn no_bar_makes_decoding_panic(stamp in "[-0-9:TZ+]{0,25}", number in "[-+0-9.eE]{0,45}") {
        let body = format!("{{\"timestamp\":\"{stamp}\",\"open\":\"{number}\",\"high\":1,\"low\":1,\"close\":1}}");
        prop_assert_eq!(decode(BodyFormat::Ndjson, body.as_bytes()).unwrap().rows.len(), 1);
        let (_folder, path) = file("X.csv", format!("date,close\n{stamp},{number}\n"));
        let _any = rows(&path, &ReadOptions::default());
    }
}

/// Two hundred thousand minutes, the odd ones before the even ones: sorted on the way, each line known by its number.
#[test]
fn sorts_many_rows_in_little_memory() {
    let count = 200_000_i64;
    let mut content = "timestamp,open,high,low,close,volume\n".to_owned();
    for minute in (0..count)
        .filter(|minute| minute % 2 == 1)
        .chain((0..count).filter(|minute| minute % 2 == 0))
    {
        writeln!(content, "{},1.5,2.5,0.5,1.25,{minute}", 1_577_836_800 + minute * 60).unwrap();
    }
    let (_folder, path) = file("BTC-USD-1m.csv", content);
    let options = ReadOptions::default();
    let surveyed = survey(&path, &options).unwrap();
    assert_eq!(surveyed.series.first().unwrap().order, RowOrder::Mixed);
    let read = rows(&path, &options).unwrap();
    assert_eq!(read.len(), usize::try_from(count).unwrap());
    for (row, minute) in read.iter().zip(0_i64..) {
        let values = row.row.values.as_ref().unwrap();
        assert_eq!(values.opened_at.unix_seconds(), 1_577_836_800 + minute * 60);
        assert_eq!(values.volume.mantissa(), minute.into());
    }
}
