//! A narrower token for another one (RFC 8693): down-scoping alone.
//!
//! The result reaches at most as far as the token that is brought, and as the application that brings it may; it lives
//! no longer; `act` names that application. An application's own token can be turned into one for a single user, whom
//! `requested_subject` names; a user's never into another's.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::client::Client;
use super::fault::{OauthError, OauthErrorCode, unless_unavailable};
use super::issue::{self, TokenDraft};
use super::server::{AuthorizationServer, OauthRequest};
use crate::access::scope::{Scopes, narrower};
use crate::access::token::{Actor, MAX_NAME};
use crate::access::{Caller, token_status};
use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::text;

/// The one type of token that is brought and given (RFC 8693, 3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// How often a token may be exchanged for another: each exchange adds an actor.
const MAX_ACTORS: usize = 4;

/// Exchanges `subject_token`.
///
/// # Errors
/// `invalid_request` (also for a token that is not in force, RFC 8693, 2.2.2), `invalid_scope`, `invalid_dpop_proof`,
/// `invalid_client`, `temporarily_unavailable`.
pub async fn exchange(
    server: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    client: &Client,
    holder: Option<String>,
) -> Result<Value, OauthError> {
    let brought = subject(server, asked, client).await?;
    if brought.holder().is_some() && brought.holder() != holder.as_deref() {
        return Err(OauthError::proof("other_holder"));
    }
    let draft = TokenDraft {
        subject: named(asked, &brought)?,
        scopes: narrowed(asked, client, brought.granted())?,
        holder,
        actor: Some(actor(client, &brought)?),
        until: Some(brought.expires_at()),
    };
    let parent = brought.token().to_owned();
    let author = issue::author(client, draft.subject.clone(), Some(parent.clone()));
    let change = Change::open(server.store, server.ledger, author, &asked.meta).await?;
    let status = token_status::read(&change, server.store.backend, &brought).await?;
    if status.require().is_err() {
        return Err(not_in_force("standing"));
    }
    let claims = issue::claims(server, &change, client, draft).await?;
    if claims.expires_at <= claims.issued_at {
        return Err(not_in_force("expired"));
    }
    let event = Event::TokenExchanged {
        token: claims.id.clone(),
        subject: parent.clone(),
    };
    let mut answer = issue::keep(server, change, client, &claims, Some(parent), event).await?;
    if let Some(members) = answer.as_object_mut() {
        members.insert("issued_token_type".to_owned(), json!(ACCESS_TOKEN));
    }
    Ok(answer)
}

/// Returns who the token that is brought proves to act, in the client's own agency.
async fn subject(
    server: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    client: &Client,
) -> Result<Caller, OauthError> {
    let form = &asked.form;
    if form.get("actor_token").is_some() || form.get("actor_token_type").is_some() {
        return Err(OauthError::request(
            "leave actor_token out: the client that asks is the actor",
        ));
    }
    if form
        .get("requested_token_type")
        .is_some_and(|wanted| wanted != ACCESS_TOKEN)
    {
        return Err(OauthError::request(
            "requested_token_type can only be access_token",
        ));
    }
    let brought = form.need("subject_token", "send a subject_token")?;
    if form.get("subject_token_type") != Some(ACCESS_TOKEN) {
        return Err(OauthError::request(
            "subject_token_type must be access_token",
        ));
    }
    let caller = server
        .verifier
        .read(server.store, brought)
        .await
        .map_err(|fault| unless_unavailable(fault, not_in_force))?;
    if caller.agency() != client.agency {
        return Err(not_in_force("other_agency"));
    }
    Ok(caller)
}

/// Returns a token that is no token, not in force, or another agency's: in the same words.
const fn not_in_force(why: &'static str) -> OauthError {
    OauthError {
        kind: OauthErrorCode::InvalidSubjectToken,
        description: Cow::Borrowed(
            "the subject_token is not one of your agency's that is in force",
        ),
        why,
    }
}

/// Returns for whom the new token is: a user whom the request names, where the token that is brought is an
/// application's own.
fn named(asked: &OauthRequest, brought: &Caller) -> Result<String, OauthError> {
    let Some(wanted) = asked.form.get("requested_subject") else {
        return Ok(brought.subject().to_owned());
    };
    if wanted == brought.subject() {
        return Ok(wanted.to_owned());
    }
    if brought.subject() != brought.client() {
        return Err(OauthError {
            description: Cow::Borrowed(
                "a token that is already one user's cannot become another's",
            ),
            ..not_in_force("other_user")
        });
    }
    if text::line(wanted, MAX_NAME).as_deref() != Ok(wanted) {
        return Err(OauthError::request(
            "requested_subject has 1 to 128 characters that can be seen, and no space at its ends",
        ));
    }
    Ok(wanted.to_owned())
}

/// Returns what the new token allows: no more than what was brought, and no more than what the client may ask for.
fn narrowed(asked: &OauthRequest, client: &Client, brought: &Scopes) -> Result<Scopes, OauthError> {
    let open = brought.and(&client.scopes);
    let wanted = Client::wanted(&asked.form, brought, &open)?;
    if !narrower(&wanted, &client.scopes) {
        return Err(OauthError::scope(&open));
    }
    Ok(wanted)
}

/// Returns the client as the actor, with those who acted before it (RFC 8693, 4.1).
fn actor(client: &Client, brought: &Caller) -> Result<Actor, OauthError> {
    let actor = Actor {
        subject: client.id.to_string(),
        before: brought.actor().cloned().map(Box::new),
    };
    if actor.count() > MAX_ACTORS {
        return Err(OauthError {
            description: Cow::Borrowed(
                "this token was exchanged often enough: begin with your agency's own",
            ),
            ..not_in_force("too_many_actors")
        });
    }
    Ok(actor)
}
