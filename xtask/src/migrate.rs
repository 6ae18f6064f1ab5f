//! `cargo xtask migrate`: the schema of the configured database, and new migrations.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::terminal;
use crate::workspace::{cargo, root, run as run_command};

/// As diesel orders them: the stamp sorts as text.
const STAMP: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]-[hour][minute][second]");

/// Apply, revert or list the migrations of the configured database, or start a new one.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Apply what is pending: `sentinel migrate up`.
    Up(Passed),
    /// Revert the newest: `sentinel migrate down`.
    Down(Passed),
    /// What is applied and what is pending: `sentinel migrate status`.
    Status(Passed),
    /// Start a migration: `up.sql` and `down.sql` in a stamped folder, for every database under `migrations/`.
    New {
        /// What changes, in snake case: `add_ingest_runs`.
        #[arg(value_parser = migration_name)]
        name: String,
    },
}

#[derive(clap::Args)]
struct Passed {
    /// Passed on to `sentinel`, for instance `--database-url sqlite:./other.db`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    args: Vec<String>,
}

/// Does what was asked.
///
/// # Errors
/// When `sentinel migrate` fails, or the files of a new migration cannot be written.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let (action, passed) = match args.action {
        Action::Up(passed) => ("up", passed),
        Action::Down(passed) => ("down", passed),
        Action::Status(passed) => ("status", passed),
        Action::New { name } => {
            #[expect(clippy::disallowed_methods, reason = "the stamp of a new file is the time of day")]
            let stamp = OffsetDateTime::now_utc();
            for file in create(&root().join("migrations"), &name, stamp)? {
                terminal::say(file.strip_prefix(root()).unwrap_or(&file).display());
            }
            return Ok(());
        }
    };
    run_command(cargo(["run", "--package", "app", "--bin", "sentinel", "--", "migrate", action]).args(passed.args))
}

fn migration_name(text: &str) -> Result<String, String> {
    let starts_with_a_letter = text.starts_with(|c: char| c.is_ascii_lowercase());
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if starts_with_a_letter && text.chars().all(rest) {
        return Ok(text.to_owned());
    }
    Err("say what changes in lower-case letters, digits and `_`, for instance `add_ingest_runs`".to_owned())
}

/// Writes the two files for every database that has a folder, and returns their paths.
fn create(migrations: &Path, name: &str, stamp: OffsetDateTime) -> anyhow::Result<Vec<PathBuf>> {
    let folder = format!("{}_{name}", stamp.format(STAMP)?);
    let mut written = Vec::new();
    for database in databases(migrations)? {
        let migration = database.join(&folder);
        fs::create_dir(&migration).with_context(|| format!("cannot create {}", migration.display()))?;
        for (file, text) in [
            ("up.sql", format!("-- {name}: what changes, and why.\n")),
            ("down.sql", format!("-- Takes {name} back.\n")),
        ] {
            let path = migration.join(file);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            written.push(path);
        }
    }
    Ok(written)
}

fn databases(migrations: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(migrations).with_context(|| format!("cannot list {}", migrations.display()))?;
    let mut folders: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    if folders.is_empty() {
        bail!(
            "{} has no folder: a database has its migrations in one, such as migrations/sqlite",
            migrations.display()
        );
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const STAMPED: OffsetDateTime = datetime!(2026-03-09 07:05:01 UTC);

    #[test]
    fn a_new_migration_has_both_files_for_every_database() {
        let migrations = tempfile::tempdir().unwrap();
        for database in ["postgres", "sqlite"] {
            fs::create_dir(migrations.path().join(database)).unwrap();
        }
        fs::write(migrations.path().join("README.md"), "").unwrap();
        let written = create(migrations.path(), "add_alerts", STAMPED).unwrap();
        let written: Vec<_> = written
            .iter()
            .map(|path| path.strip_prefix(migrations.path()).unwrap())
            .collect();
        let expected = [
            "postgres/2026-03-09-070501_add_alerts/up.sql",
            "postgres/2026-03-09-070501_add_alerts/down.sql",
            "sqlite/2026-03-09-070501_add_alerts/up.sql",
            "sqlite/2026-03-09-070501_add_alerts/down.sql",
        ];
        assert_eq!(written, expected.map(Path::new));
        // diesel refuses an empty file, so even a fresh one says something
        let up = fs::read_to_string(migrations.path().join(expected[0])).unwrap();
        assert_eq!(up, "-- add_alerts: what changes, and why.\n");
    }

    #[test]
    fn no_database_is_an_error_that_says_where_one_belongs() {
        let migrations = tempfile::tempdir().unwrap();
        let error = create(migrations.path(), "add_alerts", STAMPED).unwrap_err();
        assert!(error.to_string().contains("such as migrations/sqlite"), "{error}");
    }

    #[test]
    fn names_are_snake_case() {
        assert_eq!(migration_name("add_2nd_key"), Ok("add_2nd_key".to_owned()));
        for refused in ["", "Add", "add-key", "add key", "2nd", "../up", "añadir"] {
            assert!(migration_name(refused).is_err(), "{refused}");
        }
    }
}
