//! The agencies of the Three Rivers task force. Every name is invented.

use concord_entities::agency::{StoredVetting, StoredVettingCheck, TextList};
use concord_entities::ids::{AgencyId, ApplicationId, TaskForceId};
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::{ClientAuthentication, MemberRole};
use concord_entities::{agency, application, membership, task_force};

use super::chronicle::AuditHistory;
use super::past::{Past, id_at};
use super::personas;
use super::profiles::Profile;
use crate::audit::change::ByAgency;
use crate::audit::event::Event;

/// Declares who takes part: each agency's name in the plans, and its place in the cast.
macro_rules! cast {
    ($($(#[$doc:meta])* $who:ident $place:ident,)*) => {
        /// One of the agencies.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Who { $($(#[$doc])* $who,)* }

        impl Who {
            /// Every agency.
            pub(super) const ALL: &[Self] = &[$(Self::$who,)*];
        }

        /// The agencies, registered.
        #[derive(Debug)]
        pub(super) struct Agencies {
            pub(super) task_force: TaskForceId,
            $($place: Member,)*
        }

        impl Agencies {
            /// Everybody, as registered in this past.
            pub(super) fn assemble(past: Past) -> Self {
                Self {
                    task_force: TaskForceId(id_at(founded(past))),
                    $($place: Member::new(Who::$who, past),)*
                }
            }

            /// One of them.
            pub(super) fn member(&self, who: Who) -> &Member {
                match who { $(Who::$who => &self.$place,)* }
            }
        }
    };
}

cast! {
    /// The coordination office.
    Office office,
    /// The advocates whose outbox the demo opens with.
    Lantern lantern,
    /// Advocates in the west.
    Riverbend riverbend,
    /// Advocates in the valley.
    Harrow harrow,
    /// Transitional housing.
    Harbor harbor,
    /// A domestic-violence shelter.
    Shelter shelter,
    /// Attorneys.
    LegalAid legal_aid,
    /// A clinic.
    Clinic clinic,
    /// A city police unit.
    Liaison liaison,
    /// State investigators.
    Bureau bureau,
    /// Federal victim specialists.
    Federal federal,
    /// The county's prosecutor.
    Prosecutor prosecutor,
    /// A consulate.
    Consulate consulate,
    /// Work and training.
    Workforce workforce,
    /// Substance-use treatment.
    Recovery recovery,
    /// A lodging program that is shut out.
    Lodging lodging,
}

/// One agency, with the program that acts for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Which.
    pub(super) id: AgencyId,
    /// Its program.
    application: ApplicationId,
    /// When it was registered.
    pub(super) since: Instant,
    /// What is told of it.
    pub(super) profile: &'static Profile,
}

fn founded(past: Past) -> Instant {
    past.days_ago(760)
}

impl Member {
    fn new(who: Who, past: Past) -> Self {
        let profile = who.profile();
        let since = past.days_ago(profile.days);
        Self {
            id: AgencyId(id_at(since)),
            application: ApplicationId(id_at(since)),
            since,
            profile,
        }
    }

    /// Returns who acts for it.
    pub(super) fn author(&self) -> ByAgency {
        ByAgency {
            agency: self.id,
            subject: self.profile.desk.to_owned(),
            client: self.application.to_string(),
            token: None,
        }
    }

    fn row(&self) -> agency::Model {
        let profile = self.profile;
        agency::Model {
            id: self.id,
            name: profile.name.to_owned(),
            kind: profile.kind,
            jurisdiction: profile.jurisdiction,
            confidential_provider: profile.confidential,
            status: profile.status,
            token_epoch: 1,
            epoch_began_at: self.since,
            suspension_reason: None,
            vetting: vetting(profile, self.since.day()),
            languages: texts(profile.languages),
            service_areas: texts(profile.areas),
            created_at: self.since,
        }
    }

    fn program(&self) -> application::Model {
        application::Model {
            id: self.application,
            agency_id: self.id,
            name: "Case desk (demo)".to_owned(),
            status: self.profile.status,
            scope: personas::widest(self.profile.name),
            authentication: ClientAuthentication::PrivateKeyJwt,
            keys: application::NO_KEYS.to_owned(),
            dpop_bound: false,
            created_at: self.since,
        }
    }
}

fn texts(of: &[&str]) -> TextList {
    TextList(of.iter().map(|text| (*text).to_owned()).collect())
}

fn vetting(profile: &Profile, registered: Day) -> StoredVetting {
    let check = |evidence: Option<&str>, days| {
        evidence.map(|evidence| StoredVettingCheck {
            evidence: evidence.to_owned(),
            checked_on: registered.plus_days(days),
        })
    };
    StoredVetting {
        credible: check(profile.credible, 3),
        trauma_informed: check(profile.trauma_informed, 9),
        respects_confidentiality: check(profile.confidentiality, 11),
        knows_immigration_law: check(profile.immigration_law, 14),
    }
}

/// The rows of the agencies and what they belong to.
#[derive(Debug)]
pub(super) struct Registered {
    /// The task force.
    pub(super) task_force: task_force::Model,
    /// The agencies.
    pub(super) agencies: Vec<agency::Model>,
    /// Their places.
    pub(super) memberships: Vec<membership::Model>,
    /// Their programs.
    pub(super) applications: Vec<application::Model>,
}

impl Agencies {
    fn members(&self) -> impl Iterator<Item = &Member> {
        Who::ALL.iter().map(|who| self.member(*who))
    }

    /// Everybody's rows, with the events of their registration by the office.
    pub(super) fn register(&self, past: Past, chronicle: &mut AuditHistory) -> Registered {
        for member in self.members() {
            chronicle.tell(
                member.since,
                &self.office,
                Event::AgencyRegistered(member.id),
            );
        }
        Registered {
            task_force: task_force::Model {
                id: self.task_force,
                name: "Three Rivers Anti-Trafficking Task Force".to_owned(),
                region: "Three Rivers Region".to_owned(),
                created_at: founded(past),
            },
            agencies: self.members().map(Member::row).collect(),
            memberships: self.members().map(|member| self.place(member)).collect(),
            applications: self.members().map(Member::program).collect(),
        }
    }

    fn place(&self, member: &Member) -> membership::Model {
        let role = if member.id == self.office.id {
            MemberRole::Coordinator
        } else {
            MemberRole::Member
        };
        membership::Model {
            task_force_id: self.task_force,
            agency_id: member.id,
            role,
            since: member.since,
        }
    }
}
