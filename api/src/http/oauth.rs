//! `POST /oauth/token`, `/oauth/revoke` and `/oauth/introspect`: the authorization server's way through HTTP.

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use tracing::info;
use uuid::Uuid;

use super::answer::REQUEST_ID;
use super::authenticator::{self, AFTER_OUTAGE};
use super::client_address;
use super::correlation;
use super::graphql::DEADLINE;
use super::shared::Shared;
use crate::oauth::fault::{OauthError, OauthErrorCode};
use crate::oauth::form::FormParameters;
use crate::oauth::{self, AuthorizationServer, Endpoint, OauthRequest};
use crate::request::Worker;
use crate::settings::Settings;

/// Registers the routes of the authorization server.
pub fn routes(service: &mut web::ServiceConfig) {
    service
        .route("/oauth/token", web::route().to(token))
        .route("/oauth/revoke", web::route().to(revoke))
        .route("/oauth/introspect", web::route().to(introspect));
}

async fn token(
    http: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    serve(Endpoint::Token, &http, payload, &shared, &worker).await
}

async fn revoke(
    http: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    serve(Endpoint::Revocation, &http, payload, &shared, &worker).await
}

async fn introspect(
    http: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    serve(Endpoint::Introspection, &http, payload, &shared, &worker).await
}

async fn serve(
    endpoint: Endpoint,
    http: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
    worker: &Worker,
) -> HttpResponse {
    let request_id = Uuid::now_v7().to_string();
    if http.method() != Method::POST {
        let fault = OauthError::request("send a POST");
        let mut answer = refused(StatusCode::METHOD_NOT_ALLOWED, &request_id, &fault);
        answer
            .headers_mut()
            .insert(header::ALLOW, header::HeaderValue::from_static("POST"));
        return answer;
    }
    let answered = match asked(http, payload, &shared.settings, &request_id).await {
        Ok(asked) => {
            let server = AuthorizationServer {
                store: &worker.store,
                ledger: &worker.ledger,
                key_cache: &shared.key_cache,
                verifier: &shared.verifier,
                limits: &shared.limits,
                refusals: &worker.refusals,
                turnstile: &worker.turnstile,
                settings: &shared.settings,
            };
            let answer = tokio::time::timeout(DEADLINE, oauth::answer(&server, endpoint, &asked));
            answer.await.unwrap_or(Err(OauthError::new(
                OauthErrorCode::Unavailable,
                "this took too long: try again in a little while",
            )))
        }
        Err(fault) => Err(fault),
    };
    match answered {
        Ok(said) => body(StatusCode::OK, &request_id, said.to_string()),
        Err(fault) => {
            info!(
                request = request_id,
                trace = correlation::trace(http.headers()),
                client_request = correlation::client_request(http.headers()),
                why = fault.why,
                "a program was refused"
            );
            refused(status(fault.kind), &request_id, &fault)
        }
    }
}

async fn asked(
    http: &HttpRequest,
    payload: web::Payload,
    settings: &Settings,
    request_id: &str,
) -> Result<OauthRequest, OauthError> {
    let media = http.headers().get(header::CONTENT_TYPE);
    let media = media.and_then(|media| media.to_str().ok()).unwrap_or("");
    let essence = media.split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(OauthError::request(
            "send content-type: application/x-www-form-urlencoded",
        ));
    }
    let received =
        tokio::time::timeout(DEADLINE, payload.to_bytes_limited(FormParameters::MAX_BODY)).await;
    let Ok(Ok(Ok(received))) = received else {
        return Err(OauthError::request(
            "a body has at most 32 KiB, and comes at once",
        ));
    };
    let headers = http.headers();
    let mut authorization = headers.get_all(header::AUTHORIZATION);
    let (first, second) = (authorization.next(), authorization.next());
    if second.is_some() {
        return Err(OauthError::request("send one Authorization header"));
    }
    Ok(OauthRequest {
        authorization: first.map(|one| one.to_str().unwrap_or("").to_owned()),
        proofs: authenticator::proofs(http),
        form: FormParameters::parse(&received)?,
        address: client_address::of(http, &settings.proxies),
        meta: authenticator::meta(http, settings, request_id),
    })
}

/// Returns the status of a refusal (RFC 6749, 5.2).
fn status(kind: OauthErrorCode) -> StatusCode {
    match kind {
        OauthErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
        OauthErrorCode::SlowDown(_) => StatusCode::TOO_MANY_REQUESTS,
        OauthErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        OauthErrorCode::InvalidRequest
        | OauthErrorCode::InvalidSubjectToken
        | OauthErrorCode::UnauthorizedClient
        | OauthErrorCode::UnsupportedGrantType
        | OauthErrorCode::InvalidScope
        | OauthErrorCode::InvalidTarget
        | OauthErrorCode::InvalidDpopProof => StatusCode::BAD_REQUEST,
    }
}

fn refused(status: StatusCode, request_id: &str, fault: &OauthError) -> HttpResponse {
    let said = json!({ "error": fault.kind.code(), "error_description": fault.description });
    let mut answer = body(status, request_id, said.to_string());
    let headers = answer.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        let challenge =
            header::HeaderValue::from_static("Basic realm=\"concord\", charset=\"UTF-8\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    let wait = match fault.kind {
        OauthErrorCode::SlowDown(seconds) => Some(seconds),
        OauthErrorCode::Unavailable => Some(AFTER_OUTAGE),
        OauthErrorCode::InvalidRequest
        | OauthErrorCode::InvalidClient
        | OauthErrorCode::UnauthorizedClient
        | OauthErrorCode::UnsupportedGrantType
        | OauthErrorCode::InvalidScope
        | OauthErrorCode::InvalidTarget
        | OauthErrorCode::InvalidSubjectToken
        | OauthErrorCode::InvalidDpopProof => None,
    };
    if let Some(seconds) = wait {
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
    }
    answer
}

fn body(status: StatusCode, request_id: &str, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REQUEST_ID, request_id))
        .body(body)
}
