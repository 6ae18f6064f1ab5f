//! How people and programs write tables of bars.

use crate::support::told_of;
use bar_formats::{NaiveTimes, ReadOptions, StampedAt};

fn plain() -> ReadOptions {
    ReadOptions::default()
}

/// A macro, so that each snapshot has the name of its test.
macro_rules! check {
    ($name:expr, $content:expr, $options:expr $(,)?) => {
        insta::assert_snapshot!(told_of($name, $content, $options))
    };
}

#[test]
fn reads_crypto_data_download() {
    let content = "https://www.CryptoDataDownload.com\n\
        unix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n\
        1646092800,2022-03-01 00:00:00,BTC/USD,43221.71,43626.49,43185.48,43312.27,52.05632000,2254677.87\n\
        1646089200,2022-02-28 23:00:00,BTC/USD,43085.30,43364.81,42892.37,43178.98,106.81610362,4612210.37\n";
    check!("Bitstamp_BTCUSD_1h.csv", content, &plain());
}

#[test]
fn reads_metatrader_with_date_and_time_apart() {
    let content = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n\
        2017.04.19\t09:00:00\t1.0716\t1.0722\t1.07083\t1.07219\t1413\t0\t2\r\n\
        2017.04.19\t10:00:00\t1.07214\t1.07296\t1.07214\t1.0726\t1241\t0\t2\r\n";
    let options = ReadOptions {
        naive_times: NaiveTimes::Utc,
        ..plain()
    };
    check!("EURUSD_H1.csv", content, &options);
    check!("EURUSD_H1.csv", content, &plain());
}

#[test]
fn reads_stooq_bulk_files_of_many_symbols() {
    let content = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n\
        AAPL.US,D,20100518,000000,7.70192,7.74695,7.49841,7.56159,929384367,0\n\
        MSFT.US,D,20200518,000000,178.157,178.586,176.438,177.356,36812316.114997,0\n\
        AAPL.US,D,20100519,000000,7.47487,7.57869,7.3367,7.4412,1221062479,0\n";
    check!("bulk.txt", content, &plain());
}

#[test]
fn reads_decimal_commas_where_the_whole_file_agrees() {
    let content = "\u{FEFF}Datum;Eröffnung;Hoch;Tief;Schluss;Volumen\r\n\
        02.01.2024;16.5;17;16;16,75;1000\r\n\r\n\
        03.01.2024;\"16,75\";17,5;16,25;17;1200\r\n";
    check!("SAP.csv", content, &plain());
    check!("SAP.csv", &content.replace("16.5;", "16,5;"), &plain());
}

#[test]
fn decides_day_and_month_by_the_whole_file() {
    let day_first =
        "Date,Open,High,Low,Close,Volume\n01/02/2024,1,2,1,2,10\n02/02/2024,2,2,1,1,10\n13/02/2024,1,1,1,1,5\n";
    check!("X-1d.csv", day_first, &plain());
    let undecided = day_first.replace("13/02/2024,1,1,1,1,5\n", "");
    check!("X-1d.csv", &undecided, &plain());
    let told = ReadOptions {
        date_format: Some("%m/%d/%Y".parse().unwrap()),
        ..plain()
    };
    check!("X-1d.csv", &undecided, &told);
}

#[test]
fn reads_local_times_through_their_zone() {
    let content = "time,open,high,low,close,volume\n\
        2024-11-03 00:30:00,10,11,9,10,5\n\
        2024-11-03 01:30:00,10,11,9,10,5\n\
        2024-11-03 02:30:00,10,11,9,10,5\n";
    let options = ReadOptions {
        naive_times: NaiveTimes::In("America/New_York".parse().unwrap()),
        ..plain()
    };
    check!("SPY-1h.csv", content, &options);
}

#[test]
fn moves_stamps_of_the_end_back() {
    let content = "timestamp,close\n2016-05-19T00:00:00Z,13.18\n2016-05-20T00:00:00Z,14.9\n";
    check!(
        "ETH-USD.csv",
        content,
        &ReadOptions {
            stamped_at: StampedAt::Close,
            ..plain()
        },
    );
}

