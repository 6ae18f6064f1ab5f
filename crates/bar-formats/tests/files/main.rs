//! Files as they come: real excerpts, dialects, wrappings, refusals, and what holds for all of them.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod containers;
mod dialects;
mod laws;
#[cfg(feature = "parquet")]
mod parquet;
mod recorded;
mod refusals;
mod support;
