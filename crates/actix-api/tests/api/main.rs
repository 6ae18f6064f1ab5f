//! The API over real sockets, on a store in memory: what each request is answered.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod caching;
mod errors;
mod files;
mod gaps;
mod harness;
mod ingest;
mod instruments;
mod merging;
mod pages;
mod providers;
mod reading;
mod service;
