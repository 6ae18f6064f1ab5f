//! The suite of the store ports on SQLite, each behaviour in a file of its own.
#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

use std::sync::Arc;

use diesel_sqlite::{SqliteStore, migrate_up};
use repository_contract::Fixture;

repository_contract::suite!(sqlite());

async fn sqlite() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("bars.db").display());
    let clock = Fixture::clock_at_start();
    migrate_up(&url).await.unwrap();
    let store = SqliteStore::open(&url, clock.clone()).await.unwrap();
    Fixture::new(Arc::new(store), clock).keeping(folder)
}
