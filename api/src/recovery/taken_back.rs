//! Taking back again what had ended, in a copy of the data store from before.
//!
//! A server's state folder remembers what ended, and the copy does not know of it. Each is ended once more, as far as the
//! copy has it: a consent of which a later version took the place, too, since what the survivor agreed to is not what the
//! copy holds. What an operator or an agency must do by hand is named.

use concord_entities::ids::{
    AgencyId, ApplicationId, ConsentId, IssuerId, MouCalendarId, MouId, SurvivorAuditId,
    TaskForceId,
};
use concord_entities::vocabulary::{AgencyStatus, AuditType, MemberRole};
use concord_entities::{agency, application, consent, membership, mou, mou_calendar, survivor};

use crate::access::issuer::register as issuers;
use crate::access::off_boarding;
use crate::agency::change as agencies;
use crate::application::register as applications;
use crate::audit::change::{ByOperator, Ending};
use crate::audit::event::Event;
use crate::audit::journal::JournaledEnding;
use crate::consent::ending::{self, By};
use crate::consent::rules as consent_rules;
use crate::erasure::kept::KeptRecords;
use crate::error::Result;
use crate::mou::calendar::change as calendars;
use crate::mou::put_back as mous;
use crate::store::Connections;

/// Why an agency counts as suspended where the reason that was given is not at hand.
const REASON: &str = "suspended before an older copy of the data was put back";

/// The events that end consents, which they name.
const CONSENT_ENDED: [AuditType; 4] = [
    AuditType::ConsentRevoked,
    AuditType::ConsentSuperseded,
    AuditType::ConsentEnteredInError,
    AuditType::SurvivorErased,
];

/// The events that end what is shared through a task force: of an agency that is shut out, or that left.
const PLACE_ENDED: [AuditType; 2] = [AuditType::AgencySuspended, AuditType::TaskForceLeft];

/// Something that had ended and was in force again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenBack {
    /// A consent was taken back once more.
    Consent(ConsentId),
    /// An agency was suspended once more in a task force.
    Membership(AgencyId, TaskForceId),
    /// An application was suspended once more.
    Application(ApplicationId),
    /// An agency's own issuer was suspended once more.
    Issuer(IssuerId),
    /// The tokens of a person of an agency's were ended once more.
    Subject(AgencyId, String),
    /// What parties of an MOU had said, or a next version of it, ended it once more.
    Mou(MouId),
    /// A calendar of MOUs' days was revoked once more.
    MouCalendar(MouCalendarId),
    /// A person had been erased. Every consent of theirs was ended and every key destroyed; what is left must be erased
    /// again by their agency.
    Erased(SurvivorAuditId),
    /// A key that signed tokens had been retired, by its thumbprint. The operator retires it again.
    SigningKey(String),
}

impl std::fmt::Display for TakenBack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Consent(id) => write!(f, "{id}: taken back once more"),
            Self::Membership(id, task_force) => {
                write!(f, "{id}: suspended once more in {task_force}")
            }
            Self::Application(id) => write!(f, "{id}: suspended once more"),
            Self::Issuer(id) => write!(f, "{id}: suspended once more"),
            Self::Subject(agency, subject) => {
                write!(f, "{subject} of {agency}: tokens ended once more")
            }
            Self::Mou(id) => write!(
                f,
                "{id}: ended or suspended once more, as its parties had said"
            ),
            Self::MouCalendar(id) => write!(f, "{id}: revoked once more"),
            Self::Erased(id) => write!(
                f,
                "{id}: had been erased; every consent is ended, no key is left, and their agency must erase them again"
            ),
            Self::SigningKey(kid) => {
                write!(
                    f,
                    "signing key {kid}: had been retired; retire it again: `concord key retire {kid}`"
                )
            }
        }
    }
}

