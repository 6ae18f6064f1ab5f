//! Logs: human lines on a terminal, JSON elsewhere, to standard error or to a file with rotation.

use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::Context;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogConfig, LogFormat, LogRotation};

/// Sends what is logged where the configuration says.
///
/// # Errors
/// When the log file cannot be opened, or logs were set up before.
pub(crate) fn begin(config: &LogConfig) -> anyhow::Result<()> {
    match &config.file {
        None => begin_with(config, io::stderr().is_terminal(), io::stderr),
        Some(path) => begin_with(config, false, appender(config, path)?),
    }
}

fn begin_with<W>(config: &LogConfig, on_terminal: bool, writer: W) -> anyhow::Result<()>
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
    if human {
        lines.finish().try_init()
    } else {
        lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .finish()
            .try_init()
    }
    .context("logs are set up already")
}

fn appender(config: &LogConfig, path: &Path) -> anyhow::Result<RollingFileAppender> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("sentinel.log");
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let rotation = match config.rotation {
        LogRotation::Never => Rotation::NEVER,
        LogRotation::Hourly => Rotation::HOURLY,
        LogRotation::Daily => Rotation::DAILY,
    };
    let unusable = || format!("log.file = `{}`: the file cannot be opened", path.display());
    std::fs::create_dir_all(directory).with_context(unusable)?;
    RollingFileAppender::builder()
        .rotation(rotation)
        .filename_prefix(name)
        .max_log_files(config.keep_files)
        .build(directory)
        .with_context(unusable)
}
