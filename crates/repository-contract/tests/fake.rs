//! The suite on the in-memory store of the domain.

use std::sync::Arc;

use domain::fake::InMemoryStore;
use repository_contract::Fixture;

repository_contract::suite!(fake());

async fn fake() -> Fixture {
    let clock = Fixture::clock_at_start();
    Fixture::new(Arc::new(InMemoryStore::new(clock.clone())), clock).in_memory()
}
