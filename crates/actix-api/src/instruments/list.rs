//! `GET /api/v1/instruments`: a page of instruments.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    AssetClass, Currency, Exchange, InstrumentCursor, InstrumentFilter, InstrumentId, InstrumentOrder, InstrumentSort,
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::InstrumentBody;
use crate::Api;
use crate::fields::{Fields, Query, QueryParameters, excerpt, limit, truth};
use crate::page_token;
use crate::problem::Problem;
use crate::vocabulary::AssetClassName;

const DEFAULT_LIMIT: usize = 100;
const MOST: usize = 1_000;

/// Which instruments, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// Only this class.
    #[param(value_type = Option<AssetClassName>)]
    asset_class: Option<AssetClass>,
    /// Only this exchange.
    #[param(value_type = Option<String>, pattern = "^[A-Z0-9._-]{1,32}$", example = "XNAS")]
    exchange: Option<Exchange>,
    /// Only this currency.
    #[param(value_type = Option<String>, pattern = "^[A-Z0-9]{2,10}$", example = "USD")]
    currency: Option<Currency>,
    /// Only active or only inactive ones.
    active: Option<bool>,
    /// Only those whose symbol or name contains this text, in any case.
    #[param(min_length = 1, max_length = 200)]
    search: Option<String>,
    /// `symbol`, `name` or `id` (the order of creation); with a minus sign in front, largest first.
    #[param(value_type = Option<SortName>, default = "symbol")]
    sort: InstrumentOrder,
    /// At most this many.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: usize,
    /// `next_page_token` of the page before, of the same query.
    #[param(max_length = 4096)]
    page_token: Option<String>,
}

/// By what instruments are sorted.
#[derive(ToSchema)]
#[schema(as = InstrumentSort)]
#[expect(dead_code, reason = "read by the OpenAPI document")]
pub(crate) enum SortName {
    #[schema(rename = "symbol")]
    Symbol,
    #[schema(rename = "-symbol")]
    SymbolDescending,
    #[schema(rename = "name")]
    Name,
    #[schema(rename = "-name")]
    NameDescending,
    #[schema(rename = "id")]
    Id,
    #[schema(rename = "-id")]
    IdDescending,
}

impl QueryParameters for ListParameters {
    fn read(fields: &mut Fields<String>) -> Option<Self> {
        Some(Self {
            asset_class: fields.optional("asset_class", str::parse),
            exchange: fields.optional("exchange", str::parse),
            currency: fields.optional("currency", str::parse),
            active: fields.optional("active", truth),
            search: fields.optional("search", super::create::name_like),
            sort: fields.optional("sort", order).unwrap_or_default(),
            limit: fields.optional("limit", limit(MOST)).unwrap_or(DEFAULT_LIMIT),
            page_token: fields.take("page_token"),
        })
    }
}

fn order(text: &str) -> Result<InstrumentOrder, String> {
    let (key, descending) = text.strip_prefix('-').map_or((text, false), |key| (key, true));
    let by = match key {
        "symbol" => InstrumentSort::Symbol,
        "name" => InstrumentSort::Name,
        "id" => InstrumentSort::Id,
        _ => {
            let text = excerpt(text);
            return Err(format!(
                "`{text}` is not an order: symbol, name or id, or one of them after a minus sign"
            ));
        }
    };
    Ok(InstrumentOrder { by, descending })
}

/// A page of instruments.
#[derive(Serialize, ToSchema)]
pub(crate) struct InstrumentList {
    data: Vec<InstrumentBody>,
    /// Ask again with it for the next page; null on the last one.
    next_page_token: Option<String>,
}

/// Lists instruments.
#[utoipa::path(
    get,
    path = "/api/v1/instruments",
    operation_id = "listInstruments",
    tag = "instruments",
    params(ListParameters),
    responses((status = 200, description = "A page of instruments", body = InstrumentList))
)]
pub(crate) async fn list(
    request: HttpRequest,
    parameters: Query<ListParameters>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let ListParameters {
        asset_class,
        exchange,
        currency,
        active,
        search,
        sort,
        limit,
        page_token,
    } = parameters.0;
    let filter = InstrumentFilter {
        asset_class,
        exchange,
        currency,
        active,
        search,
    };
    let query = format!("instruments {filter:?} {sort:?}");
    let after = match page_token {
        Some(token) => {
            let (key, id) = page_token::redeem::<(String, i64)>(&query, &token)?;
            Some(InstrumentCursor {
                key,
                id: InstrumentId(id),
            })
        }
        None => None,
    };
    let page = api.instruments.list(&filter, sort, limit, after).await?;
    let next = page
        .next
        .map(|cursor| page_token::issue(&query, &(cursor.key, cursor.id.0)))
        .transpose()?;
    let mut response = HttpResponse::Ok();
    if let Some(token) = &next {
        response.insert_header(page_token::next_link(&request, token));
    }
    let data = page.instruments.into_iter().map(InstrumentBody::from).collect();
    Ok(response.json(InstrumentList {
        data,
        next_page_token: next,
    }))
}
