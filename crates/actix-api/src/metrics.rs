//! The figures of the service: the port that hears of requests, and `GET /metrics`.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use async_trait::async_trait;

use crate::Api;

/// A request that was answered, or given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnsweredRequest<'a> {
    /// Its method; `OTHER` for those that HTTP does not know.
    pub method: &'static str,
    /// The pattern that its path matched, never the path itself.
    pub route: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// From the request to the last byte of the answer.
    pub elapsed: Duration,
}

/// Where figures go, and where they are read.
#[async_trait]
pub trait Metrics: Send + Sync {
    /// A request came in.
    fn request_began(&self);

    /// A request that [began](Metrics::request_began) is over: once for each.
    fn request_ended(&self, request: &AnsweredRequest<'_>);

    /// All figures in the text format of Prometheus, soon: what cannot be had in a second or so is left out.
    async fn render(&self) -> String;
}

/// All metrics in the text format of Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "readMetrics",
    tag = "service",
    responses((status = 200, description = "Metrics in the Prometheus text format", body = String,
        content_type = "text/plain; version=0.0.4"))
)]
pub(crate) async fn read(api: web::Data<Api>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(api.metrics.render().await)
}
