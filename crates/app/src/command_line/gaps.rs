//! `sentinel gaps`

use clap::Args;
use domain::query_gaps::GapFilter;
use domain::{InstrumentReference, Interval, Timestamp};

use super::instant::instant;

/// Flags of `sentinel gaps`.
#[derive(Args, Debug)]
#[command(
    after_help = "A bar is unknown, which makes it a gap, until a provider was asked for it and had none; that is believed for 30\n\
        days. Holidays that the calendar does not know look like missing bars.\n\n\
        Examples:\n  sentinel gaps\n  sentinel gaps AAPL --interval 1d --start 2014-01-01 --state all"
)]
pub struct GapsArgs {
    /// Instruments: AAPL, XNAS:AAPL or id:700; all of them when there is none
    #[arg(value_name = "SYMBOL")]
    pub symbols: Vec<InstrumentReference>,
    /// 1m 5m 15m 30m 1h 4h 1d 1w 1mo; every stored series without it
    #[arg(long, value_name = "I")]
    pub interval: Option<Interval>,
    /// First instant, inclusive: 2024-01-02, 2024-01-02T14:30:00Z or Unix seconds; the first stored bar without it
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    pub start: Option<Timestamp>,
    /// Last instant, exclusive; up to the last bar that has closed without it
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    pub end: Option<Timestamp>,
    /// Which bars: unknown (nobody was asked), `confirmed_empty` (a provider was asked and had none) or all
    #[arg(long, value_name = "STATE", default_value_t)]
    pub state: GapFilter,
}
