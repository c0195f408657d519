//! That a token was issued at the command line: its state, and its audit event, in one transaction.

use concord_entities::token_state;
use sea_orm::{EntityTrait, IntoActiveModel};

use super::token::Claims;
use crate::audit::change::{ByAgency, ByOperatorAs, Change};
use crate::audit::event::Event;
use crate::error::Result;
use crate::store::Store;

/// Records that a token with these claims was issued.
///
/// # Errors
/// `UNAVAILABLE`: do not hand the token out.
pub async fn record(store: &Store, claims: &Claims) -> Result<()> {
    let author = ByAgency {
        agency: claims.agency,
        subject: claims.subject.clone(),
        client: claims.client.clone(),
        token: None,
        program: None,
    };
    let change = Change::at_command_line(store, ByOperatorAs(author)).await?;
    let state = token_state::Model {
        jti: claims.id.clone(),
        agency_id: claims.agency,
        application_id: claims.client.parse().ok(),
        parent: None,
        expires_at: claims.expires_at,
        denied_at: None,
    };
    token_state::Entity::insert(state.into_active_model())
        .exec_without_returning(&change)
        .await?;
    change.commit(Event::TokenIssued(claims.id.clone())).await?;
    Ok(())
}