/// Ends once more what these endings had ended and the store has in force, within an open ending; says what.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn take_back(
    change: &mut Ending<'_, ByOperator>,
    keyring: &Connections,
    lost: &[JournaledEnding],
) -> Result<Vec<TakenBack>> {
    let mut done = Vec::new();
    for one in lost {
        // Tokens are all over.
        let (kind, objects) = (one.kind, &one.objects);
        if CONSENT_ENDED.contains(&kind) {
            for id in ids(objects) {
                done.extend(consent_again(change, id).await?);
            }
        } else if PLACE_ENDED.contains(&kind) {
            for place in places_again(change, one, lost).await? {
                done.extend(place_again(change, place).await?);
            }
        } else if kind == AuditType::ApplicationSuspended {
            for id in ids(objects) {
                done.extend(application_again(change, id).await?);
            }
        } else if kind == AuditType::IssuerSuspended {
            if is_last_of(lost, one, AuditType::IssuerReinstated) {
                for id in ids(objects) {
                    done.extend(issuer_again(change, id).await?);
                }
            }
        } else if kind == AuditType::SubjectEnded {
            if is_last_of(lost, one, AuditType::SubjectReinstated) {
                done.extend(subject_again(change, one).await?);
            }
        } else if kind == AuditType::MouCalendarRevoked {
            for id in ids(objects) {
                let found = mou_calendar::Entity::anywhere(id).one(&**change).await?;
                if let Some(calendar) = found {
                    done.extend(calendar_again(change, calendar).await?);
                }
            }
        } else if kind == AuditType::SigningKeyRetired {
            done.extend(objects.iter().cloned().map(TakenBack::SigningKey));
        } else {
            for id in ids(objects) {
                if mous::end_again(change, id, one).await? && !done.contains(&TakenBack::Mou(id)) {
                    done.push(TakenBack::Mou(id));
                }
            }
        }
        if kind == AuditType::SurvivorErased {
            for id in ids(objects) {
                forget_erased(change, keyring, id).await?;
                done.push(TakenBack::Erased(id));
            }
        }
    }
    change.acts_for(None);
    Ok(done)
}

/// Ends everything that may be shared, suspends every membership but the coordinators', who reinstate them, and every MOU for
/// each of its parties, and revokes every calendar: nobody knows what of it had ended.
///
/// # Errors
/// `UNAVAILABLE`.
pub(super) async fn everything(change: &mut Ending<'_, ByOperator>) -> Result<Vec<TakenBack>> {
    let mut done = Vec::new();
    for agency in agency::Entity::everywhere().all(&**change).await? {
        let held = consent::Entity::given_to(agency.id).all(&**change).await?;
        let now = change.now();
        for consent in held.iter().filter(|one| consent_rules::may_share(one, now)) {
            done.extend(consent_again(change, consent.id).await?);
        }
        let places = membership::Entity::of([agency.id]).all(&**change).await?;
        let members = places
            .into_iter()
            .filter(|place| place.role == MemberRole::Member && place.is_active());
        for place in members {
            done.extend(place_again(change, place).await?);
        }
    }
    for calendar in mou_calendar::Entity::everywhere().all(&**change).await? {
        done.extend(calendar_again(change, calendar).await?);
    }
    let now = change.now();
    let signed = mou::Entity::signed_anywhere().all(&**change).await?;
    for mou in signed.iter().filter(|mou| mou.dates().is_in_force(now)) {
        if mous::suspend_for_all(change, mou.id).await? {
            done.push(TakenBack::Mou(mou.id));
        }
    }
    Ok(done)
}

/// Returns whether nothing of this kind undid an ending later.
fn is_last_of(lost: &[JournaledEnding], one: &JournaledEnding, undone_by: AuditType) -> bool {
    let mut later = lost.iter().filter(|other| other.at > one.at);
    !later.any(|other| other.kind == undone_by && other.objects == one.objects)
}

/// Destroys, before anything else is made durable, every key of what is kept of somebody who had been erased. Their rows are
/// for their agency to erase again.
async fn forget_erased(
    change: &Ending<'_, ByOperator>,
    keyring: &Connections,
    known_as: SurvivorAuditId,
) -> Result<()> {
    let person = survivor::Entity::known_as(known_as).one(&**change).await?;
    let Some(person) = person else {
        return Ok(());
    };
    let kept = KeptRecords::of(&**change, person.agency_id, person.id).await?;
    for keys in kept.keys() {
        keys.destroy(keyring).await?;
    }
    Ok(())
}

/// Returns those of the records that are of one kind.
fn ids<Id: std::str::FromStr>(objects: &[String]) -> impl Iterator<Item = Id> {
    objects.iter().filter_map(|object| object.parse().ok())
}

