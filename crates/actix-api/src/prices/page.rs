//! A page of prices: what holds for all of them, and the bars.

use actix_web::{HttpRequest, HttpResponse};
use bar_formats::{BarWriter, TextFormat};
use domain::query_prices::PriceHeader;
use domain::{PriceRow, TimeOrder, TimeRange, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::BarBody;
use super::disputes::Disputes;
use super::export::row_of;
use super::parameters::{DEFAULT_LIMIT, Question};
use super::state::State;
use crate::Api;
use crate::instruments::InstrumentBody;
use crate::page_token;
use crate::problem::Problem;
use crate::revisions::micros;
use crate::vocabulary::{AdjustmentName, BasisName, IntervalName, Utc};

/// What to mind when reading the bars.
#[derive(Serialize, ToSchema)]
pub(crate) struct Warning {
    /// Stable name.
    code: &'static str,
    /// For a person.
    message: String,
}

/// Everything of a page but its bars and its token, in the order of the body.
#[derive(Serialize)]
struct PageHead {
    instrument: InstrumentBody,
    interval: IntervalName,
    derived_from: Option<IntervalName>,
    basis: Option<BasisName>,
    adjustment: AdjustmentName,
    as_of: Option<Utc>,
    version: u64,
    warnings: Vec<Warning>,
}

/// A page of bars.
#[derive(ToSchema)]
#[schema(as = PricePage)]
#[expect(dead_code, reason = "read by the OpenAPI document; the bars are written one by one")]
pub(crate) struct PricePageBody {
    instrument: InstrumentBody,
    interval: IntervalName,
    /// The stored interval they were built from; null when the asked one is stored.
    derived_from: Option<IntervalName>,
    /// What the stored prices are; null when nothing is stored.
    basis: Option<BasisName>,
    adjustment: AdjustmentName,
    /// Reading with this `as_of` gives this state again; null when nothing was ever stored.
    as_of: Option<Utc>,
    /// The version of the stored series in this state; 0 when nothing is stored.
    version: u64,
    warnings: Vec<Warning>,
    data: Vec<BarBody>,
    /// Ask again with it for the next page; null on the last one.
    next_page_token: Option<String>,
}

/// Answers one page.
pub(super) async fn answer(
    http: &HttpRequest,
    api: &Api,
    mut question: Question,
    state: &State,
    disputes: Disputes,
    now: Timestamp,
) -> Result<HttpResponse, Problem> {
    let query = question.canonical();
    // The moment of the first page; with `as_of` the reader takes that itself.
    question.request.closed_by = question.request.as_of.is_none().then_some(now);
    if let Some(token) = &question.page_token {
        resume(&mut question.request, page_token::redeem(&query, token)?)?;
    }
    let limit = question.limit.unwrap_or(DEFAULT_LIMIT);
    let mut reader = api.query.open_on(question.request.clone(), &state.series).await?;
    let page = reader.page(limit).await?;
    let header = reader.header();
    let next = match page.rows.last().filter(|_| page.more) {
        Some(last) => {
            let position = [header.pinned, header.as_of, last.bar.opened_at()].map(Timestamp::unix_micros);
            Some(page_token::issue(&query, &position)?)
        }
        None => None,
    };
    let mut response = HttpResponse::Ok();
    state.label(&mut response);
    if let Some(token) = &next {
        response.insert_header(page_token::next_link(http, token));
    }
    let mut warnings = warnings(&question, header, state, &page.rows);
    if let Some(message) = disputes.warning(api, &question, header, &page.rows).await? {
        let code = "discrepancies";
        warnings.push(Warning { code, message });
    }
    let body = write(&question, header, warnings, &page.rows, next)?;
    Ok(response.content_type("application/json").body(body))
}

/// Turns the request to what lies behind the last page, in the state of the first.
fn resume(
    request: &mut domain::query_prices::PriceRequest,
    [pinned, closed_by, last]: [i64; 3],
) -> Result<(), Problem> {
    let (pinned, closed_by, last) = (micros(pinned)?, micros(closed_by)?, micros(last)?);
    let range = request.range;
    let rest = match request.order {
        TimeOrder::Ascending => TimeRange::new(last.next(), range.end()),
        TimeOrder::Descending => TimeRange::new(range.start(), last),
    };
    request.range = rest.map_err(|error| page_token::spoilt().caused_by(error))?;
    request.as_of = Some(pinned);
    request.closed_by = Some(closed_by);
    Ok(())
}

fn write(
    question: &Question,
    header: &PriceHeader,
    warnings: Vec<Warning>,
    rows: &[PriceRow],
    next: Option<String>,
) -> Result<Vec<u8>, Problem> {
    let PriceHeader {
        derived_from,
        basis,
        adjustment,
        pinned: _,
        as_of,
        version,
    } = header;
    let stored = basis.is_some();
    let head = PageHead {
        instrument: question.request.instrument.clone().into(),
        interval: IntervalName(question.request.interval),
        derived_from: derived_from.map(IntervalName),
        basis: basis.map(BasisName),
        adjustment: AdjustmentName(*adjustment),
        as_of: stored.then_some(Utc(*as_of)),
        version: *version,
        warnings,
    };
    let mut body = serde_json::to_vec(&head).map_err(Problem::internal)?;
    body.pop();
    body.extend_from_slice(b",\"data\":[");
    let writer = BarWriter::new(TextFormat::Ndjson).with_decimals(question.decimals);
    writer.reserve(rows.len(), &mut body);
    for (row, place) in rows.iter().zip(0_usize..) {
        if place > 0 {
            body.push(b',');
        }
        writer.object(&row_of(row), &mut body);
    }
    body.extend_from_slice(b"],\"next_page_token\":");
    serde_json::to_writer(&mut body, &next).map_err(Problem::internal)?;
    body.push(b'}');
    Ok(body)
}

fn warnings(question: &Question, header: &PriceHeader, state: &State, rows: &[PriceRow]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let instrument = &question.request.instrument;
    if instrument.details.currency.is_unknown() {
        let message = "the currency of the instrument is not known: PATCH its `currency`".to_owned();
        warnings.push(Warning {
            code: "unknown_currency",
            message,
        });
    }
    let provisional = rows.iter().filter(|row| row.provisional).count();
    if provisional > 0 {
        let message = format!("{provisional} of these bars had not closed when fetched and will change");
        warnings.push(Warning {
            code: "provisional_bars",
            message,
        });
    }
    let stored = header.derived_from.unwrap_or(question.request.interval);
    let source = state.series.iter().find(|line| line.key.interval == stored);
    if source.is_some_and(|line| line.count > 0 && !line.gives_volume) {
        let message = "the source gives no volumes: 0 means unknown".to_owned();
        warnings.push(Warning {
            code: "unknown_volume",
            message,
        });
    }
    warnings
}
