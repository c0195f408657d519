//! `POST /graphql`: a request carried through token, guard, coercion and execution.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Name, PathSegment, Response, Value, Variables};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::answer;
use super::authenticator::{self, Authenticator};
use super::correlation;
use super::negotiate::{self, MediaType, RequestOutcome};
use super::params::Params;
use super::shared::Shared;
use super::trusted;
use crate::access::Caller;
use crate::access::scope::Scopes;
use crate::audit::event::RequestMeta;
use crate::error::{Error, Refusal};
use crate::graphql::asked::AskedObjects;
use crate::graphql::cost::Cost;
use crate::graphql::document::{Admitted, Unfit};
use crate::graphql::operation::{refuse_subscription, select_operation};
use crate::graphql::{MAX_FAULTS, merge, prices};
use crate::request::{LackingFields, Request, Worker};
use crate::store::outcome;
use crate::telemetry;

/// How large a request's body may be.
pub const MAX_BODY: usize = 64 * 1024;
/// How long an execution may take.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// Answers any request to `/graphql`.
pub async fn graphql(
    http: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    let request_id = Uuid::now_v7().to_string();
    let started = std::time::Instant::now();
    let answer = serve(&http, payload, &shared, &worker, &request_id).await;
    telemetry::answered(answer.status().as_u16());
    info!(
        request = request_id,
        trace = correlation::trace(http.headers()),
        client_request = correlation::client_request(http.headers()),
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
        answer::errors(status, media, request_id, &[Error::bad_request(text)])
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
    let gate = Authenticator {
        http,
        shared,
        worker,
        media,
        request_id,
    };
    let caller = match gate.enter().await {
        Ok(caller) => caller,
        Err(answer) => return answer,
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
            let status = media.status(RequestOutcome::Malformed);
            return answer::errors(status, media, request_id, &[fault]);
        }
    };
    execute(&gate, caller, params).await
}

/// A document and its variables, ready to execute.
struct Ready {
    document: ExecutableDocument,
    variables: Variables,
    operation_name: Option<String>,
    asked: AskedObjects,
    lacking: LackingFields,
    cost: Cost,
}

fn prepare(
    shared: &Shared,
    admitted: &Admitted,
    caller: &Caller,
    params: Params,
) -> Result<Ready, Vec<Error>> {
    let operation = select_operation(admitted.document(), params.operation_name.as_deref())
        .map_err(|fault| vec![fault])?;
    refuse_subscription(operation).map_err(|fault| vec![fault])?;
    let raw = params.variables.unwrap_or_default();
    let inputs = &shared.contract.inputs;
    let variables = inputs.coerce(admitted.document(), operation, &raw)?;
    let cost = admitted.cost(operation, &variables);
    cost.check().map_err(|fault| vec![fault])?;
    let document = if admitted.repeats_a_key() {
        merge::merge(
            &shared.contract.outputs,
            admitted.document(),
            operation,
            &variables,
        )
    } else {
        ExecutableDocument::from(admitted)
    };
    Ok(Ready {
        lacking: admitted
            .scopes()
            .lacking(operation, &variables, caller.granted()),
        asked: AskedObjects::of(admitted.document(), operation, &variables),
        document,
        variables,
        cost,
        operation_name: params.operation_name,
    })
}

/// Returns what is wrong with a document, and with the variables that are sent with it.
fn all_faults(shared: &Shared, unfit: Unfit, params: &Params) -> Vec<Error> {
    let Unfit {
        mut faults,
        document,
    } = unfit;
    let operation = document.as_ref().and_then(|document| {
        let named = params.operation_name.as_deref();
        Some((document, select_operation(document, named).ok()?))
    });
    if let Some((document, operation)) = operation {
        let none = serde_json::Map::new();
        let raw = params.variables.as_ref().unwrap_or(&none);
        let inputs = &shared.contract.inputs;
        let coerced = inputs.coerce(document, operation, raw);
        faults.extend(coerced.err().into_iter().flatten());
    }
    faults.truncate(MAX_FAULTS);
    faults
}

