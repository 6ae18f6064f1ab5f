//! Every path and method of the API, in one list.

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, Resource, Route, guard, web};

use crate::problem::{Problem, ProblemKind};
use crate::{
    corporate_actions, gaps, health, index, ingest, instruments, metrics, openapi, prices, problem, providers,
    revisions,
};

/// Adds all paths to an application.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let get = reads;
    config
        // What is asked most comes first: the router tries one path after the other.
        .service(resource(
            "/api/v1/instruments/{instrument}/prices",
            vec![
                (Method::GET, get().to(prices::read)),
                (Method::PUT, web::put().to(prices::merge)),
                (Method::DELETE, web::delete().to(prices::remove)),
            ],
        ))
        .service(resource("/", vec![(Method::GET, get().to(index::read))]))
        .service(resource("/health", vec![(Method::GET, get().to(health::live))]))
        .service(resource("/health/ready", vec![(Method::GET, get().to(health::ready))]))
        .service(resource("/metrics", vec![(Method::GET, get().to(metrics::read))]))
        .service(resource(
            "/problems",
            vec![(Method::GET, get().to(problem::explain_all))],
        ))
        .service(resource(
            "/problems/{kind}",
            vec![(Method::GET, get().to(problem::explain))],
        ))
        .service(resource("/openapi.json", vec![(Method::GET, get().to(openapi::read))]))
        .service(resource("/docs", vec![(Method::GET, get().to(openapi::to_swagger_ui))]))
        .service(resource(
            "/docs/{file:.*}",
            vec![(Method::GET, get().to(openapi::swagger_ui))],
        ))
        .service(resource(
            "/api/v1/instruments",
            vec![
                (Method::GET, get().to(instruments::list)),
                (Method::POST, web::post().to(instruments::create)),
            ],
        ))
        .service(resource(
            "/api/v1/instruments/{instrument}",
            vec![
                (Method::GET, get().to(instruments::read)),
                (Method::PATCH, web::patch().to(instruments::patch)),
                (Method::DELETE, web::delete().to(instruments::delete)),
            ],
        ))
        .service(resource(
            "/api/v1/instruments/{instrument}/series",
            vec![(Method::GET, get().to(instruments::series))],
        ))
        .service(resource(
            "/api/v1/instruments/{instrument}/prices/latest",
            vec![(Method::GET, get().to(prices::latest))],
        ))
        .service(resource(
            "/api/v1/instruments/{instrument}/revisions",
            vec![(Method::GET, get().to(revisions::list))],
        ))
        .service(resource(
            "/api/v1/instruments/{instrument}/corporate-actions",
            vec![(Method::GET, get().to(corporate_actions::list))],
        ))
        .service(resource(
            "/api/v1/instruments/{instrument}/gaps",
            vec![(Method::GET, get().to(gaps::list))],
        ))
        .service(resource(
            "/api/v1/providers",
            vec![(Method::GET, get().to(providers::list))],
        ))
        .service(resource(
            "/api/v1/ingest/plan",
            vec![(Method::POST, web::post().to(ingest::plan))],
        ))
        .service(resource(
            "/api/v1/ingest/run",
            vec![(Method::POST, web::post().to(ingest::request))],
        ))
        .service(resource(
            "/api/v1/ingest/runs",
            vec![(Method::GET, get().to(ingest::list))],
        ))
        .service(resource(
            "/api/v1/ingest/runs/{run}",
            vec![(Method::GET, get().to(ingest::read))],
        ))
        .service(resource(
            "/api/v1/ingest/runs/{run}/cancel",
            vec![(Method::POST, web::post().to(ingest::cancel))],
        ))
        .default_service(web::to(unknown_path));
}

/// A route for GET, and for HEAD, which is answered the same without the body.
fn reads() -> Route {
    web::route().guard(guard::fn_guard(|context| {
        matches!(context.head().method, Method::GET | Method::HEAD)
    }))
}

/// A path with its methods; HEAD goes wherever GET goes, and any other method is told which there are.
fn resource(path: &str, routes: Vec<(Method, Route)>) -> Resource {
    let mut allowed: Vec<&str> = Vec::new();
    for (method, _) in &routes {
        allowed.push(match *method {
            Method::GET => "GET, HEAD",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::PATCH => "PATCH",
            _ => "DELETE",
        });
    }
    let allowed = allowed.join(", ");
    let resource = web::resource(path);
    let resource = routes
        .into_iter()
        .fold(resource, |resource, (_, route)| resource.route(route));
    resource.default_service(web::to(move |request: HttpRequest| {
        let problem = method_not_allowed(&request, &allowed);
        async move { Err::<web::Bytes, _>(problem) }
    }))
}

fn method_not_allowed(request: &HttpRequest, allowed: &str) -> Problem {
    let method = crate::fields::excerpt(request.method().as_str());
    let problem = Problem::new(
        ProblemKind::MethodNotAllowed,
        format!("{method} is not taken here: {allowed}"),
    );
    match HeaderValue::from_str(allowed) {
        Ok(allowed) => problem.header(ALLOW, allowed),
        Err(error) => problem.caused_by(error),
    }
}

async fn unknown_path() -> Result<web::Bytes, Problem> {
    Err(Problem::new(
        ProblemKind::UnknownPath,
        "there is nothing here: /docs lists all there is",
    ))
}
