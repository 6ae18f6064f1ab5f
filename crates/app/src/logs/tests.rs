//! How lines look, where they go, and that each tells whose it is.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use domain::fake::ManualClock;
use serde_json::Value;

use super::*;
use crate::config::LogRotation;

/// What was logged.
#[derive(Clone, Default)]
pub(crate) struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Logged {
    /// What collects JSON lines here.
    pub(crate) fn subscriber(&self) -> Box<dyn Subscriber + Send + Sync + 'static> {
        let logged = self.clone();
        subscriber(&settings(), false, move || logged.clone()).unwrap()
    }

    /// The lines so far.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = self.0.lock().unwrap().clone();
        String::from_utf8(text)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn settings() -> LogConfig {
    LogConfig {
        level: "info".to_owned(),
        format: LogFormat::Auto,
        file: None,
        rotation: LogRotation::Daily,
        keep_files: 14,
    }
}

#[test]
fn elsewhere_than_on_a_terminal_each_line_is_one_object_with_its_span() {
    let logged = Logged::default();
    tracing::subscriber::with_default(logged.subscriber(), || {
        tracing::info_span!("request", request.id = "7").in_scope(|| tracing::info!(status = 200, "GET / 200"));
        tracing::debug!("not asked for");
    });
    let lines = logged.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    assert_eq!(
        (&line["level"], &line["message"], &line["status"]),
        (&"INFO".into(), &"GET / 200".into(), &200.into())
    );
    assert_eq!(line["span"]["request.id"], "7");
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
}

#[test]
fn lines_go_on_in_the_next_days_file() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at("2026-11-25T23:59:00Z".parse().unwrap()));
    let path = folder.path().join("logs/sentinel.log");
    let file = file(&settings(), &path, clock.clone()).unwrap();
    tracing::subscriber::with_default(subscriber(&settings(), false, file).unwrap(), || {
        tracing::info!("before midnight");
        clock.set("2026-11-26T00:00:00Z".parse().unwrap());
        tracing::info!("after midnight");
    });
    for (name, message) in [("2026-11-25", "before midnight"), ("2026-11-26", "after midnight")] {
        let text = std::fs::read_to_string(folder.path().join(format!("logs/sentinel.log.{name}"))).unwrap();
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], message);
    }
}

#[test]
fn a_file_that_cannot_be_opened_is_told_with_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("taken"), "").unwrap();
    let path = folder.path().join("taken/sentinel.log");
    let clock = Arc::new(ManualClock::at("2026-11-25T23:59:00Z".parse().unwrap()));
    let error = file(&settings(), &path, clock).err().unwrap();
    assert_eq!(
        error.to_string(),
        format!("log.file = `{}`: the file cannot be opened", path.display())
    );
}
