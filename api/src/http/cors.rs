//! What pages of other origins may send here and read (Fetch, 3.3: the CORS protocol). The protocol is `actix-cors`'; whose
//! pages they are is looked up here. No cookie and no client certificate ever counts, so credentials are never allowed.
//!
//! A browser asks before it sends a token (a preflight), so it is told what holds for any of them; whose token it is, and
//! whether that one's pages they are, [`Authenticator`](super::authenticator::Authenticator) judges before anything is
//! executed.

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, web};
use tracing::warn;

use super::answer::REQUEST_ID;
use crate::access::origins::AllowedOrigins;
use crate::request::Worker;

/// What a page may send besides what every page may: of ours, of tracing, and what front-end libraries add by themselves.
const SENT: [&str; 15] = [
    "accept",
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "authorization",
    "baggage",
    "content-digest",
    "content-type",
    "dpop",
    "graphql-require-preflight",
    "repr-digest",
    "traceparent",
    "tracestate",
    "x-apollo-operation-name",
    REQUEST_ID,
];
/// What it may read besides what every page may.
const READ: [&str; 4] = [REQUEST_ID, "retry-after", "www-authenticate", "dpop-nonce"];
/// For how long a browser need not ask again, in seconds: as long as the longest-lived token of ours. The request itself is
/// judged each time.
const MAX_AGE: usize = 300;

/// Returns what pages of allowed origins may do with a token.
pub fn with_tokens(origins: &AllowedOrigins, methods: &[Method]) -> Cors {
    let origins = origins.clone();
    Cors::default()
        .allowed_origin_fn(move |origin, _| {
            origin
                .to_str()
                .is_ok_and(|origin| origins.is_of_any(origin))
        })
        .allowed_methods(methods.to_vec())
        .allowed_headers(SENT)
        .expose_headers(READ)
        .max_age(MAX_AGE)
}

/// Returns what any page may read: what is public, and the same for everybody.
pub fn of_public() -> Cors {
    Cors::default()
        .allow_any_origin()
        .send_wildcard()
        .allowed_methods([Method::GET, Method::HEAD])
        // It is the same for all: a cache need not keep one for each origin.
        .disable_vary_header()
        .max_age(MAX_AGE)
}

/// Has the origins be known before one is judged. They are read at most every few seconds, however often pages ask.
///
/// # Errors
/// What the service behind it answers.
pub async fn knowing_origins(
    worker: web::Data<Worker>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if let Some(origin) = other_origin(request.request())
        && let Err(refusal) = worker.origins.refresh_for(&worker.store, origin).await
    {
        let cause = refusal.cause().map(ToString::to_string);
        warn!(
            cause,
            "allowed origins could not be read: those of before count"
        );
    }
    next.call(request).await
}

/// Returns the origin of the page that a request comes from; none where it comes from no page, or from one of ours. One that
/// cannot be read is empty, and nobody's.
#[must_use]
pub fn other_origin(http: &HttpRequest) -> Option<&str> {
    let mut origins = http.headers().get_all(header::ORIGIN);
    let origin = match (origins.next()?, origins.next()) {
        (origin, None) => origin.to_str().unwrap_or(""),
        (_, Some(_)) => "",
    };
    let host = http.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    (authority.is_none() || authority != host).then_some(origin)
}
