//! The plans of the memoranda of understanding: one in every state that operations bring them to,
//! and one in force for every pair that refers.

use concord_entities::vocabulary::MouKind;

use super::services::OfferedService;
use super::who::Who;
use crate::mou::input::MouTerms;
use crate::mou::rules::words::{EndReason, PartyWord};
use crate::wire::grants;

/// What an MOU is to be.
#[derive(Debug)]
pub(super) struct MouPlan {
    /// Its title.
    pub(super) title: &'static str,
    /// What it is for.
    pub(super) kind: MouKind,
    /// What it is about.
    pub(super) service: OfferedService,
    /// Who signs, in this order, and what each takes on. The first one drafts it.
    pub(super) parties: &'static [(Who, &'static str)],
    /// How many days ago it was drafted.
    pub(super) drafted: u64,
    /// Its first day, its review and its last day, in days from today.
    pub(super) effective: i32,
    /// When its review is due.
    pub(super) review: Option<i32>,
    /// Its last day.
    pub(super) expires: i32,
    /// How far it came.
    pub(super) end: End,
}

/// How far an MOU came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is being written.
    Draft,
    /// It was offered.
    Offered,
    /// All but the last party have signed.
    PartlySigned,
    /// All have signed; the dates say the rest.
    Signed,
    /// The second party turned it down.
    Declined,
    /// All have signed, and later all signed its renewal.
    Renewed {
        /// How many days ago.
        ago: u64,
        /// Until when, in days from today.
        until: i32,
    },
    /// All have signed, and the second party suspended it.
    Suspended,
    /// All have signed, and the second party ended it for a breach.
    Terminated,
}

impl MouPlan {
    /// Returns who drafted it.
    pub(super) fn drafter(&self) -> Who {
        self.parties.first().map_or(Who::Office, |(who, _)| *who)
    }

    /// Returns whether it was put before its parties.
    pub(super) fn is_offered(&self) -> bool {
        self.end != End::Draft
    }

    /// Returns how many parties have signed.
    pub(super) fn signatures(&self) -> usize {
        match self.end {
            End::Draft | End::Offered | End::Declined => 0,
            End::PartlySigned => self.parties.len().saturating_sub(1),
            End::Signed | End::Renewed { .. } | End::Suspended | End::Terminated => {
                self.parties.len()
            }
        }
    }

    /// Returns what the second party says of it in the end, where it does.
    pub(super) fn word(&self) -> Option<PartyWord> {
        match self.end {
            End::Draft | End::Offered | End::PartlySigned | End::Signed | End::Renewed { .. } => {
                None
            }
            End::Declined => Some(PartyWord::Decline(
                "Our counsel asks for a clause on records of juveniles first.".to_owned(),
            )),
            End::Suspended => Some(PartyWord::Suspend(
                "Our liaison left; until another one is trained we take nothing on.".to_owned(),
            )),
            End::Terminated => Some(PartyWord::Terminate(EndReason {
                text: "An address was told to somebody whom the protocol does not name.".to_owned(),
                breach: true,
            })),
        }
    }

