//! Erasing a person: everything ends that was shared of them, and what is left names nobody.
//!
//! In one transaction every consent ends, drafts are cancelled, open referrals are suspended, the sealed parts, the signed
//! papers and the plan for safe contact go, and what other records point at from then on is a row that was never anybody:
//! the pseudonym, the language and the link to the audit log go with the row that they stood in. Then the keys are
//! destroyed; the sweep finishes what a crash leaves, since every consent has ended. To a recipient, an erasure looks like
//! any other revocation. What was told before stays in the audit log, under an id that nothing leads to any more.
//! Where a legal hold is in force, it is asked before: see [`holds`](super::holds).

use async_graphql::{Context, ID, Object, SimpleObject};
use concord_entities::SelectLocked;
use concord_entities::ids::{ConsentId, SurvivorAuditId, SurvivorId};
use concord_entities::name_key::NameKey;
use concord_entities::vocabulary::{AgeGroup, ConsentStatus};
use concord_entities::{
    consent, consent_document, consent_signature, idempotency, legal_hold, mandated_disclosure,
    referral, safe_contact, sealed_part, survivor,
};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use uuid::Uuid;

use super::holds::ConfirmedHolds;
use super::kept::KeptRecords;
use crate::access::grant::Resource;
use crate::audit::change::{Change, Ending};
use crate::audit::event::Event;
use crate::consent::{ending, rules as consent_rules};
use crate::error::{Error, Result};
use crate::referral::notes::change as notes;
use crate::request::InRequest;
use crate::store::page;
use crate::wire::scalars::DateTime;

/// How many rows are forgotten by one statement.
const TOGETHER: usize = 500;

/// Why a consent ended, in its discloser's own log.
const ERASED: &str = "ERASED";

/// That a person was erased.
#[derive(Clone, Debug, SimpleObject)]
pub struct ErasureReceipt {
    /// The audit event that records it. It names the person by an id that nothing leads to any more.
    pub event: ID,
    /// When.
    pub erased_at: DateTime,
    /// How many packages can be read no more.
    pub packages: i32,
    /// Whether the key of everything that was sealed of them is destroyed. Where the keyring did not answer in time this is
    /// false: nothing is released all the same, and the service destroys the keys by itself as soon as the keyring answers.
    pub keys_destroyed: bool,
    /// From when on no backup of the keyring holds a key of theirs. Until then, whoever has such a backup, the data and
    /// the key-encryption key together could read what you sealed.
    pub keyring_backups_until: DateTime,
}

/// Erasing survivors.
#[derive(Default)]
pub struct ErasureMutation;

/// Erasing survivors.
#[Object]
impl ErasureMutation {
    /// Erases a person whom your agency serves: ends every consent, destroys the key of every package, and forgets the
    /// pseudonym. It cannot be undone. What was told before stays in the accounting, without the person. Where a legal
    /// hold is in force, the error `LEGAL_HOLD` names it: call again with the ids of all of them.
    async fn erase_survivor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The survivor's id.")] id: ID,
        #[graphql(
            desc = "The ids of all legal holds in force, as the error `LEGAL_HOLD` named them: your agency answers for going over them, and that goes on record."
        )]
        confirm_legal_holds: Option<Vec<ID>>,
    ) -> Result<ErasureReceipt> {
        let request = ctx.request()?;
        let needed = Resource::Survivor.delete();
        request.looks(needed).await?;
        let id: SurvivorId = page::id("id", &id)?;
        let seen = survivor::Entity::one_of(request.caller.agency(), id)
            .one(&request.worker.store.read)
            .await?;
        seen.ok_or(Error::NotFound)?;
        let confirmed = ConfirmedHolds::parse(confirm_legal_holds)?;
        confirmed.require(request, id).await?;
        let mut ending = request.ending(needed).await?;
        let now = ending.now();
        let found = survivor::Entity::one_of(ending.agency(), id)
            .one_locked(&ending)
            .await?;
        let person = found.ok_or(Error::NotFound)?;
        let survivor = person.audit_id;
        let Some(holds) = confirmed.overridden(&ending, id).await? else {
            // Recorded since it was looked.
            ending.ends_nothing().give_up().await?;
            confirmed.require(request, id).await?;
            return Err(Error::Conflict(
                "the legal holds on this survivor changed meanwhile: ask again".into(),
            )
            .into());
        };
        if !holds.is_empty() {
            ending
                .record(Event::LegalHoldOverridden { survivor, holds })
                .await?;
        }
        let kept = KeptRecords::of(&ending, ending.agency(), id).await?;
        end_consents(&ending, id).await?;
        end_referrals(&ending, id, &kept).await?;
        forget_papers(&ending, &kept.consents).await?;
        mandated_disclosure::Entity::remove_texts(kept.mandates.iter().copied())
            .exec(&ending)
            .await?;
        forget_keys(&ending, &kept.ids()).await?;
        forget(&ending, person).await?;

        for keys in kept.keys() {
            ending.destroys(keys);
        }
        let count = i32::try_from(kept.packages.len()).unwrap_or(i32::MAX);
        let consents = kept.consents;
        let committed = ending
            .commit(Event::SurvivorErased { survivor, consents })
            .await?;
        Ok(ErasureReceipt {
            event: ID::from(&committed.event),
            erased_at: now.into(),
            packages: count,
            keys_destroyed: committed.keys_destroyed,
            keyring_backups_until: now.plus(request.worker.keyring_backups).into(),
        })
    }
}

