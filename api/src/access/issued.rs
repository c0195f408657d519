//! That a token was issued: its state, and its audit event, in one transaction.

use concord_entities::token_state;
use sea_orm::{EntityTrait, IntoActiveModel};

use super::token::Claims;
use crate::audit::change;
use crate::audit::event::{Agent, Event, RequestMeta};
use crate::audit::leaf::Leaf;
use crate::error::Result;
use crate::store::Store;
use crate::store::sharing_lock::{self, LockedTransaction, SharingLock};

/// Records that a token with these claims was issued.
///
/// # Errors
/// `UNAVAILABLE`: do not hand the token out.
pub async fn record(store: &Store, claims: &Claims) -> Result<()> {
    let LockedTransaction { transaction, .. } =
        sharing_lock::open(store, SharingLock::Shared).await?;
    let state = token_state::Model {
        jti: claims.id.clone(),
        agency_id: claims.agency,
        application_id: claims.client.parse().ok(),
        parent: None,
        expires_at: claims.expires_at,
        denied_at: None,
    };
    token_state::Entity::insert(state.into_active_model())
        .exec_without_returning(&transaction)
        .await?;
    let agent = Agent {
        agency: Some(claims.agency),
        subject: claims.subject.clone(),
        client: claims.client.clone(),
        token: None,
    };
    let event = Event::TokenIssued(claims.id.clone());
    let leaf = Leaf::of(event, &agent, &RequestMeta::default(), claims.issued_at);
    change::commit(transaction, SharingLock::Shared, leaf, None).await
}
