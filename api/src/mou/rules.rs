//! What an MOU's status is now, and what may follow. Pure.
//!
//! The status is computed from dates and signatures, so that "active" is never shown for what is not in force.

use concord_entities::instant::Instant;
use concord_entities::mou;
use concord_entities::vocabulary::{MouAction, MouStatus};

/// Where an MOU stands at `now`; `signed` of its parties have signed.
#[must_use]
pub fn status(mou: &mou::Model, signed: usize, now: Instant) -> MouStatus {
    if mou.superseded_at.is_some() {
        MouStatus::Superseded
    } else if mou.terminated_at.is_some() {
        MouStatus::Terminated
    } else if mou.declined_at.is_some() {
        MouStatus::Declined
    } else if mou.offered_at.is_none() {
        MouStatus::Draft
    } else if mou.expires_on.end() <= now {
        MouStatus::Expired
    } else if mou.signed_at.is_none() {
        if signed == 0 {
            MouStatus::Offered
        } else {
            MouStatus::PartiallySigned
        }
    } else if mou.suspended_at.is_some() {
        MouStatus::Suspended
    } else if now < mou.effective_on.start() {
        MouStatus::Signed
    } else if mou.review_on.is_some_and(|day| day.start() <= now) {
        MouStatus::DueForReview
    } else {
        MouStatus::Active
    }
}

/// Whether an MOU that stands here is in force.
#[must_use]
pub fn in_force(status: MouStatus) -> bool {
    matches!(status, MouStatus::Active | MouStatus::DueForReview)
}

/// How the caller's agency is bound up with an MOU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Involvement {
    /// It drafted it.
    pub drafted: bool,
    /// It is a party.
    pub party: bool,
    /// It has signed.
    pub signed: bool,
}

/// What an agency may do next with an MOU that stands here.
#[must_use]
pub fn allowed(status: MouStatus, involvement: Involvement) -> Vec<MouAction> {
    match status {
        MouStatus::Draft if involvement.drafted => vec![MouAction::Offer],
        MouStatus::Offered | MouStatus::PartiallySigned
            if involvement.party && !involvement.signed =>
        {
            vec![MouAction::Sign]
        }
        MouStatus::Draft
        | MouStatus::Offered
        | MouStatus::PartiallySigned
        | MouStatus::Signed
        | MouStatus::Active
        | MouStatus::DueForReview
        | MouStatus::Expired
        | MouStatus::Superseded
        | MouStatus::Suspended
        | MouStatus::Terminated
        | MouStatus::Declined => Vec::new(),
    }
}

/// How many days an MOU that is in force has left, its last day included.
#[must_use]
pub fn days_left(mou: &mou::Model, status: MouStatus, now: Instant) -> Option<i32> {
    in_force(status).then(|| {
        mou.expires_on
            .0
            .saturating_sub(now.day().0)
            .saturating_add(1)
    })
}
