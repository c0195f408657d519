//! What a consent lacks, before and after it is saved. Pure.

use concord_entities::consent::{self, StoredInterpreter};
use concord_entities::grants::Grants;
use concord_entities::ids::AgencyId;
use concord_entities::instant::{Day, Instant};
use concord_entities::rule_pack;
use concord_entities::vocabulary::{
    Code, DataCategory, Explanation, Explanations, MinorAlone, Pack, Severity, SignerRole,
};
use concord_entities::zone::Zone;

use super::checks::ConsentCheck;
use super::language::{is_understood_by, of_interpreter};
use super::minors;
use super::signers::Situation;
use crate::error::Finding;

/// The longest that a consent may run where no state's law says otherwise, in days: the field's default.
pub const LONGEST_DAYS: i32 = 90;

/// What a consent says, and what is known beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, told on the wire by its name"
)]
pub struct ConsentDraft {
    /// The agency that may disclose.
    pub discloser: AgencyId,
    /// Where it works: the days of a limit are counted there.
    pub zone: Zone,
    /// The one agency that may be told.
    pub recipient: AgencyId,
    /// Whether the discloser shares a task force with it.
    pub recipient_known: bool,
    /// Whether it goes through an intermediary.
    pub through_intermediary: bool,
    /// The intermediary that it names.
    pub intermediary: Option<AgencyId>,
    /// What may be told, for what.
    pub grants: Grants,
    /// What the MOUs in force between the two permit; none where none is in force.
    pub ceiling: Option<Grants>,
    /// Whether it names substance-use records in so many words.
    pub names_substance_use: bool,
    /// The language in which it was explained, BCP 47.
    pub language: String,
    /// The language that the person understands best, BCP 47; none where nobody wrote it down.
    pub understood: Option<String>,
    /// Who interpreted.
    pub interpreter: Option<StoredInterpreter>,
    /// What was explained.
    pub explained: Explanations,
    /// Whether services do not depend on it.
    pub voluntary: bool,
    /// Whether it says that it can be taken back at any time.
    pub revocable: bool,
    /// From when.
    pub effective_at: Instant,
    /// Until when; none where it does not say.
    pub expires_at: Option<Instant>,
    /// Whether the person is under 18, or nobody knows their age.
    pub minor: bool,
    /// From which day the person is an adult, where they were a minor before.
    pub came_of_age: Option<Day>,
    /// Why the law lets a minor consent alone.
    pub minor_alone: Option<MinorAlone>,
    /// Whether a court found the person incapacitated.
    pub incapacitated: bool,
    /// Whether the law asks for each of a minor's parents or guardians, and there are two.
    pub both_guardians: bool,
    /// Whether one of them objects.
    pub objected: bool,
    /// Who has signed; none where nobody is asked to yet.
    pub signed: Option<Vec<SignerRole>>,
    /// The earliest day on a signature under it; none where nobody has signed.
    pub first_signed: Option<Day>,
}

/// What is known beside a consent's own row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Whether the discloser shares a task force with the recipient.
    pub recipient_known: bool,
    /// What the MOUs in force between the two permit.
    pub ceiling: Option<Grants>,
    /// The language that the person understands best.
    pub understood: Option<String>,
    /// Whether the person is under 18, or nobody knows their age.
    pub minor: bool,
    /// From which day the person is an adult, where they were a minor before.
    pub came_of_age: Option<Day>,
    /// Whether the law asks for each of a minor's parents or guardians.
    pub both_guardians: bool,
    /// Where the discloser works.
    pub zone: Zone,
}

