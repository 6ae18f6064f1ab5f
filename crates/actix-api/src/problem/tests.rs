//! Every error of the domain has its status, and none tells what only the log may know.

use actix_web::body::to_bytes;
use domain::{InstrumentId, PriceRepositoryError};

use super::*;

#[test]
fn slugs_are_unique_and_resolve() {
    let mut slugs: Vec<_> = ProblemKind::ALL.iter().map(|kind| kind.slug()).collect();
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), ProblemKind::ALL.len());
}

#[test]
fn statuses_follow_the_errors() {
    let check = |error: PriceRepositoryError, status: u16| assert_eq!(Problem::from(error).status().as_u16(), status);
    check(PriceRepositoryError::UnknownInstrument(InstrumentId(1)), 404);
    check(PriceRepositoryError::Corrupt("row 7".to_owned()), 500);
    check(PriceRepositoryError::Unavailable("no route".into()), 503);
}

#[tokio::test]
async fn a_client_never_sees_the_cause() {
    let error = PriceRepositoryError::Unavailable("select * from bars in /var/lib/x.db".into());
    let response = Problem::from(error).response(Some("r-1"));
    assert_eq!(response.headers().get("retry-after").unwrap(), "5");
    let body = to_bytes(response.into_body()).await.unwrap();
    insta::assert_snapshot!(String::from_utf8_lossy(&body), @r#"{"type":"/problems/unavailable","title":"The database is away","status":503,"detail":"the database cannot be reached: try again in a few seconds","instance":"r-1"}"#);
}

#[test]
fn many_fields_are_summed_up() {
    let errors = (0..5).map(|row| FieldError {
        field: format!("data[{row}].high"),
        message: "is low".to_owned(),
    });
    let problem = Problem::invalid(errors.collect());
    assert!(problem.to_string().ends_with("; and 2 more"), "{problem}");
}
