//! `GET /problems` and `GET /problems/{kind}`: what each kind of problem means, at the address that `type` gives.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ProblemKind};

/// What a kind of problem means.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProblemExplanation {
    /// The `type` of such problems.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The status it is answered with.
    status: u16,
    /// What leads to it and what helps.
    explanation: &'static str,
}

impl From<ProblemKind> for ProblemExplanation {
    fn from(kind: ProblemKind) -> Self {
        let (title, status, explanation) = (kind.title(), kind.status().as_u16(), kind.explanation());
        Self {
            kind: kind.uri(),
            title,
            status,
            explanation,
        }
    }
}

/// All kinds of problems.
#[utoipa::path(
    get,
    path = "/problems",
    operation_id = "listProblems",
    tag = "service",
    responses((status = 200, description = "Every kind of problem", body = Vec<ProblemExplanation>))
)]
pub(crate) async fn explain_all() -> web::Json<Vec<ProblemExplanation>> {
    web::Json(ProblemKind::ALL.iter().copied().map(ProblemExplanation::from).collect())
}

/// One kind of problem.
#[utoipa::path(
    get,
    path = "/problems/{kind}",
    operation_id = "explainProblem",
    tag = "service",
    params(("kind" = String, Path, description = "The last part of a problem's `type`", example = "invalid-request")),
    responses((status = 200, description = "What it means", body = ProblemExplanation))
)]
pub(crate) async fn explain(slug: web::Path<String>) -> Result<web::Json<ProblemExplanation>, Problem> {
    let known = ProblemKind::ALL
        .iter()
        .copied()
        .find(|kind| kind.slug() == slug.as_str());
    match known {
        Some(kind) => Ok(web::Json(kind.into())),
        None => Err(Problem::new(
            ProblemKind::UnknownPath,
            "there is no such problem: /problems lists all",
        )),
    }
}
