//! Where a referral stands, and what may be done with it.

use crate::code::codes;

codes! {
    /// Where a referral stands (HL7 Gravity closed loop).
    ReferralStatus {
        /// Being written by its sender; the recipient knows nothing of it.
        Draft = "DRAFT",
        /// Sent, and waiting for the recipient's answer.
        Requested = "REQUESTED",
        /// Taken on by the recipient.
        Accepted = "ACCEPTED",
        /// The recipient's service has begun.
        InProgress = "IN_PROGRESS",
        /// Paused by the recipient, with a reason.
        OnHold = "ON_HOLD",
        /// Open, but its consent or MOU is no longer in force; set by the system.
        Suspended = "SUSPENDED",
        /// Turned down by the recipient, with a reason.
        Rejected = "REJECTED",
        /// Called off by either side, with a reason.
        Cancelled = "CANCELLED",
        /// Done, with an outcome.
        Completed = "COMPLETED",
        /// Ended without success, with a reason.
        Failed = "FAILED",
        /// Never answered in time; set by the system.
        Expired = "EXPIRED",
        /// Should never have been.
        EnteredInError = "ENTERED_IN_ERROR",
    }

    /// What came of a completed referral.
    OutcomeCode {
        /// Every need that was asked for was met.
        NeedsMet = "NEEDS_MET",
        /// Some of the needs that were asked for were met, and not all.
        NeedsPartlyMet = "NEEDS_PARTLY_MET",
        /// The person was passed on to a better-suited partner.
        ReferredOnward = "REFERRED_ONWARD",
        /// The survivor chose to stop; that is theirs to decide.
        SurvivorEnded = "SURVIVOR_ENDED",
    }

    /// How soon a referral wants an answer.
    Urgency {
        /// Within five days.
        Routine = "ROUTINE",
        /// Within a day.
        Urgent = "URGENT",
        /// Within the hour.
        Emergency = "EMERGENCY",
    }

    /// What may be done next with a referral.
    ReferralAction {
        /// Send the draft.
        Send = "SEND",
        /// Edit the draft.
        Edit = "EDIT",
        /// Discard the draft.
        Discard = "DISCARD",
        /// Take it on.
        Accept = "ACCEPT",
        /// Turn it down.
        Reject = "REJECT",
        /// Complete it, with an outcome.
        Complete = "COMPLETE",
        /// Continue it under a consent and an MOU in force.
        Continue = "CONTINUE",
        /// Correct what came of it. `Referral.outcome` says until when.
        Correct = "CORRECT",
        /// Say that your service has begun.
        Start = "START",
        /// Pause it, with a reason.
        Hold = "HOLD",
        /// Go on with what was paused.
        Resume = "RESUME",
        /// Say that it ended without success, with a reason.
        Fail = "FAIL",
        /// Call it off, with a reason.
        Cancel = "CANCEL",
        /// Say that it should never have been.
        MarkEnteredInError = "MARK_ENTERED_IN_ERROR",
    }

    /// Which side of a referral somebody is on.
    ReferralSide {
        /// The agency that refers.
        Sender = "SENDER",
        /// The agency that is asked.
        Recipient = "RECIPIENT",
    }
}

impl ReferralStatus {
    /// The statuses of which [`is_open`](Self::is_open) is true, for queries.
    pub const OPEN: [Self; 4] = [
        Self::Requested,
        Self::Accepted,
        Self::InProgress,
        Self::OnHold,
    ];

    /// Returns whether the recipient still works on a referral of this status.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Requested | Self::Accepted | Self::InProgress | Self::OnHold => true,
            Self::Draft
            | Self::Suspended
            | Self::Rejected
            | Self::Cancelled
            | Self::Completed
            | Self::Failed
            | Self::Expired
            | Self::EnteredInError => false,
        }
    }
}
