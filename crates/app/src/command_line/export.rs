//! `sentinel export`

use std::path::PathBuf;

use bar_formats::TextFormat;
use clap::Args;
use domain::{InstrumentReference, Interval, Timestamp};

use super::instant::instant;

/// Flags of `sentinel export`.
#[derive(Args, Debug)]
#[command(
    after_help = "Several symbols are written one after the other, in ascending order, with a column `symbol` in front.\n\n\
        Examples:\n  sentinel export AAPL --start 2014-06-01 --end 2014-07-01\n  \
        sentinel export BTC-USD ETH-USD --interval 1w --format ndjson --output crypto.ndjson"
)]
pub struct ExportArgs {
    /// Instruments: AAPL, XNAS:AAPL or id:700
    #[arg(required = true, value_name = "SYMBOL")]
    pub symbols: Vec<InstrumentReference>,
    /// 1m 5m 15m 30m 1h 4h 1d 1w 1mo; one that is not stored is built from finer bars
    #[arg(long, value_name = "I", default_value_t = Interval::OneDay)]
    pub interval: Interval,
    /// First instant, inclusive: 2024-01-02, 2024-01-02T14:30:00Z or Unix seconds
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    pub start: Option<Timestamp>,
    /// Last instant, exclusive: a bar that opens then is not written
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    pub end: Option<Timestamp>,
    /// How bars are written: csv or ndjson
    #[arg(long, value_name = "F", default_value_t = TextFormat::Csv)]
    pub format: TextFormat,
    /// File to write, in one piece at the end; standard output when there is none
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