/// Ends every consent of theirs that is drafted or in force, and puts on record that those ended which others know of. Of
/// one that was over before, nobody is told anew.
async fn end_consents(ending: &Ending<'_>, id: SurvivorId) -> Result<()> {
    let consents = consent::Entity::of_survivor(ending.agency(), id)
        .all(ending)
        .await?;
    for one in consents {
        if !matches!(
            consent_rules::status(&one, ending.now()),
            ConsentStatus::Draft | ConsentStatus::Active | ConsentStatus::Suspended
        ) {
            continue;
        }
        if one.signed_at.is_some() {
            let ended = ending::recorded(ending, &one, ERASED.to_owned()).await?;
            ending.record(Event::ConsentRevoked(ended)).await?;
        }
        ending::end(ending, one, None).await?;
    }
    Ok(())
}

/// Cancels what is drafted, and removes what every package holds, and every note. What was sent is suspended with its consent, as by any
/// revocation.
async fn end_referrals(change: &Change<'_>, id: SurvivorId, kept: &KeptRecords) -> Result<()> {
    referral::Entity::cancel_drafts_of(id, change.now())
        .exec(change)
        .await?;
    for some in kept.packages.chunks(TOGETHER) {
        sealed_part::Entity::remove_of(some.iter().map(|one| one.referral))
            .exec(change)
            .await?;
    }
    notes::forget(change, &kept.notes).await?;
    Ok(())
}

/// Removes the papers that were signed, and what is known of whoever signed them and of why: that somebody did, and when,
/// stays on record.
async fn forget_papers(change: &Change<'_>, consents: &[ConsentId]) -> Result<()> {
    for some in consents.chunks(TOGETHER) {
        let some = || some.iter().copied();
        consent_document::Entity::remove_under(some())
            .exec(change)
            .await?;
        consent_signature::Entity::forget_signers(some())
            .exec(change)
            .await?;
        consent::Entity::forget_person(some()).exec(change).await?;
    }
    Ok(())
}

/// Forgets the hashes of what all this was made with: a hash of identity is identity.
async fn forget_keys(change: &Change<'_>, made: &[Uuid]) -> Result<()> {
    for some in made.chunks(TOGETHER) {
        idempotency::Entity::forget(some.iter().copied())
            .exec(change)
            .await?;
    }
    Ok(())
}

/// Has whatever pointed at the person point at a row that was never anybody, and removes theirs.
async fn forget(change: &Change<'_>, person: survivor::Model) -> Result<()> {
    let pseudonym = format!("erased {}", Uuid::new_v4());
    let nobody = survivor::Model {
        id: SurvivorId::new(),
        agency_id: person.agency_id,
        pseudonym_key: Some(NameKey::of(&pseudonym)),
        lookalike: 0,
        pseudonym,
        age_group: AgeGroup::Unknown,
        minor_until: None,
        language: None,
        audit_id: SurvivorAuditId::new(),
        created_at: change.now(),
        erased_at: Some(change.now()),
    };
    let id = nobody.id;
    nobody.into_active_model().insert(change).await?;
    consent::Entity::replace_survivor(person.id, id)
        .exec(change)
        .await?;
    referral::Entity::replace_survivor(person.id, id)
        .exec(change)
        .await?;
    mandated_disclosure::Entity::replace_survivor(person.id, id)
        .exec(change)
        .await?;
    legal_hold::Entity::forget_person(person.id, id)
        .exec(change)
        .await?;
    safe_contact::Entity::remove_of(person.id)
        .exec(change)
        .await?;
    survivor::Entity::remove(person.id).exec(change).await?;
    Ok(())
}
