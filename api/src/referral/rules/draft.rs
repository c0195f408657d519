//! What a referral's draft may say, when it is a second one for the same need, and how it is discarded. Pure.

use concord_entities::consent;
use concord_entities::ids::ReferralId;
use concord_entities::instant::Instant;
use concord_entities::referral::Model;
use concord_entities::vocabulary::{
    Categories, Needs, ReferralAction, ReferralSide, ReferralStatus, StatusReason, Urgency,
};

use super::basis::beyond_consent;
use super::status::{CurrentStatus, StoredStatus};
use super::steps::{ReferralAct, last_act};
use super::transitions::destination;
use crate::error::{Error, Faults};
use crate::request::repeated::unless_repeated;

/// What a sender says of a new referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewReferral {
    /// What the person needs.
    pub needs: Needs,
    /// How soon an answer is wanted.
    pub urgency: Urgency,
    /// The categories that its package has something in.
    pub contains: Categories,
}

impl NewReferral {
    fn check(&self, consent: &consent::Model, mut faults: Faults) -> Result<(), Error> {
        let named = !self.needs.is_empty();
        faults.require(named, "referral.needs", "name at least one");
        beyond_consent("referral.package", self.contains, consent, &mut faults);
        faults.none()
    }
}

/// Returns the first of a survivor's referrals to a recipient that is not over, and asks for one of these needs.
#[must_use]
pub fn unfinished_for(referrals: &[Model], needs: Needs, now: Instant) -> Option<&Model> {
    let same = referrals
        .iter()
        .filter(|one| one.needs.iter().any(|need| needs.has(need)));
    same.filter(|one| is_unfinished(one, now))
        .min_by_key(|one| (one.created_at, one.id))
}

/// Returns a referral that may be taken up again by a new one under this consent: `earlier` is what its sender named, where
/// it wrote that.
///
/// # Errors
/// `BAD_USER_INPUT`: it is none of this survivor's, or not over.
pub fn reopened(
    earlier: Option<&Model>,
    consent: &consent::Model,
    now: Instant,
) -> Result<ReferralId, Error> {
    let place = "referral.reopens";
    let is_theirs = |one: &&Model| one.survivor_id == consent.survivor_id;
    let earlier = earlier.filter(is_theirs).ok_or_else(|| {
        let text =
            "your agency made no referral with this id of the survivor whose consent this is";
        Error::input(place, text)
    })?;
    if is_unfinished(earlier, now) {
        let text = "that referral is not over yet: there is nothing to take up again";
        return Err(Error::input(place, text));
    }
    Ok(earlier.id)
}

fn is_unfinished(referral: &Model, now: Instant) -> bool {
    let status = CurrentStatus::of(&StoredStatus::from(referral), now).status;
    status.is_open() || matches!(status, ReferralStatus::Draft | ReferralStatus::Suspended)
}

/// Drafts a referral under a consent that has not ended; `faults` are those that its package has by itself, and `reopens` is
/// the earlier one that it takes up again.
///
/// # Errors
/// `BAD_USER_INPUT`: those, that its package holds what the consent does not name, or that it names no need.
pub fn draft(
    consent: &consent::Model,
    told: NewReferral,
    reopens: Option<ReferralId>,
    faults: Faults,
    now: Instant,
) -> Result<Model, Error> {
    told.check(consent, faults)?;
    Ok(Model {
        id: ReferralId::new(),
        sender_id: consent.discloser_id,
        recipient_id: consent.recipient_id,
        survivor_id: consent.survivor_id,
        consent_id: consent.id,
        mou_id: None,
        status: ReferralStatus::Draft,
        status_reason: None,
        needs: told.needs,
        urgency: told.urgency,
        contains: told.contains,
        key_version: 1,
        created_at: now,
        sent_at: None,
        expires_at: None,
        tell_at: None,
        settled_at: now,
        respond_by: None,
        updated_at: now,
        consent_until: Some(consent.stands_until()),
        mou_until: None,
        halted: false,
        outcome: None,
        provided: Needs::EMPTY,
        outcome_at: None,
        completed_at: None,
        earlier_outcomes: None,
        last_action: None,
        last_action_side: None,
        reopens,
    })
}

/// Checks that a referral is a draft still: first, since of what is no draft nothing else matters.
///
/// # Errors
/// `INVALID_TRANSITION`: it is none.
pub fn require_draft(referral: &Model, now: Instant) -> Result<(), Error> {
    let (action, side) = (ReferralAction::Edit, ReferralSide::Sender);
    destination(referral, action, side, now).map(|_| ())
}

/// Has a draft say something else, under a consent that has not ended: whose it is, and to whom, with the consent. Its
/// package is sealed anew, under a key of the next version. Returns none where that was done last: `is_same` says whether
/// the package is, and `faults` are those that it has by itself.
///
/// # Errors
/// `INVALID_TRANSITION`: it is no draft. `BAD_USER_INPUT`: as for a new one.
pub fn edit(
    draft: Model,
    consent: &consent::Model,
    told: NewReferral,
    is_same: bool,
    faults: Faults,
    now: Instant,
) -> Result<Option<Model>, Error> {
    let act = ReferralAct::Edit {
        consent: consent.id,
        needs: told.needs,
        urgency: told.urgency,
        has_its_package: is_same,
    };
    unless_repeated(last_act(&draft, now), &act, || {
        let status = destination(&draft, ReferralAction::Edit, ReferralSide::Sender, now)?;
        refuse_another_survivor(&draft, consent)?;
        told.check(consent, faults)?;
        Ok(Model {
            status,
            recipient_id: consent.recipient_id,
            survivor_id: consent.survivor_id,
            consent_id: consent.id,
            consent_until: Some(consent.stands_until()),
            needs: told.needs,
            urgency: told.urgency,
            contains: told.contains,
            key_version: draft.key_version.saturating_add(1),
            updated_at: now,
            last_action: Some(ReferralAction::Edit),
            last_action_side: Some(ReferralSide::Sender),
            ..draft
        })
    })
    .transpose()
}

/// Refuses to have a draft that takes up an earlier referral speak of somebody else.
fn refuse_another_survivor(draft: &Model, consent: &consent::Model) -> Result<(), Error> {
    if draft.reopens.is_some() && draft.survivor_id != consent.survivor_id {
        let text = "this draft takes up an earlier referral, and this is another survivor's consent: discard it, and draft a \
             new one";
        return Err(Error::input("referral.consent", text));
    }
    Ok(())
}

/// Discards a draft: it stays as one that was called off, and its package is nobody's, whose key goes. Returns none where that
/// was done last.
///
/// # Errors
/// `INVALID_TRANSITION`: it is no draft.
pub fn discard(draft: Model, now: Instant) -> Result<Option<Model>, Error> {
    unless_repeated(last_act(&draft, now), &ReferralAct::Discard, || {
        let status = destination(&draft, ReferralAction::Discard, ReferralSide::Sender, now)?;
        Ok(Model {
            status,
            status_reason: Some(StatusReason::Discarded),
            contains: Categories::EMPTY,
            // So that a sweep finds a key of before that a crash left.
            key_version: draft.key_version.saturating_add(1),
            updated_at: now,
            last_action: Some(ReferralAction::Discard),
            last_action_side: Some(ReferralSide::Sender),
            ..draft
        })
    })
    .transpose()
}