    /// Returns its clauses.
    pub(super) fn terms(&self) -> MouTerms {
        let (purpose, services) = match self.service {
            OfferedService::Housing => (
                "To give survivors a safe place to live without asking them to tell their story twice.",
                "Eleven beds in three unmarked houses, up to 180 days; two rooms kept free for emergencies.",
            ),
            OfferedService::Law => (
                "To give survivors an attorney of their own before they decide about police or relief.",
                "Consultation within five days; representation in twenty matters a year.",
            ),
            OfferedService::Health => (
                "To care for survivors' health in confidence.",
                "Same-week appointments, examinations at the survivor's wish alone, interpreters in six languages.",
            ),
            OfferedService::Police => (
                "To let survivors who decided to report speak with officers trained for it.",
                "One named liaison; an advocate is present at every interview if the survivor wishes.",
            ),
            OfferedService::Work => (
                "To help survivors to work that is safe and paid.",
                "Thirty places a year in coaching, training and placement; childcare stipends.",
            ),
            OfferedService::Treatment => (
                "To give survivors treatment of substance use that they chose.",
                "Eight outpatient places; redisclosure notices travel with every record.",
            ),
            OfferedService::Papers => (
                "To restore papers that were taken from survivors.",
                "Identity and travel documents within three weeks, at the person's own request.",
            ),
        };
        MouTerms {
            grants: grants::from_grants(&self.service.grants()),
            purpose: purpose.to_owned(),
            services: services.to_owned(),
            confidentiality: "Nothing about a person is told without that person's signed consent; the consent names \
                what, whom, why and until when."
                .to_owned(),
            breach_notice_hours: 24,
            training: "Each party trains the other's new staff once a year and takes the task force's trauma course."
                .to_owned(),
            conflict_resolution: "The two directors meet within ten days; then the coordination office mediates."
                .to_owned(),
            termination_notice_days: 30,
            qsoa: false,
        }
    }
}

const REFERS: &str =
    "Refers with the survivor's consent, keeps the consent on file and tells at once when it ends.";
const HOUSES: &str = "Answers within the time asked, houses safely and tells nobody the address.";
const ADVISES: &str = "Checks conflicts, advises in the survivor's language and tells the outcome without its content.";
const TREATS: &str =
    "Treats in confidence, documents every cost and names an interpreter before the visit.";
const LISTENS: &str =
    "Names one liaison, never asks for more than the consent names and reports the case's stages.";
const PLACES: &str = "Coaches and places; tells employers nothing of the referral.";

/// A plan that nothing special is said about.
const PLAIN: MouPlan = MouPlan {
    title: "",
    kind: MouKind::Referral,
    service: OfferedService::Housing,
    parties: &[],
    drafted: 0,
    effective: 0,
    review: None,
    expires: 0,
    end: End::Signed,
};

