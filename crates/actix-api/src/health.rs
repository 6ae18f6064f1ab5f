//! Liveness and readiness.

use std::time::{Duration, Instant};

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Api;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process lives.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// The process lives. Touches nothing.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "readHealth",
    tag = "service",
    responses((status = 200, description = "The process lives", body = Health))
)]
pub(crate) async fn live() -> web::Json<Health> {
    web::Json(Health { status: "ok" })
}

/// Whether requests can be answered, and on what that depends.
#[derive(Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ready` or `unavailable`.
    status: &'static str,
    /// What must be there.
    dependencies: Dependencies,
}

/// What must be there.
#[derive(Serialize, ToSchema)]
pub(crate) struct Dependencies {
    /// Where the bars are.
    database: Dependency,
}

/// One thing that must be there.
#[derive(Serialize, ToSchema)]
pub(crate) struct Dependency {
    /// `up` or `down`.
    status: &'static str,
    /// How long it took to answer, in milliseconds.
    latency_ms: u64,
}

/// Whether requests can be answered.
#[utoipa::path(
    get,
    path = "/health/ready",
    operation_id = "readReadiness",
    tag = "service",
    responses(
        (status = 200, description = "Everything required is there", body = Readiness),
        (status = 503, description = "Something required is down", body = Readiness),
    )
)]
pub(crate) async fn ready(api: web::Data<Api>) -> HttpResponse {
    let started = Instant::now();
    let answered = tokio::time::timeout(PATIENCE, api.care.ping()).await;
    let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let cause = match answered {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(crate::problem::chain(&error)),
        Err(elapsed) => Some(elapsed.to_string()),
    };
    let body = |status, database| Readiness {
        status,
        dependencies: Dependencies {
            database: Dependency {
                status: database,
                latency_ms,
            },
        },
    };
    match cause {
        None => HttpResponse::Ok().json(body("ready", "up")),
        Some(cause) => {
            tracing::warn!(cause, "the database does not answer");
            HttpResponse::ServiceUnavailable()
                .insert_header(("Retry-After", "5"))
                .json(body("unavailable", "down"))
        }
    }
}
