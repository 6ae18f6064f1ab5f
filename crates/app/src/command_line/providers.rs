//! `sentinel providers`

use clap::{Args, Subcommand};
use domain::SourceName;

/// Flags of `sentinel providers`.
#[derive(Args, Debug)]
#[command(
    after_help = "Quotas are those of our own budgets and of what a provider told this process; another process counts anew.\n\n\
        Examples:\n  sentinel providers\n  sentinel providers search binance BTC"
)]
pub struct ProvidersArgs {
    /// What to do; without it all providers are listed
    #[command(subcommand)]
    pub command: Option<ProvidersCommand>,
}

/// What to do with providers.
#[derive(Debug, Subcommand)]
pub enum ProvidersCommand {
    /// Look for symbols at a provider, best match first
    Search {
        /// Which provider; `sentinel providers` lists them
        provider: SourceName,
        /// A part of the symbol or of the name
        #[arg(required = true)]
        text: Vec<String>,
    },
}
