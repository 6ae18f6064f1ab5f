//! Excerpts of real files, as providers gave them: every dialect is understood, every digit kept.

use std::path::Path;

use crate::support::told;
use bar_formats::ReadOptions;

fn fixture(name: &str, options: &ReadOptions) -> String {
    told(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name),
        options,
    )
}

fn symbol(symbol: &str) -> ReadOptions {
    ReadOptions {
        symbol: Some(symbol.parse().unwrap()),
        ..ReadOptions::default()
    }
}

#[test]
fn reads_stooq_with_its_polish_header() {
    insta::assert_snapshot!(fixture("wig20_d.csv", &ReadOptions::default()));
}

#[test]
fn keeps_prices_of_rows_without_volume() {
    insta::assert_snapshot!(fixture("DJIA__1d__stooq.csv", &ReadOptions::default()));
}

#[test]
fn reads_yahoo_and_leaves_the_adjusted_close() {
    insta::assert_snapshot!(fixture("GOOG__1d__yahoo.csv", &ReadOptions::default()));
}

#[test]
fn reads_alpha_vantage_newest_first() {
    insta::assert_snapshot!(fixture("TIME_SERIES_DAILY__IBM.csv", &symbol("IBM")));
    insta::assert_snapshot!(fixture("TIME_SERIES_DAILY__IBM.csv", &ReadOptions::default()));
}

#[test]
fn reads_fred_as_single_values() {
    insta::assert_snapshot!(fixture("fredgraph_DGS10.csv", &ReadOptions::default()));
}

#[test]
fn reads_binance_dumps_without_header() {
    insta::assert_snapshot!(fixture("BTCUSDT-1h-2020-05.csv", &ReadOptions::default()));
}

#[test]
fn reads_coinbase_candles_by_what_their_figures_prove() {
    insta::assert_snapshot!(fixture("coinbase_exchange_candles.csv", &symbol("BTC-USD")));
}

#[test]
fn reads_exchange_minutes() {
    insta::assert_snapshot!(fixture("BTCUSDC__1m__kraken.csv", &ReadOptions::default()));
    insta::assert_snapshot!(fixture("ETHBTC__5m__binance.csv", &ReadOptions::default()));
}

#[test]
fn reads_weeks_by_the_files_name() {
    insta::assert_snapshot!(fixture("AV-L-1wk-bad-stock-split.csv", &ReadOptions::default()));
}

#[test]
fn gives_faulty_rows_as_they_are() {
    // The open above the high is for the asset class's rules to find; the row itself is read.
    insta::assert_snapshot!(fixture("SSW-JO-1d-100x-error.csv", &ReadOptions::default()));
    insta::assert_snapshot!(fixture("1398-HK-1d-bad-div.csv", &ReadOptions::default()));
    // 0.0001 as a 32-bit float, widened: twenty digits behind the point.
    insta::assert_snapshot!(fixture("ALPHA-PA-1d-bad-stock-split.csv", &ReadOptions::default()));
}

#[test]
fn refuses_files_of_other_figures() {
    for name in ["AAPL__factor_file__lean.csv", "DIVIDENDS__IBM.csv", "SPLITS__IBM.csv"] {
        insta::assert_snapshot!(fixture(name, &ReadOptions::default()));
    }
}
