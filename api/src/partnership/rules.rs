//! The steps of two agencies towards working together, each on its day, in order. Pure.
//!
//! The first three are recorded, by either of the two. The fourth is not: it is an MOU in force between them.

use concord_entities::ids::AgencyId;
use concord_entities::instant::{Day, Instant};
use concord_entities::partnership::Model as Partnership;
use concord_entities::vocabulary::{Code, PartnershipStep};
use concord_entities::{mou, mou_party, partnership_answers};

use crate::error::Error;
use crate::mou::rules::transitions::has_left;

/// The steps that are recorded, in their order.
pub const RECORDED: [PartnershipStep; 3] = [
    PartnershipStep::Identified,
    PartnershipStep::Planned,
    PartnershipStep::Met,
];

/// A step that was taken, and its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenStep {
    /// The step.
    pub step: PartnershipStep,
    /// The day.
    pub on: Day,
}

/// Returns the day on which a step was taken, where it is recorded.
#[must_use]
pub fn day_of(partnership: &Partnership, step: PartnershipStep) -> Option<Day> {
    match step {
        PartnershipStep::Identified => partnership.identified_on,
        PartnershipStep::Planned => partnership.planned_on,
        PartnershipStep::Met => partnership.met_on,
        PartnershipStep::Formalised => None,
    }
}

/// Returns the steps that two agencies have taken, in their order; they are formalised since this day, or not.
#[must_use]
pub fn taken(partnership: &Partnership, formalised_on: Option<Day>) -> Vec<TakenStep> {
    let days = PartnershipStep::ALL.iter().map(|step| match step {
        PartnershipStep::Formalised => (*step, formalised_on),
        PartnershipStep::Identified | PartnershipStep::Planned | PartnershipStep::Met => {
            (*step, day_of(partnership, *step))
        }
    });
    days.filter_map(|(step, on)| Some(TakenStep { step, on: on? }))
        .collect()
}

/// Returns how many steps a partnership that lacks this one has taken at most; none where that does not say it.
#[must_use]
pub fn most_steps_lacking(step: PartnershipStep) -> Option<i32> {
    let place = RECORDED.iter().position(|recorded| *recorded == step)?;
    i32::try_from(place).ok()
}

/// Returns the partnership with this step taken on a day, the first time or corrected; none where it says so already. Where
/// no day is named, it is today, or stays what it was.
///
/// # Errors
/// `BAD_USER_INPUT`: the step that nobody records, a day in the future, or one that is out of the order of the steps.
/// `INVALID_TRANSITION`: the step before is not taken.
pub fn taking(
    partnership: &Partnership,
    step: PartnershipStep,
    on: Option<Day>,
    today: Day,
) -> Result<Option<Partnership>, Error> {
    let Some(place) = RECORDED.iter().position(|recorded| *recorded == step) else {
        let text = "nobody records this step: it is taken where an MOU between the two is in force";
        return Err(Error::input("step", text));
    };
    let recorded = day_of(partnership, step);
    let on = on.or(recorded).unwrap_or(today);
    if on > today {
        return Err(Error::input("on", "today, or a day before"));
    }
    let (before, after) = RECORDED.split_at(place);
    let day = |step: &PartnershipStep| day_of(partnership, *step);
    if before.iter().any(|step| day(step).is_none()) {
        let text = "record the steps before this one first: identified, planned, met";
        return Err(Error::NotNow(text.into()));
    }
    if before.iter().filter_map(day).any(|earlier| on < earlier) {
        return Err(Error::input("on", "not before the day of the step before"));
    }
    let later = after.iter().skip(1).filter_map(day).min();
    if later.is_some_and(|later| later < on) {
        return Err(Error::input("on", "not after the day of the next step"));
    }
    if recorded == Some(on) {
        return Ok(None);
    }
    let mut taken = partnership.clone();
    match step {
        PartnershipStep::Identified => taken.identified_on = Some(on),
        PartnershipStep::Planned => taken.planned_on = Some(on),
        PartnershipStep::Met | PartnershipStep::Formalised => taken.met_on = Some(on),
    }
    let steps = RECORDED
        .iter()
        .filter(|step| day_of(&taken, **step).is_some());
    taken.steps = i32::try_from(steps.count()).unwrap_or(0);
    Ok(Some(taken))
}

/// What an agency answers for itself; what is none stays as it was said before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenAnswers {
    /// The day of the answers.
    pub answered_on: Option<Day>,
    /// Whom to turn to.
    pub contacts: Option<String>,
    /// How it works with a person who is referred.
    pub procedures: Option<String>,
    /// Whether there is trust.
    pub trust: Option<String>,
    /// The likely avenues for trafficking here.
    pub avenues: Option<String>,
}

/// Returns an agency's answers with what it answers now; none where they say so already.
///
/// # Errors
/// `BAD_USER_INPUT`: nothing is answered, or on a day in the future.
pub fn answering(
    before: &partnership_answers::Model,
    given: GivenAnswers,
    (today, now): (Day, Instant),
) -> Result<Option<partnership_answers::Model>, Error> {
    let texts = [
        &given.contacts,
        &given.procedures,
        &given.trust,
        &given.avenues,
    ];
    if texts.iter().all(|text| text.is_none()) {
        return Err(Error::input("answers", "answer at least one question"));
    }
    if given.answered_on.is_some_and(|day| day > today) {
        return Err(Error::input("answers.answeredOn", "today, or a day before"));
    }
    let texts_now = partnership_answers::Model {
        contacts: given.contacts.or(before.contacts.clone()),
        procedures: given.procedures.or(before.procedures.clone()),
        trust: given.trust.or(before.trust.clone()),
        avenues: given.avenues.or(before.avenues.clone()),
        ..before.clone()
    };
    if texts_now == *before
        && given
            .answered_on
            .is_none_or(|day| day == before.answered_on)
    {
        return Ok(None);
    }
    Ok(Some(partnership_answers::Model {
        answered_on: given.answered_on.unwrap_or(today),
        recorded_at: now,
        ..texts_now
    }))
}

/// Returns since which day two agencies are formalised: the first on which an MOU that is in force now was in force
/// between them.
#[must_use]
pub fn formalised_on(
    agencies: [AgencyId; 2],
    mous: &[mou::Model],
    parties: &[mou_party::Model],
    now: Instant,
) -> Option<Day> {
    let is_party = |mou: &mou::Model, agency: AgencyId| {
        parties
            .iter()
            .filter(|party| party.mou_id == mou.id && party.agency_id == agency)
            .any(|party| !has_left(party, now))
    };
    let in_force = mous.iter().filter(|mou| mou.dates().is_in_force(now));
    let between = in_force.filter(|mou| agencies.iter().all(|agency| is_party(mou, *agency)));
    let days = between.map(|mou| {
        let signed_on = mou.signed_at.map(|signed| mou.time_zone.day(signed));
        signed_on.map_or(mou.effective_on, |day| day.max(mou.effective_on))
    });
    days.min()
}
