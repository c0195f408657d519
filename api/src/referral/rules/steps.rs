//! The verbs that need nothing but the referral, and by which a verb that is repeated is known. Pure.

use concord_entities::ids::ConsentId;
use concord_entities::instant::Instant;
use concord_entities::referral::Model;
use concord_entities::vocabulary::{
    CancelReason, FailReason, HoldReason, Needs, ReferralAction, ReferralSide, RejectReason,
    StatusReason, Urgency,
};

use super::outcome::Outcome;
use super::status::{CurrentStatus, StoredStatus};
use super::transitions::{destination, side_of};
use crate::error::Error;
use crate::request::repeated::unless_repeated;

/// What a side does with a referral that needs nothing but the referral, with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Takes it on.
    Accept,
    /// Turns it down.
    Reject(RejectReason),
    /// Begins its service.
    Start,
    /// Pauses it.
    Hold(HoldReason),
    /// Goes on with it.
    Resume,
    /// Ends it without success.
    Fail(FailReason),
    /// Calls it off.
    Cancel(CancelReason),
    /// Says that it should never have been.
    MarkEnteredInError,
}

impl Step {
    /// Returns what is done by it.
    #[must_use]
    pub fn action(self) -> ReferralAction {
        match self {
            Self::Accept => ReferralAction::Accept,
            Self::Reject(_) => ReferralAction::Reject,
            Self::Start => ReferralAction::Start,
            Self::Hold(_) => ReferralAction::Hold,
            Self::Resume => ReferralAction::Resume,
            Self::Fail(_) => ReferralAction::Fail,
            Self::Cancel(_) => ReferralAction::Cancel,
            Self::MarkEnteredInError => ReferralAction::MarkEnteredInError,
        }
    }

    /// Returns why, as the referral shows it.
    #[must_use]
    pub fn reason(self) -> Option<StatusReason> {
        match self {
            Self::Reject(reason) => Some(reason.into()),
            Self::Hold(reason) => Some(reason.into()),
            Self::Fail(reason) => Some(reason.into()),
            Self::Cancel(reason) => Some(reason.into()),
            Self::Accept | Self::Start | Self::Resume | Self::MarkEnteredInError => None,
        }
    }
}

/// What a side did to a referral, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferralAct {
    /// Edited its draft: all that it says.
    Edit {
        /// Under this consent.
        consent: ConsentId,
        /// For these needs.
        needs: Needs,
        /// With this urgency.
        urgency: Urgency,
        /// With the package that it has.
        has_its_package: bool,
    },
    /// Discarded its draft.
    Discard,
    /// Sent it.
    Send,
    /// Completed it.
    Complete(Outcome),
    /// Continued it.
    Continue {
        /// Under this consent.
        consent: ConsentId,
        /// With the package that it has.
        has_its_package: bool,
    },
    /// Took a step with it.
    Step {
        /// What was done.
        action: ReferralAction,
        /// By whom.
        side: ReferralSide,
        /// Why.
        reason: Option<StatusReason>,
    },
}

/// Returns what was done to a referral last, where it still stands where that brought it.
#[must_use]
pub fn last_act(referral: &Model, now: Instant) -> Option<ReferralAct> {
    let current = CurrentStatus::of(&StoredStatus::from(referral), now);
    if current.status != referral.status {
        return None;
    }
    match referral.last_action? {
        ReferralAction::Edit => Some(ReferralAct::Edit {
            consent: referral.consent_id,
            needs: referral.needs,
            urgency: referral.urgency,
            has_its_package: true,
        }),
        ReferralAction::Discard => Some(ReferralAct::Discard),
        ReferralAction::Send => Some(ReferralAct::Send),
        ReferralAction::Complete => Outcome::of(referral).map(ReferralAct::Complete),
        // A correction is known by what it says.
        ReferralAction::Correct => None,
        ReferralAction::Continue => Some(ReferralAct::Continue {
            consent: referral.consent_id,
            has_its_package: true,
        }),
        action @ (ReferralAction::Accept
        | ReferralAction::Reject
        | ReferralAction::Start
        | ReferralAction::Hold
        | ReferralAction::Resume
        | ReferralAction::Fail
        | ReferralAction::Cancel
        | ReferralAction::MarkEnteredInError) => Some(ReferralAct::Step {
            action,
            side: side_of(action).or(referral.last_action_side)?,
            reason: referral.status_reason,
        }),
    }
}

/// Takes a step with a referral. Returns none where this side did that last, for the same reason.
///
/// # Errors
/// `INVALID_TRANSITION`: this side may not do that now.
pub fn take(
    referral: Model,
    side: ReferralSide,
    step: Step,
    now: Instant,
) -> Result<Option<Model>, Error> {
    let (action, reason) = (step.action(), step.reason());
    let act = ReferralAct::Step {
        action,
        side,
        reason,
    };
    unless_repeated(last_act(&referral, now), &act, || {
        let status = destination(&referral, action, side, now)?;
        Ok(Model {
            status,
            status_reason: reason,
            // What is over needs no way back to where it was.
            halted: referral.halted && status.is_open(),
            updated_at: now,
            last_action: Some(action),
            last_action_side: Some(side),
            ..referral
        })
    })
    .transpose()
}
