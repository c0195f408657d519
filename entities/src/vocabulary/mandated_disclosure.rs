//! What demands a disclosure without consent, who was told, and what was done for the person.

use crate::code::codes;

codes! {
    /// What demands a disclosure that no consent allows.
    MandateInstrument {
        /// A statute.
        Statute = "STATUTE",
        /// A court's order.
        CourtOrder = "COURT_ORDER",
        /// A subpoena, which alone is not enough.
        Subpoena = "SUBPOENA",
    }

    /// What kind of body outside the task force was told.
    OutsideRecipient {
        /// A court.
        Court = "COURT",
        /// Police or prosecution.
        LawEnforcement = "LAW_ENFORCEMENT",
        /// A child-protection agency.
        ChildProtection = "CHILD_PROTECTION",
        /// An adult-protection agency.
        AdultProtection = "ADULT_PROTECTION",
        /// A health authority.
        HealthAuthority = "HEALTH_AUTHORITY",
        /// Another public body.
        OtherAuthority = "OTHER_AUTHORITY",
    }

    /// What came of an attempt to notify a person.
    NoticeResult {
        /// The person was told.
        Reached = "REACHED",
        /// Nobody answered, and no message was left.
        LeftNoMessage = "LEFT_NO_MESSAGE",
        /// The person was not reached.
        NotReached = "NOT_REACHED",
        /// To try would have put the person in danger.
        UnsafeToTry = "UNSAFE_TO_TRY",
        /// The order forbids to notify the person.
        ProhibitedByOrder = "PROHIBITED_BY_ORDER",
    }

    /// Why nobody attempted to notify a person.
    NoNoticeReason {
        /// To try would have put the person in danger.
        UnsafeToTry = "UNSAFE_TO_TRY",
        /// The order forbids it.
        ProhibitedByOrder = "PROHIBITED_BY_ORDER",
        /// No safe way to reach the person is known.
        NoSafeWay = "NO_SAFE_WAY",
    }

    /// What was done to protect a person when something had to be disclosed.
    ProtectiveStep {
        /// Filed under seal.
        SealedFiling = "SEALED_FILING",
        /// A protective order was sought.
        ProtectiveOrderSought = "PROTECTIVE_ORDER_SOUGHT",
        /// Redacted.
        Redacted = "REDACTED",
        /// Reviewed by the judge alone.
        InCameraReview = "IN_CAMERA_REVIEW",
        /// Cut to what the mandate names.
        Minimised = "MINIMISED",
        /// Counsel was consulted.
        CounselConsulted = "COUNSEL_CONSULTED",
        /// None was possible; a reason goes with it.
        NonePossible = "NONE_POSSIBLE",
    }

    /// Why no protective step was possible.
    NoProtectionReason {
        /// The mandate leaves none.
        MandateLeavesNone = "MANDATE_LEAVES_NONE",
        /// A life was in danger, and there was no time.
        NoTime = "NO_TIME",
        /// They were sought and denied.
        Denied = "DENIED",
    }
}
