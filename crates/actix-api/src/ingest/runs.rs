//! `/api/v1/ingest/runs`: the record of runs.

mod body;
mod cancel;
mod list;
mod read;
mod reference;

pub(super) use body::RunBody;
pub(crate) use cancel::{__path_cancel, cancel};
pub(crate) use list::{__path_list, list};
pub(crate) use read::{__path_read, read};
