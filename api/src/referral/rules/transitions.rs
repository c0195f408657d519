//! What may follow what in a referral's life (HL7 Gravity SDOH closed loop): one table, and what follows from it. Pure.

use concord_entities::instant::Instant;
use concord_entities::referral::Model;
use concord_entities::vocabulary::{Code, ReferralAction, ReferralSide, ReferralStatus};

use ReferralAction::{
    Accept, Cancel, Complete, Continue, Correct, Discard, Edit, Fail, Hold, MarkEnteredInError,
    Reject, Resume, Send, Start,
};
use ReferralSide::{Recipient, Sender};
use ReferralStatus::{
    Accepted, Cancelled, Completed, Draft, EnteredInError, Expired, Failed, InProgress, OnHold,
    Rejected, Requested, Suspended,
};

use super::status::{CurrentStatus, StoredStatus};
use crate::error::Error;

/// What one side may do with a referral of one status, and where that brings it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Where it stands.
    pub from: ReferralStatus,
    /// Who does it.
    pub side: ReferralSide,
    /// What is done.
    pub action: ReferralAction,
    /// Where it stands then; none for the status in which it was suspended.
    pub to: Option<ReferralStatus>,
}

/// Every transition that people make, in the order in which a side is shown what it may do. Time makes three more: what is
/// not answered expires, what is open is suspended with its consent or MOU, and what expired or is suspended stands as people
/// left it beneath.
pub const TRANSITIONS: [Transition; 36] = [
    row(Draft, Sender, Send, Requested),
    row(Draft, Sender, Edit, Draft),
    row(Draft, Sender, Discard, Cancelled),
    row(Draft, Sender, MarkEnteredInError, EnteredInError),
    row(Requested, Sender, Cancel, Cancelled),
    row(Requested, Sender, MarkEnteredInError, EnteredInError),
    row(Requested, Recipient, Accept, Accepted),
    row(Requested, Recipient, Reject, Rejected),
    row(Accepted, Sender, Cancel, Cancelled),
    row(Accepted, Sender, MarkEnteredInError, EnteredInError),
    row(Accepted, Recipient, Start, InProgress),
    row(Accepted, Recipient, Hold, OnHold),
    row(Accepted, Recipient, Complete, Completed),
    row(Accepted, Recipient, Fail, Failed),
    row(Accepted, Recipient, Cancel, Cancelled),
    row(InProgress, Sender, Cancel, Cancelled),
    row(InProgress, Sender, MarkEnteredInError, EnteredInError),
    row(InProgress, Recipient, Hold, OnHold),
    row(InProgress, Recipient, Complete, Completed),
    row(InProgress, Recipient, Fail, Failed),
    row(InProgress, Recipient, Cancel, Cancelled),
    row(OnHold, Sender, Cancel, Cancelled),
    row(OnHold, Sender, MarkEnteredInError, EnteredInError),
    row(OnHold, Recipient, Resume, InProgress),
    row(OnHold, Recipient, Complete, Completed),
    row(OnHold, Recipient, Fail, Failed),
    row(OnHold, Recipient, Cancel, Cancelled),
    Transition {
        from: Suspended,
        side: Sender,
        action: Continue,
        to: None,
    },
    row(Suspended, Sender, Cancel, Cancelled),
    row(Suspended, Sender, MarkEnteredInError, EnteredInError),
    row(Completed, Recipient, Correct, Completed),
    row(Completed, Sender, MarkEnteredInError, EnteredInError),
    row(Failed, Sender, MarkEnteredInError, EnteredInError),
    row(Rejected, Sender, MarkEnteredInError, EnteredInError),
    row(Cancelled, Sender, MarkEnteredInError, EnteredInError),
    row(Expired, Sender, MarkEnteredInError, EnteredInError),
];

const fn row(
    from: ReferralStatus,
    side: ReferralSide,
    action: ReferralAction,
    to: ReferralStatus,
) -> Transition {
    Transition {
        from,
        side,
        action,
        to: Some(to),
    }
}

/// Lists what a side may do next with a referral of this status. Without [`Correct`], which time bounds as well: of that an
/// outcome says until when.
pub fn allowed(status: ReferralStatus, side: ReferralSide) -> impl Iterator<Item = ReferralAction> {
    let rows = TRANSITIONS.iter();
    rows.filter(move |row| row.from == status && row.side == side && row.action != Correct)
        .map(|row| row.action)
}

/// Returns the side that alone may do this, or none where both may.
#[must_use]
pub fn side_of(action: ReferralAction) -> Option<ReferralSide> {
    let does = |side| {
        let mut rows = TRANSITIONS.iter();
        rows.any(|row| row.action == action && row.side == side)
    };
    match (does(Sender), does(Recipient)) {
        (true, false) => Some(Sender),
        (false, true) => Some(Recipient),
        (true, true) | (false, false) => None,
    }
}

/// Returns the status to which this side brings a referral by this.
///
/// # Errors
/// `INVALID_TRANSITION`: it may not do that now.
pub fn destination(
    referral: &Model,
    action: ReferralAction,
    side: ReferralSide,
    now: Instant,
) -> Result<ReferralStatus, Error> {
    let from = status_at(referral, now);
    let mut rows = TRANSITIONS.iter();
    rows.find(|row| row.from == from && row.side == side && row.action == action)
        .map(|row| row.to.unwrap_or(referral.status))
        .ok_or_else(|| Error::InvalidTransition {
            tried: action,
            from,
            allowed: allowed(from, side).collect(),
        })
}

/// Returns the error for what the other side of a referral does, and this one does not.
#[must_use]
pub fn not_yours(referral: &Model, side: ReferralSide, now: Instant) -> Error {
    let from = status_at(referral, now);
    Error::NotYours {
        record: "referral",
        from: from.code(),
        allowed: allowed(from, side).map(Code::code).collect(),
    }
}

fn status_at(referral: &Model, now: Instant) -> ReferralStatus {
    CurrentStatus::of(&StoredStatus::from(referral), now).status
}