impl ConsentDraft {
    /// Returns what a consent's row says.
    #[must_use]
    pub fn from_consent(consent: &consent::Model, beside: Beside) -> Self {
        Self {
            discloser: consent.discloser_id,
            zone: beside.zone,
            recipient: consent.recipient_id,
            recipient_known: beside.recipient_known,
            through_intermediary: consent.through_intermediary,
            intermediary: consent.intermediary_id,
            grants: consent.grants,
            ceiling: beside.ceiling,
            names_substance_use: consent.names_substance_use,
            language: consent.language.clone(),
            understood: beside.understood,
            interpreter: consent.interpreter.clone(),
            explained: consent.explained.unwrap_or(Explanations::EMPTY),
            voluntary: consent.voluntary.unwrap_or(false),
            revocable: consent.revocable.unwrap_or(false),
            effective_at: consent.effective_at,
            expires_at: Some(consent.expires_at),
            minor: beside.minor,
            came_of_age: beside.came_of_age,
            minor_alone: consent.minor_alone,
            incapacitated: consent.incapacitated,
            both_guardians: beside.both_guardians && consent.sole_guardian != Some(true),
            objected: false,
            signed: None,
            first_signed: None,
        }
    }

    /// Returns whether it was signed while the person was a minor who is an adult by now.
    fn is_signed_as_a_minor(&self) -> bool {
        let adult_from = self.came_of_age.zip(self.first_signed);
        adult_from.is_some_and(|(from, signed)| signed < from)
    }

    /// Returns whether a guardian signed it, for a person who is an adult by now.
    fn is_outgrown(&self) -> bool {
        let by = self.signed.as_deref().unwrap_or_default();
        by.contains(&SignerRole::ParentOrGuardian) && self.is_signed_as_a_minor()
    }

    /// Returns what the law's answer to "who signs?" hangs on.
    #[must_use]
    pub fn situation(&self) -> Situation {
        Situation {
            minor: self.minor,
            minor_alone: self.minor_alone,
            incapacitated: self.incapacitated,
            both_guardians: self.both_guardians,
        }
    }
}

/// The rules that bind an agency, each from its day and until its day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulePacks(pub Vec<rule_pack::Model>);

impl RulePacks {
    /// Returns those in force on a day.
    pub fn on(&self, day: Day) -> impl Iterator<Item = &rule_pack::Model> {
        self.0.iter().filter(move |bound| is_in_force(bound, day))
    }

    /// Returns which packs are in force on a day.
    #[must_use]
    pub fn bound(&self, day: Day) -> Vec<Pack> {
        self.on(day).map(|bound| bound.pack).collect()
    }

    /// Returns the longest that a consent may run, in days, and where that is written where a state's law says so. The
    /// strictest of what binds: a state's law replaces no federal practice.
    #[must_use]
    pub fn longest(&self, day: Day) -> (i32, Option<&str>) {
        let own = |bound: &rule_pack::Model| match bound.pack {
            Pack::State => bound.max_days.unwrap_or(LONGEST_DAYS),
            Pack::Vawa | Pack::Voca | Pack::Fvpsa | Pack::Part2 => LONGEST_DAYS,
        };
        let longest = self.on(day).map(own).min().unwrap_or(LONGEST_DAYS);
        let state = self
            .on(day)
            .find(|bound| bound.pack == Pack::State && bound.max_days == Some(longest));
        (longest, state.and_then(|bound| bound.citation.as_deref()))
    }
}

impl RulePacks {
    /// Returns the state's law that asks for each of a minor's parents or guardians, where one does.
    #[must_use]
    pub fn both_guardians(&self, day: Day) -> Option<&rule_pack::Model> {
        self.on(day).find(|bound| bound.both_guardians)
    }
}

/// Returns whether a pack binds on a day.
#[must_use]
pub fn is_in_force(bound: &rule_pack::Model, day: Day) -> bool {
    bound.from_on <= day && bound.until_on.is_none_or(|last| day <= last)
}

