//! Why the decision is what it is: each key by itself, and what it comes to, category by category. Pure.

use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Categories, Code, DataCategory, Purpose};

use super::decide::{
    Answer, Facts, Question, Reason, consent_in_force, decide, mou_in_force, take_part,
};

/// One of the four keys that open a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An MOU in force between two agencies that take part.
    Mou,
    /// A consent in force from the one to the other.
    Consent,
    /// A token that reaches some category for the purpose.
    Token,
    /// The purpose, named by the consent and permitted by the MOU.
    Purpose,
}

/// Whom an explanation is about, and how far its token reaches where that is the reader's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The agency.
    pub agency: AgencyId,
    /// What it would state to need the package for.
    pub purpose: Purpose,
    /// The categories that its token may read for that purpose; none for another agency, whose tokens are its own affair.
    pub ceiling: Option<Categories>,
}

/// Why it cannot be explained how it was at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPast {
    /// The moment is still to come.
    ToCome,
    /// What was before this moment is not known.
    KnownSince(Instant),
}

/// Checks that the facts of a moment are known.
///
/// # Errors
/// Why they are not.
pub fn check_past(moment: Instant, known_since: Instant, now: Instant) -> Result<(), NoPast> {
    if moment > now {
        Err(NoPast::ToCome)
    } else if moment < known_since {
        Err(NoPast::KnownSince(known_since))
    } else {
        Ok(())
    }
}

/// Why an agency may or may not see a package, for a purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Each key, and what keeps it from being held.
    pub keys: Vec<(Key, Result<(), Reason>)>,
    /// What it may be told.
    pub shared: Categories,
    /// What it may not be told, and why.
    pub withheld: Vec<(DataCategory, Reason)>,
}

/// Explains what is decided of each category at `now`. What is shared is what [`decide()`] shares, whatever the keys say one by one.
#[must_use]
pub fn explain(asked: &Asked, facts: &Facts, now: Instant) -> Explanation {
    let mut shared = Categories::EMPTY;
    let mut withheld = Vec::new();
    for category in DataCategory::ALL.iter().copied() {
        let question = Question {
            reader: asked.agency,
            category,
            purpose: asked.purpose,
            ceiling: asked.ceiling.unwrap_or(Categories::all()),
        };
        match decide(&question, facts, now) {
            Answer::Share(_) => shared = shared.with(category),
            Answer::Withhold(reason) => withheld.push((category, reason)),
        }
    }
    Explanation {
        keys: keys(asked, facts, now),
        shared,
        withheld,
    }
}

fn keys(asked: &Asked, facts: &Facts, now: Instant) -> Vec<(Key, Result<(), Reason>)> {
    let token = asked.ceiling.map(|ceiling| {
        let reaches = if ceiling.is_empty() {
            Err(Reason::TokenTooNarrow)
        } else {
            Ok(())
        };
        (Key::Token, reaches)
    });
    let mou = party(asked.agency, facts)
        .and_then(|()| take_part(facts))
        .and_then(|()| mou_in_force(facts, now).map(|_| ()));
    let consent =
        party(asked.agency, facts).and_then(|()| consent_in_force(facts, now).map(|_| ()));
    [(Key::Mou, mou), (Key::Consent, consent)]
        .into_iter()
        .chain(token)
        .chain([(Key::Purpose, purpose(asked.purpose, facts))])
        .collect()
}

/// Checks that an agency is one of the two: MOU and consent between them are no keys of another's.
fn party(agency: AgencyId, facts: &Facts) -> Result<(), Reason> {
    if [facts.sender.agency, facts.recipient.agency].contains(&agency) {
        Ok(())
    } else {
        Err(Reason::NotAParty)
    }
}

/// Checks that consent and MOU name the purpose, in force or not.
fn purpose(purpose: Purpose, facts: &Facts) -> Result<(), Reason> {
    let consent = facts.consent.as_ref();
    let mou = facts.mou.as_ref();
    if !consent.is_some_and(|consent| consent.grants.purposes().has(purpose)) {
        return Err(Reason::PurposeNotConsented);
    }
    if !mou.is_some_and(|mou| mou.grants.purposes().has(purpose)) {
        return Err(Reason::MouDoesNotCover);
    }
    Ok(())
}
