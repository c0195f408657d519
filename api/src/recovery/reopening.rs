//! Going on from an older copy of the data store, where there is no newer one.
//!
//! What was ended since the copy was made is not in it. What can be known of that is made good first: a package whose
//! key has gone ended, also where it has a later key by now, so the consent that it stood on is taken back once more; and
//! tokens that may have been taken back are over, all of them. Suspended agencies and MOUs are for the operator to go
//! through.

use std::collections::HashSet;

use concord_entities::ids::{ConsentId, ReferralId};
use concord_entities::{agency, consent, package_key, referral};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::audit::change::{ByOperator, Ending};
use crate::audit::event::Event;
use crate::audit::witness::{self, WitnessError};
use crate::consent::ending::{self, By};
use crate::error::{Refusal, Result};
use crate::seal::vault::PackageVersion;
use crate::store::{Connections, Store};

/// How many packages are looked at together.
const BATCH: u64 = 500;

/// What was made good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reopened {
    /// How many events had been signed for.
    pub signed: u64,
    /// How many consents were taken back once more.
    pub consents: usize,
}

/// Makes an older copy of the data store the one to go on from; none where it is the right one already. It is on record
/// in the copy's own ledger, which the witness follows from then on. No server may be running.
///
/// # Errors
/// `UNAVAILABLE`: try again, it can be done twice.
pub async fn reopen(store: &Store) -> Result<Option<Reopened>> {
    match witness::compare(store).await {
        Ok(()) => return Ok(None),
        Err(WitnessError::Unread(fault)) => return Err(fault.into()),
        Err(behind @ WitnessError::ClockBehind { .. }) => return Err(Refusal::unavailable(behind)),
        Err(
            WitnessError::Older { .. }
            | WitnessError::Different { .. }
            | WitnessError::EpochFell { .. },
        ) => {}
    }
    let witnessed = witness::newest(&store.keyring).await?;
    let mut ending = Ending::at_command_line(store, ByOperator::default()).await?;
    let mut consents = 0;
    for id in keyless_in_force(&ending, &store.keyring).await? {
        let Some(found) = consent::Entity::anywhere(id).one(&ending).await? else {
            continue;
        };
        ending.acts_for(Some(found.discloser_id));
        let ended = ending::revoke(&ending, found, By::Operator, None).await?;
        ending.destroys(ended.doomed);
        consents += ended.events.len();
        for event in ended.events {
            ending.record(event).await?;
        }
    }
    agency::Entity::begin_token_epochs(ending.now())
        .exec(&ending)
        .await?;
    ending.acts_for(None);
    ending
        .commit(Event::LedgerReopened {
            signed: witnessed.size,
            root: witnessed.root,
        })
        .await?;
    witness::follow(store).await.map_err(Refusal::unavailable)?;
    Ok(Some(Reopened {
        signed: witnessed.size,
        consents,
    }))
}

/// Returns the consents that would be in force, and have a package without the key that sealed it.
async fn keyless_in_force(
    ending: &Ending<'_, ByOperator>,
    keyring: &Connections,
) -> Result<Vec<ConsentId>> {
    let mut consents = Vec::new();
    let mut after: Option<ReferralId> = None;
    loop {
        let mut among = referral::Entity::under_standing_consents(ending.now())
            .order_by_asc(referral::Column::Id)
            .limit(BATCH);
        if let Some(after) = after {
            among = among.filter(referral::Column::Id.gt(after));
        }
        let page = among.all(ending).await?;
        let Some(last) = page.last() else {
            consents.dedup();
            return Ok(consents);
        };
        after = Some(last.id);
        let kept: HashSet<PackageVersion> = package_key::Entity::of(page.iter().map(|one| one.id))
            .all(keyring)
            .await?
            .iter()
            .map(PackageVersion::from)
            .collect();
        // A package that goes on under another consent has a key, of a version that this copy does not know of.
        let without = page
            .iter()
            .filter(|one| !kept.contains(&PackageVersion::from(*one)));
        consents.extend(without.map(|one| one.consent_id));
    }
}
