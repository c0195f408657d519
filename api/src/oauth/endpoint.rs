//! From what a program sent to its answer.

use serde_json::Value;

use super::client::{self, Client};
use super::fault::{OauthError, OauthErrorCode};
use super::server::{AuthorizationServer, Endpoint, OauthRequest};
use super::{exchange, introspect, issue, metadata, revoke};
use crate::access::limit::{self, Failure};
use crate::access::replay_guard;
use crate::audit::event::Agent;
use crate::audit::refusals::{Refused, RefusedAttempt};
use crate::clock;
use crate::jose::dpop::{self, Expectation};

/// Answers a program; where it is refused, the attempt is on record before it is told, or counted where there are too many.
///
/// # Errors
/// [`OauthError`].
pub async fn answer(
    server: &AuthorizationServer<'_>,
    endpoint: Endpoint,
    asked: &OauthRequest,
) -> Result<Value, OauthError> {
    // To a fork, a token that was taken back is in force.
    server.ledger.fork().refuse()?;
    let mut who = Agent::stranger();
    let fault = match client::authenticate(server, asked, &mut who).await {
        Ok(client) => match serve(server, endpoint, asked, &client).await {
            // A program that asks too much is no stranger, and has tried nothing.
            Err(fault) if !matches!(fault.kind, OauthErrorCode::SlowDown(_)) => fault,
            answer => return answer,
        },
        Err(fault) => fault,
    };
    Err(refuse(server, asked, &who, fault).await)
}

/// Puts a refusal on record, and returns what is told of it: to wait, where somebody fails too often.
async fn refuse(
    server: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    who: &Agent,
    fault: OauthError,
) -> OauthError {
    let network = asked.address.map(limit::network_name);
    let attempt = RefusedAttempt {
        what: Refused::Client,
        why: fault.why,
        agent: who,
        meta: &asked.meta,
        network: network.as_deref(),
    };
    let failure = match fault.kind {
        OauthErrorCode::InvalidClient => server.limits.failure(asked.address, Some(&who.client)),
        OauthErrorCode::SlowDown(_) => Failure::Counted(None),
        OauthErrorCode::UnauthorizedClient
        | OauthErrorCode::InvalidScope
        | OauthErrorCode::InvalidTarget
        | OauthErrorCode::InvalidSubjectToken
        | OauthErrorCode::InvalidDpopProof => Failure::Recorded,
        OauthErrorCode::InvalidRequest
        | OauthErrorCode::UnsupportedGrantType
        | OauthErrorCode::Unavailable => return fault,
    };
    let AuthorizationServer {
        store,
        ledger,
        refusals,
        ..
    } = server;
    match failure {
        Failure::Recorded => refusals.record(store, ledger, attempt).await,
        Failure::Counted(_) => refusals.count(attempt),
    }
    match failure {
        Failure::Counted(Some(wait)) => OauthError::slow_down(wait.seconds()),
        Failure::Counted(None) | Failure::Recorded => fault,
    }
}

async fn serve(
    server: &AuthorizationServer<'_>,
    endpoint: Endpoint,
    asked: &OauthRequest,
    client: &Client,
) -> Result<Value, OauthError> {
    server
        .limits
        .charge(client.agency, &client.id.to_string(), endpoint.cost())
        .map_err(|wait| OauthError::slow_down(wait.seconds()))?;
    match endpoint {
        Endpoint::Token => token(server, asked, client).await,
        Endpoint::Revocation => revoke::revoke(server, asked, client).await,
        Endpoint::Introspection => introspect::introspect(server, asked, client).await,
    }
}

async fn token(
    server: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    client: &Client,
) -> Result<Value, OauthError> {
    let grant = asked
        .form
        .need("grant_type", "name a grant_type: see the server metadata")?;
    for named in ["resource", "audience"] {
        if asked
            .form
            .get(named)
            .is_some_and(|wanted| wanted != server.settings.audience)
        {
            return Err(OauthError::new(
                OauthErrorCode::InvalidTarget,
                "tokens are for this service alone: leave resource and audience out, or name it as its metadata does",
            ));
        }
    }
    let holder = holder(server, asked, client).await?;
    match grant {
        metadata::CLIENT_CREDENTIALS => issue::issue(server, asked, client, holder).await,
        metadata::TOKEN_EXCHANGE => exchange::exchange(server, asked, client, holder).await,
        _ => Err(OauthError::new(
            OauthErrorCode::UnsupportedGrantType,
            "there are client_credentials and token exchange: see the server metadata",
        )),
    }
}

/// Returns the thumbprint of the key that the sender proves to hold, where it sends a proof (RFC 9449, 5).
async fn holder(
    server: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    client: &Client,
) -> Result<Option<String>, OauthError> {
    let proof = match asked.proofs.as_slice() {
        [] if client.dpop_bound => return Err(OauthError::proof("no_proof")),
        [] => return Ok(None),
        [proof] => proof,
        _ => return Err(OauthError::proof("several_proofs")),
    };
    let url = format!("{}/oauth/token", server.settings.issuer);
    let expected = Expectation {
        method: "POST",
        url: &url,
        access_token: None,
    };
    let proof = dpop::check(proof, &expected, clock::now())
        .map_err(|fault| OauthError::proof(fault.code()))?;
    if !replay_guard::record_use(server.store, proof.digest(), proof.expires_at()).await? {
        return Err(OauthError::proof("replayed_proof"));
    }
    Ok(Some(proof.thumbprint))
}
