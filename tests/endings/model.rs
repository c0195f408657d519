//! What two agencies may expect of sharing, in the order in which things happen: the model that the service is held to.

use proptest::prelude::*;
use proptest::strategy::Union;
use proptest_state_machine::ReferenceStateMachine;

/// How many people the sender refers; what happens to one changes nothing for the others.
pub const PEOPLE: usize = 2;

/// What happens next; the number is whom it is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Grant(usize),
    Renew(usize),
    Sign(usize),
    Revoke(usize),
    Lapse(usize),
    Refer(usize),
    Continue(usize),
    Disclose(usize),
    Suspend,
    Reinstate,
    MouLapses,
    Agree,
}

impl Step {
    /// The person whom it is about, where it is about one.
    pub fn person(self) -> Option<usize> {
        match self {
            Self::Grant(who)
            | Self::Renew(who)
            | Self::Sign(who)
            | Self::Revoke(who)
            | Self::Lapse(who)
            | Self::Refer(who)
            | Self::Continue(who)
            | Self::Disclose(who) => Some(who),
            Self::Suspend | Self::Reinstate | Self::MouLapses | Self::Agree => None,
        }
    }

    fn every() -> impl Iterator<Item = Self> {
        let of_a_person = [
            Self::Grant,
            Self::Renew,
            Self::Sign,
            Self::Revoke,
            Self::Lapse,
            Self::Refer,
            Self::Continue,
            Self::Disclose,
        ];
        let of_all = [Self::Suspend, Self::Reinstate, Self::MouLapses, Self::Agree];
        (0..PEOPLE)
            .flat_map(move |who| of_a_person.map(|step| step(who)))
            .chain(of_all)
    }

    /// Steps that open sharing come more often, or most of what is tried would be refused.
    fn weight(self) -> u32 {
        match self {
            Self::Grant(_)
            | Self::Sign(_)
            | Self::Refer(_)
            | Self::Continue(_)
            | Self::Reinstate
            | Self::Agree => 4,
            Self::Renew(_) | Self::Disclose(_) | Self::Revoke(_) => 2,
            Self::Lapse(_) | Self::Suspend | Self::MouLapses => 1,
        }
    }
}

/// Where the newest signed consent of a person stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Consent {
    #[default]
    None,
    Active,
    Lapsed,
    Revoked,
}

/// What waits for a signature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Draft {
    Fresh,
    Renewal,
}

/// What is known of one person.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub consent: Consent,
    pub draft: Option<Draft>,
    pub referred: bool,
    /// The consent that the referral stands on has ended, and it was not continued since.
    pub consent_ended: bool,
    /// So did the MOU.
    pub mou_ended: bool,
}

/// What is known of everybody.
#[derive(Clone, Debug)]
pub struct Model {
    pub people: [Person; PEOPLE],
    /// Whether the recipient takes part.
    pub active: bool,
    /// Whether an MOU is in force.
    pub agreed: bool,
}

impl Model {
    /// Two agencies with an MOU, and nobody referred.
    pub fn start() -> Self {
        Self {
            people: Default::default(),
            active: true,
            agreed: true,
        }
    }

    /// Whether the recipient may be told of a person now.
    pub fn shares(&self, who: usize) -> bool {
        let person = &self.people[who];
        self.active && person.referred && !person.consent_ended && !person.mou_ended
    }

    fn permits(&self, step: Step) -> bool {
        let ready = self.active && self.agreed;
        let Some(person) = step.person().map(|who| &self.people[who]) else {
            return match step {
                Step::Suspend => self.active,
                Step::Reinstate => !self.active,
                Step::MouLapses => self.agreed,
                _ => self.active && !self.agreed,
            };
        };
        let consented = person.consent == Consent::Active;
        match step {
            Step::Grant(_) => ready && person.draft.is_none() && !consented,
            Step::Renew(_) => {
                let may = consented || person.consent == Consent::Lapsed;
                ready && person.draft.is_none() && may
            }
            Step::Sign(_) => ready && person.draft.is_some(),
            Step::Revoke(_) => consented || person.consent == Consent::Lapsed,
            Step::Lapse(_) => consented,
            Step::Refer(_) => ready && consented && !person.referred,
            Step::Continue(_) => {
                let suspended = person.consent_ended || person.mou_ended;
                ready && consented && person.referred && suspended
            }
            _ => person.referred,
        }
    }
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::start()).boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        let steps = Step::every().filter(|step| state.permits(*step));
        Union::new_weighted(steps.map(|step| (step.weight(), Just(step))).collect()).boxed()
    }

    fn preconditions(state: &Self, step: &Step) -> bool {
        state.permits(*step)
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        if let Some(who) = step.person() {
            happens_to(&mut state.people[who], *step);
        }
        match step {
            Step::Suspend => state.active = false,
            Step::Reinstate => state.active = true,
            Step::Agree => state.agreed = true,
            Step::MouLapses => {
                state.agreed = false;
                for person in &mut state.people {
                    person.mou_ended = person.referred;
                }
            }
            _ => {}
        }
        state
    }
}

fn happens_to(person: &mut Person, step: Step) {
    match step {
        Step::Grant(_) => person.draft = Some(Draft::Fresh),
        Step::Renew(_) => person.draft = Some(Draft::Renewal),
        Step::Sign(_) => {
            // What was taken back is not renewed by a draft from before. A referral under a version that is in force
            // goes on under the next one; under one that had lapsed, it waits to be continued.
            let void = person.draft == Some(Draft::Renewal) && person.consent == Consent::Revoked;
            if !void {
                person.consent = Consent::Active;
            }
            person.draft = None;
        }
        Step::Revoke(_) | Step::Lapse(_) => {
            person.consent = if matches!(step, Step::Lapse(_)) {
                Consent::Lapsed
            } else {
                Consent::Revoked
            };
            person.consent_ended = person.referred;
        }
        Step::Refer(_) => person.referred = true,
        Step::Continue(_) => (person.consent_ended, person.mou_ended) = (false, false),
        _ => {}
    }
}
