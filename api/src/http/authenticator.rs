//! Who comes in: a caller whose token is proven, or an answer that is the same for every token that is not.

use std::borrow::Cow;
use std::net::IpAddr;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use tracing::{error, info};

use super::answer;
use super::challenge::Lack;
use super::cors;
use super::negotiate::MediaType;
use super::shared::Shared;
use crate::access::Caller;
use crate::access::verifier::{CallerError, Presented};
use crate::audit::event::{Agent, Event, RequestMeta};
use crate::error::{Error, Refusal};
use crate::graphql::prices;
use crate::request::Worker;
use crate::settings::Settings;

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
        let (error, meta) = (Error::ForbiddenOrigin, meta(self.http, self.request_id));
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
            self.refused(StatusCode::SERVICE_UNAVAILABLE, &Error::Unavailable)
        }
    }

    /// Answers a token that does not count any more.
    pub async fn out_of_force(&self, caller: &Caller) -> HttpResponse {
        self.turn_away(&caller.agent(), "standing", Lack::GoodToken)
            .await
    }

    /// Answers a token that does not reach as far as `scope`.
    #[must_use]
    pub fn too_narrow(&self, scope: &str, body: Vec<u8>) -> HttpResponse {
        let mut answer = answer::body(StatusCode::FORBIDDEN, self.media, self.request_id, body);
        self.shared.challenges.add(&mut answer, Lack::Scope(scope));
        answer
    }

    /// Refuses a token, with the attempt on record; as often as one may be tried from where it comes.
    async fn turn_away(&self, agent: &Agent, why: &'static str, lack: Lack<'_>) -> HttpResponse {
        info!(request = self.request_id, why, "a token was refused");
        if let Some(address) = address(self.http)
            && let Err(wait) = self.shared.limits.failed(address, None)
        {
            return answer::too_much(self.media, self.request_id, wait);
        }
        let meta = meta(self.http, self.request_id);
        let Worker { store, ledger, .. } = self.worker;
        ledger
            .deny(store, agent, &meta, vec![Event::TokenRefused(why)])
            .await;
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
pub fn meta(http: &HttpRequest, request_id: &str) -> RequestMeta {
    RequestMeta {
        request: request_id.to_owned(),
        address: address(http).map(|address| address.to_string()),
        trace: http
            .headers()
            .get("traceparent")
            .and_then(|header| trace(header.to_str().ok()?))
            .map(str::to_owned),
        ..RequestMeta::default()
    }
}

/// Returns the trace's id in a `traceparent` header of the first version (W3C Trace Context, section 3.2): none where it is
/// malformed, which is no reason to refuse anybody.
fn trace(header: &str) -> Option<&str> {
    let is_hex = |text: &str, length| {
        let digit = |letter: u8| matches!(letter, b'0'..=b'9' | b'a'..=b'f');
        text.len() == length && text.bytes().all(digit) && text.bytes().any(|letter| letter != b'0')
    };
    let mut parts = header.split('-');
    let (version, trace, parent) = (parts.next()?, parts.next()?, parts.next()?);
    (version == "00" && is_hex(trace, 32) && is_hex(parent, 16)).then_some(trace)
}

/// Returns the request's URL, as its sender knows it: the audience where that is GraphQL, and otherwise a path under
/// the issuer.
fn url<'r>(http: &HttpRequest, settings: &'r Settings) -> Cow<'r, str> {
    match http.path() {
        "/graphql" => Cow::Borrowed(&settings.audience),
        path => Cow::Owned(format!("{}{path}", settings.issuer.trim_end_matches('/'))),
    }
}

/// Returns where a request comes from.
#[must_use]
pub fn address(http: &HttpRequest) -> Option<IpAddr> {
    http.peer_addr().map(|address| address.ip())
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
