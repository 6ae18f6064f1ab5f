//! The crash trial at full size: `cargo run --release -p end-to-end --bin crash-trial -- --sentinel target/release/sentinel`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use end_to_end::crash::{Disturbance, Size, Trial, trial};
use end_to_end::{Databases, Sentinel};
use postgres_cluster::{Binaries, Cluster, Durability};
use postgres_fixture::TestServer;

/// Disturbs imports at random points, repeats them, and compares what is stored with an undisturbed import.
#[derive(Parser)]
struct Arguments {
    /// The binary on trial.
    #[arg(long)]
    sentinel: PathBuf,
    /// How many bars each file holds.
    #[arg(long, default_value_t = 2_000_000)]
    bars: u32,
    /// How many imports are disturbed.
    #[arg(long, default_value_t = 20)]
    kills: u32,
    /// Where the random points begin, to repeat a trial.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A PostgreSQL server, in which the trial makes databases of its own; SQLite when none is named.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Do not kill the import but a PostgreSQL server of the trial's own, and start it again.
    #[arg(long, conflicts_with = "database_url")]
    restart_server: bool,
    /// Where the programs of that server are; otherwise those installed.
    #[arg(long, value_name = "DIR", requires = "restart_server")]
    postgres_bin: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let shown = run(&arguments).with_context(|| format!("seed {}", arguments.seed))?;
    report(shown, &arguments);
    Ok(())
}

fn run(arguments: &Arguments) -> anyhow::Result<Trial> {
    let sentinel = Sentinel::at(&arguments.sentinel)?;
    let size = Size {
        bars: arguments.bars,
        disturbances: arguments.kills,
        seed: arguments.seed,
    };
    if arguments.restart_server {
        let binaries = match &arguments.postgres_bin {
            Some(folder) => Binaries::in_folder(folder)?,
            None => {
                Binaries::installed().context("no PostgreSQL is installed: name its programs with --postgres-bin")?
            }
        };
        // As safe as a real one: what it says is committed has to survive.
        let cluster = Cluster::start(&binaries, Durability::Full)?;
        let databases = Databases::Server(TestServer::at(&cluster.url())?);
        return trial(&sentinel, &databases, Disturbance::RestartServer(&cluster), size);
    }
    let databases = match &arguments.database_url {
        Some(url) => Databases::Server(TestServer::at(url).context("--database-url")?),
        None => Databases::in_folder(sentinel.home()),
    };
    trial(&sentinel, &databases, Disturbance::Kill, size)
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
fn report(shown: Trial, arguments: &Arguments) {
    let happened = match arguments.restart_server {
        true => "lost their server",
        false => "were killed",
    };
    println!(
        "{} of {} imports of {} bars {happened} at work and ended there ({} went on to the end, {} had ended before): \
         every repeated import ended the same",
        shown.failed, arguments.kills, arguments.bars, shown.survived, shown.too_late
    );
}
