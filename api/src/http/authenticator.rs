//! Who comes in: a caller whose token is proven, or an answer that is the same for every token that is not.

use std::borrow::Cow;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use tracing::{error, info};

use super::answer;
use super::challenge::Lack;
use super::client_address;
use super::correlation;
use super::cors;
use super::negotiate::MediaType;
use super::shared::Shared;
use crate::access::Caller;
use crate::access::limit::{self, Failure};
use crate::access::verifier::{CallerError, Presented};
use crate::audit::event::{Agent, Event, RequestMeta};
use crate::audit::refusals::{Refused, RefusedAttempt};
use crate::error::{Error, Refusal};
use crate::graphql::prices;
use crate::request::Worker;
use crate::settings::Settings;

/// How many seconds after an outage a program is told to try again.
pub const AFTER_OUTAGE: u64 = 2;

/// One request on its way in, and what answers it if it goes no further.
#[derive(Clone, Copy)]
pub struct Authenticator<'r> {
    /// The request.
    pub http: &'r HttpRequest,
    /// What every worker shares.
    pub shared: &'r Shared,
    /// What this worker has.
    pub worker: &'r Worker,
    /// How it is answered.
    pub media: MediaType,
    /// What it is called.
    pub request_id: &'r str,
}

impl Authenticator<'_> {
    /// Returns the caller that the request proves.
    ///
    /// # Errors
    /// What the request is answered with instead.
    pub async fn enter(&self) -> Result<Caller, HttpResponse> {
        let proofs = proofs(self.http);
        let url = url(self.http, &self.shared.settings);
        let presented = Presented {
            authorization: authorization(self.http),
            proofs: &proofs,
            method: self.http.method().as_str(),
            url: &url,
        };
        let caller = self.shared.verifier.caller(&self.worker.store, &presented);
        match caller.await {
            Ok(caller) => self.admit_page(&caller).await.map(|()| caller),
            Err(_) if !self.http.headers().contains_key(header::AUTHORIZATION) => {
                Err(self.unauthenticated(Lack::Token))
            }
            Err(CallerError::Refused(refusal)) => Err(self.unjudged(&refusal)),
            Err(fault) => {
                let lack = match fault {
                    CallerError::Holder(_) => Lack::GoodProof,
                    CallerError::Signed(fault) => Lack::GoodClaim(fault),
                    CallerError::Token(_) | CallerError::Refused(_) => Lack::GoodToken,
                };
                Err(self.turn_away(&Agent::stranger(), fault.code(), lack).await)
            }
        }
    }

    /// Lets a caller in whose request comes from no page, or from one that may call with its token. An attempt from another
    /// page goes on record.
    async fn admit_page(&self, caller: &Caller) -> Result<(), HttpResponse> {
        let Some(origin) = cors::other_origin(self.http) else {
            return Ok(());
        };
        let Worker { store, ledger, .. } = self.worker;
        let admitted = self
            .worker
            .origins
            .admit(store, caller.application(), origin);
        match admitted.await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(refusal) => return Err(self.unjudged(&refusal)),
        }
        let (agency, client) = (caller.agency(), caller.client());
        let charged = self.shared.limits.charge(agency, client, prices::REQUEST);
        if let Err(wait) = charged {
            return Err(answer::too_much(self.media, self.request_id, wait));
        }
        let error = Error::ForbiddenOrigin;
        let meta = meta(self.http, &self.shared.settings, self.request_id);
        let denied = Event::AccessDenied {
            code: error.code(),
            object: None,
        };
        ledger
            .deny(store, &caller.agent(), &meta, vec![denied])
            .await;
        Err(self.refused(StatusCode::FORBIDDEN, &error))
    }

    /// Answers a request of which it could not be learned whether it may come in.
    #[must_use]
    pub fn unjudged(&self, refusal: &Refusal) -> HttpResponse {
        if let Some(cause) = refusal.cause() {
            error!(request = self.request_id, cause = %cause, "a token could not be judged");
        }
        if refusal.error == Error::Internal {
            self.refused(StatusCode::INTERNAL_SERVER_ERROR, &Error::Internal)
        } else {
            let mut answer = self.refused(StatusCode::SERVICE_UNAVAILABLE, &Error::Unavailable);
            let wait = header::HeaderValue::from(AFTER_OUTAGE);
            answer.headers_mut().insert(header::RETRY_AFTER, wait);
            answer
        }
    }

    /// Answers a token that does not count any more.
    pub async fn out_of_force(&self, caller: &Caller) -> HttpResponse {
        self.turn_away(&caller.agent(), "standing", Lack::GoodToken)
            .await
    }

    /// Answers a token of this caller's that does not reach as far as `scope`.
    #[must_use]
    pub fn too_narrow(&self, caller: &Caller, scope: &str, body: Vec<u8>) -> HttpResponse {
        let empty_claim = caller
            .origin()
            .and_then(|origin| origin.empty_claim.as_deref());
        let mut answer = answer::body(StatusCode::FORBIDDEN, self.media, self.request_id, body);
        self.shared
            .challenges
            .add(&mut answer, Lack::Scope { scope, empty_claim });
        answer
    }

    /// Refuses a token, with the attempt on record. However often that happens, the answer is the same, since it is what
    /// has a library fetch a new token.
    async fn turn_away(&self, agent: &Agent, why: &'static str, lack: Lack<'_>) -> HttpResponse {
        let meta = meta(self.http, &self.shared.settings, self.request_id);
        info!(
            request = self.request_id,
            trace = meta.trace,
            client_request = meta.client_request,
            why,
            "a token was refused"
        );
        let address = client_address::of(self.http, &self.shared.settings.proxies);
        let failure = self.shared.limits.failure(address, None);
        let network = address.map(limit::network_name);
        let attempt = RefusedAttempt {
            what: Refused::Token,
            why,
            agent,
            meta: &meta,
            network: network.as_deref(),
        };
        let Worker {
            store,
            ledger,
            refusals,
            ..
        } = self.worker;
        match failure {
            Failure::Recorded => refusals.record(store, ledger, attempt).await,
            Failure::Counted(_) => refusals.count(attempt),
        }
        self.unauthenticated(lack)
    }

    fn unauthenticated(&self, lack: Lack<'_>) -> HttpResponse {
        let mut answer = self.refused(StatusCode::UNAUTHORIZED, &Error::Unauthenticated);
        self.shared.challenges.add(&mut answer, lack);
        answer
    }

    fn refused(&self, status: StatusCode, error: &Error) -> HttpResponse {
        answer::errors(
            status,
            self.media,
            self.request_id,
            std::slice::from_ref(error),
        )
    }
}

