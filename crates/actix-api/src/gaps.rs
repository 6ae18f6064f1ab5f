//! `GET /api/v1/instruments/{instrument}/gaps`: bars that should be there and are not.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::query_gaps::{GapFilter, GapPage, GapPosition, GapRequest};
use domain::{Interval, Stretch, Timestamp};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::fields::{Fields, Query, QueryParameters, limit};
use crate::instant::{self, Instant};
use crate::instruments::{InstrumentPath, Named};
use crate::page_token;
use crate::problem::Problem;
use crate::revisions::micros;
use crate::vocabulary::{BarStateName, GapFilterName, IntervalName, Utc};

const DEFAULT_LIMIT: usize = 1_000;
const MOST: usize = 10_000;

/// Which missing bars.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GapParameters {
    /// Of which stored series.
    #[param(value_type = Option<IntervalName>, default = "1d")]
    interval: Interval,
    /// The first instant inside; the first bar of the series when left out.
    #[param(value_type = Option<Instant>, example = "2024-01-02")]
    start: Option<Timestamp>,
    /// The first instant after; when left out up to the last bar that has closed, and of an inactive instrument up to its
    /// last bar.
    #[param(value_type = Option<Instant>, example = "2024-02-01")]
    end: Option<Timestamp>,
    /// What must be known of the bars.
    #[param(value_type = Option<GapFilterName>, default = "unknown")]
    state: GapFilter,
    /// At most this many stretches.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10000, default = 1000)]
    limit: usize,
    /// `next_page_token` of the page before, of the same query.
    #[param(max_length = 4096)]
    page_token: Option<String>,
}

impl QueryParameters for GapParameters {
    fn read(fields: &mut Fields<String>) -> Option<Self> {
        Some(Self {
            interval: fields.optional("interval", str::parse).unwrap_or(Interval::OneDay),
            start: fields.optional("start", instant::parse),
            end: fields.optional("end", instant::parse),
            state: fields.optional("state", str::parse).unwrap_or_default(),
            limit: fields.optional("limit", limit(MOST)).unwrap_or(DEFAULT_LIMIT),
            page_token: fields.take("page_token"),
        })
    }
}

/// Missing bars that follow each other: no other expected bar lies between the first and the last.
#[derive(Serialize, ToSchema)]
#[schema(as = Gap)]
pub(crate) struct GapBody {
    /// What is known of each.
    state: BarStateName,
    /// When the first one would open.
    first: Utc,
    /// When the last one would open, inclusive.
    last: Utc,
    /// How many there are.
    #[schema(minimum = 1)]
    count: u64,
}

impl From<Stretch> for GapBody {
    fn from(stretch: Stretch) -> Self {
        let Stretch {
            state,
            first,
            last,
            count,
        } = stretch;
        Self {
            state: BarStateName(state),
            first: Utc(first),
            last: Utc(last),
            count,
        }
    }
}

/// A page of missing bars.
#[derive(Serialize, ToSchema)]
pub(crate) struct GapList {
    interval: IntervalName,
    /// From where on bars are expected, over all pages; null when none is due yet.
    start: Option<Utc>,
    /// Where that ends, exclusive.
    end: Option<Utc>,
    /// Oldest first.
    data: Vec<GapBody>,
    /// Ask again with it for the next page; null on the last one.
    next_page_token: Option<String>,
}

/// Bars that the trading calendar expects and that are not there.
///
/// A bar is unknown, which makes it a gap, until a source was asked for it and had none; that is believed for 30 days. Holidays
/// that the calendar does not know look like missing bars.
#[utoipa::path(
    get,
    path = "/api/v1/instruments/{instrument}/gaps",
    operation_id = "listGaps",
    tag = "prices",
    params(InstrumentPath, GapParameters),
    responses((status = 200, description = "A page of missing bars", body = GapList))
)]
pub(crate) async fn list(
    request: HttpRequest,
    parameters: Query<GapParameters>,
    named: Named,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let GapParameters {
        interval,
        start,
        end,
        state,
        limit,
        page_token,
    } = parameters.0;
    let query = format!("gaps {} {interval} {start:?} {end:?} {state}", named.0.id);
    let after = match page_token {
        Some(token) => Some(position(page_token::redeem(&query, &token)?)?),
        None => None,
    };
    let wanted = GapRequest {
        instrument: named.0,
        interval,
        start,
        end,
        filter: state,
        after,
    };
    let GapPage { range, stretches, next } = api.gaps.page(&wanted, limit).await?;
    let next = next.map(|next| page_token::issue(&query, &parts(next))).transpose()?;
    let mut response = HttpResponse::Ok();
    if let Some(token) = &next {
        response.insert_header(page_token::next_link(&request, token));
    }
    Ok(response.json(GapList {
        interval: IntervalName(interval),
        start: range.map(|range| Utc(range.start())),
        end: range.map(|range| Utc(range.end())),
        data: stretches.into_iter().map(GapBody::from).collect(),
        next_page_token: next,
    }))
}

/// A position as a token holds it.
fn parts(position: GapPosition) -> [i64; 3] {
    let GapPosition {
        pinned,
        closed_by,
        behind,
    } = position;
    [pinned, closed_by, behind].map(Timestamp::unix_micros)
}

fn position([pinned, closed_by, behind]: [i64; 3]) -> Result<GapPosition, Problem> {
    Ok(GapPosition {
        pinned: micros(pinned)?,
        closed_by: micros(closed_by)?,
        behind: micros(behind)?,
    })
}
