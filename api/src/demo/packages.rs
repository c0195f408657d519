//! What the referrals tell of people: the least that each service needs. All of it is invented.

use concord_entities::instant::Day;
use concord_entities::vocabulary::{
    Categories, Code, ContactChannel, DataCategory, Need, NoteAudience, Weekday,
};

use super::services::OfferedService;
use super::survivors::Person;
use crate::referral::package::{
    Contents, Demographics, Exploitation, ExploitationAction, ExploitationMeans,
    ExploitationPurpose, Family, Financial, Identity, Immigration, Language, Legal, Medical,
    NeedsDetail, Safety, SubstanceUse,
};
use crate::survivor::contact::plan::{ContactRoute, ContactWindow, SafeContactPlan};
use crate::wire::scalars::{LanguageTag, LocalTime};

/// Returns the package of the `nth` referral: what the person consented to, and the service needs.
pub(super) fn pack(
    service: OfferedService,
    person: &Person,
    nth: usize,
    consented: Categories,
    today: Day,
) -> Contents {
    let told = Told {
        service,
        person,
        nth,
        today,
    };
    let has = |category| consented.has(category);
    Contents {
        identity: has(DataCategory::Identity).then(|| told.identity()),
        demographics: has(DataCategory::Demographics).then(|| told.demographics()),
        contact: has(DataCategory::Contact).then(|| told.contact()),
        family: has(DataCategory::Family).then(|| told.family()),
        language: has(DataCategory::Language).then(|| told.language()),
        needs: has(DataCategory::Needs).then(|| told.needs()),
        safety: has(DataCategory::Safety).then(|| told.safety()),
        exploitation: has(DataCategory::Exploitation).then(|| told.exploitation()),
        medical: has(DataCategory::Medical).then(|| told.medical()),
        mental_health: has(DataCategory::MentalHealth).then(|| told.mental_health()),
        substance_use: has(DataCategory::SubstanceUse).then(|| told.substance_use()),
        immigration: has(DataCategory::Immigration).then(|| told.immigration()),
        legal: has(DataCategory::Legal).then(|| told.legal()),
        financial: has(DataCategory::Financial).then(|| told.financial()),
        ..Contents::default()
    }
}

/// One referral's story.
struct Told<'p> {
    service: OfferedService,
    person: &'p Person,
    nth: usize,
    today: Day,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "every field of a package is optional"
)]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "every field of a package is optional"
)]
fn list(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(|text| (*text).to_owned()).collect())
}

