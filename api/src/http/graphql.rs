//! `POST /graphql`: a request carried through token, guard, coercion and execution.

use std::time::Duration;

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Response, Variables};
use aws_lc_rs::digest::{SHA256, digest};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::answer;
use super::negotiate::{self, MediaType, Outcome};
use super::params::Params;
use super::server::Shared;
use crate::access::Caller;
use crate::audit::event::{Event, Mark};
use crate::audit::ledger::Decided;
use crate::error::{Error, Refusal};
use crate::graphql::guard::Admitted;
use crate::graphql::operation::{refuse_subscription, select_operation};
use crate::graphql::{Request, Worker};

/// How large a request's body may be.
pub const MAX_BODY: usize = 64 * 1024;
/// How long an execution may take.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// Any request to `/graphql`.
pub async fn graphql(
    http: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    let request_id = Uuid::now_v7().to_string();
    let started = std::time::Instant::now();
    let answer = serve(&http, payload, &shared, &worker, &request_id).await;
    info!(
        request = request_id,
        status = answer.status().as_u16(),
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    answer
}

async fn serve(
    http: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
    worker: &Worker,
    request_id: &str,
) -> HttpResponse {
    let refuse = |status, media, text: &'static str| {
        answer::errors(
            status,
            media,
            request_id,
            &[Error::BadUserInput(text.into())],
        )
    };
    if http.method() != Method::POST {
        let mut answer = refuse(
            StatusCode::METHOD_NOT_ALLOWED,
            MediaType::Json,
            "send a POST: queries and mutations alike change the audit log",
        );
        answer
            .headers_mut()
            .insert(header::ALLOW, header::HeaderValue::from_static("POST"));
        return answer;
    }
    let media = match MediaType::of_answer(http.headers()) {
        Ok(media) => media,
        Err(mismatch) => {
            let text = "answers are `application/graphql-response+json` or `application/json`: accept one of them";
            return refuse(mismatch.status(), MediaType::Json, text);
        }
    };
    if let Err(mismatch) = negotiate::check_content_type(http.headers()) {
        return refuse(
            mismatch.status(),
            media,
            "send `content-type: application/json` in UTF-8",
        );
    }
    let caller = match shared.verifier.caller(bearer(http)) {
        Ok(caller) => caller,
        Err(fault) => {
            info!(
                request = request_id,
                why = fault.code(),
                "a token was refused"
            );
            let sent = http.headers().contains_key(header::AUTHORIZATION);
            if !sent {
                return unauthenticated(media, request_id, ASKED);
            }
            return refused_token(http, shared, media, request_id);
        }
    };
    let Ok(received) = tokio::time::timeout(DEADLINE, payload.to_bytes_limited(MAX_BODY)).await
    else {
        return refuse(
            StatusCode::REQUEST_TIMEOUT,
            media,
            "the body did not come within 5 seconds",
        );
    };
    let Ok(Ok(body)) = received else {
        return refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            media,
            "a body has at most 64 KiB",
        );
    };
    let params = match Params::parse(&body) {
        Ok(params) => params,
        Err(fault) => {
            return answer::errors(
                media.status(Outcome::Malformed),
                media,
                request_id,
                &[fault],
            );
        }
    };
    execute(http, shared, worker, caller, params, media, request_id).await
}

/// The `Authorization` header, where there is exactly one.
fn bearer(http: &HttpRequest) -> &str {
    let mut all = http.headers().get_all(header::AUTHORIZATION);
    match (all.next(), all.next()) {
        (Some(only), None) => only.to_str().unwrap_or(""),
        (_, _) => "",
    }
}

/// What a refused token is answered with (RFC 6750, 3.1).
const REFUSED: header::HeaderValue =
    header::HeaderValue::from_static("Bearer error=\"invalid_token\"");
/// What a request without any token is answered with: it made no error yet.
const ASKED: header::HeaderValue = header::HeaderValue::from_static("Bearer");

fn unauthenticated(
    media: MediaType,
    request_id: &str,
    challenge: header::HeaderValue,
) -> HttpResponse {
    let mut answer = answer::errors(
        StatusCode::UNAUTHORIZED,
        media,
        request_id,
        &[Error::Unauthenticated],
    );
    answer
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    answer
}

/// Answers a token that is not in force, as often as somebody may send one.
fn refused_token(
    http: &HttpRequest,
    shared: &Shared,
    media: MediaType,
    request_id: &str,
) -> HttpResponse {
    let counted = http
        .peer_addr()
        .map_or(Ok(()), |peer| shared.limits.failed(peer.ip(), None));
    match counted {
        Ok(()) => unauthenticated(media, request_id, REFUSED),
        Err(wait) => answer::too_much(media, request_id, wait),
    }
}

/// A document and its variables, ready to execute.
struct Ready {
    document: ExecutableDocument,
    variables: Variables,
    operation_name: Option<String>,
}

