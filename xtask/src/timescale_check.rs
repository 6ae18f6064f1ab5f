//! `cargo xtask timescale-check`: `sentinel timescale enable` against TimescaleDB, which npm brings as a library.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::terminal;
use crate::workspace::{cargo, members, run as run_command};

/// What runs in the folder of the check; the versions are in `package.json`.
const FILES: [(&str, &str); 4] = [
    ("package.json", include_str!("timescale_check/package.json")),
    ("check.mjs", include_str!("timescale_check/check.mjs")),
    ("server.mjs", include_str!("timescale_check/server.mjs")),
    ("door.mjs", include_str!("timescale_check/door.mjs")),
];

/// Builds `sentinel`, sets TimescaleDB up below the target folder, and checks one against the other. Not part of the tests:
/// it needs node and, the first time, the network.
///
/// # Errors
/// When node or npm is missing, TimescaleDB cannot be installed, or something is not as promised.
pub(crate) fn run() -> anyhow::Result<()> {
    for program in ["node", "npm"] {
        require(program)?;
    }
    run_command(&mut cargo(["build", "--workspace", "--bin", "sentinel"]))?;
    let target = members()?.target_directory.into_std_path_buf();
    let sentinel = target
        .join("debug")
        .join(format!("sentinel{}", std::env::consts::EXE_SUFFIX));
    let folder = target.join("timescale-check");
    prepare(&folder)?;
    let mut install = Command::new("npm");
    install.args([
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
    ]);
    run_command(install.current_dir(&folder)).context(
        "npm cannot install TimescaleDB: it needs its registry the first time; `npm config get registry` says which",
    )?;
    let mut check = Command::new("node");
    run_command(check.arg("check.mjs").arg(sentinel).current_dir(&folder))?;
    terminal::say("TimescaleDB does what docs/timescaledb.md says");
    Ok(())
}

fn prepare(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, text) in FILES {
        let file = folder.join(name);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn require(program: &str) -> anyhow::Result<()> {
    let started = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    if !started.is_ok_and(|status| status.success()) {
        bail!(
            "there is no `{program}`: install Node.js 20 or newer with npm (https://nodejs.org), which runs PostgreSQL with \
             TimescaleDB for this check; nothing else of the workspace needs it"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_told_with_its_remedy() {
        let told = require("no-such-node").unwrap_err().to_string();
        assert!(told.contains("install Node.js 20"), "{told}");
    }

    #[test]
    fn the_folder_gets_every_file_again() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("check");
        for _turn in 0..2 {
            prepare(&folder).unwrap();
            assert_eq!(fs::read_dir(&folder).unwrap().count(), FILES.len());
            fs::write(folder.join("check.mjs"), "changed").unwrap();
        }
    }

    #[test]
    fn every_module_that_is_imported_is_there() {
        for (name, text) in FILES {
            let imported = text.lines().filter_map(|line| line.split("from './").nth(1));
            for module in imported.filter_map(|rest| rest.split('\'').next()) {
                assert!(FILES.iter().any(|(file, _)| *file == module), "{name} imports {module}");
            }
        }
    }
}