impl Told<'_> {
    /// Returns one of some texts, in turn.
    fn one_of<'t>(&self, texts: &[&'t str]) -> &'t str {
        texts
            .iter()
            .copied()
            .cycle()
            .nth(self.nth % texts.len().max(1))
            .unwrap_or_default()
    }

    fn years(&self) -> i32 {
        let spread =
            i32::try_from(self.person.pseudonym.len() + self.person.given.len()).unwrap_or(0);
        if self.person.minor {
            15 + spread % 3
        } else {
            19 + spread
        }
    }

    fn identity(&self) -> Identity {
        let days = self.years().saturating_mul(365) + 100;
        Identity {
            given_name: some(self.person.given),
            family_name: some(self.person.family),
            other_names: None,
            date_of_birth: Some(self.today.plus_days(-days).into()),
        }
    }

    fn demographics(&self) -> Demographics {
        let decade = self.years() / 10 * 10;
        let age = if self.person.minor {
            "under 18".to_owned()
        } else {
            format!("{decade}-{}", decade + 9)
        };
        Demographics {
            age: Some(age),
            gender: some(self.one_of(&["woman", "woman", "man", "woman", "nonbinary"])),
            nationalities: list(&[self.person.country]),
        }
    }

    fn contact(&self) -> SafeContactPlan {
        let through_advocate = self.person.minor || self.nth.is_multiple_of(4);
        let (channel, address) = if through_advocate {
            (ContactChannel::ThroughAdvocate, "the advocate on call")
        } else {
            let number = self.one_of(&["+12025550142", "+12025550177", "+12025550119"]);
            (ContactChannel::Phone, number)
        };
        let (days, from, until): (&[Weekday], _, _) = match self.nth % 3 {
            0 => (Weekday::ALL.split_at(5).0, "10:00", "12:00"),
            1 => (&[Weekday::Tuesday, Weekday::Thursday], "17:00", "19:00"),
            _ => (Weekday::ALL, "08:00", "11:30"),
        };
        let time = |text| LocalTime::new(text);
        let window = time(from)
            .zip(time(until))
            .map(|(from, until)| ContactWindow {
                days: days.to_vec(),
                from,
                until,
            });
        SafeContactPlan {
            do_not_contact: Some(false),
            channels: Some(vec![ContactRoute {
                channel,
                address: address.to_owned(),
            }]),
            windows: window.map(|window| vec![window]),
            time_zone: some("America/Chicago"),
            may_leave_message: Some(false),
            code_word: some(self.one_of(&["marigold", "lantern", "cinnamon", "paper boat"])),
        }
    }

    fn family(&self) -> Family {
        let children = i32::try_from(self.nth % 4).unwrap_or(0);
        Family {
            children: Some(children),
            notes: (children > 0).then(|| {
                self.one_of(&[
                    "The youngest needs a crib.",
                    "One child is in second grade and should not change schools twice.",
                    "A sister may join later.",
                ])
                .to_owned()
            }),
        }
    }

    fn language(&self) -> Language {
        let english = self.person.language == "en";
        Language {
            primary: LanguageTag::new(self.person.language),
            dialect: (self.person.language == "es-GT")
                .then(|| "Kaqchikel at home; Spanish is a second language".to_owned()),
            others: if english {
                None
            } else {
                LanguageTag::new("en").map(|tag| vec![tag])
            },
            interpreter_needed: Some(!english),
        }
    }

    fn needs(&self) -> NeedsDetail {
        let (first, requests): (Need, &[&str]) = match self.service {
            OfferedService::Housing => (
                Need::Housing,
                &[
                    "A room with a door that locks, near a bus line.",
                    "Somewhere the children can stay with me.",
                    "A place away from the north side.",
                ],
            ),
            OfferedService::Law | OfferedService::Papers => (
                Need::Legal,
                &[
                    "I want to know my choices before I talk to anybody.",
                    "My employer still has my passport.",
                ],
            ),
            OfferedService::Health | OfferedService::Police => (
                Need::MedicalCare,
                &[
                    "A woman doctor, please.",
                    "My back, since the packing line.",
                    "I do not sleep.",
                ],
            ),
            OfferedService::Work => (
                Need::Employment,
                &[
                    "Day shifts; I am at school in the evening.",
                    "Kitchen work, but not in a hotel.",
                ],
            ),
            OfferedService::Treatment => (
                Need::CounselingAndInformation,
                &["I want to stop, and I want to do it my way."],
            ),
        };
        NeedsDetail {
            first: Some(first),
            request: some(self.one_of(requests)),
            childcare: Some(self.nth % 4 > 1),
            transport: Some(self.nth.is_multiple_of(3)),
        }
    }

    fn safety(&self) -> Safety {
        Safety {
            plan: some(self.one_of(&[
                "Meets at the library entrance; leaves at once if the grey van is there.",
                "New telephone; location sharing is off; the advocate drives.",
                "A neighbour keeps a bag and papers.",
            ])),
            threats: list(&[self.one_of(&[
                "The former employer calls relatives.",
                "A recruiter waits near the bus station on Fridays.",
                "Threats about immigration status, by text.",
            ])]),
        }
    }

    fn exploitation(&self) -> Exploitation {
        let labour = self.nth % 3 != 1;
        Exploitation {
            actions: Some(vec![
                ExploitationAction::Recruits,
                ExploitationAction::Harbors,
            ]),
            // Of a minor in commercial sex no means needs to be shown.
            means: (labour || !self.person.minor)
                .then(|| vec![ExploitationMeans::Fraud, ExploitationMeans::Coercion]),
            purposes: Some(vec![if labour {
                ExploitationPurpose::ForcedLabor
            } else {
                ExploitationPurpose::SexualExploitation
            }]),
            narrative: some(if labour {
                self.one_of(&[
                    "Promised hotel work; wages were kept for a debt that grew every month. Papers were taken.",
                    "Cleaned houses six days a week, lived in the employer's garage, was not let out alone.",
                    "Worked nights at a packing line; the crew leader held the passports.",
                ])
            } else {
                "Met a boyfriend online; was moved between rented rooms and told what to earn each night."
            }),
        }
    }

    fn medical(&self) -> Medical {
        Medical {
            conditions: list(&[self.one_of(&[
                "untreated wrist fracture",
                "chronic back pain",
                "asthma",
                "dental pain",
            ])]),
            medications: list(&[self.one_of(&["ibuprofen", "albuterol inhaler", "none"])]),
            allergies: list(&[self.one_of(&["penicillin", "none known"])]),
            confidential_service_only: Some(self.nth.is_multiple_of(2)),
            notes: None,
        }
    }

    fn mental_health(&self) -> Medical {
        Medical {
            conditions: list(&[self.one_of(&["nightmares", "panic in closed rooms", "low mood"])]),
            confidential_service_only: Some(true),
            notes: some("Ask before closing the door; breaks whenever asked for."),
            ..Medical::default()
        }
    }

    fn substance_use(&self) -> SubstanceUse {
        SubstanceUse {
            substances: list(&[self.one_of(&[
                "alcohol",
                "opioids",
                "stimulants, forced by the exploiter",
            ])]),
            treatment: some(
                self.one_of(&["none yet; wants an appointment", "outpatient, twice a week"]),
            ),
        }
    }

    fn immigration(&self) -> Immigration {
        let citizen = self.person.country == "US";
        Immigration {
            status: some(if citizen {
                "citizen"
            } else {
                self.one_of(&[
                    "visa overstayed; employer-tied H-2B",
                    "entered without inspection",
                    "student visa",
                ])
            }),
            relief_sought: if citizen {
                None
            } else {
                list(&[self.one_of(&["T visa", "U visa", "Continued Presence"])])
            },
            notes: (!citizen).then(|| "Original papers are missing.".to_owned()),
        }
    }

    fn legal(&self) -> Legal {
        Legal {
            matters: list(&[self.one_of(&[
                "unpaid wages",
                "protection order",
                "vacating of convictions",
                "custody",
            ])]),
            cooperation_decided: Some(self.nth.is_multiple_of(2)),
            notes: some("Wants the attorney present at any interview."),
        }
    }

    fn financial(&self) -> Financial {
        Financial {
            needed_minor: i32::try_from(self.nth % 7)
                .ok()
                .map(|step| 12_000 + step * 4_500),
            currency: some("USD"),
            debts: list(&[self.one_of(&["recruitment fee claimed by the employer", "back rent"])]),
        }
    }
}

/// What a note says to the other side, or for one's own agency.
pub(super) fn noted(audience: NoteAudience, nth: usize) -> &'static str {
    let told = [
        "Our advocate met them today, and they are safe. We speak again on Thursday.",
        "They would rather be met at your office than at ours.",
        "Please bring the interpreter along from the first meeting on.",
    ];
    let kept = [
        "Asked how the first meeting went: they felt heard.",
        "To be asked again in two weeks whether anything has changed.",
        "The file is with the evening team until Monday.",
    ];
    let texts = match audience {
        NoteAudience::OtherParty => told,
        NoteAudience::OwnAgency => kept,
    };
    texts.get(nth % texts.len()).copied().unwrap_or_default()
}
