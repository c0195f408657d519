//! The script of the demo: what was done, by whom and when.

use std::time::Duration;

use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    NoteAudience, OutcomeCode, PartnershipStep, RevocationChannel, SignerRole, Urgency,
    VettingAttribute,
};

use super::mou_plans::MouPlan;
use super::past::Past;
use super::services::OfferedService;
use super::survivors::Person;
use super::who::Who;
use crate::referral::rules::steps::Step;

/// Everything that happens, in any order.
#[derive(Debug)]
pub(super) struct Script {
    /// The time in which it happens.
    pub(super) past: Past,
    happenings: Vec<Happening>,
    consents: usize,
}

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happening {
    /// The moment.
    pub(super) at: Instant,
    /// Who did it.
    pub(super) by: Hand,
    /// What was done.
    pub(super) deed: Deed,
}

/// Whoever acts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hand {
    /// The service's operator, for an agency that has no program yet.
    OperatorFor(Who),
    /// An agency, by its program.
    Agency(Who),
}

/// What somebody does. Each is one operation of the service's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    /// Registers an agency.
    RegisterAgency(Who),
    /// Registers an agency's program.
    RegisterProgram(Who),
    /// Suspends an agency, for this reason.
    SuspendAgency(Who, &'static str),
    /// Records that the task force's office looked into an agency.
    Vet(VettedAttribute),
    /// Registers a survivor.
    RegisterSurvivor(&'static Person),
    /// Takes a step towards working together with another agency.
    Step(Who, PartnershipStep),
    /// Has its staff trained on a topic, so many of them.
    Train(&'static str, i32),
    /// Brings an MOU on.
    Mou(&'static MouPlan, MouDeed),
    /// Brings a consent on.
    Consent(ConsentPlan, ConsentDeed),
    /// Brings a referral on.
    Referral(ReferralPlan, ReferralDeed),
}

/// What the task force's office found as it looked into an agency.
#[derive(Clone, Copy, Debug)]
pub(super) struct VettedAttribute {
    /// Whom it looked into.
    pub(super) who: Who,
    /// What it looked for.
    pub(super) attribute: VettingAttribute,
    /// What showed it.
    pub(super) evidence: &'static str,
    /// For how many days it counts.
    pub(super) days: i32,
}

/// What is done with an MOU.
#[derive(Clone, Copy, Debug)]
pub(super) enum MouDeed {
    /// Drafts it.
    Draft,
    /// Offers it to its parties.
    Offer,
    /// Signs it.
    Sign,
    /// Says in the end what the plan has it say.
    Say,
    /// Drafts its renewal until then, in days from today. What is done with it from then on is done with that.
    Renew(i32),
}

/// A consent of the story.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConsentPlan {
    /// Its number in the story.
    pub(super) number: usize,
    /// Whose it is.
    pub(super) person: &'static Person,
    /// Whom it names.
    pub(super) recipient: Who,
    /// What is wanted of them.
    pub(super) service: OfferedService,
    /// Which of the service's variants.
    pub(super) nth: usize,
    /// When it ends by itself.
    pub(super) expires: Instant,
}

/// What is done with a consent.
#[derive(Clone, Copy, Debug)]
pub(super) enum ConsentDeed {
    /// Drafts it.
    Draft,
    /// Drafts it as the next version of the consent with this number.
    Renew(usize),
    /// Signs it.
    Sign(SignerRole),
    /// Takes it back.
    Revoke(RevocationChannel),
    /// Marks it as one that should never have been.
    MarkEnteredInError,
}

/// A referral of the story.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReferralPlan {
    /// Its number in the story.
    pub(super) number: usize,
    /// The number of the one that it takes up again.
    pub(super) reopens: Option<usize>,
    /// The number of the consent that it stands on.
    pub(super) consent: usize,
    /// Who is referred.
    pub(super) person: &'static Person,
    /// Who is asked.
    pub(super) recipient: Who,
    /// For what.
    pub(super) service: OfferedService,
    /// Which of the service's variants.
    pub(super) nth: usize,
    /// How soon an answer is wanted.
    pub(super) urgency: Urgency,
}

/// What is done with a referral.
#[derive(Clone, Copy, Debug)]
pub(super) enum ReferralDeed {
    /// Drafts it.
    Draft,
    /// Sends it.
    Send,
    /// Discards the draft.
    Discard,
    /// Reads its package.
    Read,
    /// Takes a step with it.
    Take(Step),
    /// Adds a note on it.
    Note(NoteAudience),
    /// Completes it.
    Complete(OutcomeCode),
}

impl Script {
    /// Returns a script of nothing yet.
    pub(super) fn new(past: Past) -> Self {
        Self {
            past,
            happenings: Vec::new(),
            consents: 0,
        }
    }

    /// Adds that an agency does something.
    pub(super) fn add(&mut self, at: Instant, agency: Who, deed: Deed) {
        let by = Hand::Agency(agency);
        self.happenings.push(Happening { at, by, deed });
    }

    /// Adds that the operator does something for an agency.
    pub(super) fn add_by_operator(&mut self, at: Instant, agency: Who, deed: Deed) {
        let by = Hand::OperatorFor(agency);
        self.happenings.push(Happening { at, by, deed });
    }

    /// Returns the number of the next consent.
    pub(super) fn number_consent(&mut self) -> usize {
        self.consents += 1;
        self.consents
    }

    /// Returns when a person's first consent was drafted.
    pub(super) fn first_asked(&self, person: &Person) -> Option<Instant> {
        let asked = self.happenings.iter().filter(|happening| {
            matches!(happening.deed, Deed::Consent(plan, _) if plan.person.pseudonym == person.pseudonym)
        });
        asked.map(|happening| happening.at).min()
    }

    /// Returns everything in the order of time. No two happenings share a millisecond: ids tell no less.
    pub(super) fn in_order(mut self) -> Vec<Happening> {
        self.happenings.sort_by_key(|happening| happening.at);
        let mut last = Instant(0);
        for happening in &mut self.happenings {
            last = happening.at.max(last.plus(Duration::from_millis(1)));
            happening.at = last;
        }
        self.happenings
    }
}