/// Every MOU, those in force first.
pub(super) const MOU_PLANS: &[MouPlan] = &[
    MouPlan {
        title: "Safe housing in the Three Rivers",
        kind: MouKind::JointServices,
        parties: &[
            (Who::Harbor, HOUSES),
            (Who::Lantern, REFERS),
            (Who::Riverbend, REFERS),
            (Who::Harrow, REFERS),
            (Who::Shelter, HOUSES),
        ],
        drafted: 260,
        effective: -240,
        review: Some(125),
        expires: 490,
        ..PLAIN
    },
    MouPlan {
        title: "Counsel for survivors",
        service: OfferedService::Law,
        parties: &[
            (Who::LegalAid, ADVISES),
            (Who::Lantern, REFERS),
            (Who::Riverbend, REFERS),
            (Who::Harrow, REFERS),
        ],
        drafted: 215,
        effective: -200,
        review: Some(165),
        expires: 530,
        ..PLAIN
    },
    MouPlan {
        title: "Health care in confidence",
        service: OfferedService::Health,
        parties: &[
            (Who::Clinic, TREATS),
            (Who::Lantern, REFERS),
            (Who::Riverbend, REFERS),
            (Who::Harrow, REFERS),
        ],
        drafted: 395,
        effective: -380,
        review: Some(-15),
        expires: 350,
        ..PLAIN
    },
    MouPlan {
        title: "Victim liaison protocol",
        kind: MouKind::InformationSharing,
        service: OfferedService::Police,
        parties: &[
            (Who::Liaison, LISTENS),
            (Who::Lantern, REFERS),
            (Who::Riverbend, REFERS),
            (Who::Harrow, REFERS),
        ],
        drafted: 172,
        effective: -160,
        review: Some(205),
        expires: 205,
        ..PLAIN
    },
    MouPlan {
        title: "Paths to work",
        service: OfferedService::Work,
        parties: &[(Who::Workforce, PLACES), (Who::Lantern, REFERS)],
        drafted: 300,
        effective: -290,
        review: Some(75),
        expires: 75,
        ..PLAIN
    },
    MouPlan {
        title: "Treatment by choice",
        service: OfferedService::Treatment,
        parties: &[(Who::Recovery, TREATS), (Who::Lantern, REFERS)],
        drafted: 240,
        effective: -230,
        review: Some(135),
        expires: 500,
        ..PLAIN
    },
    MouPlan {
        title: "Work coaching in Millrace County",
        service: OfferedService::Work,
        parties: &[(Who::Workforce, PLACES), (Who::Riverbend, REFERS)],
        drafted: 380,
        effective: -371,
        review: Some(-100),
        expires: -6,
        ..PLAIN
    },
    MouPlan {
        title: "Overflow lodging",
        parties: &[(Who::Lodging, HOUSES), (Who::Lantern, REFERS)],
        drafted: 420,
        effective: -410,
        expires: 320,
        ..PLAIN
    },
    MouPlan {
        title: "Victim and witness support at trial",
        kind: MouKind::InformationSharing,
        service: OfferedService::Police,
        parties: &[(Who::Prosecutor, LISTENS), (Who::Lantern, REFERS)],
        drafted: 20,
        effective: 12,
        review: Some(377),
        expires: 742,
        ..PLAIN
    },
    MouPlan {
        title: "Federal victim assistance",
        kind: MouKind::InformationSharing,
        service: OfferedService::Police,
        parties: &[
            (Who::Federal, LISTENS),
            (Who::Lantern, REFERS),
            (Who::Riverbend, REFERS),
        ],
        drafted: 16,
        effective: 5,
        expires: 735,
        end: End::PartlySigned,
        ..PLAIN
    },
    MouPlan {
        title: "Papers and travel documents",
        service: OfferedService::Papers,
        parties: &[
            (Who::Lantern, REFERS),
            (
                Who::Consulate,
                "Issues papers at the person's own request alone.",
            ),
        ],
        drafted: 8,
        effective: 15,
        expires: 380,
        end: End::Offered,
        ..PLAIN
    },
    MouPlan {
        title: "Emergency beds at weekends",
        parties: &[(Who::Lantern, REFERS), (Who::Shelter, HOUSES)],
        drafted: 3,
        effective: 30,
        expires: 395,
        end: End::Draft,
        ..PLAIN
    },
    MouPlan {
        title: "Sharing of leads with the field office",
        kind: MouKind::InformationSharing,
        service: OfferedService::Police,
        parties: &[(Who::Bureau, LISTENS), (Who::Riverbend, REFERS)],
        drafted: 74,
        effective: -50,
        expires: 315,
        end: End::Offered,
        ..PLAIN
    },
    MouPlan {
        title: "Escorts to interviews in the valley",
        kind: MouKind::InformationSharing,
        service: OfferedService::Police,
        parties: &[(Who::Harrow, REFERS), (Who::Bureau, LISTENS)],
        drafted: 60,
        effective: -40,
        expires: 325,
        end: End::Declined,
        ..PLAIN
    },
    MouPlan {
        title: "Joint interviews in the west",
        kind: MouKind::InformationSharing,
        service: OfferedService::Police,
        parties: &[(Who::Riverbend, REFERS), (Who::Prosecutor, LISTENS)],
        drafted: 190,
        effective: -180,
        expires: 185,
        end: End::Suspended,
        ..PLAIN
    },
    MouPlan {
        title: "Rides to night shelters",
        parties: &[(Who::Harrow, REFERS), (Who::Lodging, HOUSES)],
        drafted: 330,
        effective: -320,
        expires: 45,
        end: End::Terminated,
        ..PLAIN
    },
    MouPlan {
        title: "Treatment for the valley",
        service: OfferedService::Treatment,
        parties: &[(Who::Recovery, TREATS), (Who::Harrow, REFERS)],
        drafted: 390,
        effective: -380,
        review: Some(-45),
        expires: 10,
        end: End::Renewed {
            ago: 30,
            until: 340,
        },
        ..PLAIN
    },
];
