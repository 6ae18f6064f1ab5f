//! Migrations: the schema of the embedded SQL, brought to a database, taken back, and compared with it.

use std::collections::BTreeSet;

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use domain::BoxError;
use tokio_postgres::Client;

use crate::OpenError;
use crate::connections::Opener;
use crate::settings::PostgresSettings;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Held while the schema changes, so that processes that start together take turns: `SENT`, as in SQLite's header.
const LOCK: &str = "SELECT pg_advisory_lock(1397050964)";

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

/// Brings the schema up to this version; each migration all or nothing. Processes that do so at once take turns.
/// Returns the names of what was applied.
///
/// # Errors
/// [`OpenError::Newer`] when the database was written by a newer version, [`OpenError::Foreign`] when tables of another
/// program have our names, and the others as they say.
pub async fn migrate_up(settings: &PostgresSettings) -> Result<Vec<String>, OpenError> {
    change(settings, |harness, status| {
        let pending = embedded()?
            .into_iter()
            .filter(|migration| status.pending.contains(&migration.name().to_string()));
        // Makes diesel's own table when there is none.
        harness.applied_migrations()?;
        let mut applied = Vec::new();
        for migration in pending {
            harness.run_migration(&migration)?;
            applied.push(migration.name().to_string());
        }
        Ok(applied)
    })
    .await
}

/// Takes back the newest `steps` migrations, with the data they hold. Returns the names of what was taken back, newest
/// first.
///
/// # Errors
/// As [`migrate_up`].
pub async fn migrate_down(settings: &PostgresSettings, steps: usize) -> Result<Vec<String>, OpenError> {
    change(settings, move |harness, status| {
        let mut migrations = embedded()?;
        migrations.reverse();
        let applied = migrations
            .iter()
            .filter(|migration| status.applied.contains(&migration.name().to_string()));
        let mut reverted = Vec::new();
        for migration in applied.take(steps) {
            harness.revert_migration(migration)?;
            reverted.push(migration.name().to_string());
        }
        Ok(reverted)
    })
    .await
}

/// Compares a database with this version, without changing it.
///
/// # Errors
/// [`OpenError`], as it says.
pub async fn migrate_status(settings: &PostgresSettings) -> Result<MigrationStatus, OpenError> {
    let opener = Opener::new(settings, &settings.url)?;
    let (client, connection) = opener.connect().await?;
    let driver = tokio::spawn(connection);
    let status = status_of(&opener, &client).await;
    driver.abort();
    status
}

/// Refuses a database whose schema is not that of this version.
pub(crate) async fn require_current(settings: &PostgresSettings) -> Result<(), OpenError> {
    let database = Opener::new(settings, &settings.url)?.server.database();
    let MigrationStatus { pending, unknown, .. } = migrate_status(settings).await?;
    if !unknown.is_empty() {
        return Err(OpenError::Newer { database, unknown });
    }
    if !pending.is_empty() {
        return Err(OpenError::Behind { database, pending });
    }
    Ok(())
}

type Harness = AsyncMigrationHarness<AsyncPgConnection>;

/// Runs `task` under the lock, on a thread of its own: diesel's harness blocks, and needs a runtime that allows it.
async fn change(
    settings: &PostgresSettings,
    task: impl FnOnce(&mut Harness, &MigrationStatus) -> Result<Vec<String>, BoxError> + Send + 'static,
) -> Result<Vec<String>, OpenError> {
    let opener = Opener::new(settings, &settings.url)?;
    let database = opener.server.database();
    let other = move |source: BoxError| OpenError::Other {
        database: database.clone(),
        source,
    };
    let failed = other.clone();
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let changed = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| failed(error.into()))
            .and_then(|runtime| runtime.block_on(locked(&opener, task)));
        // Nobody waits any more when the caller went away.
        let _unheard = tell.send(changed);
    });
    told.await.map_err(|error| other(error.into()))?
}

async fn locked(
    opener: &Opener,
    task: impl FnOnce(&mut Harness, &MigrationStatus) -> Result<Vec<String>, BoxError>,
) -> Result<Vec<String>, OpenError> {
    let other = |source: BoxError| OpenError::Other {
        database: opener.server.database(),
        source,
    };
    let (client, status) = under_lock(opener).await?;
    let connection = AsyncPgConnection::try_from(client)
        .await
        .map_err(|error| other(error.into()))?;
    // The lock goes with the connection.
    task(&mut AsyncMigrationHarness::new(connection), &status).map_err(other)
}

/// A client that holds the lock until it goes away, and what the schema has, which is nothing unknown.
pub(crate) async fn under_lock(opener: &Opener) -> Result<(Client, MigrationStatus), OpenError> {
    let (client, connection) = opener.connect().await?;
    tokio::spawn(connection);
    client
        .batch_execute(LOCK)
        .await
        .map_err(|error| opener.refusal(error))?;
    let status = status_of(opener, &client).await?;
    if !status.unknown.is_empty() {
        return Err(OpenError::Newer {
            database: opener.server.database(),
            unknown: status.unknown,
        });
    }
    Ok((client, status))
}

fn embedded() -> Result<Vec<Box<dyn Migration<Pg>>>, BoxError> {
    let mut migrations = MigrationSource::<Pg>::migrations(&MIGRATIONS)?;
    migrations.sort_unstable_by(|left, right| left.name().version().cmp(&right.name().version()));
    Ok(migrations)
}

async fn status_of(opener: &Opener, client: &Client) -> Result<MigrationStatus, OpenError> {
    let failed = |error| opener.refusal(error);
    let row = client
        .query_one(
            "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL, coalesce(to_regclass('instruments'), \
             to_regclass('bars'), to_regclass('series'))::text",
            &[],
        )
        .await
        .map_err(failed)?;
    let (is_ours, table): (bool, Option<String>) = (row.get(0), row.get(1));
    let applied: BTreeSet<MigrationVersion<'static>> = match (is_ours, table) {
        (true, _) => client
            .query("SELECT version FROM __diesel_schema_migrations", &[])
            .await
            .map_err(failed)?
            .iter()
            .map(|row| MigrationVersion::from(row.get::<_, String>(0)))
            .collect(),
        (false, Some(table)) => {
            return Err(OpenError::Foreign {
                database: opener.server.database(),
                table,
            });
        }
        (false, None) => BTreeSet::new(),
    };
    let mut status = MigrationStatus::default();
    let mut known = BTreeSet::new();
    let migrations = embedded().map_err(|source| OpenError::Other {
        database: opener.server.database(),
        source,
    })?;
    for migration in migrations {
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
