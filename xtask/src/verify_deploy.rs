//! `cargo xtask verify-deploy`: what is below `deploy/`, judged by real tools and by running it.

mod run_tier;

use anyhow::bail;

/// Judge the files below `deploy/`: with `--run`, by building the image and bringing the stack up, without a Docker engine.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Build the image and run the stack: minutes, as root, on Linux.
    #[arg(long)]
    run: bool,
    #[command(flatten)]
    run_tier: run_tier::Choice,
}

/// Runs the chosen tiers.
///
/// # Errors
/// When something is not as promised, after every step was taken.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if !args.run {
        bail!("say which tier: --run");
    }
    run_tier::run(&args.run_tier)
}
