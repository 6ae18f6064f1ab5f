//! Who may write: nobody from elsewhere until there are keys, and no page of another site.

use std::net::IpAddr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use crate::problem::{Problem, ProblemKind};

/// Whether this server takes writes, decided by the address it listens on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriteAccess {
    /// Every address it listens on is a loopback address.
    pub(crate) only_loopback: bool,
}

/// Refuses writes that must not be.
pub(crate) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    );
    if !reads && let Err(problem) = check(&request) {
        let (request, _payload) = request.into_parts();
        return Ok(ServiceResponse::new(request, HttpResponse::from_error(problem)));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

fn check(request: &ServiceRequest) -> Result<(), Problem> {
    let access = request.app_data::<web::Data<WriteAccess>>();
    if !access.is_some_and(|access| access.only_loopback) {
        return Err(Problem::new(
            ProblemKind::WritesRefused,
            "this server listens on another address than loopback and has no API keys, so it takes no writes: \
             listen on 127.0.0.1, or write with `sentinel import`",
        ));
    }
    let headers = request.headers();
    match headers.get(header::ORIGIN).map(|origin| origin.to_str().ok()) {
        None => Ok(()),
        Some(Some(origin)) if is_own(origin, headers) => Ok(()),
        Some(_) => Err(Problem::new(
            ProblemKind::ForeignOrigin,
            "pages of other sites may not write: send the request without `Origin`, or from a page of this server",
        )),
    }
}

/// The origin is this server under a loopback name; any other name could have been bent to this address.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Ok(url) = url::Url::parse(origin) else {
        return false;
    };
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    };
    loopback && origin.split_once("://").map(|(_, authority)| authority) == host
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn own(origin: &str, host: &str) -> bool {
        let request = TestRequest::default()
            .insert_header((header::HOST, host))
            .to_srv_request();
        is_own(origin, request.headers())
    }

    #[test]
    fn only_this_server_under_a_loopback_name_is_its_own_origin() {
        assert!(own("http://127.0.0.1:8000", "127.0.0.1:8000"));
        assert!(own("http://localhost:8000", "localhost:8000"));
        assert!(own("http://[::1]:8000", "[::1]:8000"));
        assert!(!own("http://127.0.0.1:9000", "127.0.0.1:8000"));
        assert!(
            !own("http://evil.example:8000", "evil.example:8000"),
            "a name bent to loopback"
        );
        assert!(!own("null", "127.0.0.1:8000"));
    }
}
