//! A log file that is begun anew each hour or day, of which so many are kept.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Clock, Timestamp};
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogRotation;

/// Appends to `NAME`, or to `NAME.2026-11-25` or `NAME.2026-11-25-14` where it rotates (UTC).
///
/// Several processes may append to the same file: each line is one write. Those whose names say the oldest times go first,
/// whatever their files' times say.
pub(super) struct RollingFile {
    folder: PathBuf,
    name: String,
    rotation: LogRotation,
    keep: usize,
    clock: Arc<dyn Clock>,
    open: Mutex<Open>,
}

/// The file that is appended to.
struct Open {
    name: String,
    file: File,
}

impl RollingFile {
    /// Opens the file of this hour or day, and removes what is too much.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(
        folder: PathBuf,
        name: String,
        rotation: LogRotation,
        keep: usize,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let current = name_at(&name, rotation, clock.now());
        let file = append_to(&folder, &current)?;
        let rolling = Self {
            folder,
            name,
            rotation,
            keep,
            clock,
            open: Mutex::new(Open { name: current, file }),
        };
        rolling.prune()?;
        Ok(rolling)
    }

    /// Goes on in the next file when its time has come.
    fn roll(&self, open: &mut Open) -> io::Result<()> {
        let current = name_at(&self.name, self.rotation, self.clock.now());
        // A clock that was set back does not take the file back.
        if current <= open.name {
            return Ok(());
        }
        open.file = append_to(&self.folder, &current)?;
        open.name = current;
        self.prune()
    }

    /// Removes the oldest until as many are left as are kept, the one in use among them.
    fn prune(&self) -> io::Result<()> {
        let mut rotated: Vec<String> = fs::read_dir(&self.folder)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|file| self.is_ours(file))
            .collect();
        rotated.sort_unstable();
        let too_many = rotated.len().saturating_sub(self.keep);
        for file in rotated.iter().take(too_many) {
            match fs::remove_file(self.folder.join(file)) {
                // Another process was quicker.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
        Ok(())
    }

    /// `NAME.` and a time as this rotation writes it; whatever else begins like that is somebody else's.
    fn is_ours(&self, file: &str) -> bool {
        let pattern = match self.rotation {
            LogRotation::Never => return false,
            LogRotation::Hourly => "0000-00-00-00",
            LogRotation::Daily => "0000-00-00",
        };
        let Some(time) = file.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('.')) else {
            return false;
        };
        time.len() == pattern.len()
            && time.bytes().zip(pattern.bytes()).all(|(byte, wanted)| {
                if wanted == b'0' {
                    byte.is_ascii_digit()
                } else {
                    byte == wanted
                }
            })
    }
}

fn append_to(folder: &std::path::Path, name: &str) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(folder.join(name))
}

/// The name of the file for this instant; later ones sort behind earlier ones.
fn name_at(name: &str, rotation: LogRotation, now: Timestamp) -> String {
    let day = now.date();
    match rotation {
        LogRotation::Never => name.to_owned(),
        LogRotation::Daily => format!("{name}.{day}"),
        LogRotation::Hourly => {
            let hour = now.unix_seconds().rem_euclid(86_400) / 3_600;
            format!("{name}.{day}-{hour:02}")
        }
    }
}

