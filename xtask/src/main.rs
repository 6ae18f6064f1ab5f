//! One door for every chore of the workspace: `cargo xtask --help`.

mod bench;
mod boundaries;
mod ci;
mod coverage;
mod migrate;
mod postgres;
mod terminal;
mod test;
mod timescale_check;
mod verify_deploy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// One door for every chore of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Ci(ci::Args),
    Test(test::Args),
    /// Fail when a dependency points out of the domain, or from one adapter to another.
    Boundaries,
    Migrate(migrate::Args),
    Coverage(coverage::Args),
    Bench(bench::Args),
    /// Check `sentinel timescale` against TimescaleDB; needs node and npm, and is not part of the tests.
    TimescaleCheck,
    VerifyDeploy(verify_deploy::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Ci(args) => ci::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Boundaries => boundaries::run(),
        Task::Migrate(args) => migrate::run(args),
        Task::Coverage(args) => coverage::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::TimescaleCheck => timescale_check::run(),
        Task::VerifyDeploy(args) => verify_deploy::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::warn(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["cargo xtask", "test", "--postgres", "/usr/lib/postgresql/17/bin"]).is_ok());
    }
}
