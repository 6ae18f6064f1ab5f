//! What a reader of prices asks for.

use actix_web::HttpRequest;
use actix_web::http::header;
use bar_formats::{DecimalStyle, TextFormat, UnknownTextFormat};
use domain::query_prices::PriceRequest;
use domain::{Adjustment, Instrument, Interval, TimeOrder, Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::decimals;
use crate::fields::{Fields, Query, QueryParameters, excerpt, limit, truth};
use crate::instant::{self, Bounds, Instant};
use crate::problem::{Problem, ProblemKind};
use crate::vocabulary::{AdjustmentName, IntervalName};

/// Bars on a JSON page, unless told otherwise.
pub(super) const DEFAULT_LIMIT: usize = 1_000;
const MOST: usize = 10_000;

/// How decimals are written.
#[derive(ToSchema)]
#[schema(as = DecimalStyle, rename_all = "lowercase")]
#[expect(dead_code, reason = "read by the OpenAPI document")]
pub(crate) enum DecimalStyleName {
    Number,
    String,
}

/// In which order.
#[derive(ToSchema)]
#[schema(as = TimeOrder, rename_all = "lowercase")]
#[expect(dead_code, reason = "read by the OpenAPI document")]
pub(crate) enum OrderName {
    Asc,
    Desc,
}

/// What the answer is written in.
#[derive(ToSchema)]
#[schema(as = PriceFormat, rename_all = "lowercase")]
#[expect(dead_code, reason = "read by the OpenAPI document")]
pub(crate) enum FormatName {
    Json,
    Ndjson,
    Csv,
}

/// What the answer is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A page with its head.
    Json,
    /// The whole range.
    File(TextFormat),
}

impl Format {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            _ => match text.parse() {
                Ok(format) => Ok(Self::File(format)),
                Err(UnknownTextFormat(text)) => Err(format!("`{text}` is not a format: json, ndjson or csv")),
            },
        }
    }

    /// What `Accept` asks for most; JSON where it leaves the choice.
    fn accepted(request: &HttpRequest) -> Result<Self, Problem> {
        let given: Vec<&str> = request
            .headers()
            .get_all(header::ACCEPT)
            .filter_map(|value| value.to_str().ok())
            .collect();
        if given.is_empty() {
            return Ok(Self::Json);
        }
        let mut best: Option<(f32, Self)> = None;
        for range in given.iter().flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let format = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "*/*" | "application/*" | "application/json" => Self::Json,
                "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Self::File(TextFormat::Ndjson),
                "text/csv" | "text/*" => Self::File(TextFormat::Csv),
                _ => continue,
            };
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .and_then(|q| q.parse().ok())
                .unwrap_or(1.0);
            if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, format));
            }
        }
        best.map(|(_, format)| format).ok_or_else(|| {
            Problem::new(
                ProblemKind::NotAcceptable,
                "prices come as application/json, application/x-ndjson or text/csv: accept one of them, or say format=",
            )
        })
    }
}

/// Which bars, in which form.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PriceParameters {
    /// How long each bar is; built from finer ones when it is not stored.
    #[param(value_type = Option<IntervalName>, default = "1d")]
    pub(super) interval: Interval,
    /// At most this many bars: 1000 on a JSON page when left out; without a limit in ndjson and csv.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    pub(super) limit: Option<usize>,
    /// Oldest or newest first.
    #[param(value_type = Option<OrderName>, default = "asc")]
    pub(super) sort: TimeOrder,
    /// `next_page_token` of the page before, of the same query; JSON only.
    #[param(max_length = 4096)]
    pub(super) page_token: Option<String>,
    /// Which corporate actions are counted in; as the series is stored when left out, which is mostly raw.
    #[param(value_type = Option<AdjustmentName>)]
    pub(super) adjustment: Option<Adjustment>,
    /// What was believed at that instant; now when left out.
    #[param(value_type = Option<Instant>)]
    pub(super) as_of: Option<Timestamp>,
    /// Also bars whose interval has not closed. They have no history: always those of now.
    #[param(value_type = Option<bool>, default = false)]
    pub(super) include_partial: bool,
    /// How decimals are written in JSON and ndjson.
    #[param(value_type = Option<DecimalStyleName>, default = "number")]
    pub(super) decimals: DecimalStyle,
    /// What the answer is written in; `Accept` decides when left out.
    #[param(value_type = Option<FormatName>)]
    pub(super) format: Option<Format>,
    #[param(ignore)]
    pub(super) bounds: Bounds,
}

impl QueryParameters for PriceParameters {
    fn read(fields: &mut Fields<String>) -> Option<Self> {
        Some(Self {
            interval: fields.optional("interval", str::parse).unwrap_or(Interval::OneDay),
            bounds: Bounds::read(fields),
            limit: fields.optional("limit", limit(MOST)),
            sort: fields.optional("sort", order).unwrap_or_default(),
            page_token: fields.take("page_token"),
            adjustment: fields.optional("adjustment", str::parse),
            as_of: fields.optional("as_of", instant::parse),
            include_partial: fields.optional("include_partial", truth).unwrap_or(false),
            decimals: fields.optional("decimals", decimals::style).unwrap_or_default(),
            format: fields.optional("format", Format::parse),
        })
    }
}

fn order(text: &str) -> Result<TimeOrder, String> {
    match text {
        "asc" => Ok(TimeOrder::Ascending),
        "desc" => Ok(TimeOrder::Descending),
        _ => Err(format!("`{}` is not an order: asc or desc", excerpt(text))),
    }
}

/// What was asked, resolved and checked.
pub(super) struct Question {
    pub(super) request: PriceRequest,
    pub(super) format: Format,
    pub(super) decimals: DecimalStyle,
    pub(super) limit: Option<usize>,
    pub(super) page_token: Option<String>,
}

impl Question {
    pub(super) fn new(
        http: &HttpRequest,
        parameters: Query<PriceParameters>,
        instrument: Instrument,
    ) -> Result<Self, Problem> {
        let PriceParameters {
            interval,
            limit,
            sort,
            page_token,
            adjustment,
            as_of,
            include_partial,
            decimals,
            format,
            bounds,
        } = parameters.0;
        let format = format.map_or_else(|| Format::accepted(http), Ok)?;
        if page_token.is_some() && format != Format::Json {
            return Err(Problem::invalid(vec![crate::problem::FieldError {
                field: "page_token".to_owned(),
                message: "only JSON has pages: leave it out, ndjson and csv give the whole range".to_owned(),
            }]));
        }
        let range = bounds.range()?;
        let request = PriceRequest {
            instrument,
            interval,
            range,
            order: sort,
            adjustment,
            as_of,
            include_partial,
            closed_by: None,
        };
        Ok(Self {
            request,
            format,
            decimals,
            limit,
            page_token,
        })
    }

    /// All that decides the answer, save the state of the store and the size of a page.
    pub(super) fn canonical(&self) -> String {
        let PriceRequest {
            instrument,
            interval,
            range,
            order,
            adjustment,
            as_of,
            include_partial,
            closed_by: _,
        } = &self.request;
        let (id, decimals) = (instrument.id, self.decimals);
        format!("prices {id} {interval} {range} {order:?} {adjustment:?} {as_of:?} {include_partial} {decimals:?}")
    }
}
