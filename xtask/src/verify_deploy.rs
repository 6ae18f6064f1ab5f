//! `cargo xtask verify-deploy`: what is below `deploy/`, judged by real tools.

mod static_tier;

use anyhow::bail;

/// Judge the files that deploy and release: with `--static`, as they are, by real tools and in seconds.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Judge the files as they are: nothing is built and nothing started.
    #[arg(long = "static")]
    as_they_are: bool,
    #[command(flatten)]
    static_tier: static_tier::Choice,
}

/// Runs the chosen tiers.
///
/// # Errors
/// When something is not as promised, after every check was made.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if !args.as_they_are {
        bail!("say which tier: --static");
    }
    static_tier::run(&args.static_tier)
}

/// The static tier as `cargo xtask ci` runs it.
///
/// # Errors
/// When a check failed. A tool that is missing is told, and fails nothing.
pub(crate) fn run_static() -> anyhow::Result<()> {
    static_tier::run(&static_tier::Choice::default())
}
