//! The store that the database URL picks, as the ports that the use cases see.

use std::path::Path;
use std::sync::Arc;

use diesel_postgres::PostgresStore;
use diesel_sqlite::SqliteStore;
use domain::{
    Clock, CorporateActionRepository, CoverageRepository, IngestRunRepository, InstrumentRepository, PriceHistory,
    PriceRepository, SeriesCatalogue, StoreCare, StoreTransfer,
};

use crate::config::{Adapter, DatabaseConfig};
use crate::exit::UsageError;
use crate::metrics::{CountedPrices, CountedRuns, PoolFigures, Recorder};

/// Every store port, over one database.
#[derive(Clone)]
pub(crate) struct Store {
    /// Instruments.
    pub(crate) instruments: Arc<dyn InstrumentRepository>,
    /// Bars.
    pub(crate) prices: Arc<dyn PriceRepository>,
    /// Which series there are.
    pub(crate) catalogue: Arc<dyn SeriesCatalogue>,
    /// What sources answered for.
    pub(crate) coverage: Arc<dyn CoverageRepository>,
    /// Splits and dividends.
    pub(crate) actions: Arc<dyn CorporateActionRepository>,
    /// The record of runs.
    pub(crate) runs: Arc<dyn IngestRunRepository>,
    /// Revisions, discrepancies, quarantine, journal.
    pub(crate) history: Arc<dyn PriceHistory>,
    /// Readiness and verification.
    pub(crate) care: Arc<dyn StoreCare>,
    /// Everything, as it is.
    pub(crate) transfer: Arc<dyn StoreTransfer>,
}

/// One database as a serving process has it.
pub(crate) struct ServedStore {
    /// What is written to.
    pub(crate) store: Store,
    /// What those ask who only look: a replica, where there is one.
    pub(crate) queries: Store,
    /// What the connections of both are doing.
    pub(crate) pools: Arc<dyn Fn() -> Vec<PoolFigures> + Send + Sync>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").finish_non_exhaustive()
    }
}

/// Why a database cannot be opened or migrated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The embedded one.
    #[error(transparent)]
    Sqlite(#[from] diesel_sqlite::OpenError),
    /// A server.
    #[error(transparent)]
    Postgres(#[from] diesel_postgres::OpenError),
}

impl StoreError {
    /// Whether the user named a place where no database can be; one that is there and broken is another matter.
    pub(crate) fn is_misplaced(&self) -> bool {
        use diesel_sqlite::OpenError as Sqlite;
        match self {
            Self::Sqlite(error) => matches!(
                error,
                Sqlite::Url { .. }
                    | Sqlite::DirectoryMissing { .. }
                    | Sqlite::IsDirectory { .. }
                    | Sqlite::Missing { .. }
            ),
            Self::Postgres(error) => matches!(error, diesel_postgres::OpenError::Url { .. }),
        }
    }
}

/// Which migrations a database has, by name, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct MigrationStatus {
    /// Those it has.
    pub(crate) applied: Vec<String>,
    /// Those this version knows and it lacks.
    pub(crate) pending: Vec<String>,
    /// Those it has and this version does not know.
    pub(crate) unknown: Vec<String>,
}

impl Store {
    /// Opens the database, and brings its schema up to this version first where that is configured; makes the file of an
    /// embedded one when there is none.
    ///
    /// # Errors
    /// When it cannot be opened, with the remedy.
    pub(crate) async fn open(database: &DatabaseConfig, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        bring_up_to_date(database).await?;
        Ok(match &database.adapter {
            Adapter::Sqlite(_) => Self::over(Arc::new(SqliteStore::open(&database.adapter.location(), clock).await?)),
            Adapter::Postgres(settings) => Self::over(Arc::new(PostgresStore::open(settings, clock).await?)),
        })
    }

    /// Opens the database to be written to and, beside it, for those who only look; whatever is merged into the first or
    /// ends a run there is counted.
    ///
    /// # Errors
    /// When it cannot be opened, with the remedy.
    pub(crate) async fn open_to_serve(
        database: &DatabaseConfig,
        clock: Arc<dyn Clock>,
        recorder: &Arc<Recorder>,
    ) -> Result<ServedStore, StoreError> {
        bring_up_to_date(database).await?;
        let waits = Arc::clone(recorder);
        let waits = Arc::new(move |pool, elapsed| waits.waited_for_connection(pool, elapsed));
        let served = match &database.adapter {
            Adapter::Sqlite(_) => {
                let store = SqliteStore::open(&database.adapter.location(), clock).await?;
                let store = Arc::new(store.with_wait_observer(waits));
                let pools = Arc::clone(&store);
                ServedStore {
                    queries: Self::over(Arc::clone(&store)),
                    store: Self::over(store),
                    pools: Arc::new(move || pools.pools().into_iter().map(PoolFigures::from).collect()),
                }
            }
            Adapter::Postgres(settings) => {
                let store = PostgresStore::open(settings, clock).await?.with_wait_observer(waits);
                let queries = Arc::new(store.for_queries(settings)?);
                let pools = Arc::clone(&queries);
                ServedStore {
                    queries: Self::over(queries),
                    store: Self::over(Arc::new(store)),
                    pools: Arc::new(move || pools.pools().into_iter().map(PoolFigures::from).collect()),
                }
            }
        };
        Ok(ServedStore {
            store: served.store.counted_by(recorder),
            ..served
        })
    }

