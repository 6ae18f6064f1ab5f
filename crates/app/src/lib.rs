//! The `sentinel` command: configuration, composition and the command line, over a domain and its adapters.

pub mod application;
mod clock;
mod command;
pub mod command_line;
pub mod config;
mod demo;
mod exit;
mod import_file;
mod logs;
mod metrics;
mod output;
mod provider_runtime;
mod run_executor;
mod stop;
mod store;
mod use_cases;

use std::process::ExitCode;

use clap::Parser;

pub use application::Application;
pub use config::Config;
pub use exit::Exit;

/// The whole program: reads the command line, runs the command, and says how to end.
#[must_use]
pub fn main() -> ExitCode {
    let line = command_line::CommandLine::parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(Box::pin(command::run(line))).into(),
        Err(error) => {
            output::Output::new(false).remark(format_args!("error: no threads can be started: {error}"));
            Exit::Failed.into()
        }
    }
}
