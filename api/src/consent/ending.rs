//! How consents end before their time: by the survivor's word, or with the survivor's erasure.
//!
//! Everything here happens within an [`Ending`], and so is in force on the very next read; it destroys the keys. It asks nothing of the discloser's standing: a survivor's word counts
//! whether or not the agency that wrote the consent down still takes part.

use concord_entities::consent;
use concord_entities::ids::{AgencyId, ConsentId, NoticeId};
use concord_entities::vocabulary::{NoticeKind, ReferralStatus, RevocationChannel};
use concord_entities::{notice, referral, survivor};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, PaginatorTrait, QueryFilter, Set};

use crate::audit::change::{Author, Change, Ending};
use crate::audit::event::{ConsentEvent, Event};
use crate::error::{Error, Result};
use crate::seal::Vault;
use crate::seal::doomed::DoomedKeys;
use crate::seal::vault::PackageVersion;

/// Why a consent counts as taken back where nobody's word is at hand.
const KEY_GONE: &str = "KEY_GONE";

/// By whom a consent is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// An agency: its discloser, or the coordinator in its place.
    Agency(AgencyId),
    /// The operator, on the discloser's behalf.
    Operator,
}

/// A consent that has just ended, with the later versions of it that ended along.
#[derive(Debug)]
pub struct EndedConsent {
    /// The consent that was named.
    pub consent: consent::Model,
    /// It and every version that followed it.
    pub versions: Vec<ConsentId>,
    /// What goes on record; nothing where all of it had ended before.
    pub events: Vec<Event>,
}

/// Takes a consent back, and every signed version that followed it: what a survivor takes back is the agreement.
/// Where it was taken back before, nothing changes. Without a channel it is not the survivor's word but the missing key
/// that says so. A discloser that did not do it itself is told. The keys of the packages that stood on it go with the
/// change.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn revoke<Who: Author>(
    ending: &mut Ending<'_, Who>,
    named: consent::Model,
    by: By,
    channel: Option<RevocationChannel>,
) -> Result<EndedConsent> {
    let reason = channel.map_or_else(|| KEY_GONE.to_owned(), |one| one.to_string());
    let mut ended = EndedConsent {
        consent: named.clone(),
        versions: Vec::new(),
        events: Vec::new(),
    };
    let mut packages = Vec::new();
    let mut versions = vec![named];
    while let Some(version) = versions.pop() {
        versions.extend(
            consent::Entity::following(version.discloser_id, version.id)
                .all(ending)
                .await?,
        );
        let is_named = version.id == ended.consent.id;
        ended.versions.push(version.id);
        packages.extend(standing_on(ending, version.id).await?);
        if version.revoked_at.is_some() || (!is_named && version.signed_at.is_none()) {
            continue;
        }
        let event = recorded(ending, &version, reason.clone()).await?;
        let version = end(ending, version, channel).await?;
        if by != By::Agency(version.discloser_id) {
            tell(ending, version.discloser_id, &version).await?;
        }
        let told = for_discloser(&event, &version, by);
        ended.events.extend(told.map(Event::ConsentRevoked));
        ended.events.push(Event::ConsentRevoked(event));
        if is_named {
            ended.consent = version;
        }
    }
    ending.destroys(DoomedKeys::Packages(packages));
    Ok(ended)
}

/// Ends one consent: it stands as revoked, its open referrals are suspended, and whoever it named is told. Nobody else
/// learns whether the survivor took it back or was erased.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn end<Who: Author>(
    ending: &Ending<'_, Who>,
    consent: consent::Model,
    channel: Option<RevocationChannel>,
) -> Result<consent::Model> {
    let mut ended = consent.into_active_model();
    ended.revoked_at = Set(Some(ending.now()));
    ended.revocation_channel = Set(channel);
    let ended = ended.update(ending).await?;
    halt(ending, ended.id).await?;
    // A recipient does not know of what was never signed.
    if ended.signed_at.is_some() && ended.entered_in_error_at.is_none() {
        tell(ending, ended.recipient_id, &ended).await?;
    }
    Ok(ended)
}

async fn tell<Who: Author>(
    ending: &Ending<'_, Who>,
    agency: AgencyId,
    ended: &consent::Model,
) -> Result<()> {
    let notice = notice::Model {
        id: NoticeId::new(),
        agency_id: agency,
        kind: NoticeKind::ConsentRevoked,
        object: ended.id.to_string(),
        created_at: ending.now(),
        seen_at: None,
    };
    notice.into_active_model().insert(ending).await?;
    Ok(())
}

/// Halts the open referrals that stand on a consent; says how many. Where people brought a referral, and why, stays
/// beneath: it returns there under a new consent.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn halt<Who: Author>(change: &Change<'_, Who>, id: ConsentId) -> Result<u64> {
    let halted = referral::Entity::halt_under(id, change.now())
        .exec(change)
        .await?;
    Ok(halted.rows_affected)
}

/// Returns how many open referrals stand suspended on these consents.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn suspended(change: &Change<'_>, consents: &[ConsentId]) -> Result<i32> {
    let suspended = referral::Entity::standing_on_any(consents.iter().copied())
        .filter(referral::Column::Halted.eq(true))
        .filter(referral::Column::Status.is_in(ReferralStatus::OPEN))
        .count(change)
        .await?;
    Ok(i32::try_from(suspended).unwrap_or(i32::MAX))
}

/// Destroys the keys of what is denied already, for a change that does not yet name them.
pub async fn destroy(vault: &Vault, packages: &[PackageVersion], request: &str) {
    let keys = DoomedKeys::Packages(packages.to_vec());
    if let Err(refusal) = keys.destroy(vault.keyring()).await {
        let code = refusal.error.code();
        tracing::warn!(request, code, "keys are left to the sweep");
    }
}

/// Returns the packages of the referrals that stand on a consent, as they are sealed now.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn standing_on<Who: Author>(
    change: &Change<'_, Who>,
    id: ConsentId,
) -> Result<Vec<PackageVersion>> {
    let referrals = referral::Entity::standing_on(id).all(change).await?;
    Ok(referrals.iter().map(PackageVersion::from).collect())
}

/// Returns what goes on record of a consent that was taken back, or ended with its survivor's erasure.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn recorded<Who: Author>(
    change: &Change<'_, Who>,
    consent: &consent::Model,
    reason: String,
) -> Result<ConsentEvent> {
    let survivor = survivor::Entity::consenting(consent.survivor_id)
        .one(change)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(ConsentEvent::of(consent, survivor.audit_id, Some(reason)))
}

/// Returns the same event once more for a discloser in whose place another agency acted: in the log, an agency finds
/// what it did and what was done to it, and here the one is the coordinator and the other the recipient.
fn for_discloser(event: &ConsentEvent, consent: &consent::Model, by: By) -> Option<ConsentEvent> {
    let By::Agency(agency) = by else {
        // It is recorded as done by the discloser.
        return None;
    };
    (agency != consent.discloser_id).then(|| ConsentEvent {
        recipient: Some(consent.discloser_id),
        ..event.clone()
    })
}
