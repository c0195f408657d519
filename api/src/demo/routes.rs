//! The plan of the referrals: who referred to whom, how long ago, and what became of it.

use concord_entities::vocabulary::{
    CancelReason, FailReason, HoldReason, OutcomeCode, RejectReason, RevocationChannel, Urgency,
};

use super::services::OfferedService;
use super::who::Who;

/// Some referrals of one agency to one other.
#[derive(Debug)]
pub(super) struct RoutePlan {
    /// Who refers.
    pub(super) sender: Who,
    /// Who is asked.
    pub(super) recipient: Who,
    /// For what.
    pub(super) service: OfferedService,
    /// Which of the sender's survivors the first one is of; the next ones follow.
    pub(super) first: usize,
    /// Each with its fate, how many hours ago it was sent (or drafted), and how urgent it is.
    pub(super) journeys: &'static [(Fate, u64, Urgency)],
}

/// What became of a referral.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// It was not sent yet.
    Draft,
    /// It was never sent, and discarded.
    Discarded,
    /// It waits for an answer; for too long where it was sent more than 30 days ago.
    Requested,
    /// It was accepted.
    Accepted,
    /// It was turned down.
    Rejected(RejectReason),
    /// It was accepted, and its service began.
    Started,
    /// It was accepted, begun and paused.
    Held(HoldReason),
    /// It was paused, and goes on.
    Resumed,
    /// It was done.
    Completed(OutcomeCode),
    /// It was begun, and ended without success; then it was made once more.
    FailedAndReopened(FailReason),
    /// Its sender called it off before it was answered.
    Withdrawn(CancelReason),
    /// It was accepted, and its recipient called it off.
    CalledOff(CancelReason),
    /// It should never have been, as its sender found before it was answered.
    NeverMeant,
    /// It was accepted, and then the survivor took the consent back.
    Revoked(RevocationChannel),
    /// It was accepted, and then its consent was found to be one that should never have been.
    Mistaken,
    /// It was accepted, and then its consent ran out.
    Lapsed,
}

impl Fate {
    /// Returns whether it was sent at all.
    pub(super) fn is_sent(self) -> bool {
        match self {
            Self::Draft | Self::Discarded => false,
            Self::Requested
            | Self::Accepted
            | Self::Rejected(_)
            | Self::Started
            | Self::Held(_)
            | Self::Resumed
            | Self::Completed(_)
            | Self::FailedAndReopened(_)
            | Self::Withdrawn(_)
            | Self::CalledOff(_)
            | Self::NeverMeant
            | Self::Revoked(_)
            | Self::Mistaken
            | Self::Lapsed => true,
        }
    }
}

use CancelReason::{NeedsMetElsewhere, ServiceEnded};
use FailReason::NoContact;
use Fate::{
    Accepted, CalledOff, Completed, Discarded, Draft, FailedAndReopened, Held, Lapsed, Mistaken,
    NeverMeant, Rejected, Requested, Resumed, Revoked, Started, Withdrawn,
};
use HoldReason::{AwaitingDocuments, SurvivorDecision as AskedForTime};
use OutcomeCode::{NeedsMet, NeedsPartlyMet, ReferredOnward, SurvivorEnded};
use RejectReason::{
    ConflictOfInterest, LanguageNotAvailable, NoCapacity, NotEligible, OutsideServiceArea,
    SafetyConcern, SurvivorDecision,
};
use RevocationChannel::{Electronic, InPerson, Telephone, Written};
use Urgency::{Emergency, Routine, Urgent};

