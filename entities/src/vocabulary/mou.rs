//! What an MOU is for, where it stands, and what may be done with it.

use crate::code::codes;

codes! {
    /// What an MOU is for.
    MouKind {
        /// To refer people to each other.
        Referral = "REFERRAL",
        /// To share information.
        InformationSharing = "INFORMATION_SHARING",
        /// To serve people jointly.
        JointServices = "JOINT_SERVICES",
    }

    /// Where an MOU stands; computed from its dates and signatures when it is read.
    MouStatus {
        /// Being written.
        Draft = "DRAFT",
        /// Before its parties, and not signed by any of them.
        Offered = "OFFERED",
        /// Signed by some of its parties.
        PartiallySigned = "PARTIALLY_SIGNED",
        /// Signed by all, and its first day is still to come.
        Signed = "SIGNED",
        /// In force.
        Active = "ACTIVE",
        /// In force, and its review is due.
        DueForReview = "DUE_FOR_REVIEW",
        /// Past its last day.
        Expired = "EXPIRED",
        /// Replaced by a later version.
        Superseded = "SUPERSEDED",
        /// Not in force for now.
        Suspended = "SUSPENDED",
        /// Ended before its last day.
        Terminated = "TERMINATED",
        /// Turned down by a party.
        Declined = "DECLINED",
    }

    /// What may be done next with an MOU.
    MouAction {
        /// Put it before its parties.
        Offer = "OFFER",
        /// Sign it for your agency.
        Sign = "SIGN",
        /// Turn it down, before all have signed.
        Decline = "DECLINE",
        /// Halt it for now: nothing is shared under it.
        Suspend = "SUSPEND",
        /// Take your agency's suspension back.
        Reinstate = "REINSTATE",
        /// End it: when its notice is over, or at once.
        Terminate = "TERMINATE",
        /// Leave it, where two parties or more go on.
        Leave = "LEAVE",
        /// Say that your agency reviewed it, and when it is reviewed next.
        ConfirmReview = "CONFIRM_REVIEW",
        /// Draft its next version, in other terms.
        Amend = "AMEND",
        /// Draft its next version, in the same terms for longer.
        Renew = "RENEW",
    }
}