/// Returns what goes on record about a request before it is known what it asks.
#[must_use]
pub fn meta(http: &HttpRequest, settings: &Settings, request_id: &str) -> RequestMeta {
    RequestMeta {
        request: request_id.to_owned(),
        address: client_address::of(http, &settings.proxies).map(|address| address.to_string()),
        trace: correlation::trace(http.headers()).map(str::to_owned),
        client_request: correlation::client_request(http.headers()).map(str::to_owned),
        ..RequestMeta::default()
    }
}

/// Returns the request's URL, as its sender knows it: the audience where that is GraphQL, and otherwise a path under
/// the issuer.
fn url<'r>(http: &HttpRequest, settings: &'r Settings) -> Cow<'r, str> {
    match http.path() {
        "/graphql" => Cow::Borrowed(&settings.audience),
        path => Cow::Owned(format!("{}{path}", settings.issuer.trim_end_matches('/'))),
    }
}

/// Returns the `Authorization` header; empty where there is none, more than one, or none that could be right.
#[must_use]
pub fn authorization(http: &HttpRequest) -> &str {
    let mut all = http.headers().get_all(header::AUTHORIZATION);
    match (all.next(), all.next()) {
        (Some(only), None) => only.to_str().unwrap_or(""),
        (_, _) => "",
    }
}

/// Returns every `DPoP` header, as it was sent.
#[must_use]
pub fn proofs(http: &HttpRequest) -> Vec<String> {
    http.headers()
        .get_all("dpop")
        .map(|proof| proof.to_str().unwrap_or("").to_owned())
        .collect()
}