/// Every referral. Of one route, no two are of the same survivor.
pub(super) const ROUTES: &[RoutePlan] = &[
    RoutePlan {
        sender: Who::Lantern,
        recipient: Who::Harbor,
        service: OfferedService::Housing,
        first: 0,
        journeys: &[
            (Requested, 0, Emergency),
            (Requested, 3, Urgent),
            (Requested, 26, Routine),
            (Requested, 70, Routine),
            (Accepted, 30, Urgent),
            (Accepted, 100, Routine),
            (Started, 190, Urgent),
            (Held(AwaitingDocuments), 400, Routine),
            (Resumed, 260, Routine),
            (Draft, 5, Routine),
            (Revoked(Telephone), 340, Urgent),
            (Lapsed, 1150, Routine),
            (Requested, 980, Routine),
            (Rejected(NoCapacity), 500, Routine),
            (Rejected(SurvivorDecision), 610, Routine),
            (Completed(NeedsMet), 1300, Urgent),
            (Completed(NeedsPartlyMet), 1500, Routine),
            (Completed(NeedsMet), 1750, Emergency),
            (Completed(NeedsPartlyMet), 1400, Routine),
            (Mistaken, 820, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Lantern,
        recipient: Who::LegalAid,
        service: OfferedService::Law,
        first: 5,
        journeys: &[
            (Requested, 1, Emergency),
            (Requested, 20, Urgent),
            (Requested, 60, Routine),
            (Accepted, 45, Routine),
            (Accepted, 150, Routine),
            (Accepted, 300, Routine),
            (FailedAndReopened(NoContact), 620, Routine),
            (Started, 410, Routine),
            (Discarded, 112, Routine),
            (Revoked(Written), 520, Routine),
            (Rejected(ConflictOfInterest), 700, Routine),
            (Completed(NeedsMet), 1600, Routine),
            (Completed(ReferredOnward), 1850, Routine),
            (Requested, 860, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Lantern,
        recipient: Who::Clinic,
        service: OfferedService::Health,
        first: 9,
        journeys: &[
            (Requested, 0, Emergency),
            (Requested, 9, Urgent),
            (Requested, 33, Routine),
            (Accepted, 50, Urgent),
            (Accepted, 120, Routine),
            (CalledOff(ServiceEnded), 480, Routine),
            (Accepted, 210, Routine),
            (Draft, 2, Routine),
            (Lapsed, 900, Routine),
            (Rejected(OutsideServiceArea), 300, Routine),
            (Completed(NeedsMet), 1000, Routine),
            (Rejected(SurvivorDecision), 770, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Lantern,
        recipient: Who::Liaison,
        service: OfferedService::Police,
        first: 14,
        journeys: &[
            (Requested, 1, Emergency),
            (Requested, 14, Urgent),
            (Requested, 80, Routine),
            (Accepted, 90, Urgent),
            (Accepted, 230, Routine),
            (Held(AskedForTime), 700, Routine),
            (Draft, 30, Routine),
            (Revoked(InPerson), 150, Routine),
            (Completed(NeedsPartlyMet), 1700, Routine),
            (Completed(SurvivorEnded), 1250, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Lantern,
        recipient: Who::Workforce,
        service: OfferedService::Work,
        first: 2,
        journeys: &[
            (Requested, 40, Routine),
            (Accepted, 170, Routine),
            (Accepted, 550, Routine),
            (Completed(NeedsMet), 1450, Routine),
            (Rejected(NotEligible), 350, Routine),
            (Draft, 55, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Lantern,
        recipient: Who::Recovery,
        service: OfferedService::Treatment,
        first: 11,
        journeys: &[
            (Requested, 300, Urgent),
            (Accepted, 420, Routine),
            (Accepted, 640, Routine),
            (Completed(SurvivorEnded), 1100, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Lantern,
        recipient: Who::Shelter,
        service: OfferedService::Housing,
        first: 17,
        journeys: &[
            (Requested, 16, Urgent),
            (Accepted, 65, Routine),
            (Accepted, 240, Routine),
            (Completed(NeedsMet), 1200, Routine),
            (Rejected(NoCapacity), 380, Routine),
            (Mistaken, 90, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Riverbend,
        recipient: Who::Harbor,
        service: OfferedService::Housing,
        first: 0,
        journeys: &[
            (Requested, 4, Urgent),
            (Withdrawn(NeedsMetElsewhere), 48, Routine),
            (Accepted, 130, Routine),
            (Accepted, 360, Routine),
            (Rejected(LanguageNotAvailable), 640, Routine),
            (Completed(NeedsMet), 1350, Routine),
            (Revoked(Electronic), 270, Routine),
            (Draft, 8, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Riverbend,
        recipient: Who::LegalAid,
        service: OfferedService::Law,
        first: 3,
        journeys: &[
            (Requested, 36, Routine),
            (Accepted, 110, Routine),
            (Accepted, 510, Routine),
            (Completed(NeedsPartlyMet), 1650, Routine),
            (Accepted, 330, Routine),
            (Requested, 1000, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Riverbend,
        recipient: Who::Clinic,
        service: OfferedService::Health,
        first: 6,
        journeys: &[
            (Requested, 22, Urgent),
            (Accepted, 140, Routine),
            (Completed(NeedsMet), 1100, Routine),
            (Lapsed, 840, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Riverbend,
        recipient: Who::Liaison,
        service: OfferedService::Police,
        first: 8,
        journeys: &[
            (Requested, 6, Urgent),
            (Accepted, 200, Routine),
            (Accepted, 450, Routine),
            (Rejected(SurvivorDecision), 600, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Riverbend,
        recipient: Who::Workforce,
        service: OfferedService::Work,
        first: 4,
        journeys: &[(Accepted, 500, Routine), (Accepted, 800, Routine)],
    },
    RoutePlan {
        sender: Who::Harrow,
        recipient: Who::Harbor,
        service: OfferedService::Housing,
        first: 0,
        journeys: &[
            (Requested, 2, Urgent),
            (Accepted, 75, Routine),
            (Accepted, 310, Routine),
            (Completed(NeedsMet), 1550, Routine),
            (Rejected(SafetyConcern), 560, Routine),
            (Completed(ReferredOnward), 1050, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Harrow,
        recipient: Who::LegalAid,
        service: OfferedService::Law,
        first: 2,
        journeys: &[
            (Requested, 18, Routine),
            (Accepted, 95, Routine),
            (Accepted, 430, Routine),
            (Completed(NeedsMet), 1250, Routine),
            (Rejected(NoCapacity), 240, Routine),
            (Draft, 20, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Harrow,
        recipient: Who::Clinic,
        service: OfferedService::Health,
        first: 4,
        journeys: &[
            (Requested, 7, Urgent),
            (Accepted, 58, Routine),
            (Accepted, 280, Routine),
            (NeverMeant, 390, Routine),
            (Completed(NeedsMet), 1700, Routine),
            (Revoked(Telephone), 460, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Harrow,
        recipient: Who::Shelter,
        service: OfferedService::Housing,
        first: 6,
        journeys: &[
            (Requested, 44, Routine),
            (Accepted, 160, Routine),
            (Completed(ReferredOnward), 1400, Routine),
            (Rejected(SafetyConcern), 720, Routine),
        ],
    },
    RoutePlan {
        sender: Who::Harrow,
        recipient: Who::Liaison,
        service: OfferedService::Police,
        first: 7,
        journeys: &[
            (Requested, 28, Routine),
            (Completed(NeedsMet), 1500, Routine),
        ],
    },
];
