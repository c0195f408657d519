//! Taking a token back (RFC 7009), by the token itself or by its `jti`.

use serde_json::{Value, json};

use super::client::Client;
use super::fault::{OauthError, OauthErrorCode};
use super::issue;
use super::server::{AuthorizationServer, OauthRequest};
use crate::access::ending_allowance;
use crate::access::revoked::{self, Revocable};
use crate::access::token_status;
use crate::access::verifier::CallerError;
use crate::audit::change::Ending;
use crate::audit::event::Event;

/// Takes a token back that this client was given. Of one that is over, or that nobody knows here, the answer is the same
/// (RFC 7009, 2.2).
///
/// # Errors
/// `unauthorized_client`: it was given to another client of the agency's, or proves itself as anybody else's (RFC 7009, 2.1).
/// `invalid_request`, `temporarily_unavailable`: it may still be in force.
pub async fn revoke(
    server: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    client: &Client,
) -> Result<Value, OauthError> {
    let brought = asked.form.need("token", "send the token, or its jti")?;
    let done = json!({});
    let Some(jti) = name(server, client, brought).await? else {
        return Ok(done);
    };
    let now = server.store.ping().await?;
    if revoked::outlook(&server.store.read, client.agency, &jti, now).await? != Revocable::Living {
        return Ok(done);
    }
    let quota = server.limits.endings;
    ending_allowance::look(&server.store.read, client.agency, now, quota).await?;
    let author = issue::author(client, client.id.to_string(), None);
    let turn = server.turnstile.turn(client.agency).await;
    let ending = Ending::open(server.store, server.ledger, author, &asked.meta, turn).await?;
    let (backend, own) = (server.store.backend, client.id.to_string());
    token_status::of_client(&ending, backend, client.agency, client.id, &own)
        .await?
        .ok_or(OauthError::client("standing"))?;
    if revoked::revoke(&ending, client.agency, &jti).await? != Revocable::Living {
        return Ok(done);
    }
    ending_allowance::charge(&*ending, client.agency, ending.now(), quota).await?;
    ending.commit(Event::TokenRevoked(jti)).await?;
    Ok(done)
}

/// Returns the `jti` of a token of this client's; none where nobody knows it here.
async fn name(
    server: &AuthorizationServer<'_>,
    client: &Client,
    brought: &str,
) -> Result<Option<String>, OauthError> {
    let jti = if brought.contains('.') {
        match server.verifier.read(server.store, brought).await {
            Ok(caller) if caller.client() == client.id.to_string() => caller.token().to_owned(),
            // Whoever brings all of it knows that there is such a token.
            Ok(_) => return Err(another_clients()),
            Err(CallerError::Refused(refusal)) => return Err(refusal.into()),
            Err(CallerError::Token(_) | CallerError::Signed(_) | CallerError::Holder(_)) => {
                return Ok(None);
            }
        }
    } else {
        brought.to_owned()
    };
    let known = concord_entities::token_state::Entity::of(client.agency, &jti)
        .one(&server.store.read)
        .await?;
    match known {
        Some(token) if token.application_id == Some(client.id) => Ok(Some(token.jti)),
        Some(_) => Err(another_clients()),
        None => Ok(None),
    }
}

const fn another_clients() -> OauthError {
    OauthError::new(
        OauthErrorCode::UnauthorizedClient,
        "this token was not given to this client: have the one revoke it that it was given to, or use the mutation revokeToken",
    )
}
