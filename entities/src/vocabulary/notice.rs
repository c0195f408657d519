//! What an agency is told without having asked.

use crate::code::codes;

codes! {
    /// What a notice tells an agency.
    NoticeKind {
        /// A consent that names it as recipient was taken back: what it was told under it, it is told no more.
        ConsentRevoked = "CONSENT_REVOKED",
        /// A consent that your agency gave, or that names it as recipient, lacks what the law asks for. It is suspended from
        /// the moment that it says (`suspendsAt`), unless a next version puts that right before.
        ConsentSuspends = "CONSENT_SUSPENDS",
        /// A consent that was to be suspended, or was, is not: it lacks nothing any more.
        ConsentSuspensionLifted = "CONSENT_SUSPENSION_LIFTED",
        /// Your agency was registered, or an MOU of yours drafted, before there were time zones: its days are counted in UTC, as they
        /// were, until the service's operator says where it works; of the MOU, where the first task force works to which all of its
        /// parties belong. `object` is the agency or the MOU.
        TimeZoneAssumed = "TIME_ZONE_ASSUMED",
        /// A referral that your agency sent or was sent is not answered, and expires soon (`expiresAt`).
        ReferralExpires = "REFERRAL_EXPIRES",
        /// A referral that your agency sent or was sent was not answered, and is expired. Its sender may draft another one, to
        /// another recipient under a consent of its own.
        ReferralExpired = "REFERRAL_EXPIRED",
        /// Another party turned down an MOU that names your agency.
        MouDeclined = "MOU_DECLINED",
        /// Another party suspended an MOU of yours: nothing is shared under it until that party reinstates it.
        MouSuspended = "MOU_SUSPENDED",
        /// A party took its suspension of an MOU of yours back.
        MouReinstated = "MOU_REINSTATED",
        /// Another party said that an MOU of yours is to end; `terminatesOn` says when, where its notice runs.
        MouTerminated = "MOU_TERMINATED",
        /// Another party leaves an MOU of yours, which goes on without it.
        MouLeft = "MOU_LEFT",
        /// Another party reviewed an MOU of yours, and asks that you do.
        MouReviewConfirmed = "MOU_REVIEW_CONFIRMED",
        /// The review of an MOU of yours, or of a task force that you coordinate, is due within 90, 60, 30 or 7 days (`reviewOn`).
        MouReviewNears = "MOU_REVIEW_NEARS",
        /// An MOU of yours, or of a task force that you coordinate, ends within 90, 60, 30 or 7 days: with its last day, or that of
        /// a notice.
        MouEndNears = "MOU_END_NEARS",
        /// A next version of an MOU of yours is in force, and binds what was sent before.
        MouSuperseded = "MOU_SUPERSEDED",
        /// An agency with which yours shares under an MOU left the task force by which you share. `object` is the agency:
        /// `Agency.leftBehind` lists the referrals between you that have no path any more.
        AgencyLeft = "AGENCY_LEFT",
        /// An agency with which yours shares under an MOU was suspended in the task force by which you share. `object` is the agency:
        /// `Agency.leftBehind` lists the referrals between you that wait, or need another recipient.
        AgencySuspended = "AGENCY_SUSPENDED",
        /// An agency that was suspended in the task force by which you share takes part in it again. `object` is the agency.
        AgencyReinstated = "AGENCY_REINSTATED",
    }
}
