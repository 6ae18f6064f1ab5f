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
        let ranges: Vec<MediaRange> = given
            .iter()
            .flat_map(|value| value.split(','))
            .filter_map(MediaRange::parse)
            .collect();
        if ranges.is_empty() {
            return Ok(Self::Json);
        }
        // Of equal weight: what is named before what a `*` allows, the first named, JSON.
        let mut best: Option<(f32, u8, Self)> = None;
        let wishes = ranges.iter().filter_map(|range| range.wish(&ranges));
        for (weight, exactness, format) in wishes {
            if weight > 0.0 && best.is_none_or(|(most, exact, _)| (weight, exactness) > (most, exact)) {
                best = Some((weight, exactness, format));
            }
        }
        best.map(|(_, _, format)| format).ok_or_else(|| {
            Problem::new(
                ProblemKind::NotAcceptable,
                "prices come as application/json, application/x-ndjson or text/csv: accept one of them, or say format=",
            )
        })
    }
}

/// One range of an `Accept` header.
struct MediaRange {
    /// In lower case.
    name: String,
    /// From 0, which is never, to 1.
    weight: f32,
}

impl MediaRange {
    /// `None` for an empty element, which lists may have.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
        let name = parts.next().filter(|name| !name.is_empty())?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").map(str::to_owned));
        let weight = weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0);
        Some(Self { name, weight })
    }

    fn exactness(&self) -> u8 {
        match self.name.as_str() {
            "*/*" => 0,
            name if name.ends_with("/*") => 1,
            _ => 2,
        }
    }

    /// Whether it means a format of these names.
    fn covers(&self, names: &[&str]) -> bool {
        match self.name.strip_suffix('*') {
            Some("*/") => true,
            Some(kind) => names.iter().any(|name| name.starts_with(kind)),
            None => names.contains(&self.name.as_str()),
        }
    }

    /// The format that this range asks for, with its weight, and whether it names it (2), its kind (1) or anything (0).
    ///
    /// What another range says more exactly counts: `application/json;q=0, */*` is not JSON.
    fn wish(&self, all: &[Self]) -> Option<(f32, u8, Format)> {
        let choices: [(&[&str], Format); 3] = [
            (&["application/json"], Format::Json),
            (&["text/csv"], Format::File(TextFormat::Csv)),
            (
                &["application/x-ndjson", "application/ndjson", "application/jsonl"],
                Format::File(TextFormat::Ndjson),
            ),
        ];
        let exactness = self.exactness();
        let overruled = |names: &[&str]| {
            let mut others = all.iter().filter(|other| other.exactness() > exactness);
            others.any(|other| other.covers(names))
        };
        let (_, format) = choices
            .into_iter()
            .find(|(names, _)| self.covers(names) && !overruled(names))?;
        Some((self.weight, exactness, format))
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

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn check(accept: &str, expected: Option<Format>) {
        let request = TestRequest::default()
            .insert_header((header::ACCEPT, accept))
            .to_http_request();
        assert_eq!(Format::accepted(&request).ok(), expected, "{accept}");
    }

    #[test]
    fn takes_the_format_of_the_greatest_weight() {
        let (csv, ndjson) = (Format::File(TextFormat::Csv), Format::File(TextFormat::Ndjson));
        check("text/csv", Some(csv));
        check("text/csv;q=0.5, application/json;q=0.4", Some(csv));
        check(
            "text/csv; charset=utf-8; Q=0.4, application/json;q=0.5",
            Some(Format::Json),
        );
        check("text/csv, application/json", Some(csv));
        check("*/*, application/x-ndjson", Some(ndjson));
        check("text/html, */*;q=0.8", Some(Format::Json));
        check("image/png", None);
        check("", Some(Format::Json));
    }

    #[test]
    fn what_is_said_more_exactly_overrules_what_a_star_allows() {
        let (csv, ndjson) = (Format::File(TextFormat::Csv), Format::File(TextFormat::Ndjson));
        check("application/json;q=0, */*", Some(csv));
        check("application/json;q=0, application/*", Some(ndjson));
        check("application/json;q=0.5, text/*;q=0.9", Some(csv));
        check(
            "*/*, text/csv;q=0.1, application/*;q=0.2, application/x-ndjson;q=0.3",
            Some(ndjson),
        );
        check("*/*;q=0", None);
    }
}
