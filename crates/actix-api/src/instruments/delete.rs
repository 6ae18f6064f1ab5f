//! `DELETE /api/v1/instruments/{instrument}`: the only real erasure there is.

use actix_web::{HttpResponse, web};
use utoipa::IntoParams;

use super::{InstrumentPath, Named};
use crate::Api;
use crate::fields::{Fields, Query, QueryParameters, truth};
use crate::problem::Problem;

/// What goes with it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteParameters {
    /// Also its bars, their history, its corporate actions and runs; without it an instrument that has bars stays.
    #[param(value_type = Option<bool>, default = false)]
    cascade: bool,
}

impl QueryParameters for DeleteParameters {
    fn read(fields: &mut Fields<String>) -> Option<Self> {
        Some(Self {
            cascade: fields.optional("cascade", truth).unwrap_or(false),
        })
    }
}

/// Deletes an instrument.
#[utoipa::path(
    delete,
    path = "/api/v1/instruments/{instrument}",
    operation_id = "deleteInstrument",
    tag = "instruments",
    params(InstrumentPath, DeleteParameters),
    responses((status = 204, description = "It is gone"))
)]
pub(crate) async fn delete(
    parameters: Query<DeleteParameters>,
    named: Named,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    if parameters.0.cascade {
        let bars = api.instruments.delete_with_bars(named.0.id).await?;
        tracing::info!(
            instrument.id = named.0.id.0,
            bars,
            "deleted an instrument with its bars"
        );
    } else {
        api.instruments.delete(named.0.id).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}
