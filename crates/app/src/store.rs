//! The store that the database URL picks, as the ports that the use cases see.

use std::sync::Arc;

use diesel_sqlite::{MigrationStatus, OpenError, SqliteStore};
use domain::{
    Clock, CorporateActionRepository, IngestRunRepository, InstrumentRepository, PriceHistory, PriceRepository,
    SeriesCatalogue, StoreCare, StoreTransfer,
};

use crate::config::{Adapter, DatabaseConfig};
use crate::exit::UsageError;

/// Every store port, over one database.
#[derive(Clone)]
pub(crate) struct Store {
    /// Instruments.
    pub(crate) instruments: Arc<dyn InstrumentRepository>,
    /// Bars.
    pub(crate) prices: Arc<dyn PriceRepository>,
    /// Which series there are.
    pub(crate) catalogue: Arc<dyn SeriesCatalogue>,
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

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database, and brings the schema of an embedded one up to this version first; makes its file when there
    /// is none.
    ///
    /// # Errors
    /// When it cannot be opened, with the remedy.
    pub(crate) async fn open(database: &DatabaseConfig, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let url = database.adapter.location();
        let applied = diesel_sqlite::migrate_up(&url).await?;
        if !applied.is_empty() {
            tracing::info!(migrations = applied.join(", "), "brought the schema up to date");
        }
        Ok(Self::over(SqliteStore::open(&url, clock).await?))
    }

    /// Opens the database for a command that only looks: one that does not exist is not made.
    ///
    /// # Errors
    /// As [`Store::open`], and [`UsageError`] when there is no database yet.
    pub(crate) async fn open_existing(database: &DatabaseConfig, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let Adapter::Sqlite(path) = &database.adapter;
        let folder_exists = path
            .parent()
            .is_none_or(|folder| folder.as_os_str().is_empty() || folder.is_dir());
        // The adapter tells what is wrong with the folder.
        if !path.exists() && folder_exists {
            let path = path.display();
            return Err(UsageError(format!(
                "there is no database at {path} yet: `sentinel import` and `sentinel serve` make it; name another one \
                 with --database-url sqlite:FILE"
            ))
            .into());
        }
        Self::open(database, clock).await
    }

    fn over(store: SqliteStore) -> Self {
        let store = Arc::new(store);
        Self {
            instruments: store.clone(),
            prices: store.clone(),
            catalogue: store.clone(),
            actions: store.clone(),
            runs: store.clone(),
            history: store.clone(),
            care: store.clone(),
            transfer: store,
        }
    }
}

/// Which migrations the database has and lacks.
///
/// # Errors
/// When it cannot be read.
pub(crate) async fn migration_status(database: &DatabaseConfig) -> Result<MigrationStatus, OpenError> {
    diesel_sqlite::migrate_status(&database.adapter.location()).await
}

/// Applies what is pending; the names of what was applied.
///
/// # Errors
/// When the database cannot be changed.
pub(crate) async fn migrate_up(database: &DatabaseConfig) -> Result<Vec<String>, OpenError> {
    diesel_sqlite::migrate_up(&database.adapter.location()).await
}

/// Reverts the latest migration; its name, unless none was applied.
///
/// # Errors
/// When the database cannot be changed.
pub(crate) async fn migrate_down(database: &DatabaseConfig) -> Result<Vec<String>, OpenError> {
    diesel_sqlite::migrate_down(&database.adapter.location(), 1).await
}