async fn execute(gate: &Authenticator<'_>, caller: Caller, params: Params) -> HttpResponse {
    let Authenticator {
        http,
        shared,
        worker,
        media,
        request_id,
    } = *gate;
    let declined = |faults: &[Error]| {
        let status = media.status(RequestOutcome::RequestError);
        answer::errors(status, media, request_id, faults)
    };
    let (agency, client) = (caller.agency(), caller.client().to_owned());
    let charge = |cost| shared.limits.charge(agency, &client, cost);
    if let Err(wait) = charge(prices::REQUEST) {
        return answer::too_much(media, request_id, wait);
    }
    let text = match trusted::document(gate, &caller, &params.document).await {
        Ok(text) => text,
        Err(answer) => return answer,
    };
    let admitted = match shared.documents.admit(&shared.contract, &text) {
        Ok(admitted) => admitted,
        Err(unfit) => return declined(&all_faults(shared, *unfit, &params)),
    };
    let ready = match prepare(shared, &admitted, &caller, params) {
        Ok(ready) => ready,
        Err(faults) => return declined(&faults),
    };
    if let Err(wait) = charge(ready.cost.charged.saturating_sub(prices::REQUEST)) {
        return answer::too_much(media, request_id, wait);
    }
    let request = Request {
        worker: worker.clone(),
        caller,
        meta: RequestMeta {
            operation: ready.operation_name.clone(),
            document: Some(admitted.sha256()),
            ..authenticator::meta(http, &shared.settings, request_id)
        },
        lacking: Arc::new(ready.lacking),
        told_agencies: Arc::default(),
    };
    let mut execution = async_graphql::Request::new("")
        .variables(ready.variables)
        .data(request.clone());
    if let Some(name) = ready.operation_name {
        execution = execution.operation_name(name);
    }
    execution.set_parsed_query(ready.document);
    let executing = tokio::time::timeout(DEADLINE, shared.schema.execute(execution));
    let (executed, may_have_changed) = outcome::noticing_changes(executing).await;
    let Ok(mut response) = executed else {
        warn!(request = request_id, "an execution took too long");
        let fault = if may_have_changed {
            Error::OutcomeUnknown
        } else {
            Error::Unavailable
        };
        return answer::errors(StatusCode::SERVICE_UNAVAILABLE, media, request_id, &[fault]);
    };
    answer::give_codes(&mut response);
    answer::tell_each_fault(&mut response);
    if may_have_changed {
        answer::admit_changes(&mut response);
    }
    report(&request, &response, &ready.asked).await;
    let outcome = RequestOutcome::of(&response);
    if is_out_of_force(&response) {
        return gate.out_of_force(&request.caller).await;
    }
    if let Some(scope) = lacking(&response) {
        let bytes = answer::without_data(&response.errors, request_id);
        return gate.too_narrow(&request.caller, &scope, bytes);
    }
    let wait = must_wait(&response);
    let bytes = if outcome == RequestOutcome::RequestError {
        answer::without_data(&response.errors, request_id)
    } else {
        answer::executed(response, request_id, ready.cost)
    };
    let mut answer = answer::body(media.status(outcome), media, request_id, bytes);
    if let Some(seconds) = wait {
        let seconds = header::HeaderValue::from(seconds);
        answer.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    answer
}

/// Returns the reasons of ours for which every field of the root was refused; none where anything was answered, if only
/// that there is nothing, or where a reason is not ours.
fn reasons(response: &Response) -> Option<Vec<&Error>> {
    let refused = |key: &Name| {
        let mut errors = response.errors.iter();
        errors.any(|error| error.path == [PathSegment::Field(key.to_string())])
    };
    let nothing = if let Value::Object(fields) = &response.data {
        let mut fields = fields.iter();
        fields.all(|(key, value)| *value == Value::Null && refused(key))
    } else {
        response.data == Value::Null
    };
    let reason = |error: &'_ async_graphql::ServerError| error.source::<Refusal>().is_some();
    if !nothing || response.errors.is_empty() || !response.errors.iter().all(reason) {
        return None;
    }
    let refusals = response
        .errors
        .iter()
        .filter_map(|error| error.source::<Refusal>());
    Some(refusals.map(|refusal| &refusal.error).collect())
}

/// Returns whether the whole request was refused because its token does not count any more.
fn is_out_of_force(response: &Response) -> bool {
    reasons(response).is_some_and(|reasons| {
        reasons
            .iter()
            .all(|reason| matches!(reason, Error::Unauthenticated))
    })
}

/// Returns the scopes that the token lacks, where that is why there is nothing to answer.
fn lacking(response: &Response) -> Option<String> {
    let mut lacking = Vec::new();
    for reason in reasons(response)? {
        let Error::ForbiddenScope { needed, .. } = reason else {
            return None;
        };
        lacking.push(needed.as_str());
    }
    let lacking = lacking.join(" ");
    let scopes = Scopes::parse(&lacking);
    Some(scopes.map_or(lacking, |scopes| scopes.to_string()))
}

/// Returns for how many seconds to wait, where an allowance was used up while the request was executed.
fn must_wait(response: &Response) -> Option<u64> {
    let refusals = response
        .errors
        .iter()
        .filter_map(|error| error.source::<Refusal>());
    let waits = refusals.map(|refusal| {
        if let Error::RateLimited { seconds } = refusal.error {
            Some(seconds)
        } else {
            None
        }
    });
    waits.max().flatten()
}

/// Tells the log what went wrong, and the audit log what was refused.
async fn report(request: &Request, response: &Response, asked: &AskedObjects) {
    let mut denied = BTreeSet::new();
    for error in &response.errors {
        let Some(refusal) = error.source::<Refusal>() else {
            continue;
        };
        let code = refusal.error.code();
        if let Some(cause) = refusal.cause() {
            error!(request = request.meta.request, code, cause = %cause, "refused");
        }
        if is_denial(&refusal.error) {
            denied.insert((code, asked.at(&error.path)));
        }
    }
    let attempts = denied
        .into_iter()
        .map(|(code, object)| (code, object.map(str::to_owned)));
    request.deny_all(attempts).await;
}

/// Returns whether a refusal is a denied attempt, which goes on record, rather than a slip.
fn is_denial(error: &Error) -> bool {
    match error {
        Error::ForbiddenScope { .. } | Error::NotFound | Error::MouRequired => true,
        Error::Unauthenticated
        | Error::ForbiddenOrigin
        | Error::BadUserInput(_)
        | Error::InvalidTransition { .. }
        | Error::NotYours { .. }
        | Error::SendersOnly
        | Error::NotNow(_)
        | Error::ImpactUnseen { .. }
        | Error::LegalHold { .. }
        | Error::DuplicateReferral { .. }
        | Error::ConsentDefective { .. }
        | Error::Conflict(_)
        | Error::PurposeRequired
        | Error::PersistedQueryNotSupported
        | Error::DocumentNotTrusted
        | Error::FileRefused { .. }
        | Error::BeyondRulePack { .. }
        | Error::CursorExpired
        | Error::QueryTooCostly(_)
        | Error::RateLimited { .. }
        | Error::OutcomeUnknown
        | Error::Unavailable
        | Error::Internal => false,
    }
}
