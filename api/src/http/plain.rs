//! What lies beside GraphQL for an application: a request let in, and refusals in the shape of GraphQL's request errors.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use tracing::{error, info};
use uuid::Uuid;

use super::answer::{self, REQUEST_ID};
use super::authenticator::{self, Authenticator};
use super::correlation;
use super::negotiate::MediaType;
use super::shared::Shared;
use crate::access::wait::Wait;
use crate::audit::event::RequestMeta;
use crate::error::{Error, Refusal, Result};
use crate::request::{Request, Worker, object};
use crate::store::outcome;
use crate::telemetry;

/// What a request is for, and what it costs.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The name under which it goes on record.
    pub name: &'static str,
    /// What it takes from the application's allowance, in selections.
    pub cost: u64,
}

/// Why a request is not served, with the status that says it over HTTP.
#[derive(Debug)]
pub struct HttpRefusal {
    /// The status.
    pub status: StatusCode,
    /// The reason.
    pub refusal: Refusal,
    /// Whether the attempt is on record already.
    pub recorded: bool,
}

impl HttpRefusal {
    /// Returns the refusal of wrong input, with a more telling status than 400.
    #[must_use]
    pub fn input(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            refusal: Error::bad_request(text.into()).into(),
            recorded: false,
        }
    }

    /// Returns the refusal where nothing was found, which the read has put on record.
    #[must_use]
    pub fn not_found() -> Self {
        Self {
            recorded: true,
            ..Self::from(Refusal::from(Error::NotFound))
        }
    }
}

impl From<Refusal> for HttpRefusal {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: status(&refusal.error),
            refusal,
            recorded: false,
        }
    }
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::ForbiddenScope { .. } | Error::ForbiddenOrigin => StatusCode::FORBIDDEN,
        Error::NotFound | Error::SendersOnly => StatusCode::NOT_FOUND,
        Error::CursorExpired => StatusCode::GONE,
        Error::BadUserInput(_)
        | Error::PurposeRequired
        | Error::PersistedQueryNotSupported
        | Error::DocumentNotTrusted
        | Error::FileRefused { .. }
        | Error::BeyondRulePack { .. }
        | Error::QueryTooCostly(_) => StatusCode::BAD_REQUEST,
        Error::InvalidTransition { .. }
        | Error::NotYours { .. }
        | Error::NotNow(_)
        | Error::LegalHold { .. }
        | Error::DuplicateReferral { .. }
        | Error::ConsentDefective { .. }
        | Error::ImpactUnseen { .. }
        | Error::MouRequired
        | Error::Conflict(_) => StatusCode::CONFLICT,
        Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::OutcomeUnknown | Error::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Lets a request in, has it served, and says what became of it.
pub async fn answer(
    http: &HttpRequest,
    shared: &Shared,
    worker: &web::Data<Worker>,
    operation: Operation,
    serve: impl AsyncFnOnce(&Request) -> Result<HttpResponse, HttpRefusal>,
) -> HttpResponse {
    let request_id = Uuid::now_v7().to_string();
    let started = std::time::Instant::now();
    let gate = Authenticator {
        http,
        shared,
        worker,
        media: MediaType::Json,
        request_id: &request_id,
    };
    let answer = enter(&gate, operation, serve).await;
    telemetry::answered(answer.status().as_u16());
    info!(
        request = request_id,
        trace = correlation::trace(http.headers()),
        client_request = correlation::client_request(http.headers()),
        operation = operation.name,
        status = answer.status().as_u16(),
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    answer
}

async fn enter(
    gate: &Authenticator<'_>,
    operation: Operation,
    serve: impl AsyncFnOnce(&Request) -> Result<HttpResponse, HttpRefusal>,
) -> HttpResponse {
    let caller = match gate.enter().await {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    if let Err(wait) = gate
        .shared
        .limits
        .charge(caller.agency(), caller.client(), operation.cost)
    {
        return answer::too_much(gate.media, gate.request_id, wait);
    }
    let request = Request {
        worker: gate.worker.clone(),
        caller,
        meta: RequestMeta {
            operation: Some(operation.name.to_owned()),
            ..authenticator::meta(gate.http, &gate.shared.settings, gate.request_id)
        },
        lacking: Arc::default(),
        told_agencies: Arc::default(),
    };
    let (served, may_have_changed) = outcome::noticing_changes(Box::pin(serve(&request))).await;
    match served {
        Ok(answer) => answer,
        Err(refused) if may_have_changed => {
            let admitted = HttpRefusal::from(refused.refusal.after_a_change());
            refuse(gate, &request, admitted).await
        }
        Err(refused) => refuse(gate, &request, refused).await,
    }
}

async fn refuse(gate: &Authenticator<'_>, request: &Request, refused: HttpRefusal) -> HttpResponse {
    let error = &refused.refusal.error;
    let code = error.code();
    if let Some(cause) = refused.refusal.cause() {
        error!(request = gate.request_id, code, cause = %cause, "refused");
    }
    if matches!(error, Error::Unauthenticated) {
        return gate.out_of_force(&request.caller).await;
    }
    if let Error::RateLimited { seconds } = error {
        let wait = Wait::of(Duration::from_secs(*seconds));
        return answer::too_much(gate.media, gate.request_id, wait);
    }
    let denied = matches!(error, Error::NotFound | Error::ForbiddenScope { .. });
    if denied && !refused.recorded {
        let asked = gate.http.match_info().get("id");
        request.deny(code, asked.and_then(object::on_record)).await;
    }
    let body = answer::without_data(&answer::wires(error), gate.request_id);
    if let Error::ForbiddenScope { needed, .. } = error {
        return gate.too_narrow(&request.caller, needed, body);
    }
    answer::body(refused.status, gate.media, gate.request_id, body)
}

/// Returns an answer that no cache keeps and no browser takes for something else.
#[must_use]
pub fn kept_by_nobody(status: StatusCode, request: &Request) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::VARY, "Authorization"))
        .insert_header((REQUEST_ID, request.meta.request.clone()));
    answer
}

/// Returns the id in a path. What is no id is answered like one that is nobody's.
///
/// # Errors
/// `NOT_FOUND`.
pub fn id<I: std::str::FromStr>(text: &str) -> Result<I> {
    text.parse().map_err(|_| Error::NotFound.into())
}
