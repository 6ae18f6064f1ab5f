//! `sentinel health`

use clap::Args;

/// `sentinel health`
#[derive(Args, Debug)]
pub struct HealthArgs {
    /// Address of the server, as serve prints it [default: where server.listen says]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Seconds to wait for its answer: 1 to 600
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout_s: u64,
}
