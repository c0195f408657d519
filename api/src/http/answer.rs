//! Answers as bytes: always JSON, always with the request id, never cached.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use async_graphql::{ErrorExtensionValues, Response, ServerError};
use serde_json::json;

use super::negotiate::MediaType;
use crate::access::limit::Wait;
use crate::error::{Error, Refusal};

/// The header that carries the request id.
pub const REQUEST_ID: &str = "x-request-id";

/// Returns an answer with this body.
#[must_use]
pub fn body(status: StatusCode, media: MediaType, request_id: &str, body: Vec<u8>) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, media.content_type()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Accept, Authorization"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REQUEST_ID, request_id))
        .body(body)
}

/// Returns a refusal before execution: errors alone, and no `data` key.
#[must_use]
pub fn errors(
    status: StatusCode,
    media: MediaType,
    request_id: &str,
    errors: &[Error],
) -> HttpResponse {
    let errors: Vec<ServerError> = errors.iter().map(wire).collect();
    body(status, media, request_id, without_data(&errors, request_id))
}

/// Returns a refusal because an allowance is used up: `429` with `Retry-After` (RFC 6585, 4).
#[must_use]
pub fn too_much(media: MediaType, request_id: &str, wait: Wait) -> HttpResponse {
    let seconds = wait.seconds();
    let refusal = Error::RateLimited { seconds };
    let mut answer = errors(StatusCode::TOO_MANY_REQUESTS, media, request_id, &[refusal]);
    answer
        .headers_mut()
        .insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
    answer
}

/// Returns the bytes of a request error.
#[must_use]
pub fn without_data(errors: &[ServerError], request_id: &str) -> Vec<u8> {
    let answer = json!({ "errors": errors, "extensions": { "requestId": request_id } });
    serde_json::to_vec(&answer).unwrap_or_default()
}

/// Returns the bytes of an executed answer.
#[must_use]
pub fn executed(response: &Response) -> Vec<u8> {
    serde_json::to_vec(response).unwrap_or_default()
}

/// Returns an error of ours as GraphQL writes it.
#[must_use]
pub fn wire(error: &Error) -> ServerError {
    let mut extensions = ErrorExtensionValues::default();
    error.extend(&mut extensions);
    let mut wire = ServerError::new(error.to_string(), None);
    wire.extensions = Some(extensions);
    wire
}

/// Has no error below a field of the root say that nothing was changed, where a change of the request was made or may have
/// been: what failed after it is only the answer. The roots' own errors say it by themselves.
pub fn admit_changes(response: &mut Response) {
    for error in &mut response.errors {
        let Some(refusal) = error.source::<Refusal>() else {
            continue;
        };
        let denies = matches!(refusal.error, Error::Unavailable | Error::Internal);
        if denies && error.path.len() > 1 {
            let admitted = refusal.after_a_change();
            let mut wire = wire(&admitted.error);
            wire.path = std::mem::take(&mut error.path);
            wire.locations = std::mem::take(&mut error.locations);
            wire.source = Some(Arc::new(admitted));
            *error = wire;
        }
    }
}

/// Gives every error that the library made itself the code of wrong input: they are about the document alone. They may
/// name what the document names, and repeat no value.
pub fn give_codes(response: &mut Response) {
    for error in &mut response.errors {
        if let Some((known, _)) = error.message.split_once(" does not contain the value") {
            error.message = format!("{known} does not contain this value");
        }
        let extensions = error
            .extensions
            .get_or_insert_with(ErrorExtensionValues::default);
        if extensions.get("code").is_none() {
            extensions.set("code", "BAD_USER_INPUT");
        }
    }
}
