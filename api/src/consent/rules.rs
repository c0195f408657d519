//! What a consent's status is now, and what a later version takes over from it. Pure.

use concord_entities::consent;
use concord_entities::ids::{AgencyId, ConsentId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Categories, Code, ConsentStatus, Explanations};

use crate::error::Error;

/// Returns a consent's status at `now`, from its dates, signatures and revocation.
#[must_use]
pub fn status(consent: &consent::Model, now: Instant) -> ConsentStatus {
    if consent.entered_in_error_at.is_some() {
        ConsentStatus::EnteredInError
    } else if consent.revoked_at.is_some() {
        ConsentStatus::Revoked
    } else if consent.superseded_at.is_some() {
        ConsentStatus::Superseded
    } else if consent.dates().has_ended(now) {
        ConsentStatus::Expired
    } else if consent.signed_at.is_some() && consent.dates().is_suspended(now) {
        ConsentStatus::Suspended
    } else if consent.dates().has_begun(now) {
        ConsentStatus::Active
    } else {
        ConsentStatus::Draft
    }
}

/// Returns the error for a consent that an agency is named in, and whose discloser alone may change it.
#[must_use]
pub fn not_yours(consent: &consent::Model, now: Instant) -> Error {
    Error::NotYours {
        record: "consent",
        from: status(consent, now).code(),
        allowed: Vec::new(),
    }
}

/// Returns whether something may be shared under it at `now` or later: it is signed and has not ended. Where it may not,
/// ending it ends no sharing.
#[must_use]
pub fn may_share(consent: &consent::Model, now: Instant) -> bool {
    consent.signed_at.is_some() && !consent.dates().has_ended(now)
}

/// Returns whether taking the version `named` back takes this one of the agreement back: what was taken back before
/// stays as it is, and a later version that nobody signed allows nothing.
#[must_use]
pub fn is_taken_back_with(consent: &consent::Model, named: ConsentId) -> bool {
    consent.revoked_at.is_none() && (consent.id == named || consent.signed_at.is_some())
}

/// Returns whether a later version may take this one's place: signed once, and never taken back or found to be an
/// error.
#[must_use]
pub fn may_be_superseded(consent: &consent::Model) -> bool {
    consent.signed_at.is_some()
        && consent.revoked_at.is_none()
        && consent.superseded_at.is_none()
        && consent.entered_in_error_at.is_none()
}

/// Returns whether a later version carries on a referral that stands on the earlier one and holds these categories: the
/// earlier one has not lapsed (a package ends with the time that it was sealed for), and the later one names the same
/// two agencies, and everything that the package holds, for every purpose for which it was consented to before.
#[must_use]
pub fn carries_on(
    earlier: &consent::Model,
    later: &consent::Model,
    contains: Categories,
    at: Instant,
) -> bool {
    at < earlier.expires_at
        && later.survivor_id == earlier.survivor_id
        && later.discloser_id == earlier.discloser_id
        && later.recipient_id == earlier.recipient_id
        && contains.within(later.grants.categories())
        && earlier.grants.only(contains).within(&later.grants)
}

/// To whom a consent is drafted from another one, and what is not as in that one.
#[derive(Clone, Copy, Debug)]
pub struct Readdressed {
    /// The agency that may be told.
    pub recipient: AgencyId,
    /// Until when.
    pub expires_at: Instant,
    /// What was explained of it.
    pub explained: Explanations,
    /// Whether its survivor needs a guardian's signature today.
    pub is_guarded: bool,
}

/// Returns a first version to another recipient that says what a consent says; to be signed by whoever signs for the survivor.
///
/// # Errors
/// `BAD_USER_INPUT`: the recipient is the consent's own, or the discloser. `INVALID_TRANSITION`: it should never have been.
pub fn readdressed(
    from: &consent::Model,
    to: Readdressed,
    now: Instant,
) -> Result<consent::Model, Error> {
    if to.recipient == from.recipient_id {
        let text = "another agency than this consent's: renew the consent";
        return Err(Error::input("consent.recipient", text));
    }
    if to.recipient == from.discloser_id {
        return Err(Error::input(
            "consent.recipient",
            "must be another agency than yours",
        ));
    }
    if from.entered_in_error_at.is_some() {
        let text = "this consent should never have been: draft another one";
        return Err(Error::NotNow(text.into()));
    }
    Ok(consent::Model {
        id: ConsentId::new(),
        version: 1,
        supersedes: None,
        recipient_id: to.recipient,
        effective_at: now,
        expires_at: to.expires_at,
        signed_at: None,
        revoked_at: None,
        revocation_channel: None,
        superseded_at: None,
        created_at: now,
        explained: Some(to.explained),
        // An adult signs alone in any case.
        minor_alone: from.minor_alone.filter(|_| to.is_guarded),
        // Whoever was between the two was between those two.
        through_intermediary: false,
        intermediary_id: None,
        suspends_at: None,
        ..from.clone()
    })
}