fn prepare(shared: &Shared, admitted: &Admitted, params: Params) -> Result<Ready, Vec<Error>> {
    let operation = select_operation(admitted.document(), params.operation_name.as_deref())
        .map_err(|fault| vec![fault])?;
    refuse_subscription(operation).map_err(|fault| vec![fault])?;
    let raw = params.variables.unwrap_or_default();
    let variables = shared.inputs.coerce(admitted.document(), operation, &raw)?;
    Ok(Ready {
        document: ExecutableDocument::from(admitted),
        variables,
        operation_name: params.operation_name,
    })
}

async fn execute(
    http: &HttpRequest,
    shared: &Shared,
    worker: &Worker,
    caller: Caller,
    params: Params,
    media: MediaType,
    request_id: &str,
) -> HttpResponse {
    let document_hash = hex::encode(digest(&SHA256, params.query.as_bytes()));
    let declined = |faults: &[Error]| {
        let status = media.status(Outcome::RequestError);
        answer::errors(status, media, request_id, faults)
    };
    let admitted = match shared.documents.admit(&params.query) {
        Ok(admitted) => admitted,
        Err(fault) => return declined(&[fault]),
    };
    if let Err(wait) = shared.limits.charge(&caller, admitted.cost()) {
        return answer::too_much(media, request_id, wait);
    }
    let ready = match prepare(shared, &admitted, params) {
        Ok(ready) => ready,
        Err(faults) => return declined(&faults),
    };
    let request = Request {
        worker: worker.clone(),
        caller,
        mark: Mark {
            request: request_id.to_owned(),
            address: http.peer_addr().map(|address| address.ip().to_string()),
            operation: ready.operation_name.clone(),
            document: Some(document_hash),
        },
    };
    let mut execution = async_graphql::Request::new("")
        .variables(ready.variables)
        .data(request.clone());
    if let Some(name) = ready.operation_name {
        execution = execution.operation_name(name);
    }
    execution.set_parsed_query(ready.document);
    let Ok(mut response) = tokio::time::timeout(DEADLINE, shared.schema.execute(execution)).await
    else {
        warn!(request = request_id, "an execution took too long");
        return answer::errors(
            StatusCode::SERVICE_UNAVAILABLE,
            media,
            request_id,
            &[Error::Unavailable],
        );
    };
    answer::give_codes(&mut response);
    report(&request, &response).await;
    let outcome = Outcome::of(&response);
    let status = if refused_everything(&response, "UNAUTHENTICATED") {
        return refused_token(http, shared, media, request_id);
    } else {
        media.status(outcome)
    };
    let bytes = if outcome == Outcome::RequestError {
        answer::without_data(&response.errors, request_id)
    } else {
        answer::executed(&response)
    };
    answer::body(status, media, request_id, bytes)
}

/// Whether every error says `code`, and there is one: the whole request was refused.
fn refused_everything(response: &Response, code: &str) -> bool {
    !response.errors.is_empty()
        && response
            .errors
            .iter()
            .all(|error| code_of(error) == Some(code))
}

fn code_of(error: &async_graphql::ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        async_graphql::Value::String(code) => Some(code),
        async_graphql::Value::Null
        | async_graphql::Value::Number(_)
        | async_graphql::Value::Boolean(_)
        | async_graphql::Value::Binary(_)
        | async_graphql::Value::Enum(_)
        | async_graphql::Value::List(_)
        | async_graphql::Value::Object(_) => None,
    }
}

/// Tells the log what went wrong, and the audit log what was refused.
async fn report(request: &Request, response: &Response) {
    let mut denied: Vec<&'static str> = Vec::new();
    for error in &response.errors {
        let Some(refusal) = error.source::<Refusal>() else {
            continue;
        };
        let code = refusal.error.code();
        if let Some(cause) = refusal.cause() {
            error!(request = request.mark.request, code, cause = %cause, "refused");
        }
        if is_denial(&refusal.error) && !denied.contains(&code) {
            denied.push(code);
        }
    }
    for code in denied {
        let recorded = request
            .disclose(|| async move {
                Ok(Decided {
                    epoch: request.worker.store.epoch().await?,
                    now: request.worker.store.ping().await?,
                    content: (),
                    events: vec![Event::AccessDenied { code, object: None }],
                })
            })
            .await;
        if recorded.is_err() {
            error!(
                request = request.mark.request,
                code, "a denied attempt could not be recorded"
            );
        }
    }
}

/// Whether a refusal is a denied attempt, which goes on record, rather than a slip.
fn is_denial(error: &Error) -> bool {
    match error {
        Error::ForbiddenScope { .. } | Error::NotFound | Error::MouRequired => true,
        Error::Unauthenticated
        | Error::BadUserInput(_)
        | Error::InvalidTransition { .. }
        | Error::NotNow(_)
        | Error::ConsentDefective { .. }
        | Error::Conflict(_)
        | Error::PurposeRequired
        | Error::QueryTooCostly(_)
        | Error::RateLimited { .. }
        | Error::Unavailable
        | Error::Internal => false,
    }
}
