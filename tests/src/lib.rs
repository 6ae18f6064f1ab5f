//! Runs the built `sentinel` as a user would, for the stories in `tests/` and the crash trial in `src/bin`.

pub mod crash;
mod process;

pub use process::{Finished, Sentinel, Server};
