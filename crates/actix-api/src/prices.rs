//! `/api/v1/instruments/{instrument}/prices`: bars, read, merged and removed.

mod bar;
mod body;
mod disputes;
mod export;
mod latest;
mod merge;
mod page;
mod parameters;
mod ranged;
mod read;
mod remove;
mod spool;
mod state;

pub(crate) use bar::BarBody;
pub(crate) use latest::latest;
pub(crate) use merge::merge;
pub(crate) use parameters::{DecimalStyleName, FormatName, OrderName};
pub(crate) use read::read;
pub(crate) use remove::remove;
pub(crate) use spool::Spool;

pub(crate) mod operations {
    //! The generated descriptions, for the OpenAPI document.
    pub(crate) use super::latest::__path_latest;
    pub(crate) use super::merge::__path_merge;
    pub(crate) use super::read::__path_read;
    pub(crate) use super::remove::__path_remove;
}
