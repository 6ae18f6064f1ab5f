//! The crash trial at full size: `cargo run --release -p end-to-end --bin crash-trial -- --sentinel target/release/sentinel`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use end_to_end::{Sentinel, crash};

/// Kills imports at random points, repeats them, and compares what is stored with an undisturbed import.
#[derive(Parser)]
struct Arguments {
    /// The binary on trial.
    #[arg(long)]
    sentinel: PathBuf,
    /// How many bars each file holds.
    #[arg(long, default_value_t = 2_000_000)]
    bars: u32,
    /// How many imports are killed.
    #[arg(long, default_value_t = 20)]
    kills: u32,
    /// Where the random points begin, to repeat a trial.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let sentinel = Sentinel::at(&arguments.sentinel)?;
    let shown = crash::trial(&sentinel, arguments.bars, arguments.kills, arguments.seed)
        .with_context(|| format!("seed {}", arguments.seed))?;
    report(shown, &arguments);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
fn report(shown: crash::Trial, arguments: &Arguments) {
    println!(
        "{} of {} imports of {} bars were killed at work ({} ended before): every repeated import ended the same",
        shown.killed, arguments.kills, arguments.bars, shown.too_late
    );
}