    /// The same, and what is merged and which runs end is counted.
    pub(crate) fn counted_by(self, recorder: &Arc<Recorder>) -> Self {
        Self {
            prices: Arc::new(CountedPrices {
                inner: self.prices,
                recorder: Arc::clone(recorder),
            }),
            runs: Arc::new(CountedRuns {
                inner: self.runs,
                recorder: Arc::clone(recorder),
            }),
            ..self
        }
    }

    /// Opens the database for a command that only looks: one that does not exist is not made.
    ///
    /// # Errors
    /// As [`Store::open`], and [`UsageError`] when there is no database yet.
    pub(crate) async fn open_existing(database: &DatabaseConfig, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        if let Adapter::Sqlite(path) = &database.adapter {
            let folder_exists = path
                .parent()
                .is_none_or(|folder| folder.as_os_str().is_empty() || folder.is_dir());
            // The adapter tells what is wrong with the folder.
            if !path.exists() && folder_exists {
                let path = path.display();
                return Err(UsageError(format!(
                    "there is no database at {path} yet: `sentinel import` and `sentinel serve` make it; name another \
                     one with --database-url sqlite:FILE"
                ))
                .into());
            }
        }
        Ok(Self::open(database, clock).await?)
    }

    /// Every port, over one store that has them all.
    pub(crate) fn over<S>(store: Arc<S>) -> Self
    where
        S: InstrumentRepository
            + PriceRepository
            + SeriesCatalogue
            + CoverageRepository
            + CorporateActionRepository
            + IngestRunRepository
            + PriceHistory
            + StoreCare
            + StoreTransfer
            + 'static,
    {
        Self {
            instruments: store.clone(),
            prices: store.clone(),
            catalogue: store.clone(),
            coverage: store.clone(),
            actions: store.clone(),
            runs: store.clone(),
            history: store.clone(),
            care: store.clone(),
            transfer: store,
        }
    }
}

/// Writes an embedded database to a new file while it is in use, and tells its size in bytes; `None` for a server, which
/// has programs of its own for that.
pub(crate) async fn back_up(adapter: &Adapter, file: &Path) -> Option<Result<u64, StoreError>> {
    match adapter {
        Adapter::Sqlite(_) => Some(
            diesel_sqlite::back_up(&adapter.location(), file)
                .await
                .map_err(StoreError::from),
        ),
        Adapter::Postgres(_) => None,
    }
}

/// Where that is configured.
async fn bring_up_to_date(database: &DatabaseConfig) -> Result<(), StoreError> {
    if database.migrate {
        let applied = migrate_up(database).await?;
        if !applied.is_empty() {
            tracing::info!(migrations = applied.join(", "), "brought the schema up to date");
        }
    }
    Ok(())
}

impl From<diesel_sqlite::PoolState> for PoolFigures {
    fn from(state: diesel_sqlite::PoolState) -> Self {
        let diesel_sqlite::PoolState {
            pool,
            limit,
            idle,
            in_use,
        } = state;
        Self {
            pool,
            limit,
            idle,
            in_use,
        }
    }
}

impl From<diesel_postgres::PoolState> for PoolFigures {
    fn from(state: diesel_postgres::PoolState) -> Self {
        let diesel_postgres::PoolState {
            pool,
            limit,
            idle,
            in_use,
        } = state;
        Self {
            pool,
            limit,
            idle,
            in_use,
        }
    }
}

/// Which migrations the database has and lacks.
///
/// # Errors
/// When it cannot be read.
pub(crate) async fn migration_status(database: &DatabaseConfig) -> Result<MigrationStatus, StoreError> {
    Ok(match &database.adapter {
        Adapter::Sqlite(_) => {
            let diesel_sqlite::MigrationStatus {
                applied,
                pending,
                unknown,
            } = diesel_sqlite::migrate_status(&database.adapter.location()).await?;
            MigrationStatus {
                applied,
                pending,
                unknown,
            }
        }
        Adapter::Postgres(settings) => {
            let diesel_postgres::MigrationStatus {
                applied,
                pending,
                unknown,
            } = diesel_postgres::migrate_status(settings).await?;
            MigrationStatus {
                applied,
                pending,
                unknown,
            }
        }
    })
}

/// Applies what is pending; the names of what was applied.
///
/// # Errors
/// When the database cannot be changed.
pub(crate) async fn migrate_up(database: &DatabaseConfig) -> Result<Vec<String>, StoreError> {
    Ok(match &database.adapter {
        Adapter::Sqlite(_) => diesel_sqlite::migrate_up(&database.adapter.location()).await?,
        Adapter::Postgres(settings) => diesel_postgres::migrate_up(settings).await?,
    })
}

/// Reverts the latest migration; its name, unless none was applied.
///
/// # Errors
/// When the database cannot be changed.
pub(crate) async fn migrate_down(database: &DatabaseConfig) -> Result<Vec<String>, StoreError> {
    Ok(match &database.adapter {
        Adapter::Sqlite(_) => diesel_sqlite::migrate_down(&database.adapter.location(), 1).await?,
        Adapter::Postgres(settings) => diesel_postgres::migrate_down(settings, 1).await?,
    })
}
