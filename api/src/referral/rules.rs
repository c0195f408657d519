//! What may follow what in a referral's life (HL7 Gravity SDOH closed loop), and what its status is now. Pure.

use std::time::Duration;

use concord_entities::instant::Instant;
use concord_entities::vocabulary::{ReferralAction, ReferralStatus, StatusReason, Urgency};

use crate::error::Error;

/// A referral that nobody answers ends by itself after this long.
pub const UNANSWERED: Duration = Duration::from_hours(30 * 24);

/// Which side of a referral somebody is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The agency that refers.
    Sender,
    /// The agency that is asked.
    Recipient,
}

/// What a referral's row says of where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredStatus {
    /// Where people brought it.
    pub status: ReferralStatus,
    /// Why.
    pub reason: Option<StatusReason>,
    /// When it was sent.
    pub sent_at: Option<Instant>,
    /// When its consent ends by itself.
    pub consent_until: Option<Instant>,
    /// When its MOU ends by itself.
    pub mou_until: Option<Instant>,
    /// Whether its consent or MOU was ended before its time.
    pub halted: bool,
}

/// Where a referral stands now, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentStatus {
    /// Where.
    pub status: ReferralStatus,
    /// Why.
    pub reason: Option<StatusReason>,
}

/// Where a referral stands at `now`: what people did, and what time and its consent and MOU made of it.
#[must_use]
pub fn standing(recorded: &StoredStatus, now: Instant) -> CurrentStatus {
    let past = |end: Option<Instant>| end.is_some_and(|end| end <= now);
    let suspended = |reason| CurrentStatus {
        status: ReferralStatus::Suspended,
        reason,
    };
    if !recorded.status.is_open() {
        return CurrentStatus {
            status: recorded.status,
            reason: recorded.reason,
        };
    }
    if recorded.halted {
        return suspended(Some(halting(recorded.reason)));
    }
    if past(recorded.consent_until) {
        return suspended(Some(StatusReason::ConsentNotInForce));
    }
    if past(recorded.mou_until) {
        return suspended(Some(StatusReason::MouNotInForce));
    }
    if recorded.status == ReferralStatus::Requested
        && past(recorded.sent_at.map(|at| at.plus(UNANSWERED)))
    {
        return CurrentStatus {
            status: ReferralStatus::Expired,
            reason: Some(StatusReason::NotAnswered),
        };
    }
    CurrentStatus {
        status: recorded.status,
        reason: recorded.reason,
    }
}

/// Why a halted referral is suspended: beneath, its row keeps the reason of the state that it left.
fn halting(recorded: Option<StatusReason>) -> StatusReason {
    match recorded {
        Some(StatusReason::MouNotInForce) => StatusReason::MouNotInForce,
        Some(_) | None => StatusReason::ConsentNotInForce,
    }
}

/// The reason of the state that a suspended referral left.
#[must_use]
pub fn left(recorded: Option<StatusReason>) -> Option<StatusReason> {
    recorded.filter(|reason| {
        !matches!(
            reason,
            StatusReason::MouNotInForce | StatusReason::ConsentNotInForce
        )
    })
}

/// What a side may do next with a referral that stands here.
#[must_use]
pub fn allowed(status: ReferralStatus, side: Side) -> &'static [ReferralAction] {
    use ReferralAction::{Accept, Complete, Continue, Reject, Send};
    match (side, status) {
        (Side::Sender, ReferralStatus::Draft) => &[Send],
        (Side::Sender, ReferralStatus::Suspended) => &[Continue],
        (Side::Recipient, ReferralStatus::Requested) => &[Accept, Reject],
        (
            Side::Recipient,
            ReferralStatus::Accepted | ReferralStatus::InProgress | ReferralStatus::OnHold,
        ) => &[Complete],
        (Side::Sender | Side::Recipient, _) => &[],
    }
}

/// Nothing, where `side` may do `action` with a referral that stands here.
///
/// # Errors
/// `INVALID_TRANSITION`, with what is allowed instead.
pub fn permit(action: ReferralAction, standing: CurrentStatus, side: Side) -> Result<(), Error> {
    let allowed = allowed(standing.status, side);
    if allowed.contains(&action) {
        Ok(())
    } else {
        Err(Error::InvalidTransition {
            tried: action,
            from: standing.status,
            allowed: allowed.to_vec(),
        })
    }
}

/// How long a recipient has to answer.
#[must_use]
pub fn response_time(urgency: Urgency) -> Duration {
    match urgency {
        Urgency::Emergency => Duration::from_hours(1),
        Urgency::Urgent => Duration::from_hours(24),
        Urgency::Routine => Duration::from_hours(5 * 24),
    }
}
