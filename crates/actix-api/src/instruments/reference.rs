//! `{instrument}` in a path: an id, a symbol, or an exchange and a symbol.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use domain::{Instrument, InstrumentReference, Listing, Timestamp};
use utoipa::IntoParams;

use crate::Api;
use crate::problem::Problem;

/// The instrument that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct InstrumentPath {
    /// `SYMBOL`, `EXCHANGE:SYMBOL`, an id, or exactly an id (`id:700`) or a symbol (`:0700`). A slash is written `%2F`,
    /// a caret `%5E`. Symbols are compared without regard to case.
    #[param(
        example = "AAPL",
        pattern = "^(id:[1-9][0-9]{0,17}|([A-Z0-9._-]{1,32})?:[A-Za-z0-9._^=/-]{1,32}|[A-Za-z0-9._^=/-]{1,32})$"
    )]
    #[expect(
        dead_code,
        reason = "read by the OpenAPI document; the path itself is read by `Named`"
    )]
    instrument: String,
}

/// Extracts the one instrument that the path names; else a problem.
pub(crate) struct Named(pub(crate) Instrument);

/// Extracts it with its series.
pub(crate) struct Listed {
    pub(crate) listing: Listing,
    /// Before the catalogue was asked: what an instant behind it shows may have changed since.
    pub(crate) asked_at: Timestamp,
}

impl FromRequest for Named {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let asked = Asked::by(request);
        Box::pin(async move {
            let Asked { api, reference } = asked?;
            Ok(Self(api.resolve.one(&reference).await?))
        })
    }
}

impl FromRequest for Listed {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let asked = Asked::by(request);
        Box::pin(async move {
            let Asked { api, reference } = asked?;
            let asked_at = api.clock.now();
            let listing = api.resolve.listing(&*api.catalogue, &reference).await?;
            Ok(Self { listing, asked_at })
        })
    }
}

/// What a path asks, and whom.
struct Asked {
    api: web::Data<Api>,
    reference: InstrumentReference,
}

impl Asked {
    fn by(request: &HttpRequest) -> Result<Self, Problem> {
        let api = request.app_data::<web::Data<Api>>();
        let api = api.cloned().ok_or_else(|| Problem::internal("the server has no API"))?;
        let path = web::Path::<String>::extract(request).into_inner();
        let text = path.map_err(|error| Problem::internal(error.to_string()))?;
        let reference = text.parse()?;
        Ok(Self { api, reference })
    }
}
