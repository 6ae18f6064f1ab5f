//! `{run}` in a path: the number of a run.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use domain::RunId;
use utoipa::IntoParams;

use crate::fields::excerpt;
use crate::problem::{FieldError, Problem};

/// The run that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RunPath {
    /// Its number.
    #[param(minimum = 1, example = 7)]
    #[expect(
        dead_code,
        reason = "read by the OpenAPI document; the path itself is read by `NumberedRun`"
    )]
    run: i64,
}

/// Extracts the number; whether there is such a run is not known yet.
pub(crate) struct NumberedRun(pub(super) RunId);

impl FromRequest for NumberedRun {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let text = request.match_info().query("run");
        let number = text.parse().ok().filter(|number| *number > 0);
        ready(number.map(|number| Self(RunId(number))).ok_or_else(|| {
            Problem::invalid(vec![FieldError {
                field: "run".to_owned(),
                message: format!("`{}` is not the number of a run: a whole number from 1", excerpt(text)),
            }])
        }))
    }
}
