//! What a referral's draft may say, when it is a second one for the same need, and how it is discarded. Pure.

use concord_entities::consent;
use concord_entities::ids::ReferralId;
use concord_entities::instant::Instant;
use concord_entities::referral::Model;
use concord_entities::vocabulary::{
    Categories, Needs, ReferralAction, ReferralStatus, StatusReason, Urgency,
};

use super::rules::{
    CurrentStatus, ReferralAct, Side, StoredStatus, beyond_consent, last_act, permit,
};
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
    let is_unfinished = |one: &&Model| {
        let status = CurrentStatus::of(&StoredStatus::from(*one), now).status;
        status.is_open() || matches!(status, ReferralStatus::Draft | ReferralStatus::Suspended)
    };
    let same = referrals
        .iter()
        .filter(|one| one.needs.iter().any(|need| needs.has(need)));
    same.filter(is_unfinished)
        .min_by_key(|one| (one.created_at, one.id))
}

/// Drafts a referral under a consent that has not ended; `faults` are those that its package has by itself.
///
/// # Errors
/// `BAD_USER_INPUT`: those, that its package holds what the consent does not name, or that it names no need.
pub fn draft(
    consent: &consent::Model,
    told: NewReferral,
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
    })
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
        let draft = permit(draft, ReferralAction::Edit, Side::Sender, now)?;
        told.check(consent, faults)?;
        Ok(Model {
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
            ..draft
        })
    })
    .transpose()
}

/// Discards a draft: it stays as one that was called off, and its package is nobody's, whose key goes. Returns none where that
/// was done last.
///
/// # Errors
/// `INVALID_TRANSITION`: it is no draft.
pub fn discard(draft: Model, now: Instant) -> Result<Option<Model>, Error> {
    unless_repeated(last_act(&draft, now), &ReferralAct::Discard, || {
        let draft = permit(draft, ReferralAction::Discard, Side::Sender, now)?;
        Ok(Model {
            status: ReferralStatus::Cancelled,
            status_reason: Some(StatusReason::Discarded),
            contains: Categories::EMPTY,
            // So that a sweep finds a key of before that a crash left.
            key_version: draft.key_version.saturating_add(1),
            updated_at: now,
            last_action: Some(ReferralAction::Discard),
            ..draft
        })
    })
    .transpose()
}