#[test]
fn takes_session_dates_in_the_zone_of_the_market() {
    // Yahoo stamps a day with the opening of its session: 10:00 in Sydney is the evening before in UTC.
    let content = "timestamp,open,high,low,close,volume\n1704150000,10,11,9,10,5\n1704236400,10,11,9,10,5\n";
    let options = ReadOptions {
        session_zone: Some("Australia/Sydney".parse().unwrap()),
        ..plain()
    };
    check!("BHP.AX-1d.csv", content, &options);
}

#[test]
fn reads_columns_that_are_mapped_by_hand() {
    let content = "wann,erster_kurs,spitze,tal,letzter,stueck\n2024-01-02,1,3,1,2,100\n2024-01-03,2,3,1,2,100\n";
    let map = "timestamp=wann,open=erster_kurs,high=3,low=tal,close=letzter,volume=stueck";
    check!(
        "SAP.csv",
        content,
        &ReadOptions {
            columns: map.parse().unwrap(),
            ..plain()
        },
    );
    let no_header = content.split_once('\n').unwrap().1;
    let numbered = "timestamp=1,open=2,high=3,low=4,close=5,volume=6";
    let options = ReadOptions {
        columns: numbered.parse().unwrap(),
        no_header: true,
        ..plain()
    };
    check!("SAP.csv", no_header, &options);
}

#[test]
fn tells_each_faulty_row_and_keeps_the_others() {
    let content = "Date,Open,High,Low,Close,Volume,trades,vwap\n\
        2024-01-02,1e1,11,9,10.50,100,3,10.1\n\
        2024-01-03,null,null,null,null,null,,\n\
        2024-01-04,10,\"1,100\",9,10,100,,\n\
        2024-01-05,10,11,9,10,-5,,\n\
        2024-01-08,10,11,9,ten,5,,\n\
        sometime,10,11,9,10,5,,\n\
        ,10,11,9,10,5,,\n\
        2024-01-09,10,11,9,10,5,many,\n\
        2024-01-10,1,100,11,9,10,5,,\n\
        ,,,,,,,\n\
        \"2024-01-11,10,11,9,10,5,,\n\
        2024-01-12,10,11,9,10\n\
        2024-01-15,10,11,9,10,,,NaN\n";
    check!("ACME.csv", content, &plain());
}

#[test]
fn sorts_what_is_out_of_order_and_keeps_the_last_of_equals_last() {
    let content = "date,symbol,close\n2024-01-03,B,3\n2024-01-02,A,1\n2024-01-04,B,4\nlater,B,9\n2024-01-02,B,2\n\
        2024-01-03,A,5\n2024-01-03,B,3.5\n";
    check!("two.csv", content, &plain());
}

#[test]
fn finds_intervals_in_a_column() {
    let content = "ticker,interval,time,open,high,low,close\n\
        A,1wk,2024-01-01,1,1,1,1\nA,60min,2024-01-01T10:30:00Z,1,1,1,1\nA,60min,2024-01-01T11:30:00Z,1,1,1,1\n\
        A,1M,2024-01-31,1,1,1,1\n";
    check!("mixed.csv", content, &plain());
}

#[test]
fn takes_one_more_delimiter_at_the_end_of_every_row() {
    let content =
        "date,open,high,low,close,volume\n2024-01-02,1,3,1,2,100,\n2024-01-03,2,3,1,2,100,\n2024-01-04,1,3,1,2,1,2\n";
    check!("SAP.csv", content, &plain());
}

#[test]
fn reads_the_three_header_lines_of_yfinance() {
    let content = "Price,Close,High,Low,Open,Volume\nTicker,AAPL,AAPL,AAPL,AAPL,AAPL\nDate,,,,,\n\
        2020-08-31,129.0399932861328,131.0,126.0,127.58000183105469,225702700\n\
        2020-09-01,134.17999267578125,134.8000030517578,130.52999877929688,132.75999450683594,151948100\n";
    check!("prices.csv", content, &plain());
}
