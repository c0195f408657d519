//! What a consent's status is now, and what it needs before it may be signed. Pure.

use std::time::Duration;

use concord_entities::consent;
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::{ConsentStatus, SignerRole};

use crate::error::Finding;

/// The longest time that a consent may run (28 CFR 94.115: reasonably time-limited; 90 days is the field's default).
pub const LONGEST: Duration = Duration::from_hours(90 * 24);

/// Where a consent stands at `now`, from its dates, signatures and revocation.
#[must_use]
pub fn status(consent: &consent::Model, now: Instant) -> ConsentStatus {
    if consent.entered_in_error_at.is_some() {
        ConsentStatus::EnteredInError
    } else if consent.revoked_at.is_some() {
        ConsentStatus::Revoked
    } else if consent.superseded_at.is_some() {
        ConsentStatus::Superseded
    } else if consent.expires_at <= now {
        ConsentStatus::Expired
    } else if consent.signed_at.is_none() || consent.effective_at > now {
        ConsentStatus::Draft
    } else {
        ConsentStatus::Active
    }
}

/// What a consent lacks before it may be signed at `now`; empty for a good one.
#[must_use]
pub fn findings(consent: &consent::Model, now: Instant) -> Vec<Finding> {
    let mut findings = Vec::new();
    if consent.categories.is_empty() {
        findings.push(Finding {
            code: "CATEGORIES_MISSING",
            rule: "A consent names what may be told.",
            citation: "34 U.S.C. 12291(b)(2); minimum necessary",
            remedy: "Name each category that the service needs, and no other.",
        });
    }
    if consent.purposes.is_empty() {
        findings.push(Finding {
            code: "PURPOSE_MISSING",
            rule: "A consent names what the information is for.",
            citation: "42 CFR 2.31(a)(5)",
            remedy: "Name at least one purpose.",
        });
    }
    if consent.recipient_id == consent.discloser_id {
        findings.push(Finding {
            code: "RECIPIENT_IS_DISCLOSER",
            rule: "A consent names one discloser and one other recipient.",
            citation: "42 CFR 2.31(a)(4)",
            remedy: "Name the one agency that is to be told.",
        });
    }
    if consent.expires_at <= now || consent.expires_at <= consent.effective_at {
        findings.push(Finding {
            code: "EXPIRY_PAST",
            rule: "A consent ends after it begins.",
            citation: "28 CFR 94.115(a)(2)",
            remedy: "Choose a later expiry.",
        });
    }
    if consent.expires_at > consent.effective_at.plus(LONGEST) {
        findings.push(Finding {
            code: "EXPIRY_TOO_LATE",
            rule: "A consent is reasonably time-limited.",
            citation: "28 CFR 94.115(a)(2); RCW 70.123.076",
            remedy: "Choose an expiry within 90 days of its beginning; it can be renewed.",
        });
    }
    findings
}

/// Whether these roles make a complete set of signatures. A minor and a parent or guardian both sign
/// (28 CFR 94.115(a)(2)).
#[must_use]
pub fn complete(roles: &[SignerRole], minor: bool) -> bool {
    let signed = |role| roles.contains(&role);
    if minor {
        signed(SignerRole::Survivor) && signed(SignerRole::ParentOrGuardian)
    } else {
        signed(SignerRole::Survivor) || signed(SignerRole::Conservator)
    }
}

/// Whether a day can stand on a signature that is recorded at `now`.
#[must_use]
pub fn can_be_signed_on(day: Day, now: Instant) -> bool {
    // A day ahead, for those whose day has begun before UTC's.
    day <= now.day().plus_days(1)
}
