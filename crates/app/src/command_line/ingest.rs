//! `sentinel ingest`

use clap::{ArgGroup, Args};
use domain::{InstrumentReference, Interval, SourceName, Timestamp};

use super::instant::instant;
use crate::config::GroupName;

/// Flags of `sentinel ingest`.
#[derive(Args, Debug)]
#[command(
    override_usage = "sentinel ingest [OPTIONS] <PROVIDER> <SYMBOL|--group <NAME>|--all>...",
    group = ArgGroup::new("instruments").required(true).multiple(true).args(["symbols", "groups", "all"]),
    after_help = "Only what is not there yet is asked for, and the last five sessions again. What was merged stays: a command that was\n\
        stopped or killed goes on where it was when it is run again, and so does `sentinel runs resume`.\n\
        Instruments that are not there yet are made with what the provider says of them.\n\n\
        Exit codes: 0 all succeeded, 1 all failed or stopped, 2 wrong usage, 3 done in part: some rows went to quarantine, an end\n\
        was not reached, or some runs failed.\n\n\
        Examples:\n  sentinel ingest yahoo AAPL MSFT --start 2014-01-01\n  \
        sentinel ingest binance BTCUSDT --interval 1h --start 2024-01-01 --end 2024-02-01\n  \
        sentinel ingest yahoo --group tech --dry-run"
)]
pub struct IngestArgs {
    /// Which provider; `sentinel providers` lists them
    pub provider: SourceName,
    /// Instruments as the provider spells them or as we do: BTCUSDT, AAPL, XNAS:AAPL or id:700
    #[arg(value_name = "SYMBOL")]
    pub symbols: Vec<InstrumentReference>,
    /// The instruments of a group in the configuration, such as groups.tech = ["AAPL", "MSFT"]
    #[arg(long = "group", value_name = "NAME")]
    pub groups: Vec<GroupName>,
    /// Every active instrument of a class that the provider has
    #[arg(long)]
    pub all: bool,
    /// 1m 5m 15m 30m 1h 4h 1d 1w 1mo
    #[arg(long, value_name = "I", default_value_t = Interval::OneDay)]
    pub interval: Interval,
    /// First instant, inclusive: 2024-01-02, 2024-01-02T14:30:00Z or Unix seconds; all that the provider has without it
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    pub start: Option<Timestamp>,
    /// Last instant, exclusive: a bar that opens then is not asked for; all up to now without it
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    pub end: Option<Timestamp>,
    /// Ask for everything again, also what was answered before
    #[arg(long)]
    pub refresh: bool,
    /// Only tell which ranges would be asked for, with how many calls, and how many bars that should give
    #[arg(long)]
    pub dry_run: bool,
}
