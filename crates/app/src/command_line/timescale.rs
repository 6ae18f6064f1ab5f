//! `sentinel timescale`

use clap::{Args, Subcommand};

/// What to do with TimescaleDB.
#[derive(Debug, Subcommand)]
pub enum TimescaleCommand {
    /// Turn the table of bars into a hypertable whose old chunks are compressed; what is there already stays
    ///
    /// All of it or nothing. Nobody reads or writes bars while a table with data is rebuilt.
    Enable(EnableArgs),
    /// Tell what there is of TimescaleDB: version, chunks, compression
    Status,
}

/// `sentinel timescale enable`
#[derive(Args, Clone, Copy, Debug)]
pub struct EnableArgs {
    /// How many days a chunk spans, 365 unless it was set before; chunks that are there stay as they are
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=36_500))]
    pub chunk_days: Option<u16>,
    /// How many days behind now a chunk has to end before it is compressed, 30 unless it was set before
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=36_500))]
    pub compress_after_days: Option<u16>,
}
