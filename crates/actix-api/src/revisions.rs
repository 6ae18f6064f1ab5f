//! `GET /api/v1/instruments/{instrument}/revisions`: what was believed of bars before, and when.

use actix_web::{HttpRequest, HttpResponse, web};
use bar_formats::DecimalStyle;
use domain::{Interval, Revision, SeriesKey, Timestamp};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::decimals;
use crate::fields::{Fields, Query, QueryParameters, limit};
use crate::instant::Bounds;
use crate::instruments::{InstrumentPath, Named};
use crate::page_token;
use crate::prices::{BarBody, DecimalStyleName};
use crate::problem::Problem;
use crate::vocabulary::{IntervalName, RevisionKindName, Utc};

const DEFAULT_LIMIT: usize = 1_000;
const MOST: usize = 10_000;

/// Which revisions.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RevisionParameters {
    /// Of which stored series.
    #[param(value_type = Option<IntervalName>, default = "1d")]
    interval: Interval,
    /// At most this many.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10000, default = 1000)]
    limit: usize,
    /// `next_page_token` of the page before, of the same query.
    #[param(max_length = 4096)]
    page_token: Option<String>,
    /// How decimals are written.
    #[param(value_type = Option<DecimalStyleName>, default = "number")]
    decimals: DecimalStyle,
    #[param(ignore)]
    bounds: Bounds,
}

impl QueryParameters for RevisionParameters {
    fn read(fields: &mut Fields<String>) -> Option<Self> {
        Some(Self {
            interval: fields.optional("interval", str::parse).unwrap_or(Interval::OneDay),
            bounds: Bounds::read(fields),
            limit: fields.optional("limit", limit(MOST)).unwrap_or(DEFAULT_LIMIT),
            page_token: fields.take("page_token"),
            decimals: fields.optional("decimals", decimals::style).unwrap_or_default(),
        })
    }
}

/// A former state of a bar.
#[derive(Serialize, ToSchema)]
#[schema(as = Revision)]
pub(crate) struct RevisionBody {
    #[serde(flatten)]
    bar: BarBody,
    /// Since when it was believed, inclusive.
    believed_from: Utc,
    /// Until when, exclusive.
    believed_until: Utc,
    kind: RevisionKindName,
}

impl RevisionBody {
    fn new(revision: Revision, style: DecimalStyle) -> Self {
        let Revision {
            series: _,
            bar,
            source,
            believed_from,
            believed_until,
            kind,
        } = revision;
        Self {
            bar: BarBody::new(&bar, Some(&source), style),
            believed_from: Utc(believed_from),
            believed_until: Utc(believed_until),
            kind: RevisionKindName(kind),
        }
    }
}

/// A page of revisions.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevisionList {
    data: Vec<RevisionBody>,
    /// Ask again with it for the next page; null on the last one.
    next_page_token: Option<String>,
}

/// Former states of bars, by opening and then by when they were believed.
#[utoipa::path(
    get,
    path = "/api/v1/instruments/{instrument}/revisions",
    operation_id = "listRevisions",
    tag = "prices",
    params(InstrumentPath, Bounds, RevisionParameters),
    responses((status = 200, description = "A page of revisions", body = RevisionList))
)]
pub(crate) async fn list(
    request: HttpRequest,
    parameters: Query<RevisionParameters>,
    named: Named,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let RevisionParameters {
        interval,
        limit,
        page_token,
        decimals,
        bounds,
    } = parameters.0;
    let range = bounds.range()?;
    let series = SeriesKey {
        instrument: named.0.id,
        interval,
    };
    let query = format!("revisions {series} {range}");
    let after = match page_token {
        Some(token) => {
            let (opened_at, believed_from) = page_token::redeem::<(i64, i64)>(&query, &token)?;
            Some((micros(opened_at)?, micros(believed_from)?))
        }
        None => None,
    };
    let mut revisions = api
        .history
        .revisions(series, range, limit.saturating_add(1), after)
        .await?;
    let more = revisions.len() > limit;
    revisions.truncate(limit);
    let position = |last: &Revision| (last.bar.opened_at().unix_micros(), last.believed_from.unix_micros());
    let last = revisions.last().filter(|_| more);
    let next = last
        .map(|last| page_token::issue(&query, &position(last)))
        .transpose()?;
    let mut response = HttpResponse::Ok();
    if let Some(token) = &next {
        response.insert_header(page_token::next_link(&request, token));
    }
    let data = revisions
        .into_iter()
        .map(|revision| RevisionBody::new(revision, decimals))
        .collect();
    Ok(response.json(RevisionList {
        data,
        next_page_token: next,
    }))
}

/// An instant in a token.
pub(crate) fn micros(micros: i64) -> Result<Timestamp, Problem> {
    Timestamp::from_unix_micros(micros).map_err(|error| {
        Problem::invalid(vec![crate::problem::FieldError {
            field: "page_token".to_owned(),
            message: error.to_string(),
        }])
    })
}
