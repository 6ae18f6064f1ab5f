//! `GET /api/v1/ingest/runs`: a page of runs.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{InstrumentReference, Interval, RunFilter, RunId, RunState, SourceName};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::RunBody;
use crate::Api;
use crate::fields::{Fields, Query, QueryParameters, limit};
use crate::page_token;
use crate::problem::Problem;
use crate::vocabulary::{IntervalName, RunStateName};

const DEFAULT_LIMIT: usize = 100;
const MOST: usize = 1_000;

/// Which runs.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunListParameters {
    /// Only of this instrument: `SYMBOL`, `EXCHANGE:SYMBOL` or `id:7`.
    #[param(value_type = Option<String>, example = "AAPL")]
    instrument: Option<InstrumentReference>,
    /// Only bars of this length.
    #[param(value_type = Option<IntervalName>)]
    interval: Option<Interval>,
    /// Only from this source: a provider, or what the import of a file said.
    #[param(value_type = Option<String>, pattern = "^[a-z0-9._-]{1,32}$", example = "yahoo")]
    provider: Option<SourceName>,
    /// Only in this state.
    #[param(value_type = Option<RunStateName>)]
    state: Option<RunState>,
    /// At most this many.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: usize,
    /// `next_page_token` of the page before, of the same query.
    #[param(max_length = 4096)]
    page_token: Option<String>,
}

impl QueryParameters for RunListParameters {
    fn read(fields: &mut Fields<String>) -> Option<Self> {
        Some(Self {
            instrument: fields.optional("instrument", str::parse),
            interval: fields.optional("interval", str::parse),
            provider: fields.optional("provider", str::parse),
            state: fields.optional("state", str::parse),
            limit: fields.optional("limit", limit(MOST)).unwrap_or(DEFAULT_LIMIT),
            page_token: fields.take("page_token"),
        })
    }
}

/// A page of runs.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunList {
    /// Newest first.
    data: Vec<RunBody>,
    /// Ask again with it for the next page; null on the last one.
    next_page_token: Option<String>,
}

/// Runs, the newest first: of providers and of files.
#[utoipa::path(
    get,
    path = "/api/v1/ingest/runs",
    operation_id = "listRuns",
    tag = "ingest",
    params(RunListParameters),
    responses((status = 200, description = "A page of runs", body = RunList))
)]
pub(crate) async fn list(
    request: HttpRequest,
    parameters: Query<RunListParameters>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let RunListParameters {
        instrument,
        interval,
        provider,
        state,
        limit,
        page_token,
    } = parameters.0;
    let instrument = match instrument {
        Some(reference) => Some(api.resolve.one(&reference).await?.id),
        None => None,
    };
    let filter = RunFilter {
        instrument,
        interval,
        source: provider,
        state,
    };
    let query = format!("runs {filter:?}");
    let after = match page_token {
        Some(token) => Some(RunId(page_token::redeem(&query, &token)?)),
        None => None,
    };
    let mut runs = api.runs.list(&filter, limit.saturating_add(1), after).await?;
    let more = runs.len() > limit;
    runs.truncate(limit);
    let last = runs.last().filter(|_| more);
    let next = last.map(|last| page_token::issue(&query, &last.id.0)).transpose()?;
    let mut response = HttpResponse::Ok();
    if let Some(token) = &next {
        response.insert_header(page_token::next_link(&request, token));
    }
    Ok(response.json(RunList {
        data: RunBody::all(runs, &*api.instruments).await?,
        next_page_token: next,
    }))
}
