//! `POST /api/v1/ingest/run`: runs that bring series up to date are recorded and begin when it is their turn.

use actix_web::{HttpResponse, web};
use domain::ingest::RequestedSeries;
use serde::Serialize;
use utoipa::ToSchema;

use super::idempotency::RequestKey;
use super::order::{OrderBody, WrittenOrder};
use super::runs::RunBody;
use crate::Api;
use crate::fields::{NoParameters, Query};
use crate::problem::Problem;

/// The runs that do what was asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestedRuns {
    /// One for each instrument, in the order in which they were named.
    data: Vec<RequestedRunBody>,
}

/// The run of one instrument.
#[derive(Serialize, ToSchema)]
#[schema(as = RequestedRun)]
pub(crate) struct RequestedRunBody {
    /// Whether the instrument was made for it.
    created_instrument: bool,
    /// Whether the run was recorded by this request; false when there was one already.
    created_run: bool,
    run: RunBody,
}

impl From<RequestedSeries> for RequestedRunBody {
    fn from(requested: RequestedSeries) -> Self {
        let RequestedSeries {
            instrument,
            created_instrument,
            run,
            created_run,
        } = requested;
        Self {
            created_instrument,
            created_run,
            run: RunBody::new(run, instrument.to_string()),
        }
    }
}

/// Asks for runs, one for each instrument.
///
/// A run that waits or is at work on the same is given instead of a second one. Under the same `Idempotency-Key` the same runs
/// are given again, whatever became of them since.
#[utoipa::path(
    post,
    path = "/api/v1/ingest/run",
    operation_id = "requestIngest",
    tag = "ingest",
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "What the client calls this request, so that it can be sent again: 1 to 200 visible ASCII characters",
        min_length = 1, max_length = 200, pattern = "^[!-~]+$", example = "8e03978e-40d5-43e8-bc93-6894a57f9324"
    )),
    request_body = OrderBody,
    responses((
        status = 202,
        description = "The runs are recorded; `Location` says where the run is, or the list of runs when there are several",
        body = RequestedRuns
    ))
)]
pub(crate) async fn request(
    _none: Query<NoParameters>,
    key: RequestKey,
    order: WrittenOrder,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let order = order.resolved(&api.resolve).await?;
    let requested = api.ingest.request(&order, key.0).await?;
    let location = match &*requested {
        [only] => format!("/api/v1/ingest/runs/{}", only.run.id),
        _ => "/api/v1/ingest/runs".to_owned(),
    };
    let data = requested.into_iter().map(RequestedRunBody::from).collect();
    Ok(HttpResponse::Accepted()
        .insert_header(("Location", location))
        .json(RequestedRuns { data }))
}
