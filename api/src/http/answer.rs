//! Answers as bytes: always JSON, always with the request id, never cached.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use async_graphql::{ErrorExtensionValues, Pos, Response, ServerError, Value};
use serde_json::json;

use super::negotiate::MediaType;
use crate::access::wait::Wait;
use crate::error::{Error, Refusal};
use crate::graphql::cost::Cost;
use crate::telemetry;

/// The header that carries the request id.
pub const REQUEST_ID: &str = "x-request-id";
/// The member of an answer's `extensions` that carries it too.
const REQUEST_ID_KEY: &str = "requestId";
/// The member that carries what the request was charged.
const COST_KEY: &str = "cost";

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
    let errors: Vec<ServerError> = errors.iter().flat_map(wires).collect();
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
    count(errors);
    let answer = json!({ "errors": errors, "extensions": { REQUEST_ID_KEY: request_id } });
    serde_json::to_vec(&answer).unwrap_or_default()
}

/// Returns the bytes of an executed answer.
#[must_use]
pub fn executed(mut response: Response, request_id: &str, cost: Cost) -> Vec<u8> {
    count(&response.errors);
    let extensions = &mut response.extensions;
    extensions.insert(REQUEST_ID_KEY.to_owned(), request_id.into());
    extensions.insert(COST_KEY.to_owned(), cost.charged.into());
    serde_json::to_vec(&response).unwrap_or_default()
}

/// Counts what a client is refused, by its code.
fn count(errors: &[ServerError]) {
    for error in errors {
        let code = error.extensions.as_ref().and_then(|them| them.get("code"));
        if let Some(Value::String(code)) = code {
            telemetry::refused(code);
        }
    }
}

/// Returns what GraphQL is told of an error of ours: an error for each fault of an input.
#[must_use]
pub fn wires(error: &Error) -> Vec<ServerError> {
    error.each().iter().map(wire).collect()
}

/// Returns an error of ours as GraphQL writes it.
fn wire(error: &Error) -> ServerError {
    let location = error.location().map(|place| Pos {
        line: place.line,
        column: place.column,
    });
    let mut extensions = ErrorExtensionValues::default();
    error.extend(&mut extensions);
    let mut wire = ServerError::new(error.to_string(), location);
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

/// Has every fault of an input be an error of its own, at the field that took the input.
pub fn tell_each_fault(response: &mut Response) {
    let errors = std::mem::take(&mut response.errors);
    response.errors = errors.into_iter().flat_map(each_fault).collect();
}

fn each_fault(error: ServerError) -> Vec<ServerError> {
    let faults = match error.source::<Refusal>() {
        Some(refusal) => refusal.error.each(),
        None => Vec::new(),
    };
    if faults.len() < 2 {
        return vec![error];
    }
    let told = faults.into_iter().map(|fault| ServerError {
        locations: error.locations.clone(),
        path: error.path.clone(),
        source: Some(Arc::new(Refusal::from(fault.clone()))),
        ..wire(&fault)
    });
    told.collect()
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
