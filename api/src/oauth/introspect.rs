//! What a token is worth now (RFC 7662), to a program of the agency whose token it is; to any other it is worth
//! nothing.

use serde_json::{Value, json};

use super::client::Client;
use super::fault::OauthError;
use super::server::{AuthorizationServer, OauthRequest};
use crate::access::verifier::CallerError;
use crate::access::{Caller, token_status};

/// Says what a token is worth.
///
/// # Errors
/// `invalid_request`, `invalid_client`, `temporarily_unavailable`.
pub async fn introspect(
    server: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    client: &Client,
) -> Result<Value, OauthError> {
    let AuthorizationServer { store, .. } = server;
    let own = client.id.to_string();
    token_status::of_client(&store.read, store.backend, client.agency, client.id, &own)
        .await?
        .ok_or(OauthError::client("standing"))?;
    let brought = asked.form.need("token", "send the token")?;
    let worthless = json!({ "active": false });
    let caller = match server.verifier.read(server.store, brought).await {
        Ok(caller) => caller,
        Err(CallerError::Refused(refusal)) => return Err(refusal.into()),
        Err(CallerError::Token(_) | CallerError::Signed(_) | CallerError::Holder(_)) => {
            return Ok(worthless);
        }
    };
    if caller.agency() != client.agency {
        return Ok(worthless);
    }
    // On the primary, as the answer of `/graphql` would be.
    let status = token_status::read(&server.store.read, server.store.backend, &caller).await?;
    match status.require() {
        Ok(()) => Ok(describe(server, &caller)),
        Err(_) => Ok(worthless),
    }
}

/// Returns what RFC 7662, 2.2 and RFC 8693, 4 let it say.
fn describe(server: &AuthorizationServer<'_>, caller: &Caller) -> Value {
    let origin = caller.origin();
    let mut said = json!({
        "active": true,
        "scope": caller.scopes().join(" "),
        "client_id": caller.client(),
        "sub": caller.subject(),
        "aud": origin.map_or(&server.settings.audience, |origin| &origin.audience),
        "iss": origin.map_or(&server.settings.issuer, |origin| &origin.issuer),
        "iat": caller.issued_at().unix_seconds(),
        "nbf": caller.not_before().unix_seconds(),
        "exp": caller.expires_at().unix_seconds(),
        "jti": caller.token(),
        "agency": caller.agency().to_string(),
        "token_type": if caller.holder().is_some() { "DPoP" } else { "Bearer" },
    });
    if let Some(members) = said.as_object_mut() {
        if let Some(actor) = caller.actor() {
            members.insert("act".to_owned(), json!(actor));
        }
        if let Some(holder) = caller.holder() {
            members.insert("cnf".to_owned(), json!({ "jkt": holder }));
        }
    }
    said
}
