//! Taking a token back (RFC 7009), by the token itself or by its `jti`.

use serde_json::{Value, json};

use super::client::Client;
use super::fault::OauthError;
use super::server::{AuthorizationServer, OauthRequest};
use crate::access::{revoked, token_status};
use crate::audit::change;
use crate::audit::event::{Agent, Event};
use crate::audit::leaf::Leaf;
use crate::store::sharing_lock::{self, LockedTransaction, SharingLock};

/// Takes a token back that this client was given. For any other the answer is the same (RFC 7009, 2.2).
///
/// # Errors
/// `invalid_request`, `temporarily_unavailable`: it may still be in force.
pub async fn revoke(
    desk: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    client: &Client,
) -> Result<Value, OauthError> {
    let brought = asked.form.need("token", "send the token, or its jti")?;
    let done = json!({});
    let Some(jti) = name(desk, client, brought).await? else {
        return Ok(done);
    };
    let backend = desk.store.backend;
    let LockedTransaction { transaction, .. } =
        sharing_lock::open(desk.store, SharingLock::Exclusive).await?;
    let found = token_status::of_client(&transaction, backend, client.agency, client.id).await?;
    let (_, now) = found.ok_or(OauthError::client("standing"))?;
    if !revoked::revoke(&transaction, backend, client.agency, &jti, now).await? {
        return Ok(done);
    }
    let agent = Agent {
        agency: Some(client.agency),
        subject: client.id.to_string(),
        client: client.id.to_string(),
        token: None,
    };
    let leaf = Leaf::of(Event::TokenRevoked(jti), &agent, &asked.meta, now);
    let address = asked.meta.address.as_deref();
    change::commit(transaction, SharingLock::Exclusive, leaf, address).await?;
    desk.ledger.has_grown();
    Ok(done)
}

/// The `jti` of a token of this client's that is not over; none where it is no such thing.
async fn name(
    desk: &AuthorizationServer<'_>,
    client: &Client,
    brought: &str,
) -> Result<Option<String>, OauthError> {
    let jti = if brought.contains('.') {
        match desk.verifier.read(desk.store, brought).await {
            Ok(caller) => caller.token().to_owned(),
            Err(_) => return Ok(None),
        }
    } else {
        brought.to_owned()
    };
    let known = concord_entities::token_state::Entity::of(client.agency, &jti)
        .one(&desk.store.read)
        .await?;
    Ok(known
        .filter(|token| token.application_id == Some(client.id) && token.denied_at.is_none())
        .map(|token| token.jti))
}
