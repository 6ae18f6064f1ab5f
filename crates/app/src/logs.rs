//! Logs: human lines on a terminal, JSON elsewhere, to standard error or to a file with rotation.

mod rolling_file;
#[cfg(test)]
pub(crate) mod tests;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use domain::Clock;
use rolling_file::RollingFile;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::clock::SystemClock;
use crate::config::{LogConfig, LogFormat};

/// Sends what is logged where the configuration says.
///
/// # Errors
/// When the log file cannot be opened, or logs were set up before.
pub(crate) fn begin(config: &LogConfig) -> anyhow::Result<()> {
    let subscriber = match &config.file {
        None => subscriber(config, io::stderr().is_terminal(), io::stderr)?,
        Some(path) => subscriber(config, false, file(config, path, Arc::new(SystemClock))?)?,
    };
    subscriber.try_init().context("logs are set up already")
}

fn subscriber<W>(
    config: &LogConfig,
    on_terminal: bool,
    writer: W,
) -> anyhow::Result<Box<dyn Subscriber + Send + Sync + 'static>>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // How the server's threads come and go interests nobody who did not ask for more than the usual.
    let level = if config.level == "info" {
        "info,actix_server=warn"
    } else {
        &config.level
    };
    let filter = EnvFilter::try_new(level).context("log.level")?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(on_terminal)
        .with_writer(writer);
    let human = match config.format {
        LogFormat::Auto => on_terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    Ok(if human {
        Box::new(lines.finish())
    } else {
        Box::new(lines.json().flatten_event(true).with_span_list(false).finish())
    })
}

fn file(config: &LogConfig, path: &Path, clock: Arc<dyn Clock>) -> anyhow::Result<RollingFile> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("sentinel.log");
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let unusable = || format!("log.file = `{}`: the file cannot be opened", path.display());
    std::fs::create_dir_all(directory).with_context(unusable)?;
    RollingFile::open(
        directory.to_owned(),
        name.to_owned(),
        config.rotation,
        config.keep_files,
        clock,
    )
    .with_context(unusable)
}
