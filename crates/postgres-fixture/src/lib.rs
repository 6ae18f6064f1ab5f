//! A PostgreSQL database of its own for each test, and a bad network in front of it; it ships with nothing.
//!
//! ```text
//! let database = TestDatabase::fresh().await; // migrated, without a row, gone when dropped
//! let proxy = ChaosProxy::in_front_of(database.server());
//! let store = PostgresStore::open(&PostgresSettings::new(proxy.url_of(&database)), clock).await?;
//! proxy.cut();
//! ```
//!
//! The server is the one of `TEST_DATABASE_URL`, which `cargo xtask test` sets, else the one at 127.0.0.1:5432.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test support: a panic is a failed test"
)]

mod aside;
mod chaos_proxy;
mod database;
mod name;
mod server;

pub use chaos_proxy::{ChaosProxy, Direction, Mode};
pub use database::TestDatabase;
pub use server::TestServer;
