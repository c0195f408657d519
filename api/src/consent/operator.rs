//! Ending consents by the operator's hand: for a survivor whose agency is suspended, has left, or cannot be reached.

use concord_entities::SelectLocked;
use concord_entities::consent;
use concord_entities::ids::ConsentId;
use concord_entities::vocabulary::RevocationChannel;

use super::ending::{self, By, Ended};
use crate::audit::event::{Agent, Mark};
use crate::audit::leaf::Leaf;
use crate::error::{Answer, Error};
use crate::seal::Vault;
use crate::store::Store;
use crate::store::act::{self, Holding, Opened};

/// Takes a consent back, whosever it is and whether or not its agency takes part.
///
/// # Errors
/// `NOT_FOUND`. `UNAVAILABLE`: nothing was changed.
pub async fn revoke(
    store: &Store,
    vault: &Vault,
    id: ConsentId,
    channel: RevocationChannel,
) -> Answer<Ended> {
    let Opened {
        transaction, now, ..
    } = act::open(store, Holding::Alone).await?;
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
        .map(|event| Leaf::of(event.clone(), &agent, &Mark::default(), now))
        .collect();
    act::commit_all(transaction, Holding::Alone, leaves, None).await?;
    ending::destroy(vault, &ended.packages, "").await;
    Ok(ended)
}
