//! How paths are registered: what answers GET answers HEAD, and another method is told which there are.

use actix_http::encoding::Encoder;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, Encoding, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{
    FromRequest, Handler, HttpMessage, HttpResponse, Resource, Responder, Route, guard, web,
};
use uuid::Uuid;

use super::answer;
use super::negotiate::MediaType;
use crate::error::Error;

/// The smallest body that is worth a compression, in bytes.
const WORTH_IT: u64 = 1024;
/// What bodies are compressed with, as `Accept-Encoding` names it.
const CODINGS: [Encoding; 3] = [
    Encoding::identity(),
    Encoding::Known(ContentEncoding::Brotli),
    Encoding::Known(ContentEncoding::Gzip),
];

/// Returns a path that takes these methods and no other.
#[must_use]
pub fn path(path: &str, methods: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || async move { not_allowed(methods) }))
}

/// Returns a path that is only read.
pub fn read_only<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    self::path(path, "GET, HEAD").route(reading().to(handler))
}

/// Returns a route for GET and for HEAD, whose body the server leaves out.
#[must_use]
pub fn reading() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn not_allowed(methods: &'static str) -> HttpResponse {
    let request_id = Uuid::now_v7().to_string();
    let remedy = Error::bad_request(format!("this path takes {methods}"));
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let mut answer = answer::errors(status, MediaType::Json, &request_id, &[remedy]);
    let allow = HeaderValue::from_static(methods);
    answer.headers_mut().insert(header::ALLOW, allow);
    answer
}

/// Compresses a large answer, where its reader takes that. Only for what is the same for everybody and has no secret in it:
/// where a secret stands beside text that somebody chose, the length of the compressed answer tells of the secret (BREACH).
///
/// # Errors
/// What the path itself refuses with.
pub async fn compressed(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let accepted = request.get_header::<AcceptEncoding>();
    let answer = next.call(request).await?;
    Ok(answer.map_body(move |head, body| {
        let large = matches!(body.size(), BodySize::Sized(size) if size >= WORTH_IT);
        let coding = accepted.filter(|_| large && head.status.is_success());
        let coding = match coding.and_then(|accepted| accepted.negotiate(CODINGS.iter())) {
            Some(Encoding::Known(coding)) => coding,
            Some(Encoding::Unknown(_)) | None => ContentEncoding::Identity,
        };
        if coding == ContentEncoding::Identity {
            // Where it is compressed, the encoder says so.
            let by = HeaderValue::from_static("accept-encoding");
            head.headers.append(header::VARY, by);
        }
        Encoder::response(coding, head, body)
    }))
}
