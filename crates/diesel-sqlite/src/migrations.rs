//! Migrations: the schema of the embedded SQL, brought to a file, taken back, and compared with it.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationConnection, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use domain::BoxError;

use crate::OpenError;
use crate::connections::{establish, on_blocking_thread};
use crate::database_file::DatabaseFile;

pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Which migrations a database has, by name, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Those it has.
    pub applied: Vec<String>,
    /// Those this version knows and it lacks.
    pub pending: Vec<String>,
    /// Those it has and this version does not know: it was written by a newer one.
    pub unknown: Vec<String>,
}

/// Brings the schema up to this version, and makes the file when there is none; all or nothing. Two processes that do
/// so at once take turns. Returns the names of what was applied.
///
/// # Errors
/// [`OpenError::Newer`] when the file was written by a newer version, [`OpenError::Foreign`] when by another program,
/// and the others as they say.
pub async fn migrate_up(url: &str) -> Result<Vec<String>, OpenError> {
    let file: DatabaseFile = url.parse()?;
    let opened = file.clone();
    on_blocking_thread(&file, move || {
        opened.refuse_impossible()?;
        let mut connection = establish(&opened, true)?;
        keep_write_ahead_log(&opened, &mut connection)?;
        in_transaction(&opened, &mut connection, |connection, status| {
            connection.setup()?;
            let migrations = embedded()?;
            let pending = migrations
                .iter()
                .filter(|migration| status.pending.contains(&migration.name().to_string()));
            for migration in pending {
                connection.run_migration(migration)?;
            }
            Ok(status.pending.clone())
        })
    })
    .await
}

/// Takes back the newest `steps` migrations, with the data they hold; all or nothing. Returns the names of what was
/// taken back, newest first.
///
/// # Errors
/// As [`migrate_up`]; [`OpenError::Missing`] when there is no file.
pub async fn migrate_down(url: &str, steps: usize) -> Result<Vec<String>, OpenError> {
    let file: DatabaseFile = url.parse()?;
    let opened = file.clone();
    on_blocking_thread(&file, move || {
        let mut connection = existing(&opened)?;
        in_transaction(&opened, &mut connection, |connection, status| {
            let mut migrations = embedded()?;
            migrations.reverse();
            let mut reverted = Vec::new();
            let applied = migrations
                .iter()
                .filter(|migration| status.applied.contains(&migration.name().to_string()));
            for migration in applied.take(steps) {
                connection.revert_migration(migration)?;
                reverted.push(migration.name().to_string());
            }
            Ok(reverted)
        })
    })
    .await
}

/// Compares a file with this version, without changing it; a file that is not there lacks everything.
///
/// # Errors
/// [`OpenError`], as it says.
pub async fn migrate_status(url: &str) -> Result<MigrationStatus, OpenError> {
    let file: DatabaseFile = url.parse()?;
    let opened = file.clone();
    on_blocking_thread(&file, move || match existing(&opened) {
        Ok(mut connection) => status_of(&opened, &mut connection),
        Err(OpenError::Missing { path }) => {
            let migrations = embedded().map_err(|source| OpenError::Other { path, source })?;
            Ok(MigrationStatus {
                pending: migrations
                    .iter()
                    .map(|migration| migration.name().to_string())
                    .collect(),
                ..MigrationStatus::default()
            })
        }
        Err(other) => Err(other),
    })
    .await
}

/// Refuses a file whose schema is not that of this version, or that cannot be written.
pub(crate) fn require_current(file: &DatabaseFile) -> Result<(), OpenError> {
    let mut connection = existing(file)?;
    let pending = in_transaction(file, &mut connection, |_connection, status| Ok(status.pending.clone()))?;
    if pending.is_empty() {
        keep_write_ahead_log(file, &mut connection)
    } else {
        Err(OpenError::Behind {
            path: file.path().to_owned(),
            pending,
        })
    }
}

/// Switches our own file to the write-ahead log, in which readers and the writer do not wait for each other. The file
/// remembers it. The file of another program is left as it is.
fn keep_write_ahead_log(file: &DatabaseFile, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    status_of(file, connection)?;
    connection
        .batch_execute("PRAGMA journal_mode = WAL")
        .map_err(|error| OpenError::of(file.path(), error))
}

/// Opens a file that has to be there.
pub(crate) fn existing(file: &DatabaseFile) -> Result<SqliteConnection, OpenError> {
    file.refuse_impossible()?;
    if file.identity().is_none() {
        return Err(OpenError::Missing {
            path: file.path().to_owned(),
        });
    }
    establish(file, false)
}

fn embedded() -> Result<Vec<Box<dyn Migration<Sqlite>>>, BoxError> {
    let mut migrations = MigrationSource::<Sqlite>::migrations(&MIGRATIONS)?;
    migrations.sort_unstable_by(|left, right| left.name().version().cmp(&right.name().version()));
    Ok(migrations)
}

/// Runs `change` under the write lock, so that what it sees of the schema holds until it is done.
fn in_transaction<T>(
    file: &DatabaseFile,
    connection: &mut SqliteConnection,
    change: impl FnOnce(&mut SqliteConnection, &MigrationStatus) -> Result<T, BoxError>,
) -> Result<T, OpenError> {
    connection
        .immediate_transaction(|connection| {
            let status = status_of(file, connection).map_err(Stopped::Refused)?;
            if !status.unknown.is_empty() {
                return Err(Stopped::Refused(OpenError::Newer {
                    path: file.path().to_owned(),
                    unknown: status.unknown,
                }));
            }
            change(connection, &status).map_err(Stopped::Failed)
        })
        .map_err(|stopped| match stopped {
            Stopped::Refused(error) => error,
            Stopped::Failed(cause) => OpenError::of(file.path(), cause),
        })
}

enum Stopped {
    Refused(OpenError),
    Failed(BoxError),
}

impl From<diesel::result::Error> for Stopped {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

#[derive(QueryableByName)]
struct Tables {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    of_diesel: i64,
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

fn status_of(file: &DatabaseFile, connection: &mut SqliteConnection) -> Result<MigrationStatus, OpenError> {
    let failed = |error: BoxError| OpenError::of(file.path(), error);
    let tables: Tables = diesel::sql_query(
        "SELECT count(*) AS total, ifnull(sum(name = '__diesel_schema_migrations'), 0) AS of_diesel \
         FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    )
    .get_result(connection)
    .map_err(|error| failed(error.into()))?;
    if tables.of_diesel == 0 && tables.total > 0 {
        return Err(OpenError::Foreign {
            path: file.path().to_owned(),
        });
    }
    let applied: BTreeSet<MigrationVersion<'static>> = if tables.of_diesel == 0 {
        BTreeSet::new()
    } else {
        diesel::sql_query("SELECT version FROM __diesel_schema_migrations")
            .load::<Applied>(connection)
            .map_err(|error| failed(error.into()))?
            .into_iter()
            .map(|row| MigrationVersion::from(row.version))
            .collect()
    };
    let mut status = MigrationStatus::default();
    let mut known = BTreeSet::new();
    for migration in embedded().map_err(failed)? {
        let version = migration.name().version().as_owned();
        let name = migration.name().to_string();
        if applied.contains(&version) {
            status.applied.push(name);
        } else {
            status.pending.push(name);
        }
        known.insert(version);
    }
    status.unknown = applied.difference(&known).map(|version| version.to_string()).collect();
    Ok(status)
}
