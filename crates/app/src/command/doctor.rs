//! `sentinel doctor`: what is wrong here, and how to mend it.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{Calendars, Timestamp};
use serde_json::json;

use crate::clock::SystemClock;
use crate::config::{Adapter, Config, DatabaseConfig, Mistakes};
use crate::exit::Exit;
use crate::output::{Output, Table, chain};
use crate::store::{self, Store};

/// Below this much room a larger import may not fit.
const SCARCE_BYTES: u64 = 500 * 1_024 * 1_024;

/// What was looked at, and what was found.
struct Finding {
    check: &'static str,
    state: State,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    Problem,
}

fn good(check: &'static str, detail: impl Into<String>) -> Finding {
    Finding {
        check,
        state: State::Good,
        detail: detail.into(),
    }
}

fn problem(check: &'static str, detail: impl Into<String>) -> Finding {
    Finding {
        check,
        state: State::Problem,
        detail: detail.into(),
    }
}

pub(super) async fn run(loaded: Result<Config, Mistakes>, output: Output) -> anyhow::Result<Exit> {
    let mut findings = Vec::new();
    match &loaded {
        Ok(config) => {
            findings.push(good("configuration", format!("complete, digest {}", config.digest())));
            findings.push(database(&config.database).await);
            findings.extend(disk_space(&config.database));
            findings.push(port(config.server.listen));
            findings.extend(log_file(config));
        }
        Err(mistakes) => {
            findings.extend(
                mistakes
                    .0
                    .iter()
                    .map(|mistake| problem("configuration", mistake.to_string())),
            );
        }
    }
    findings.push(time_zones());

    let mut table = Table::new(["check", "state", "what was found"]);
    for finding in &findings {
        table.push([finding.check, finding.state.as_str(), &finding.detail]);
    }
    output.table(&table)?;
    let is_well = findings.iter().all(|finding| finding.state == State::Good);
    let listed: Vec<_> = findings
        .iter()
        .map(|finding| json!({ "check": finding.check, "state": finding.state.as_str(), "detail": finding.detail }))
        .collect();
    output.object(&json!({ "well": is_well, "checks": listed }))?;
    Ok(match (is_well, loaded.is_ok()) {
        (true, _) => Exit::Done,
        (false, true) => Exit::Failed,
        (false, false) => Exit::WrongUsage,
    })
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Problem => "problem",
        }
    }
}

/// Reachable, of this version, writable; looking changes nothing.
async fn database(database: &DatabaseConfig) -> Finding {
    let location = database.adapter.location();
    if let Adapter::Sqlite(path) = &database.adapter
        && !path.exists()
    {
        return match tempfile::tempfile_in(folder_of(path)) {
            Ok(_writable) => good(
                "database",
                format!("{location} is not there yet; the first import or serve makes it"),
            ),
            Err(error) => problem(
                "database",
                format!(
                    "{location} is not there, and cannot be made: {error}; make the folder writable, or name another \
                     with --database-url sqlite:FILE"
                ),
            ),
        };
    }
    match store::migration_status(database).await {
        Err(error) => problem("database", chain(&error)),
        Ok(status) if !status.unknown.is_empty() => problem(
            "database",
            format!("{location} was written by a newer version: run that one, or restore a backup"),
        ),
        Ok(status) if !status.pending.is_empty() => problem(
            "database",
            format!(
                "{location} lacks {}: run `sentinel migrate up`",
                status.pending.join(", ")
            ),
        ),
        Ok(_current) => match Store::open(database, Arc::new(SystemClock)).await {
            Err(error) => problem("database", chain(&error)),
            Ok(store) => match store.care.ping().await {
                Ok(()) => good("database", format!("{location} is reachable, writable and up to date")),
                Err(error) => problem("database", chain(&error)),
            },
        },
    }
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// Beside an embedded database; the disk of a server is looked at there.
fn disk_space(database: &DatabaseConfig) -> Option<Finding> {
    let Adapter::Sqlite(path) = &database.adapter else {
        return None;
    };
    let folder = folder_of(path);
    Some(match fs4::available_space(&folder) {
        Err(error) => problem(
            "disk space",
            format!("{} cannot be looked at: {error}", folder.display()),
        ),
        Ok(bytes) => {
            let left = format!(
                "{} MiB are free beside the database",
                crate::output::grouped(bytes / 1_024 / 1_024)
            );
            if bytes < SCARCE_BYTES {
                problem("disk space", format!("only {left}: make room, or move the database"))
            } else {
                good("disk space", left)
            }
        }
    })
}

fn port(listen: SocketAddr) -> Finding {
    match TcpListener::bind(listen) {
        Ok(_free) => good("port", format!("{listen} is free")),
        Err(error) => problem(
            "port",
            format!(
                "{listen} cannot be listened on: {error}; if that is not `sentinel serve` itself, choose another with --listen"
            ),
        ),
    }
}

fn log_file(config: &Config) -> Option<Finding> {
    let path = config.log.file.as_ref()?;
    let folder = folder_of(path);
    if !folder.exists() {
        return Some(good(
            "log file",
            format!("the folder of {} is made at the next start", path.display()),
        ));
    }
    Some(match tempfile::tempfile_in(&folder) {
        Ok(_writable) => good("log file", format!("{} can be written", path.display())),
        Err(error) => problem(
            "log file",
            format!(
                "log.file = `{}` cannot be written: {error}; make the folder, or name another file",
                path.display()
            ),
        ),
    })
}

/// The zone database travels in the binary: the test is one rule of it that everybody knows.
fn time_zones() -> Finding {
    let opening = |calendars: &Calendars, date| {
        let name = "XNYS".parse().ok()?;
        Some(calendars.get(&name)?.session(date)?.start())
    };
    match Calendars::built_in() {
        Err(error) => problem("time zones", chain(&error)),
        Ok(calendars) => {
            let (winter, summer) = (time::macros::date!(2024 - 01 - 02), time::macros::date!(2024 - 07 - 02));
            let found = (opening(&calendars, winter), opening(&calendars, summer));
            let right = (at("2024-01-02T14:30:00Z"), at("2024-07-02T13:30:00Z"));
            if found == right {
                good(
                    "time zones",
                    "New York opens at 14:30Z in winter and 13:30Z in summer, as it does",
                )
            } else {
                problem(
                    "time zones",
                    "New York does not open when it does: this program was built wrongly",
                )
            }
        }
    }
}

fn at(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
