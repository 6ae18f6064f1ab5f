//! `sentinel runs`

use clap::{Args, Subcommand};
use domain::{InstrumentReference, Interval, RunId, RunState, SourceName};

/// Flags of `sentinel runs`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsArgs {
    /// What to do; without it runs are listed
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
    /// Which runs
    #[command(flatten)]
    pub list: ListRunsArgs,
}

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List runs, the newest first
    List(ListRunsArgs),
    /// Show one run
    Show {
        /// Its number
        #[arg(value_name = "ID", value_parser = number)]
        id: RunId,
    },
    /// End a run by hand, whether it waits or somebody is at work on it; what was merged stays
    Cancel {
        /// Its number
        #[arg(value_name = "ID", value_parser = number)]
        id: RunId,
    },
    /// Carry out the runs that wait, and those whose process died
    Resume,
}

/// Which runs to list.
#[derive(Args, Clone, Debug)]
pub struct ListRunsArgs {
    /// Only from this source: a provider, file or api
    #[arg(long, value_name = "NAME")]
    pub provider: Option<SourceName>,
    /// Only of this instrument: AAPL, XNAS:AAPL or id:700
    #[arg(long, value_name = "SYMBOL")]
    pub symbol: Option<InstrumentReference>,
    /// Only of bars of this length: 1m 5m 15m 30m 1h 4h 1d 1w 1mo
    #[arg(long, value_name = "I")]
    pub interval: Option<Interval>,
    /// Only in this state: queued, running, succeeded, partial, failed or cancelled
    #[arg(long, value_name = "STATE")]
    pub state: Option<RunState>,
    /// How many to list at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

fn number(text: &str) -> Result<RunId, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .map(RunId)
        .ok_or_else(|| "write the number of a run, such as 7; `sentinel runs` lists them".to_owned())
}
