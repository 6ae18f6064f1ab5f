//! `/api/v1/instruments`: what there is to have prices of.

mod body;
mod create;
mod delete;
mod list;
mod patch;
mod read;
mod reference;
mod schemas;
mod series;

pub(crate) use body::InstrumentBody;
pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use list::{SortName, list};
pub(crate) use patch::patch;
pub(crate) use read::read;
pub(crate) use reference::{InstrumentPath, Listed, Named};
pub(crate) use series::series;

pub(crate) mod operations {
    //! The generated descriptions, for the OpenAPI document.
    pub(crate) use super::create::__path_create;
    pub(crate) use super::delete::__path_delete;
    pub(crate) use super::list::__path_list;
    pub(crate) use super::patch::__path_patch;
    pub(crate) use super::read::__path_read;
    pub(crate) use super::series::__path_series;
}
