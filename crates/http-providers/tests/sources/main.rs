//! Each source over HTTP, against a server of the test's own that plays answers byte for byte.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod alpha_vantage;
mod binance;
mod failures;
mod played;
mod recorded;
mod secrets;
mod yahoo;
