//! Throw-away PostgreSQL servers from installed binaries, for tests and chores; it ships with nothing.
//!
//! A [`Cluster`] listens on a free loopback port, lives in a temporary folder, and is gone when it is dropped or when
//! this process ends in whatever way. It needs a Unix shell, and no client: `initdb`, `pg_ctl` and `postgres` do.

mod account;
mod binaries;
mod cluster;
mod cpu;
mod guardian;

pub use binaries::{Binaries, OLDEST};
pub use cluster::{Cluster, Durability};
pub use guardian::Guardian;
