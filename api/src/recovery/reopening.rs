//! Going on from an older copy of the data store, where there is no newer one.
//!
//! What was ended since the copy was made is not in it. What can be known of that is made good first: what this server's
//! state folder remembers of it is ended again; a package whose key has gone ended, also where it has a later key by now,
//! so the consent that it stood on is taken back once more; and tokens that may have been taken back are over, all of them.
//! What neither shows is for the operator to go through.

use std::collections::HashSet;

use concord_entities::ids::{ConsentId, ReferralId};
use concord_entities::{agency, package_key, referral, sharing_epoch};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use super::taken_back::{self, TakenBack};
use crate::audit::change::{ByOperator, Ending};
use crate::audit::tree::Head;
use crate::audit::witness;
use crate::audit::witnesses::{WitnessError, Witnesses};
use crate::error::{Refusal, Result};
use crate::seal::vault::PackageVersion;
use crate::store::{Connections, Store};

/// How many packages are looked at together.
const BATCH: u64 = 500;

/// What was made good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reopened {
    /// How many events had been signed for.
    pub signed: u64,
    /// What had ended, and is ended once more.
    pub taken_back: Vec<TakenBack>,
}

impl Reopened {
    /// Returns how many consents were taken back once more.
    #[must_use]
    pub fn consents(&self) -> usize {
        let consents = self.taken_back.iter();
        consents
            .filter(|one| matches!(one, TakenBack::Consent(_)))
            .count()
    }
}

/// What is known of what ended since a copy was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownEndings {
    /// What the keyring and this server's state folder remember.
    Remembered,
    /// Nothing, so that all of it must count as ended.
    Nothing,
}

/// Makes an older copy of the data store the one to go on from; none where it is the right one already. No server may be
/// running. See [`go_on`].
///
/// # Errors
/// `UNAVAILABLE`: try again, it can be done twice.
pub async fn reopen(store: &Store) -> Result<Option<Reopened>> {
    match Witnesses::of(store).compare_wholly(store).await {
        Ok(_) => return Ok(None),
        Err(WitnessError::Behind { how, .. }) if how.is_a_fork() => {}
        Err(other) => return Err(Refusal::unavailable(other)),
    }
    go_on(store, KnownEndings::Remembered).await.map(Some)
}

/// Makes the data store, as it is, the one to go on from, and ends once more what is known to have ended. It is on record
/// in the store's own ledger, and in its identity: what was witnessed before follows it by itself, in the keyring and in
/// every server's state folder. No server may be running.
///
/// # Errors
/// `UNAVAILABLE`: try again, it can be done twice.
pub async fn go_on(store: &Store, known: KnownEndings) -> Result<Reopened> {
    let witnesses = Witnesses::of(store);
    let in_keyring = witness::witnessed(&store.keyring).await?;
    let remembered = witnesses.remembered().await.map_err(Refusal::unavailable)?;
    let lost = witnesses.lost(store).await.map_err(Refusal::unavailable)?;
    let mut ending = Ending::at_command_line(store, ByOperator::default()).await?;
    let mut taken_back = taken_back::take_back(&mut ending, &store.keyring, &lost).await?;
    if known == KnownEndings::Nothing {
        taken_back.extend(taken_back::everything(&mut ending).await?);
    }
    for id in keyless_in_force(&ending, &store.keyring).await? {
        taken_back.extend(taken_back::consent_again(&mut ending, id).await?);
    }
    agency::Entity::begin_token_epochs(ending.now())
        .exec(&ending)
        .await?;
    let highest = in_keyring.iter().chain(&remembered).map(|one| one.epoch);
    if let Some(highest) = highest.max() {
        sharing_epoch::Entity::raise(highest).exec(&ending).await?;
    }
    ending.acts_for(None);
    let heads = in_keyring.iter().chain(&remembered).map(|one| one.head);
    let head = heads.max_by_key(|head| head.size).unwrap_or(Head::EMPTY);
    let signed = head.size;
    ending.commit_reopening(head).await?;
    let followed = witnesses.follow(store).await;
    followed.map_err(Refusal::unavailable)?;
    Ok(Reopened { signed, taken_back })
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