/// Lists everything that a consent lacks at `now`, in the order of the checks; empty for a good one.
#[must_use]
pub fn lint(draft: &ConsentDraft, packs: &RulePacks, now: Instant) -> Vec<Finding> {
    let day = draft.zone.day(now);
    let (longest, citation) = packs.longest(day);
    let bound = packs.bound(day);
    let mut lacking = of_explanation(draft);
    lacking.extend(of_language(draft));
    lacking.extend(of_time(draft, longest, now));
    lacking.extend(of_sides(draft));
    lacking.extend(of_scope(draft));
    if draft.objected && draft.situation().allows(SignerRole::ParentOrGuardian) {
        lacking.push(ConsentCheck::GuardianObjects);
    }
    if draft.is_outgrown() {
        lacking.push(ConsentCheck::GuardianOutgrown);
    }
    if draft.minor_alone.is_some() && !draft.minor && !draft.is_signed_as_a_minor() {
        lacking.push(ConsentCheck::NotAMinor);
    }
    if !beyond_service(draft).is_empty() {
        lacking.push(ConsentCheck::MinorAloneBeyondService);
    }
    if let Some(signed) = &draft.signed {
        lacking.extend(draft.situation().missing(signed));
    }
    lacking.sort_unstable();
    lacking
        .into_iter()
        .map(|check| {
            let finding = check.finding(&bound);
            if check == ConsentCheck::ExpiryTooLate {
                too_late(finding, longest, citation)
            } else if check == ConsentCheck::CategoriesBeyondMou {
                beyond(finding, draft)
            } else if check == ConsentCheck::SecondGuardianSignatureMissing
                || (check == ConsentCheck::GuardianObjects && draft.both_guardians)
            {
                both_are_asked_for(finding, packs.both_guardians(day))
            } else if check == ConsentCheck::MinorAloneBeyondService {
                more_than_alone(finding, draft)
            } else {
                finding
            }
        })
        .collect()
}

/// Returns those that keep it from being signed.
#[must_use]
pub fn blocking(findings: Vec<Finding>) -> Vec<Finding> {
    findings
        .into_iter()
        .filter(|finding| finding.severity == Severity::Blocking)
        .collect()
}

/// Returns what keeps a consent in force from carrying a new referral: a guardian's signature that is outgrown, or a
/// guardian's objection where the law asks for both.
#[must_use]
pub fn hindering(findings: Vec<Finding>) -> Option<Finding> {
    let mut hindering = findings.into_iter().filter(|finding| {
        let blocks = finding.severity == Severity::Blocking;
        finding.code == ConsentCheck::GuardianOutgrown.code()
            || (blocks && finding.code == ConsentCheck::GuardianObjects.code())
    });
    hindering.next().map(|finding| Finding {
        severity: Severity::Blocking,
        ..finding
    })
}

fn too_late(finding: Finding, longest: i32, citation: Option<&str>) -> Finding {
    Finding {
        citation: citation.map_or(finding.citation, |text| text.to_owned().into()),
        remedy: format!(
            "Choose an expiry within {longest} days of its beginning, its first signature and today, whichever is \
            earliest, the last of them whole; it can be renewed."
        )
        .into(),
        ..finding
    }
}

fn beyond(finding: Finding, draft: &ConsentDraft) -> Finding {
    let beyond = draft
        .grants
        .without(&draft.ceiling.unwrap_or(Grants::EMPTY));
    let named = beyond.iter().map(|(purpose, categories)| {
        let categories: Vec<&str> = categories.iter().map(Code::code).collect();
        format!("{} for {purpose}", categories.join(", "))
    });
    let remedy = format!(
        "Leave out {}, which no MOU in force permits, or amend the MOU first.",
        named.collect::<Vec<_>>().join("; ")
    );
    Finding {
        remedy: remedy.into(),
        ..finding
    }
}

/// Lists what a minor consents to alone beyond the service that the law lets them receive alone.
fn beyond_service(draft: &ConsentDraft) -> Vec<String> {
    let alone = draft.minor_alone.filter(|_| draft.minor);
    alone
        .and_then(minors::service)
        .map(|service| service.beyond(draft.grants.categories(), draft.grants.purposes()))
        .unwrap_or_default()
}

