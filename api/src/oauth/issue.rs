//! A token for a program itself (RFC 6749, 4.4), and how any token is made: RFC 9068, at most five minutes, no refresh
//! token.

use std::time::Duration;

use concord_entities::ids::TokenId;
use concord_entities::instant::Instant;
use concord_entities::token_state;
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::client::Client;
use super::fault::{OauthError, OauthErrorCode};
use super::server::{AuthorizationServer, OauthRequest};
use crate::access::scope::Scopes;
use crate::access::token::{Actor, Claims};
use crate::access::token_status::{self, IssuingFacts};
use crate::audit::change::{ByAgency, Change};
use crate::audit::event::Event;

/// How long a token is good.
pub const LIFE: Duration = Duration::from_mins(5);

/// What a new token is to say, besides what all of them do.
#[derive(Clone, Debug)]
pub struct TokenDraft {
    /// Who acts.
    pub subject: String,
    /// What it allows.
    pub scopes: Scopes,
    /// The key that its bearer must hold.
    pub holder: Option<String>,
    /// Who acts for the subject, where it was exchanged.
    pub actor: Option<Actor>,
    /// When it must be over, whatever [`LIFE`] says.
    pub until: Option<Instant>,
}

/// Returns a token for the program itself: it acts as its own agency's machine.
///
/// # Errors
/// `invalid_scope`, `invalid_client`, `temporarily_unavailable`.
pub async fn issue(
    server: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    client: &Client,
    holder: Option<String>,
) -> Result<Value, OauthError> {
    let draft = TokenDraft {
        subject: client.id.to_string(),
        scopes: Client::wanted(&asked.form, &client.scopes, &client.scopes)?,
        holder,
        actor: None,
        until: None,
    };
    let author = author(client, draft.subject.clone(), None);
    let change = Change::open(server.store, server.ledger, author, &asked.meta).await?;
    let claims = claims(server, &change, client, draft).await?;
    let event = Event::TokenIssued(claims.id.clone());
    keep(server, change, client, &claims, None, event).await
}

/// Returns the author of a token for `subject`, made for the token `parent` where it was exchanged.
pub(super) fn author(client: &Client, subject: String, parent: Option<String>) -> ByAgency {
    ByAgency {
        agency: client.agency,
        subject,
        client: client.id.to_string(),
        token: parent,
        program: None,
    }
}

/// Returns the claims of a new token, by the database's clock, for an application and an agency that take part.
///
/// # Errors
/// `invalid_client`, `invalid_request`: the agency ended that person's tokens. `temporarily_unavailable`.
pub(super) async fn claims(
    server: &AuthorizationServer<'_>,
    change: &Change<'_>,
    client: &Client,
    draft: TokenDraft,
) -> Result<Claims, OauthError> {
    let (backend, subject) = (server.store.backend, &draft.subject);
    let IssuingFacts {
        epoch,
        now,
        subject_is_ended,
    } = token_status::of_client(change, backend, client.agency, client.id, subject)
        .await?
        .ok_or(OauthError::client("standing"))?;
    if subject_is_ended {
        return Err(OauthError::ended_subject());
    }
    let now = Instant::from_unix_seconds(now.unix_seconds());
    let until = now.plus(LIFE);
    Ok(Claims {
        issuer: server.settings.issuer.clone(),
        audience: server.settings.audience.clone(),
        subject: draft.subject,
        client: client.id.to_string(),
        agency: client.agency,
        scope: draft.scopes.to_string(),
        issued_at: now,
        not_before: now,
        expires_at: draft.until.map_or(until, |earlier| until.min(earlier)),
        id: TokenId::new().to_string(),
        epoch,
        holder: draft.holder,
        actor: draft.actor,
    })
}

/// Signs a token, makes it known together with its audit event, and hands it out (RFC 6749, 5.1).
///
/// # Errors
/// `temporarily_unavailable`: no token was handed out.
pub(super) async fn keep(
    server: &AuthorizationServer<'_>,
    change: Change<'_>,
    client: &Client,
    claims: &Claims,
    parent: Option<String>,
    event: Event,
) -> Result<Value, OauthError> {
    let unavailable = |_| {
        OauthError::new(
            OauthErrorCode::Unavailable,
            "no token can be signed at the moment",
        )
    };
    let compact = server.key_cache.sign(claims).map_err(unavailable)?;
    let state = token_state::Model {
        jti: claims.id.clone(),
        agency_id: claims.agency,
        application_id: Some(client.id),
        parent,
        expires_at: claims.expires_at,
        denied_at: None,
    };
    token_state::Entity::insert(state.into_active_model())
        .exec_without_returning(&change)
        .await?;
    change.commit(event).await?;
    Ok(json!({
        "access_token": compact,
        "token_type": if claims.holder.is_some() { "DPoP" } else { "Bearer" },
        "expires_in": claims.expires_at.since(claims.issued_at).as_secs(),
        "scope": claims.scope,
    }))
}
