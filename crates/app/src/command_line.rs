//! What can be typed: commands, flags and their help.

mod backup;
mod copy;
mod export;
mod gaps;
mod health;
mod import;
mod ingest;
mod instant;
mod instruments;
mod providers;
mod runs;
mod timescale;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use backup::BackupArgs;
pub use copy::CopyArgs;
pub use export::ExportArgs;
pub use gaps::GapsArgs;
pub use health::HealthArgs;
pub use import::{ImportArgs, Stamping};
pub use ingest::IngestArgs;
pub use instruments::{InstrumentsCommand, ListArgs, SaidOfInstrument};
pub use providers::{ProvidersArgs, ProvidersCommand};
pub use runs::{ListRunsArgs, RunsArgs, RunsCommand};
pub use timescale::{EnableArgs, TimescaleCommand};

/// Exact, restating, gap-aware market data: imports, stores and serves OHLCV bars.
#[derive(Debug, Parser)]
#[command(
    name = "sentinel",
    version,
    arg_required_else_help = true,
    after_help = "Begin with `sentinel demo`: it needs no network and no configuration.\n\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 done in part (rows in quarantine,\n\
        a run that did not reach its end).\n\
        Settings come from sentinel.toml, .env, the environment (SENTINEL_DATABASE__URL, …) and the flags,\n\
        the later the stronger; `sentinel config show` lists all of them."
)]
pub struct CommandLine {
    /// What holds for all commands
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Args, Clone, Debug)]
pub struct GlobalArgs {
    /// Where the data are kept, such as sqlite:./sentinel.db
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    pub database_url: Option<String>,
    /// Configuration file to read instead of ./sentinel.toml
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// Print one JSON object on the last line of standard output, and no tables
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    /// off, error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL", help_heading = "Global options")]
    pub log_level: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Import the real sample data that ship in this program, serve them, and print what to open
    ///
    /// The data go to a database file of their own, whatever database is configured; a second demo finds it again.
    Demo(DemoArgs),
    /// Serve the API
    Serve(ServeArgs),
    /// Fetch bars from a provider: what is not there yet, and the last sessions again
    Ingest(Box<IngestArgs>),
    /// List, show, cancel and resume ingest runs
    Runs(RunsArgs),
    /// Tell what each provider can do, whether it is configured, and what may still be asked of it
    Providers(ProvidersArgs),
    /// Import files of bars: CSV, Parquet, gzip or zip of them, or a folder
    Import(Box<ImportArgs>),
    /// Write bars as a file or to standard output, with the same bytes as the API
    Export(ExportArgs),
    /// List, show, add, edit and remove instruments
    #[command(subcommand)]
    Instruments(InstrumentsCommand),
    /// Tell what is stored: instruments, series, runs and rows in quarantine
    Status(StatusArgs),
    /// Tell which bars should be there and are not
    Gaps(GapsArgs),
    /// Check every rule in the store again; exit code 1 when one is broken
    Verify,
    /// Write an embedded database, as it is at this moment, to a file of its own while it is in use
    Backup(BackupArgs),
    /// Copy everything from one database to another, exactly, and compare both in the end
    Copy(CopyArgs),
    /// Apply, revert and list migrations of the database schema
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Keep the bars of a PostgreSQL database in TimescaleDB, compressed
    #[command(subcommand)]
    Timescale(TimescaleCommand),
    /// Check and show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look for what is wrong here and say how to mend it
    Doctor,
    /// Ask a running server whether it is ready: exit code 0 when it is, 1 when it is not or does not answer
    Health(HealthArgs),
}

/// `sentinel demo`
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Address and port to serve on; port 0 picks a free one [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Database file of the demo
    #[arg(long, value_name = "FILE", default_value = "./sentinel-demo.db")]
    pub database: PathBuf,
    /// Import into the configured database instead of one of its own
    #[arg(long, conflicts_with = "database")]
    pub configured: bool,
    /// Import only, and end
    #[arg(long)]
    pub no_serve: bool,
}

/// `sentinel serve`
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Address and port to serve on; port 0 picks a free one and prints it [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
}

/// `sentinel status`
#[derive(Args, Debug)]
pub struct StatusArgs {
    /// List the rows in quarantine, with the reason of each
    #[arg(long)]
    pub quarantine: bool,
    /// How many rows in quarantine to list at most
    #[arg(long, value_name = "N", default_value_t = 50, requires = "quarantine")]
    pub limit: usize,
}

/// `sentinel migrate`
#[derive(Debug, Subcommand)]
pub enum MigrateCommand {
    /// Apply what is pending
    Up,
    /// Revert the latest migration
    Down {
        /// Also when the store holds bars, which may be lost
        #[arg(long)]
        yes: bool,
    },
    /// List the migrations and which are applied
    Status,
}

/// `sentinel config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Read the configuration and tell every mistake in it
    Check,
    /// Print the effective settings, passwords masked, and where each was set
    Show,
    /// Print the reference of all settings, as docs/configuration.md holds it
    Reference,
}
