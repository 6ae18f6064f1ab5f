//! `POST /api/v1/ingest/runs/{run}/cancel`: ends a run by hand.

use actix_web::web;

use super::RunBody;
use super::reference::{NumberedRun, RunPath};
use crate::Api;
use crate::fields::{NoParameters, Query};
use crate::problem::Problem;

/// Ends a run, whether it waits or is at work.
///
/// Whoever is at work on it stops before the next page. What was merged stays, and the next run goes on behind it.
#[utoipa::path(
    post,
    path = "/api/v1/ingest/runs/{run}/cancel",
    operation_id = "cancelRun",
    tag = "ingest",
    params(RunPath),
    responses((status = 200, description = "It is cancelled", body = RunBody))
)]
pub(crate) async fn cancel(
    _none: Query<NoParameters>,
    run: NumberedRun,
    api: web::Data<Api>,
) -> Result<web::Json<RunBody>, Problem> {
    let cancelled = api.ingest.cancel(run.0).await?;
    Ok(web::Json(RunBody::one(cancelled, &*api.instruments).await?))
}
