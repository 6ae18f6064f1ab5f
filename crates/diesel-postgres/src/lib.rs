//! The store for a server: one PostgreSQL database behind every store port of the domain.
//!
//! [`PostgresStore`] is opened on a database that [`migrate_up`] prepared. Bars are written and read in PostgreSQL's
//! binary form; all else goes through diesel, on the same connections and in the same transactions.

mod bulk;
mod connections;
mod corporate_action;
mod coverage;
mod error;
mod history;
mod ingest_run;
mod instant;
mod instrument;
mod link;
mod lock;
mod market_price;
mod migrations;
mod numeric;
mod schema;
mod series;
mod settings;
mod source;
mod timescale;
mod tls;
mod transfer;
mod verification;

pub use connections::{PoolState, PostgresStore, WaitObserver};
pub use error::OpenError;
pub use migrations::{MigrationStatus, migrate_down, migrate_status, migrate_up};
pub use settings::PostgresSettings;
pub use timescale::{
    Hypertable, StepOutcome, TimescaleError, TimescaleOptions, TimescaleReport, TimescaleStatus, enable_timescale,
    timescale_status,
};
