//! Ending consents by the operator's hand: for a survivor whose agency is suspended, has left, or cannot be reached.

use concord_entities::SelectLocked;
use concord_entities::consent;
use concord_entities::ids::ConsentId;
use concord_entities::vocabulary::RevocationChannel;

use super::ending::{self, By, EndedConsent};
use crate::audit::change;
use crate::audit::event::{Agent, RequestMeta};
use crate::audit::leaf::Leaf;
use crate::error::{Error, Result};
use crate::seal::Vault;
use crate::store::Store;
use crate::store::sharing_lock::{self, LockedTransaction, SharingLock};

/// Takes a consent back, whosever it is and whether or not its agency takes part.
///
/// # Errors
/// `NOT_FOUND`. `UNAVAILABLE`: nothing was changed.
pub async fn revoke(
    store: &Store,
    vault: &Vault,
    id: ConsentId,
    channel: RevocationChannel,
) -> Result<EndedConsent> {
    let LockedTransaction {
        transaction, now, ..
    } = sharing_lock::open(store, SharingLock::Exclusive).await?;
    let found = consent::Entity::anywhere(id)
        .one_locked(&transaction)
        .await?;
    let ended = ending::revoke(
        &transaction,
        found.ok_or(Error::NotFound)?,
        By::Operator,
        Some(channel),
        now,
    )
    .await?;
    let agent = Agent::operator_for(ended.consent.discloser_id);
    let leaves = ended
        .events
        .iter()
        .map(|event| Leaf::of(event.clone(), &agent, &RequestMeta::default(), now))
        .collect();
    change::commit_all(transaction, SharingLock::Exclusive, leaves, None).await?;
    ending::destroy(vault, &ended.packages, "").await;
    Ok(ended)
}
