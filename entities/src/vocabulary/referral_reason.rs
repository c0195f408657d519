//! Why a referral stands where it stands. A reason speaks of the service, of the partners or of what the person decided; none
//! judges the person.

use crate::code::codes;

codes! {
    /// Why a referral stands where it stands.
    StatusReason {
        /// No place or time free.
        NoCapacity = "NO_CAPACITY",
        /// Not a service that the recipient gives, or not to this person.
        NotEligible = "NOT_ELIGIBLE",
        /// Outside the area that the recipient serves.
        OutsideServiceArea = "OUTSIDE_SERVICE_AREA",
        /// No interpreter for the language and dialect.
        LanguageNotAvailable = "LANGUAGE_NOT_AVAILABLE",
        /// The recipient cannot keep the person safe.
        SafetyConcern = "SAFETY_CONCERN",
        /// The recipient knows the accused or has another conflict.
        ConflictOfInterest = "CONFLICT_OF_INTEREST",
        /// The survivor decided otherwise.
        SurvivorDecision = "SURVIVOR_DECISION",
        /// The consent is no longer in force.
        ConsentNotInForce = "CONSENT_NOT_IN_FORCE",
        /// The MOU is no longer in force.
        MouNotInForce = "MOU_NOT_IN_FORCE",
        /// Nobody answered in time.
        NotAnswered = "NOT_ANSWERED",
        /// Its sender discarded the draft.
        Discarded = "DISCARDED",
        /// The person could not be reached safely.
        NoContact = "NO_CONTACT",
        /// A paper or another office's decision is waited for.
        AwaitingDocuments = "AWAITING_DOCUMENTS",
        /// Another service comes first.
        AwaitingOtherService = "AWAITING_OTHER_SERVICE",
        /// The recipient's service is closed for a while.
        ServiceInterrupted = "SERVICE_INTERRUPTED",
        /// The recipient gives this service no longer.
        ServiceEnded = "SERVICE_ENDED",
        /// What was needed was found elsewhere.
        NeedsMetElsewhere = "NEEDS_MET_ELSEWHERE",
        /// The same was referred already.
        Duplicate = "DUPLICATE",
        /// It was made to the wrong partner.
        WrongPartner = "WRONG_PARTNER",
    }

    /// Why a recipient turns a referral down.
    RejectReason {
        /// No place or time free.
        NoCapacity = "NO_CAPACITY",
        /// Not a service that you give, or not to this person.
        NotEligible = "NOT_ELIGIBLE",
        /// Outside the area that you serve.
        OutsideServiceArea = "OUTSIDE_SERVICE_AREA",
        /// No interpreter for the language and dialect.
        LanguageNotAvailable = "LANGUAGE_NOT_AVAILABLE",
        /// You cannot keep the person safe.
        SafetyConcern = "SAFETY_CONCERN",
        /// You know the accused or have another conflict.
        ConflictOfInterest = "CONFLICT_OF_INTEREST",
        /// The survivor decided otherwise.
        SurvivorDecision = "SURVIVOR_DECISION",
    }

    /// Why a recipient pauses a referral.
    HoldReason {
        /// No place or time free yet.
        NoCapacity = "NO_CAPACITY",
        /// You could not reach the person safely yet.
        NoContact = "NO_CONTACT",
        /// You wait for a paper or for another office's decision.
        AwaitingDocuments = "AWAITING_DOCUMENTS",
        /// Another service comes first.
        AwaitingOtherService = "AWAITING_OTHER_SERVICE",
        /// No interpreter for the language and dialect yet.
        LanguageNotAvailable = "LANGUAGE_NOT_AVAILABLE",
        /// It is not safe for the person to go on at the moment.
        SafetyConcern = "SAFETY_CONCERN",
        /// Your service is closed for a while.
        ServiceInterrupted = "SERVICE_INTERRUPTED",
        /// The survivor asked for time.
        SurvivorDecision = "SURVIVOR_DECISION",
    }

    /// Why a referral that was taken on ended without success.
    FailReason {
        /// No place or time came free.
        NoCapacity = "NO_CAPACITY",
        /// Not a service that you give to this person, as it turned out.
        NotEligible = "NOT_ELIGIBLE",
        /// The person is outside the area that you serve.
        OutsideServiceArea = "OUTSIDE_SERVICE_AREA",
        /// No interpreter for the language and dialect could be found.
        LanguageNotAvailable = "LANGUAGE_NOT_AVAILABLE",
        /// You cannot keep the person safe.
        SafetyConcern = "SAFETY_CONCERN",
        /// You know the accused or have another conflict.
        ConflictOfInterest = "CONFLICT_OF_INTEREST",
        /// You could not reach the person safely.
        NoContact = "NO_CONTACT",
        /// You give this service no longer.
        ServiceEnded = "SERVICE_ENDED",
        /// The survivor decided otherwise.
        SurvivorDecision = "SURVIVOR_DECISION",
    }

    /// Why either side calls a referral off.
    CancelReason {
        /// The survivor decided otherwise.
        SurvivorDecision = "SURVIVOR_DECISION",
        /// What was needed was found elsewhere.
        NeedsMetElsewhere = "NEEDS_MET_ELSEWHERE",
        /// The person could not be reached safely.
        NoContact = "NO_CONTACT",
        /// It is not safe for the person to go on.
        SafetyConcern = "SAFETY_CONCERN",
        /// The consent ended, and the survivor decided on no new one.
        ConsentNotInForce = "CONSENT_NOT_IN_FORCE",
        /// The same was referred already.
        Duplicate = "DUPLICATE",
        /// It was made to the wrong partner.
        WrongPartner = "WRONG_PARTNER",
        /// No place or time free any more.
        NoCapacity = "NO_CAPACITY",
        /// The service is no longer given.
        ServiceEnded = "SERVICE_ENDED",
    }
}

/// Has the reasons of one verb among those that a referral shows.
macro_rules! shown {
    ($($reason:ident { $($variant:ident,)* })*) => {$(
        impl From<$reason> for StatusReason {
            fn from(reason: $reason) -> Self {
                match reason { $($reason::$variant => Self::$variant,)* }
            }
        }
    )*};
}

shown! {
    RejectReason {
        NoCapacity, NotEligible, OutsideServiceArea, LanguageNotAvailable, SafetyConcern, ConflictOfInterest,
        SurvivorDecision,
    }
    HoldReason {
        NoCapacity, NoContact, AwaitingDocuments, AwaitingOtherService, LanguageNotAvailable, SafetyConcern,
        ServiceInterrupted, SurvivorDecision,
    }
    FailReason {
        NoCapacity, NotEligible, OutsideServiceArea, LanguageNotAvailable, SafetyConcern, ConflictOfInterest, NoContact,
        ServiceEnded, SurvivorDecision,
    }
    CancelReason {
        SurvivorDecision, NeedsMetElsewhere, NoContact, SafetyConcern, ConsentNotInForce, Duplicate, WrongPartner,
        NoCapacity, ServiceEnded,
    }
}
