//! Health, metrics, documentation, and what holds for every request.

use std::net::TcpStream;
use std::sync::Arc;

use actix_api::{Api, ApiSettings};
use reqwest::Method;

use crate::harness::{Away, Server};

#[tokio::test]
async fn health_is_exactly_this() {
    let server = Server::start().await;
    let reply = server.get("/health").await;
    assert_eq!(reply.told(), "200 application/json\n{\"status\":\"ok\"}");
}

#[tokio::test]
async fn readiness_tells_what_is_down() {
    let server = Server::start().await;
    let ready = server.get("/health/ready").await;
    assert_eq!(ready.status, 200);
    assert_eq!(ready.json()["dependencies"]["database"]["status"], "up");

    let away = |api| Api {
        care: Arc::new(Away),
        ..api
    };
    let server = Server::start_with(away, ApiSettings::on("127.0.0.1:0".parse().unwrap())).await;
    let down = server.get("/health/ready").await;
    assert_eq!(down.status, 503);
    assert_eq!(down.json()["dependencies"]["database"]["status"], "down");
    assert_eq!(down.json()["status"], "unavailable");
}

#[tokio::test]
async fn a_request_keeps_its_id_or_gets_one() {
    let server = Server::start().await;
    let kept = server.send(Method::GET, "/health", &[], "").await;
    assert_eq!(kept.header("x-request-id"), "test");
    let client = reqwest::Client::new();
    for id in ["", "a b", "<script>", &"x".repeat(200)] {
        let reply = client
            .get(format!("{}/health", server.base))
            .header("x-request-id", id)
            .send()
            .await
            .unwrap();
        let given = reply.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(given.len(), 36, "{id:?} became {given:?}");
    }
}

#[tokio::test]
async fn metrics_name_routes_and_never_paths() {
    let (server, _) = Server::with_apple().await;
    server.get("/api/v1/instruments/AAPL/prices").await;
    server.get("/nothing/here/secret").await;
    let reply = server.get("/metrics").await;
    assert!(reply.header("content-type").starts_with("text/plain; version=0.0.4"));
    insta::assert_snapshot!(reply.text(), @r"
    began
    GET /api/v1/instruments/{instrument}/prices 200
    began
    GET unmatched 404
    began
    ");
}

#[tokio::test]
async fn the_documentation_is_served_from_the_binary() {
    let server = Server::start().await;
    let document = server.get("/openapi.json").await;
    assert_eq!(document.status, 200);
    assert_eq!(document.text(), actix_api::openapi_json().unwrap());
    assert!(document.json()["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(server.get("/docs").await.header("location"), "/docs/");
    let page = server.get("/docs/").await;
    assert!(page.text().contains("swagger-ui"), "{}", page.text());
    assert!(
        !page.text().contains("https://"),
        "loads something from elsewhere: {}",
        page.text()
    );
    let script = server.get("/docs/swagger-initializer.js").await;
    assert!(script.text().contains("/openapi.json"), "{}", script.text());
    assert_eq!(server.get("/docs/swagger-ui-bundle.js").await.status, 200);
    assert_eq!(server.get("/docs/nothing.js").await.status, 404);
}

#[tokio::test]
async fn a_program_finds_its_way_and_a_browser_the_documentation() {
    let server = Server::start().await;
    insta::assert_snapshot!(server.get("/").await.told());
    let browser = server
        .send(Method::GET, "/", &[("accept", "text/html,*/*;q=0.8")], "")
        .await;
    assert_eq!((browser.status, browser.header("location")), (302, "/docs/"));
}

#[tokio::test]
async fn every_problem_type_resolves() {
    let server = Server::start().await;
    let all = server.get("/problems").await.json();
    for kind in all.as_array().unwrap() {
        let page = server.get(kind["type"].as_str().unwrap()).await;
        assert_eq!((page.status, &page.json()), (200, kind));
    }
    assert_eq!(server.get("/problems/none-such").await.status, 404);
}

#[tokio::test]
async fn the_document_and_the_routes_agree() {
    let (server, _) = Server::with_apple().await;
    let document = server.get("/openapi.json").await.json();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let target = path
            .replace("{instrument}", "NONE-SUCH")
            .replace("{kind}", "none-such")
            .replace("{run}", "7");
        let methods: Vec<String> = item
            .as_object()
            .unwrap()
            .keys()
            .map(|method| method.to_uppercase())
            .collect();
        let refused = server
            .send(Method::from_bytes(b"BREW").unwrap(), &target, &[], "")
            .await;
        assert_eq!(refused.status, 405, "{path}");
        let allowed: Vec<&str> = refused
            .header("allow")
            .split(", ")
            .filter(|method| *method != "HEAD")
            .collect();
        let mut documented: Vec<&str> = methods.iter().map(String::as_str).collect();
        documented.sort_unstable();
        let mut allowed = allowed;
        allowed.sort_unstable();
        assert_eq!(allowed, documented, "{path}");
        for operation in item.as_object().unwrap().values() {
            operations.push(operation["operationId"].as_str().unwrap().to_owned());
            assert!(!operation["tags"].as_array().unwrap().is_empty());
        }
    }
    let count = operations.len();
    operations.sort_unstable();
    operations.dedup();
    assert_eq!(operations.len(), count, "operation ids repeat");
}

#[tokio::test]
async fn documented_parameters_are_the_ones_that_are_taken() {
    let (server, _) = Server::with_apple().await;
    let document = server.get("/openapi.json").await.json();
    for (path, item) in document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(path, _)| path.starts_with("/api/"))
    {
        let target = path.replace("{instrument}", "AAPL").replace("{run}", "7");
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let refused = server
                .send(
                    method.clone(),
                    &format!("{target}?zzzzzzzz=1"),
                    &[("content-type", "application/json")],
                    "{}",
                )
                .await;
            assert_eq!(refused.status, 400, "{method} {path}: {}", refused.text());
            let message = refused.json()["errors"]
                .as_array()
                .unwrap()
                .iter()
                .find(|error| error["field"] == "zzzzzzzz")
                .unwrap()["message"]
                .as_str()
                .unwrap()
                .to_owned();
            let mut taken: Vec<&str> = message
                .strip_prefix("it is unknown: one of ")
                .map_or(Vec::new(), |names| names.split(", ").collect());
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let mut documented: Vec<&str> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "query")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            taken.sort_unstable();
            documented.sort_unstable();
            assert_eq!(taken, documented, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_stopped_server_finishes_and_lets_the_port_go() {
    let clock = Server::start().await;
    let address = clock.base.strip_prefix("http://").unwrap().to_owned();
    assert!(TcpStream::connect(&address).is_ok());
}
