//! The figures of the program, for Prometheus: what is counted as it happens, and what is read when somebody asks.

mod catalogue;
mod counted_store;
mod exposition;
mod process;
mod recorder;
mod scrape;
mod series_ages;

pub(crate) use counted_store::{CountedPrices, CountedRuns};
pub(crate) use recorder::Recorder;
pub(crate) use scrape::{PoolFigures, Scrape, Scraped};
