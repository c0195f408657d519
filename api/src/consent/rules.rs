//! What a consent's status is now, and what a later version takes over from it. Pure.

use concord_entities::consent;
use concord_entities::ids::ConsentId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Categories, Code, ConsentStatus};

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
