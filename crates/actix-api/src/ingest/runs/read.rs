//! `GET /api/v1/ingest/runs/{run}`: one run.

use actix_web::web;
use domain::IngestRunRepositoryError;

use super::RunBody;
use super::reference::{NumberedRun, RunPath};
use crate::Api;
use crate::fields::{NoParameters, Query};
use crate::problem::Problem;

/// One run.
#[utoipa::path(
    get,
    path = "/api/v1/ingest/runs/{run}",
    operation_id = "readRun",
    tag = "ingest",
    params(RunPath),
    responses((status = 200, description = "The run as it stands", body = RunBody))
)]
pub(crate) async fn read(
    _none: Query<NoParameters>,
    run: NumberedRun,
    api: web::Data<Api>,
) -> Result<web::Json<RunBody>, Problem> {
    let found = api.runs.get(run.0).await?;
    let found = found.ok_or(IngestRunRepositoryError::NotFound(run.0))?;
    Ok(web::Json(RunBody::one(found, &*api.instruments).await?))
}
