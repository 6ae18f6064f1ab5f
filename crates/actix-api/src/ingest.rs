//! `/api/v1/ingest`: what a provider has and the store has not is planned, requested, watched and stopped.

mod counts;
mod idempotency;
mod order;
mod plan;
mod ranges;
mod request;
mod runs;

pub(crate) use plan::plan;
pub(crate) use request::request;
pub(crate) use runs::{cancel, list, read};

pub(crate) mod operations {
    //! The generated descriptions, for the OpenAPI document.
    pub(crate) use super::plan::__path_plan;
    pub(crate) use super::request::__path_request;
    pub(crate) use super::runs::{__path_cancel, __path_list, __path_read};
}
