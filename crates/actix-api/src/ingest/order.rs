//! The body that says what to ingest.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use domain::ingest::{IngestOrder, InstrumentChoice};
use domain::resolve_instrument::{ResolutionError, ResolveInstrument};
use domain::{InstrumentReference, Interval, SourceName, TimeRange, Timestamp};
use serde_json::Value;
use utoipa::ToSchema;

use crate::fields::{Fields, excerpt};
use crate::instant::{self, Instant};
use crate::json_object::JsonObject;
use crate::problem::{Problem, ProblemKind};
use crate::vocabulary::IntervalName;

/// No order names more instruments.
const MOST_INSTRUMENTS: usize = 500;

/// What to ingest: bars of one length of some instruments from one provider.
#[derive(ToSchema)]
#[schema(as = IngestOrder)]
#[expect(
    dead_code,
    reason = "read by the OpenAPI document; the body itself is read key by key"
)]
pub(crate) struct OrderBody {
    /// From where; GET /api/v1/providers lists all.
    #[schema(pattern = "^[a-z0-9._-]{1,32}$", example = "yahoo")]
    provider: String,
    /// Symbols, as we or the provider spell them, are made where they do not exist and the provider knows them;
    /// `EXCHANGE:SYMBOL` and `id:7` name instruments that exist.
    #[schema(min_items = 1, max_items = 500, example = json!(["AAPL", "MSFT"]))]
    instruments: Vec<String>,
    /// How long each bar is; 1d when left out.
    #[schema(required = false)]
    interval: IntervalName,
    /// Bars that open at or after this instant; all that the provider has when left out or null.
    start: Option<Instant>,
    /// Bars that open before this instant; all up to the moment of the fetch when left out or null.
    end: Option<Instant>,
    /// Whether everything is asked again, also what was answered before; false when left out.
    #[schema(required = false)]
    refresh: bool,
}

/// Extracts an order as it is written.
pub(crate) struct WrittenOrder {
    provider: SourceName,
    instruments: Vec<InstrumentReference>,
    interval: Interval,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    refresh: bool,
}

impl FromRequest for WrittenOrder {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = JsonObject::from_request(request, payload);
        Box::pin(async move { read(body.await?.0) })
    }
}

impl WrittenOrder {
    /// With the instruments that it names by more than a symbol.
    ///
    /// # Errors
    /// 404 with all of them that do not exist, 409 when one could be several.
    pub(super) async fn resolved(self, resolve: &ResolveInstrument) -> Result<IngestOrder, Problem> {
        let (mut choices, mut unknown) = (Vec::with_capacity(self.instruments.len()), Vec::new());
        for reference in &self.instruments {
            match reference {
                InstrumentReference::Symbol(symbol) | InstrumentReference::IdOrSymbol { symbol, .. } => {
                    choices.push(InstrumentChoice::Spelled(symbol.clone()));
                }
                InstrumentReference::Id(_) | InstrumentReference::Listed { .. } => match resolve.one(reference).await {
                    Ok(instrument) => choices.push(InstrumentChoice::Known(instrument)),
                    Err(ResolutionError::NotFound(reference)) => unknown.push(reference.to_string()),
                    Err(error) => return Err(error.into()),
                },
            }
        }
        if !unknown.is_empty() {
            let detail = format!(
                "there is no instrument {}: name it by its symbol alone to have it made",
                unknown.join(", ")
            );
            return Err(Problem::new(ProblemKind::UnknownInstrument, detail));
        }
        Ok(IngestOrder {
            provider: self.provider,
            instruments: choices,
            interval: self.interval,
            start: self.start,
            end: self.end,
            refresh: self.refresh,
        })
    }
}

fn read(mut fields: Fields<Value>) -> Result<WrittenOrder, Problem> {
    let provider = fields.required_text("provider", str::parse);
    let instruments = instruments(&mut fields);
    let interval = fields.text("interval", str::parse).unwrap_or(Interval::OneDay);
    let (start, end) = (bound(&mut fields, "start"), bound(&mut fields, "end"));
    let refresh = fields.truth("refresh").unwrap_or(false);
    let order = provider.zip(instruments).map(|(provider, instruments)| WrittenOrder {
        provider,
        instruments,
        interval,
        start,
        end,
        refresh,
    });
    let order = fields.finish(order)?;
    if let Some((start, end)) = start.zip(end) {
        TimeRange::new(start, end)?;
    }
    Ok(order)
}

/// Each by its place in the list; `None` when one is wrong.
fn instruments(fields: &mut Fields<Value>) -> Option<Vec<InstrumentReference>> {
    let given = match fields.take("instruments") {
        Some(Value::Array(given)) => given,
        Some(other) => {
            let text = other.to_string();
            fields.refuse("instruments", format!("`{}` is no list of texts", excerpt(&text)));
            return None;
        }
        None => {
            fields.refuse("instruments", "it is required");
            return None;
        }
    };
    if given.is_empty() || given.len() > MOST_INSTRUMENTS {
        let message = format!("{} are named: name 1 to {MOST_INSTRUMENTS}", given.len());
        fields.refuse("instruments", message);
        return None;
    }
    let read = given.iter().enumerate().map(|(place, value)| {
        fields.parsed(
            format!("instruments[{place}]"),
            value,
            str::parse::<InstrumentReference>,
        )
    });
    // Read to the end, so that all that are wrong are told at once.
    let read: Vec<_> = read.collect();
    read.into_iter().collect()
}

/// An instant in any of its spellings; null says the same as nothing.
fn bound(fields: &mut Fields<Value>, name: &'static str) -> Option<Timestamp> {
    match fields.take(name)? {
        Value::Null => None,
        Value::Number(number) => fields.parsed(name, &Value::String(number.to_string()), instant::parse),
        other => fields.parsed(name, &other, instant::parse),
    }
}
