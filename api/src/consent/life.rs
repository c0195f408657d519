//! A consent's later life: its next version, and that it should never have been.

use concord_entities::SelectLocked;
use concord_entities::consent;
use concord_entities::ids::{AgencyId, ConsentId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::referral;
use concord_entities::vocabulary::ReferralStatus;
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel, Set};

use super::{ending, rules};
use crate::audit::change::{Change, Ending};
use crate::error::{Error, Refusal, Result};
use crate::seal::vault::PackageVersion;

/// Returns one of the agency's consents, locked for a change.
pub(super) async fn held(change: &Change<'_>, id: ConsentId) -> Result<consent::Model> {
    let own = consent::Entity::held_by(change.agency(), id);
    match own.one_locked(change).await? {
        Some(consent) => Ok(consent),
        None => Err(not_held(change, change.agency(), id, change.now()).await?),
    }
}

/// Returns why a consent is not the agency's to change: it is named in it, or may not know of it.
pub(super) async fn not_held(
    database: &impl ConnectionTrait,
    agency: AgencyId,
    id: ConsentId,
    now: Instant,
) -> Result<Refusal> {
    let known = consent::Entity::known_to(agency, [id])
        .one(database)
        .await?;
    let reason = match known {
        Some(consent) => rules::not_yours(&consent, now),
        None => Error::NotFound,
    };
    Ok(reason.into())
}

/// Drafts the next version of a consent, for longer: everything else as it is, and to be signed anew. A person who is not
/// guarded any more signs alone.
pub(super) async fn renew(
    change: &Change<'_>,
    earlier: &consent::Model,
    is_guarded: bool,
    expires_at: Instant,
) -> Result<consent::Model> {
    if !rules::may_be_superseded(earlier) {
        let text = "only a signed consent that has not been taken back or replaced can be renewed: draft a new one";
        return Err(Error::NotNow(text.into()).into());
    }
    if expires_at <= change.now() {
        return Err(Error::input("expiresAt", "must be a moment to come").into());
    }
    let renewed = consent::Model {
        id: ConsentId::new(),
        version: earlier.version.saturating_add(1),
        supersedes: Some(earlier.id),
        effective_at: change.now(),
        expires_at,
        signed_at: None,
        suspends_at: None,
        // An adult signs alone in any case.
        minor_alone: earlier.minor_alone.filter(|_| is_guarded),
        created_at: change.now(),
        ..earlier.clone()
    };
    Ok(renewed.into_active_model().insert(change).await?)
}

/// Puts a version in its predecessor's place: the open referrals that it carries on stand on it from now, the others are
/// suspended and named.
pub(super) async fn supersede(
    ending: &Ending<'_>,
    earlier: consent::Model,
    later: &consent::Model,
) -> Result<(consent::Model, Vec<PackageVersion>)> {
    let standing = referral::Entity::standing_on(earlier.id)
        .all(ending)
        .await?;
    let (carried, left): (Vec<_>, Vec<_>) = standing.iter().partition(|one| {
        is_unfinished(one.status) && rules::carries_on(&earlier, later, one.contains, ending.now())
    });
    let carried: Vec<ReferralId> = carried.into_iter().map(|one| one.id).collect();
    let left: Vec<PackageVersion> = left.into_iter().map(PackageVersion::from).collect();
    referral::Entity::carry_on_under(later.id, later.expires_at, carried, ending.now())
        .exec(ending)
        .await?;
    halt(ending, earlier.id).await?;
    let mut earlier = earlier.into_active_model();
    earlier.superseded_at = Set(Some(ending.now()));
    Ok((earlier.update(ending).await?, left))
}

/// Marks a consent as one that should never have been, and halts what stands on it.
pub(super) async fn enter_in_error(
    change: &Change<'_>,
    consent: consent::Model,
) -> Result<consent::Model> {
    halt(change, consent.id).await?;
    let mut consent = consent.into_active_model();
    consent.entered_in_error_at = Set(Some(change.now()));
    Ok(consent.update(change).await?)
}

/// Halts the open referrals that stand on a consent; says how many.
pub(super) async fn halt(change: &Change<'_>, id: ConsentId) -> Result<u64> {
    ending::halt(change, id).await
}

/// Returns whether a referral may still be worked on, by its sender or its recipient.
fn is_unfinished(status: ReferralStatus) -> bool {
    status == ReferralStatus::Draft || status.is_open()
}
