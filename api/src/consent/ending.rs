//! How consents end before their time: by the survivor's word, or with the survivor's erasure.
//!
//! What may be shared under is ended within an [`Ending`], and so is in force on the very next read; a draft, or what had
//! ended before, is written down by any change. The keys go with the change. Nothing here asks for the discloser's
//! standing: a survivor's word counts whether or not the agency that wrote the consent down still takes part.

use concord_entities::consent;
use concord_entities::ids::{AgencyId, ConsentId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{NoticeKind, ReferralStatus, RevocationChannel};
use concord_entities::{notice, referral, survivor};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    Set,
};

use super::rules;
use crate::audit::change::{Author, Change, Ending};
use crate::audit::event::{ConsentEvent, Event};
use crate::error::{Error, Result};
use crate::seal::doomed::DoomedKeys;
use crate::seal::housekeeping::Housekeeping;
use crate::seal::vault::PackageVersion;
use crate::store::Store;

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
    /// The keys of the packages that stood on it, for the change to destroy.
    pub doomed: DoomedKeys,
    /// Whether something was shared under it until now, so that only an [`Ending`] may end it.
    pub was_shared: bool,
}

impl EndedConsent {
    /// Returns a consent that was taken back before, with all of its later versions.
    #[must_use]
    pub fn before(consent: consent::Model, versions: Vec<ConsentId>) -> Self {
        Self {
            consent,
            versions,
            events: Vec::new(),
            doomed: DoomedKeys::Packages(Vec::new()),
            was_shared: false,
        }
    }

    /// Makes it durable by the ending that it was ended in, with its events, and destroys its keys. Where nothing was
    /// shared under it, the epoch stays. Returns whether all of the keys are gone.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed. `OUTCOME_UNKNOWN`.
    pub async fn commit<Who: Author>(&self, mut ending: Ending<'_, Who>) -> Result<bool> {
        ending.destroys(self.doomed.clone());
        let events = self.events.clone();
        if self.was_shared {
            ending.commit_all(events).await
        } else {
            ending.ends_nothing().commit_all(events).await
        }
    }
}

/// What taking a consent back will come to, as far as can be seen before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// All of it was taken back before: it and every version that followed it.
    Over(Vec<ConsentId>),
    /// It is written down, and ends no sharing.
    EndsNothing,
    /// It ends some sharing.
    EndsSharing,
}

/// Looks what taking this consent back will come to.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn outlook(
    database: &impl ConnectionTrait,
    named: consent::Model,
    now: Instant,
) -> Result<Outlook> {
    let id = named.id;
    let versions = and_following(database, named).await?;
    let mut standing = versions
        .iter()
        .filter(|version| rules::is_taken_back_with(version, id))
        .peekable();
    Ok(if standing.peek().is_none() {
        Outlook::Over(versions.iter().map(|version| version.id).collect())
    } else if standing.any(|version| rules::may_share(version, now)) {
        Outlook::EndsSharing
    } else {
        Outlook::EndsNothing
    })
}

/// Returns a consent with every version that followed it.
pub(super) async fn and_following(
    database: &impl ConnectionTrait,
    named: consent::Model,
) -> Result<Vec<consent::Model>> {
    let mut versions = Vec::new();
    let mut found = vec![named];
    while let Some(version) = found.pop() {
        let following = consent::Entity::following(version.discloser_id, version.id);
        found.extend(following.all(database).await?);
        versions.push(version);
    }
    Ok(versions)
}

/// Takes a consent back, and every signed version that followed it: what a survivor takes back is the agreement.
/// Where it was taken back before, nothing changes. Without a channel it is not the survivor's word but the missing key
/// that says so. A discloser that did not do it itself is told. Whoever has the change destroys the keys of the packages
/// that stood on it, and takes an `Ending` where something was shared.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn revoke<Who: Author>(
    change: &Change<'_, Who>,
    named: consent::Model,
    by: By,
    channel: Option<RevocationChannel>,
) -> Result<EndedConsent> {
    let reason = channel.map_or_else(|| KEY_GONE.to_owned(), |one| one.to_string());
    let id = named.id;
    let mut ended = EndedConsent::before(named.clone(), Vec::new());
    let mut packages = Vec::new();
    for version in and_following(change, named).await? {
        ended.versions.push(version.id);
        packages.extend(standing_on(change, version.id).await?);
        if !rules::is_taken_back_with(&version, id) {
            continue;
        }
        ended.was_shared |= rules::may_share(&version, change.now());
        let event = recorded(change, &version, reason.clone()).await?;
        let version = end(change, version, channel).await?;
        if by != By::Agency(version.discloser_id) {
            tell(change, version.discloser_id, &version).await?;
        }
        let told = for_discloser(&event, &version, by);
        ended.events.extend(told.map(Event::ConsentRevoked));
        ended.events.push(Event::ConsentRevoked(event));
        if version.id == id {
            ended.consent = version;
        }
    }
    ended.doomed = DoomedKeys::Packages(packages);
    Ok(ended)
}

/// Ends one consent: it stands as revoked, its open referrals are suspended, and whoever it named is told. Nobody else
/// learns whether the survivor took it back or was erased.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn end<Who: Author>(
    change: &Change<'_, Who>,
    consent: consent::Model,
    channel: Option<RevocationChannel>,
) -> Result<consent::Model> {
    let mut ended = consent.into_active_model();
    ended.revoked_at = Set(Some(change.now()));
    ended.revocation_channel = Set(channel);
    let ended = ended.update(change).await?;
    halt(change, ended.id).await?;
    // A recipient does not know of what was never signed.
    if ended.signed_at.is_some() && ended.entered_in_error_at.is_none() {
        tell(change, ended.recipient_id, &ended).await?;
    }
    Ok(ended)
}

async fn tell<Who: Author>(
    change: &Change<'_, Who>,
    agency: AgencyId,
    ended: &consent::Model,
) -> Result<()> {
    let notice = notice::Model::unseen(
        agency,
        NoticeKind::ConsentRevoked,
        ended.id.to_string(),
        change.now(),
    );
    notice.into_active_model().insert(change).await?;
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
pub async fn suspended(database: &impl ConnectionTrait, consents: &[ConsentId]) -> Result<i32> {
    let suspended = referral::Entity::standing_on_any(consents.iter().copied())
        .filter(referral::Column::Halted.eq(true))
        .filter(referral::Column::Status.is_in(ReferralStatus::OPEN))
        .count(database)
        .await?;
    Ok(i32::try_from(suspended).unwrap_or(i32::MAX))
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

/// Destroys the keys of what stands on consents that were taken back before, where any is left; returns whether none is.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn destroy_left(
    store: &Store,
    housekeeping: &Housekeeping,
    consents: &[ConsentId],
    request: &str,
) -> Result<bool> {
    let referrals = referral::Entity::standing_on_any(consents.iter().copied())
        .all(&store.read)
        .await?;
    let packages = referrals.iter().map(PackageVersion::from).collect();
    let doomed = vec![DoomedKeys::Packages(packages)];
    Ok(housekeeping.destroy(&store.keyring, doomed, request).await)
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
