//! What is logged, and where to.

use std::path::PathBuf;

use tracing_subscriber::EnvFilter;

use super::reader::Reader;
use super::setting;

/// What is logged, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Directives as [`EnvFilter`] takes them, checked.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
    /// The file that lines are appended to; `None` for standard error.
    pub file: Option<PathBuf>,
    /// When a new file is begun.
    pub rotation: LogRotation,
    /// How many rotated files are kept.
    pub keep_files: usize,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Human on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// When a new log file is begun, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogRotation {
    /// Always the same file.
    Never,
    /// Each hour.
    Hourly,
    /// Each day.
    Daily,
}

impl LogConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let level = reader.value(&setting::LOG_LEVEL, level_of);
        let format = reader.word(&setting::LOG_FORMAT, |word| match word {
            "auto" => Some(LogFormat::Auto),
            "human" => Some(LogFormat::Human),
            "json" => Some(LogFormat::Json),
            _ => None,
        });
        let file = reader.value(&setting::LOG_FILE, |text| match text {
            "" => Ok(None),
            path if path.ends_with('/') => Err("that is a folder; name a file in it, such as sentinel.log".to_owned()),
            path => Ok(Some(PathBuf::from(path))),
        });
        let rotation = reader.word(&setting::LOG_ROTATION, |word| match word {
            "never" => Some(LogRotation::Never),
            "hourly" => Some(LogRotation::Hourly),
            "daily" => Some(LogRotation::Daily),
            _ => None,
        });
        let keep_files = reader.whole(&setting::LOG_KEEP_FILES);
        Some(Self {
            level: level?,
            format: format?,
            file: file?,
            rotation: rotation?,
            keep_files: keep_files?,
        })
    }
}

/// A bare word that is no level would count as the name of a module, and nothing would be logged at all.
fn level_of(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let text = text.to_ascii_lowercase();
    let mut directives = text.split(',').map(str::trim);
    let known = directives.all(|directive| directive.contains('=') || LEVELS.contains(&directive));
    match EnvFilter::try_new(&text) {
        Ok(_) if known => Ok(text),
        _ => Err(setting::LOG_LEVEL.values.remedy()),
    }
}
