//! Ending consents by the operator's hand: for a survivor whose agency is suspended, has left, or cannot be reached.

use concord_entities::SelectLocked;
use concord_entities::consent;
use concord_entities::ids::ConsentId;
use concord_entities::vocabulary::RevocationChannel;

use super::ending::{self, By, EndedConsent, Outlook};
use crate::audit::change::{ByOperator, Ending};
use crate::error::{Error, Result};
use crate::seal::housekeeping::Housekeeping;
use crate::store::Store;

/// Takes a consent back, whosever it is and whether or not its agency takes part. Returns also whether the keys of all
/// that stood on it are gone.
///
/// # Errors
/// `NOT_FOUND`. `UNAVAILABLE`: nothing was changed.
pub async fn revoke(
    store: &Store,
    id: ConsentId,
    channel: RevocationChannel,
) -> Result<(EndedConsent, bool)> {
    let seen = consent::Entity::anywhere(id).one(&store.read).await?;
    let seen = seen.ok_or(Error::NotFound)?;
    let now = store.ping().await?;
    if let Outlook::Over(versions) = ending::outlook(&store.read, seen.clone(), now).await? {
        let housekeeping = Housekeeping::default();
        let gone = ending::destroy_left(store, &housekeeping, &versions, "").await?;
        return Ok((EndedConsent::before(seen, versions), gone));
    }
    let mut ending = Ending::at_command_line(store, ByOperator::default()).await?;
    let found = consent::Entity::anywhere(id).one_locked(&ending).await?;
    let found = found.ok_or(Error::NotFound)?;
    ending.acts_for(Some(found.discloser_id));
    let ended = ending::revoke(&ending, found, By::Operator, Some(channel)).await?;
    let gone = ended.commit(ending).await?;
    Ok((ended, gone))
}