/// Takes a consent back, and every version that followed it, where it is not over.
///
/// # Errors
/// `UNAVAILABLE`.
pub(super) async fn consent_again(
    change: &mut Ending<'_, ByOperator>,
    id: ConsentId,
) -> Result<Option<TakenBack>> {
    let Some(found) = consent::Entity::anywhere(id).one(&**change).await? else {
        return Ok(None);
    };
    change.acts_for(Some(found.discloser_id));
    let ended = ending::revoke(change, found, By::Operator, None).await?;
    change.destroys(ended.doomed);
    if ended.events.is_empty() {
        return Ok(None);
    }
    for event in ended.events {
        change.record(event).await?;
    }
    Ok(Some(TakenBack::Consent(id)))
}

/// Returns the memberships that this ending suspended, that nothing in the journal reinstated later, and that the store
/// has in force. One of before there were suspensions of a membership names no task force: it was of them all.
async fn places_again(
    change: &Ending<'_, ByOperator>,
    one: &JournaledEnding,
    lost: &[JournaledEnding],
) -> Result<Vec<membership::Model>> {
    let suspended = ids::<AgencyId>(&one.objects);
    let mut places = membership::Entity::of(suspended).all(&**change).await?;
    places.retain(|place| {
        place.is_active() && concerns(one, place) && is_suspended_last(lost, place)
    });
    Ok(places)
}

/// Returns whether an ending, of an agency in a task force, is of this membership.
fn concerns(one: &JournaledEnding, place: &membership::Model) -> bool {
    let mut task_forces = ids::<TaskForceId>(&one.objects).peekable();
    ids(&one.objects).any(|agency: AgencyId| agency == place.agency_id)
        && (task_forces.peek().is_none() || task_forces.any(|id| id == place.task_force_id))
}

/// Returns whether the last that is known of a membership is that it was suspended, and not that it was reinstated.
fn is_suspended_last(lost: &[JournaledEnding], place: &membership::Model) -> bool {
    let newest = lost
        .iter()
        .filter(|one| PLACE_ENDED.contains(&one.kind) || one.kind == AuditType::AgencyReinstated)
        .filter(|one| concerns(one, place))
        .max_by_key(|one| one.at);
    newest.is_some_and(|newest| PLACE_ENDED.contains(&newest.kind))
}

async fn place_again(
    change: &mut Ending<'_, ByOperator>,
    place: membership::Model,
) -> Result<Option<TakenBack>> {
    let (agency, task_force) = (place.agency_id, place.task_force_id);
    let suspended = agencies::suspend_place(change, &place, REASON, None).await?;
    let Some((_, event)) = suspended else {
        return Ok(None);
    };
    change.acts_for(None);
    change.record(event).await?;
    Ok(Some(TakenBack::Membership(agency, task_force)))
}

async fn application_again(
    change: &mut Ending<'_, ByOperator>,
    id: ApplicationId,
) -> Result<Option<TakenBack>> {
    let found = application::Entity::claimed(id).one(&**change).await?;
    let Some(found) = found.filter(|found| found.status == AgencyStatus::Active) else {
        return Ok(None);
    };
    let Some(suspended) = applications::suspend(change, found).await? else {
        return Ok(None);
    };
    change.acts_for(Some(suspended.agency_id));
    change.record(Event::ApplicationSuspended(id)).await?;
    Ok(Some(TakenBack::Application(id)))
}

async fn subject_again(
    change: &mut Ending<'_, ByOperator>,
    one: &JournaledEnding,
) -> Result<Option<TakenBack>> {
    let agency = ids::<AgencyId>(&one.objects).next();
    let (Some(agency), Some(subject)) = (agency, one.objects.first()) else {
        return Ok(None);
    };
    let Some(event) = off_boarding::end(change, agency, subject).await? else {
        return Ok(None);
    };
    change.acts_for(Some(agency));
    change.record(event).await?;
    Ok(Some(TakenBack::Subject(agency, subject.clone())))
}

async fn calendar_again(
    change: &mut Ending<'_, ByOperator>,
    calendar: mou_calendar::Model,
) -> Result<Option<TakenBack>> {
    change.acts_for(Some(calendar.agency_id));
    let Some(revoked) = calendars::revoke(change, calendar).await? else {
        return Ok(None);
    };
    change.record(Event::MouCalendarRevoked(revoked.id)).await?;
    Ok(Some(TakenBack::MouCalendar(revoked.id)))
}

async fn issuer_again(
    change: &mut Ending<'_, ByOperator>,
    id: IssuerId,
) -> Result<Option<TakenBack>> {
    let Some(event) = issuers::suspend_again(change, id).await? else {
        return Ok(None);
    };
    change.acts_for(None);
    change.record(event).await?;
    Ok(Some(TakenBack::Issuer(id)))
}
