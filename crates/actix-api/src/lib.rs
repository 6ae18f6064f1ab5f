//! The REST API: parse, call one use case, map the result.
//!
//! [`ApiServer::bind`] makes a server of the [`Api`]'s use cases; [`openapi`] is the document it serves.

mod api;
mod compression;
mod corporate_actions;
mod decimals;
mod entity_tag;
mod fields;
mod gaps;
mod health;
mod index;
mod ingest;
mod instant;
mod instruments;
mod json_object;
mod metrics;
mod openapi;
mod page_token;
mod prices;
mod problem;
mod providers;
mod request_trace;
mod revisions;
mod routes;
mod server;
mod vocabulary;
mod write_guard;

pub use api::Api;
pub use metrics::{AnsweredRequest, Metrics};
pub use openapi::{openapi, openapi_json};
pub use server::{ApiServer, ApiSettings};
