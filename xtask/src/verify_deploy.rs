//! `cargo xtask verify-deploy`: what is below `deploy/`, judged by real tools and by running it.

mod run_tier;
mod static_tier;

use anyhow::bail;

/// Judge what is deployed: with `--static` the files as they are, by real tools; with `--run` by building the image and
/// bringing the stack up, without a Docker engine.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Judge the files as they are: nothing is built and nothing started; seconds.
    #[arg(long = "static")]
    as_they_are: bool,
    #[command(flatten)]
    static_tier: static_tier::Strictness,
    /// Build the image and run the stack: minutes, as root, on Linux.
    #[arg(long)]
    run: bool,
    #[command(flatten)]
    run_tier: run_tier::Choice,
}

/// Runs the chosen tiers.
///
/// # Errors
/// When something is not as promised, after every check was made.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if !args.as_they_are && !args.run {
        bail!("say which tier: --static, --run, or both");
    }
    let as_they_are = if args.as_they_are {
        static_tier::run(&args.static_tier)
    } else {
        Ok(())
    };
    let when_run = if args.run {
        run_tier::run(&args.run_tier)
    } else {
        Ok(())
    };
    as_they_are.and(when_run)
}

/// The static tier as `cargo xtask ci` runs it.
///
/// # Errors
/// When a check failed. A tool that is missing is told, and fails nothing.
pub(crate) fn run_static() -> anyhow::Result<()> {
    static_tier::run(&static_tier::Strictness::default())
}
