//! The contract suite on PostgreSQL, each behaviour on a database of its own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use diesel_postgres::{PostgresSettings, PostgresStore};
use postgres_fixture::TestDatabase;
use repository_contract::Fixture;

/// Lets go of the connections before the database goes.
struct Closing {
    store: PostgresStore,
    _database: TestDatabase,
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.store.close();
    }
}

async fn postgres() -> Fixture {
    let database = TestDatabase::fresh().await;
    let settings = PostgresSettings::new(database.url());
    let clock = Fixture::clock_at_start();
    let store = PostgresStore::open(&settings, clock.clone()).await.unwrap();
    let closing = Closing {
        store: store.clone(),
        _database: database,
    };
    Fixture::new(Arc::new(store), clock).keeping(closing)
}

repository_contract::suite!(postgres());
