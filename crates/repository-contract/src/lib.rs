//! One suite of behaviours that every persistence adapter must pass: what the ports promise, as named tests.
//!
//! An adapter plugs in with one line in a test file of its own, where the expression is a future of a fresh [`Fixture`]:
//!
//! ```text
//! repository_contract::suite!(sqlite());
//!
//! async fn sqlite() -> Fixture {
//!     let folder = tempfile::tempdir().unwrap();
//!     let clock = Fixture::clock_at_start();
//!     let store = SqliteStore::open(&folder.path().join("bars.db"), clock.clone()).await.unwrap();
//!     Fixture::new(Arc::new(store), clock).keeping(folder)
//! }
//! ```
//!
//! That makes one `#[tokio::test]` on several threads for each behaviour, named after it
//! (`merging::merging_twice_changes_nothing`), each with a store of its own; the adapter needs `tokio` with `macros` and
//! `rt-multi-thread` among its dependencies. After each behaviour the harness asks the store to
//! [`verify`](domain::StoreCare::verify) itself and fails on any violation, so a behaviour need not.
//!
//! A new behaviour is a documented `pub async fn` of a `&Fixture` in the module of its theme and a line in [`suite!`]; a
//! test of this crate fails when the line is forgotten.
#![expect(clippy::unwrap_used, reason = "test support: a panic is a failed test")]

pub mod bars;
mod chance;
mod fixture;
mod model;
mod rich_history;
mod suite;

pub mod as_of;
pub mod cancellation;
pub mod catalogue;
pub mod concurrency;
pub mod corporate_actions;
pub mod coverage;
pub mod instrument_lists;
pub mod instruments;
pub mod memory;
pub mod merging;
pub mod precedence;
pub mod provisional;
pub mod quarantine;
pub mod random_histories;
pub mod reading;
pub mod removal;
pub mod revisions;
pub mod run_leases;
pub mod run_requests;
pub mod runs;
pub mod transfer;
pub mod withdrawal;

pub use fixture::{Fixture, Store, check, check_alone};