fn more_than_alone(finding: Finding, draft: &ConsentDraft) -> Finding {
    let remedy = format!(
        "Leave out {}, which is not part of that service, or have a parent or guardian sign as well and leave out \
        `minorAlone`.",
        beyond_service(draft).join(", ")
    );
    Finding {
        remedy: remedy.into(),
        ..finding
    }
}

/// Says by which law both parents or guardians are asked for: then it blocks.
fn both_are_asked_for(finding: Finding, law: Option<&rule_pack::Model>) -> Finding {
    let citation = law.and_then(|law| law.citation.clone());
    Finding {
        severity: Severity::Blocking,
        citation: citation.map_or(finding.citation, Into::into),
        ..finding
    }
}

fn of_explanation(draft: &ConsentDraft) -> Vec<ConsentCheck> {
    Explanation::ALL
        .iter()
        .filter(|what| !draft.explained.has(**what))
        .map(|what| ConsentCheck::not_explained(*what))
        .collect()
}

fn of_language(draft: &ConsentDraft) -> Vec<ConsentCheck> {
    let mut lacking = Vec::new();
    // Through an interpreter, it is the interpreter's words that the person understood.
    let spoken = draft
        .interpreter
        .as_ref()
        .map_or(&draft.language, |interpreter| &interpreter.language);
    match &draft.understood {
        None => lacking.push(ConsentCheck::LanguageNotRecorded),
        Some(understood) if !is_understood_by(understood, spoken) => {
            lacking.push(ConsentCheck::LanguageNotUnderstood);
        }
        Some(_) => {}
    }
    lacking.extend(draft.interpreter.iter().flat_map(of_interpreter));
    lacking
}

fn of_time(draft: &ConsentDraft, longest: i32, now: Instant) -> Vec<ConsentCheck> {
    let Some(end) = draft.expires_at else {
        return vec![ConsentCheck::ExpiryMissing];
    };
    // Neither a beginning that is to come nor a signature of long ago makes it any longer.
    let today = draft.zone.day(now);
    let begins = draft.zone.day(draft.effective_at);
    let counted = begins.min(today).min(draft.first_signed.unwrap_or(today));
    let last = draft.zone.end(counted.plus_days(longest));
    [
        (end <= draft.effective_at, ConsentCheck::DatesReversed),
        (end <= now, ConsentCheck::ExpiryPast),
        (end > last, ConsentCheck::ExpiryTooLate),
    ]
    .into_iter()
    .filter_map(|(lacks, check)| lacks.then_some(check))
    .collect()
}

fn of_sides(draft: &ConsentDraft) -> Vec<ConsentCheck> {
    let mut lacking = Vec::new();
    if draft.recipient == draft.discloser {
        lacking.push(ConsentCheck::RecipientIsDiscloser);
    } else if !draft.recipient_known {
        lacking.push(ConsentCheck::RecipientUnknown);
    }
    match draft.intermediary {
        None if draft.through_intermediary => lacking.push(ConsentCheck::IntermediaryNotNamed),
        Some(third) if third == draft.discloser || third == draft.recipient => {
            lacking.push(ConsentCheck::IntermediaryIsParty);
        }
        None | Some(_) => {}
    }
    lacking
}

fn of_scope(draft: &ConsentDraft) -> Vec<ConsentCheck> {
    let beyond = draft
        .ceiling
        .is_some_and(|ceiling| !draft.grants.within(&ceiling));
    let substances = draft.grants.categories().has(DataCategory::SubstanceUse);
    [
        (draft.grants.is_empty(), ConsentCheck::GrantsMissing),
        (beyond, ConsentCheck::CategoriesBeyondMou),
        (draft.ceiling.is_none(), ConsentCheck::NoMou),
        (!draft.voluntary, ConsentCheck::NotVoluntary),
        (!draft.revocable, ConsentCheck::NotRevocable),
        (
            substances && !draft.names_substance_use,
            ConsentCheck::SubstanceUseNotNamed,
        ),
    ]
    .into_iter()
    .filter_map(|(lacks, check)| lacks.then_some(check))
    .collect()
}
