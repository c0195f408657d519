//! Concord's own authorization server: how a partner's program gets an access token, narrows it, asks about it and
//! gives it back.
//!
//! - [`assertion`]: how an application proves who it is with a key of its own. Pure.
//! - [`client`]: whether a program is the application that it says it is.
//! - [`issue`]: client credentials (RFC 6749, 4.4) and the token that comes of them (RFC 9068).
//! - [`exchange`]: a narrower token for another one (RFC 8693).
//! - [`revoke`] (RFC 7009) and [`introspect`] (RFC 7662).
//! - [`metadata`]: what the service says of itself (RFC 8414, RFC 9728). Pure.
//! - [`form`] and [`fault`]: what is asked and how it is refused. Pure.

pub mod assertion;
pub mod client;
pub mod exchange;
pub mod fault;
pub mod form;
pub mod introspect;
pub mod issue;
pub mod metadata;
pub mod revoke;

use std::net::IpAddr;

use serde_json::Value;

use self::client::Client;
use self::fault::{OauthError, OauthErrorCode};
use self::form::FormParameters;
use crate::access::keys::cache::TokenKeyCache;
use crate::access::limit::Limits;
use crate::access::{TokenVerifier, replay_guard};
use crate::audit::event::{Agent, Event, RequestMeta};
use crate::audit::ledger::Ledger;
use crate::clock;
use crate::jose::dpop::{self, Expectation};
use crate::settings::Settings;
use crate::store::Store;

/// What the authorization server works with.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationServer<'s> {
    /// The stores.
    pub store: &'s Store,
    /// The way to the audit log.
    pub ledger: &'s Ledger,
    /// The keys that sign.
    pub ring: &'s TokenKeyCache,
    /// Who proves a token that is brought.
    pub verifier: &'s TokenVerifier,
    /// How much anybody may try.
    pub limits: &'s Limits,
    /// Who we are.
    pub settings: &'s Settings,
}

/// What a program sent.
#[derive(Clone, Debug)]
pub struct OauthRequest {
    /// The `Authorization` header, where there is exactly one.
    pub authorization: Option<String>,
    /// Every `DPoP` header.
    pub proofs: Vec<String>,
    /// The parameters.
    pub form: FormParameters,
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// What goes on record about the request.
    pub meta: RequestMeta,
}

/// What a program may ask the authorization server for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A token (RFC 6749, 3.2).
    Token,
    /// To take a token back (RFC 7009).
    Revocation,
    /// What a token is worth (RFC 7662).
    Introspection,
}

/// Answers a program; where it is refused, the attempt is on record before it is told.
///
/// # Errors
/// [`OauthError`].
pub async fn answer(
    desk: &AuthorizationServer<'_>,
    endpoint: Endpoint,
    asked: &OauthRequest,
) -> Result<Value, OauthError> {
    // To a fork, a token that was taken back is in force.
    desk.ledger.fork().refuse()?;
    let mut who = Agent::stranger();
    let answer = serve(desk, endpoint, asked, &mut who).await;
    let Err(fault) = &answer else { return answer };
    if fault.kind == OauthErrorCode::InvalidClient
        && let Some(address) = asked.address
        && let Err(wait) = desk.limits.failed(address, Some(&who.client))
    {
        return Err(OauthError::slow_down(wait.seconds()));
    }
    if fault.kind.is_denial() {
        let AuthorizationServer { store, ledger, .. } = desk;
        ledger
            .deny(store, &who, &asked.meta, fault.why, Event::ClientRefused)
            .await;
    }
    answer
}

async fn serve(
    desk: &AuthorizationServer<'_>,
    endpoint: Endpoint,
    asked: &OauthRequest,
    who: &mut Agent,
) -> Result<Value, OauthError> {
    let client = client::authenticate(desk, asked, who).await?;
    match endpoint {
        Endpoint::Token => token(desk, asked, &client).await,
        Endpoint::Revocation => revoke::revoke(desk, asked, &client).await,
        Endpoint::Introspection => introspect::introspect(desk, asked, &client).await,
    }
}

async fn token(
    desk: &AuthorizationServer<'_>,
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
            .is_some_and(|wanted| wanted != desk.settings.audience)
        {
            return Err(OauthError::of(
                OauthErrorCode::InvalidTarget,
                "tokens are for this service alone: leave resource and audience out, or name it as its metadata does",
            ));
        }
    }
    let holder = holder(desk, asked, client).await?;
    match grant {
        metadata::CLIENT_CREDENTIALS => issue::issue(desk, asked, client, holder).await,
        metadata::TOKEN_EXCHANGE => exchange::exchange(desk, asked, client, holder).await,
        _ => Err(OauthError::of(
            OauthErrorCode::UnsupportedGrantType,
            "there are client_credentials and token exchange: see the server metadata",
        )),
    }
}

/// The thumbprint of the key that the sender proves to hold, where it sends a proof (RFC 9449, 5).
async fn holder(
    desk: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    client: &Client,
) -> Result<Option<String>, OauthError> {
    let proof = match asked.proofs.as_slice() {
        [] if client.dpop_bound => return Err(OauthError::proof("no_proof")),
        [] => return Ok(None),
        [proof] => proof,
        _ => return Err(OauthError::proof("several_proofs")),
    };
    let url = format!("{}/oauth/token", desk.settings.issuer);
    let expected = Expectation {
        method: "POST",
        url: &url,
        access_token: None,
    };
    let proof = dpop::check(proof, &expected, clock::now())
        .map_err(|fault| OauthError::proof(fault.code()))?;
    if !replay_guard::spend(desk.store, proof.digest(), proof.expires_at()).await? {
        return Err(OauthError::proof("replayed_proof"));
    }
    Ok(Some(proof.thumbprint))
}
