//! The embedded store: one SQLite file behind every store port of the domain.
//!
//! [`SqliteStore`] is opened on a file that [`migrate_up`] made. It writes through one connection and reads through
//! others, so that readers never wait for a writer; every port call is one transaction on a blocking thread.

// Named so that the bundled SQLite is linked with the features asked for in the workspace table.
extern crate libsqlite3_sys as _;

mod backup;
mod bulk_insert;
mod connections;
mod corporate_action;
mod coverage;
mod database_file;
mod decimal_text;
mod error;
mod history;
mod ingest_run;
mod instrument;
mod market_price;
mod migrations;
mod schema;
mod series;
mod source;
mod transfer;
mod verification;

pub use backup::back_up;
pub use connections::{PoolState, SqliteStore, WaitObserver};
pub use error::OpenError;
pub use migrations::{MigrationStatus, migrate_down, migrate_status, migrate_up};