/// One line at a time.
pub(super) struct Line<'a>(&'a RollingFile);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk or a folder that is gone: the line goes where the lines before it went, and the next one tries again.
        let _tried_again_with_the_next_line = self.0.roll(&mut open);
        open.file.write_all(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for RollingFile {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

#[cfg(test)]
mod tests {
    use domain::fake::ManualClock;
    use tempfile::TempDir;

    use super::*;

    struct Trial {
        folder: TempDir,
        clock: Arc<ManualClock>,
    }

    impl Trial {
        fn at(now: &str) -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
                clock: Arc::new(ManualClock::at(now.parse().unwrap())),
            }
        }

        fn open(&self, rotation: LogRotation, keep: usize) -> RollingFile {
            let folder = self.folder.path().to_owned();
            RollingFile::open(folder, "sentinel.log".to_owned(), rotation, keep, self.clock.clone()).unwrap()
        }

        fn log(&self, file: &RollingFile, now: &str, line: &str) {
            self.clock.set(now.parse().unwrap());
            writeln!(file.make_writer(), "{line}").unwrap();
        }

        /// Each file with what it holds, by name.
        fn files(&self) -> Vec<String> {
            let mut files: Vec<String> = fs::read_dir(self.folder.path())
                .unwrap()
                .map(|entry| {
                    let path = entry.unwrap().path();
                    let lines = fs::read_to_string(&path).unwrap().trim_end().replace('\n', ",");
                    format!("{}: {lines}", path.file_name().unwrap().to_str().unwrap())
                })
                .collect();
            files.sort_unstable();
            files
        }
    }

    #[test]
    fn a_new_file_begins_at_midnight() {
        let trial = Trial::at("2026-11-25T12:00:00Z");
        let file = trial.open(LogRotation::Daily, 14);
        trial.log(&file, "2026-11-25T23:59:59.999999Z", "a");
        trial.log(&file, "2026-11-26T00:00:00Z", "b");
        trial.log(&file, "2026-11-26T23:59:59Z", "c");
        trial.log(&file, "2026-12-01T00:00:00Z", "d");
        assert_eq!(
            trial.files(),
            [
                "sentinel.log.2026-11-25: a",
                "sentinel.log.2026-11-26: b,c",
                "sentinel.log.2026-12-01: d",
            ]
        );
    }

    #[test]
    fn a_new_file_begins_each_hour_over_midnight_too() {
        let trial = Trial::at("2026-12-31T22:00:00Z");
        let file = trial.open(LogRotation::Hourly, 14);
        trial.log(&file, "2026-12-31T22:59:59Z", "a");
        trial.log(&file, "2026-12-31T23:00:00Z", "b");
        trial.log(&file, "2027-01-01T00:00:00Z", "c");
        assert_eq!(
            trial.files(),
            [
                "sentinel.log.2026-12-31-22: a",
                "sentinel.log.2026-12-31-23: b",
                "sentinel.log.2027-01-01-00: c",
            ]
        );
    }

    #[test]
    fn as_many_are_kept_as_asked_and_nobody_elses_are_removed() {
        let trial = Trial::at("2026-11-25T12:00:00Z");
        for other in [
            "sentinel.log.backup-1",
            "sentinel.log.2026-11-2",
            "sentinel.log",
            "other.log.2020-01-01",
        ] {
            fs::write(trial.folder.path().join(other), "theirs").unwrap();
        }
        fs::write(trial.folder.path().join("sentinel.log.2020-01-01"), "old").unwrap();
        let file = trial.open(LogRotation::Daily, 2);
        for day in 25..=29 {
            trial.log(&file, &format!("2026-11-{day}T01:00:00Z"), "x");
        }
        assert_eq!(
            trial.files(),
            [
                "other.log.2020-01-01: theirs",
                "sentinel.log.2026-11-28: x",
                "sentinel.log.2026-11-29: x",
                "sentinel.log.2026-11-2: theirs",
                "sentinel.log.backup-1: theirs",
                "sentinel.log: theirs",
            ]
        );
    }

    #[test]
    fn the_start_removes_what_is_too_much() {
        let trial = Trial::at("2026-11-25T12:00:00Z");
        for day in 20..=24 {
            fs::write(trial.folder.path().join(format!("sentinel.log.2026-11-{day}")), "").unwrap();
        }
        let _open = trial.open(LogRotation::Daily, 3);
        assert_eq!(
            trial.files(),
            [
                "sentinel.log.2026-11-23: ",
                "sentinel.log.2026-11-24: ",
                "sentinel.log.2026-11-25: "
            ]
        );
    }

    #[test]
    fn one_that_never_rotates_is_appended_to() {
        let trial = Trial::at("2026-11-25T12:00:00Z");
        trial.log(&trial.open(LogRotation::Never, 1), "2026-11-25T12:00:00Z", "a");
        trial.log(&trial.open(LogRotation::Never, 1), "2027-11-25T12:00:00Z", "b");
        assert_eq!(trial.files(), ["sentinel.log: a,b"]);
    }

    #[test]
    fn a_clock_that_was_set_back_goes_on_in_the_same_file() {
        let trial = Trial::at("2026-11-25T12:00:00Z");
        let file = trial.open(LogRotation::Daily, 14);
        trial.log(&file, "2026-11-26T00:00:00Z", "a");
        trial.log(&file, "2026-11-25T23:59:59Z", "b");
        assert_eq!(
            trial.files(),
            ["sentinel.log.2026-11-25: ", "sentinel.log.2026-11-26: a,b"]
        );
    }

    #[test]
    fn a_folder_that_is_gone_costs_no_line_that_can_still_be_written() {
        let trial = Trial::at("2026-11-25T12:00:00Z");
        let file = trial.open(LogRotation::Daily, 14);
        fs::remove_dir_all(trial.folder.path()).unwrap();
        // It goes to the file that is open and has no name any more.
        trial.log(&file, "2026-11-26T00:00:00Z", "a");
        fs::create_dir(trial.folder.path()).unwrap();
        trial.log(&file, "2026-11-26T00:00:01Z", "b");
        assert_eq!(trial.files(), ["sentinel.log.2026-11-26: b"]);
    }
}
