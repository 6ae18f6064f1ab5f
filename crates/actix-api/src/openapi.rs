//! The OpenAPI document, generated from the handlers, and the Swagger UI that shows it offline.

mod problems;

use std::sync::{Arc, LazyLock};

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::OpenApi;
use utoipa_swagger_ui::Config;

use crate::entity_tag::EntityTag;
use crate::problem::{Problem, ProblemKind};
use crate::{
    corporate_actions, gaps, health, index, ingest, instant, instruments, metrics, prices, problem, providers,
    revisions, vocabulary,
};

/// The document without what holds for every operation.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Market Sentinel",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        description = "Exact, restating, gap-aware market data.\n\n\
            **Times** are RFC 3339 in UTC; inputs also take a date (00:00Z) and whole Unix seconds. Ranges are half-open: \
            `start` is inside, `end` is not. A bar's `timestamp` is its opening; daily bars open at 00:00Z of their session \
            date.\n\n\
            **Decimals** are JSON numbers written digit for digit, as they were received: at most 20 whole and 18 \
            fractional digits, never an exponent. Parse the literal as a decimal, or ask `decimals=string`. Prices are in \
            the currency of the instrument, volumes in its units.\n\n\
            **Pages**: repeat the query with `next_page_token` until it is null; all pages together are one state, \
            whatever is written meanwhile.\n\n\
            **Errors** are `application/problem+json` (RFC 9457); `errors` names every field at fault at once."
    ),
    tags(
        (name = "instruments", description = "What there is to have prices of"),
        (name = "prices", description = "Bars: read, merge, remove, what was believed before, and what is missing"),
        (name = "ingest", description = "Bars from providers: what would be asked, and runs that ask for it"),
        (name = "service", description = "Health, metrics and documentation"),
    ),
    paths(
        instruments::operations::list,
        instruments::operations::create,
        instruments::operations::read,
        instruments::operations::patch,
        instruments::operations::delete,
        instruments::operations::series,
        prices::operations::read,
        prices::operations::latest,
        prices::operations::merge,
        prices::operations::remove,
        revisions::list,
        corporate_actions::list,
        gaps::list,
        providers::list,
        ingest::operations::plan,
        ingest::operations::request,
        ingest::operations::list,
        ingest::operations::read,
        ingest::operations::cancel,
        index::read,
        health::live,
        health::ready,
        metrics::read,
        problem::explain_all,
        problem::explain,
    ),
    // Schemas that only parameters name are not collected by themselves.
    components(schemas(
        problem::ProblemBody<'static>,
        instruments::SortName,
        prices::DecimalStyleName,
        prices::FormatName,
        prices::OrderName,
        instant::Instant,
        vocabulary::AdjustmentName,
        vocabulary::AssetClassName,
        vocabulary::BasisName,
        vocabulary::GapFilterName,
        vocabulary::IntervalName,
        vocabulary::RunStateName,
    ))
)]
struct Document;

/// The whole document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    problems::document(&mut document);
    document
}

/// The document as it is served and committed: pretty JSON.
///
/// # Errors
/// When a description cannot be written as JSON.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    openapi().to_pretty_json()
}

static SERVED: LazyLock<Result<(EntityTag, String), serde_json::Error>> =
    LazyLock::new(|| openapi_json().map(|json| (EntityTag::of(&json), json)));

/// `GET /openapi.json`.
pub(crate) async fn read(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (tag, json) = match &*SERVED {
        Ok(served) => served,
        Err(error) => return Err(Problem::internal(error.to_string())),
    };
    let known = tag.known_to(&request);
    let mut response = if known.is_some() {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header(known.as_ref().unwrap_or(tag).header())
        .insert_header(("Cache-Control", "no-cache"));
    if known.is_some() {
        return Ok(response.finish());
    }
    Ok(response.content_type("application/json").body(json.clone()))
}

/// `GET /docs`.
pub(crate) async fn to_swagger_ui() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "/docs/"))
        .finish()
}

static SWAGGER: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    Arc::new(
        Config::new(["/openapi.json"])
            .display_operation_id(false)
            .filter(true)
            .try_it_out_enabled(true),
    )
});

/// `GET /docs/…`: the files of the Swagger UI, from the binary.
pub(crate) async fn swagger_ui(file: web::Path<String>) -> Result<HttpResponse, Problem> {
    match utoipa_swagger_ui::serve(&file, SWAGGER.clone()) {
        Ok(Some(file)) => Ok(HttpResponse::Ok()
            .content_type(file.content_type)
            .body(file.bytes.into_owned())),
        Ok(None) => Err(Problem::new(
            ProblemKind::UnknownPath,
            "the documentation has no such file",
        )),
        Err(error) => Err(Problem::internal(error.to_string())),
    }
}
