//! `GET /`: where a person or a program goes from here.

use actix_web::http::header::{ACCEPT, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

/// What there is at this address.
#[derive(Serialize, ToSchema)]
pub(crate) struct Index {
    /// What this is.
    name: &'static str,
    /// Its version.
    version: &'static str,
    /// Try the API in a browser.
    docs: &'static str,
    /// The description of the API for programs.
    openapi: &'static str,
    /// What there are prices of.
    instruments: &'static str,
    /// Where prices can be had from.
    providers: &'static str,
    /// What became of ingests and imports.
    runs: &'static str,
    /// Whether it lives.
    health: &'static str,
    /// For Prometheus.
    metrics: &'static str,
}

/// Where to go from here; a browser is sent to the documentation.
#[utoipa::path(
    get,
    path = "/",
    operation_id = "readIndex",
    tag = "service",
    responses(
        (status = 200, description = "The addresses to begin with", body = Index),
        (status = 302, description = "A browser goes to /docs/"),
    )
)]
pub(crate) async fn read(request: HttpRequest) -> HttpResponse {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        return HttpResponse::Found().insert_header((LOCATION, "/docs/")).finish();
    }
    HttpResponse::Ok().json(Index {
        name: "Market Sentinel",
        version: env!("CARGO_PKG_VERSION"),
        docs: "/docs/",
        openapi: "/openapi.json",
        instruments: "/api/v1/instruments",
        providers: "/api/v1/providers",
        runs: "/api/v1/ingest/runs",
        health: "/health",
        metrics: "/metrics",
    })
}
