//! When an agency is shut out of a task force, comes back or leaves, who coordinates one, and how long a check counts. Pure.

use std::ops::RangeInclusive;

use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::{AgencyStatus, MemberRole};
use concord_entities::{agency, agency_vetting, membership};

use crate::error::{Error, Faults};
use crate::request::repeated::unless_repeated;
use crate::text;

/// The fewest and the most days within which an agency may say that it answers: as many as an urgent referral has, and a season.
pub const ANSWER_DAYS: RangeInclusive<i32> = 7..=90;

/// For how many days a check of an agency counts at most, and where nothing else is said: two years.
pub const VETTING_DAYS: i32 = 730;

/// Letters in the longest reason.
pub const MAX_REASON: usize = 500;

/// What was done to a membership's standing, and by whom: by an agency, or by the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
enum StandingAct<'r> {
    Suspend(Option<AgencyId>, &'r str),
    Reinstate(Option<AgencyId>),
}

/// Returns what an agency did to a membership's standing last. What the operator did is nobody's to repeat.
fn last_act(place: &membership::Model) -> Option<StandingAct<'_>> {
    let by = Some(place.standing_set_by?);
    if place.is_active() {
        return Some(StandingAct::Reinstate(by));
    }
    let reason = place.suspension_reason.as_deref()?;
    Some(StandingAct::Suspend(by, reason))
}

/// Returns the membership, suspended from `now` on for this reason, by an agency or the operator; none where the same one did
/// that last, for the same reason.
///
/// # Errors
/// `INVALID_TRANSITION`: it is suspended already. `BAD_USER_INPUT`: no reason, or one that is too long.
pub fn suspended(
    place: &membership::Model,
    reason: &str,
    by: Option<AgencyId>,
    now: Instant,
) -> Result<Option<membership::Model>, Error> {
    let reason = text::prose(reason, MAX_REASON).map_err(|fault| Error::input("reason", fault))?;
    let act = StandingAct::Suspend(by, &reason);
    unless_repeated(last_act(place), &act, || {
        if !place.is_active() {
            let text = "this agency is suspended in this task force already";
            return Err(Error::NotNow(text.into()));
        }
        Ok(membership::Model {
            suspended_at: Some(now),
            suspension_reason: Some(reason.clone()),
            standing_set_by: by,
            ..place.clone()
        })
    })
    .transpose()
}

/// Returns the membership, in force again by the word of an agency or the operator; none where the same one did that last.
///
/// # Errors
/// `INVALID_TRANSITION`: it is not suspended.
pub fn reinstated(
    place: &membership::Model,
    by: Option<AgencyId>,
) -> Result<Option<membership::Model>, Error> {
    let act = StandingAct::Reinstate(by);
    unless_repeated(last_act(place), &act, || {
        if place.is_active() {
            let text = "this agency is not suspended in this task force";
            return Err(Error::NotNow(text.into()));
        }
        Ok(membership::Model {
            suspended_at: None,
            suspension_reason: None,
            standing_set_by: by,
            ..place.clone()
        })
    })
    .transpose()
}

/// Returns the membership of an agency that leaves a task force, in which it counts as suspended from then on; none where
/// it left before. `ends` says that it is meant to end the agency where this is its last one.
///
/// # Errors
/// `NOT_FOUND`: it does not belong to it. `INVALID_TRANSITION`: it coordinates it, or would end by it.
pub fn leaving(
    places: &[membership::Model],
    task_force: TaskForceId,
    ends: bool,
    now: Instant,
) -> Result<Option<membership::Model>, Error> {
    let (left, others): (Vec<_>, Vec<_>) = places
        .iter()
        .partition(|place| place.task_force_id == task_force);
    let place = left.first().ok_or(Error::NotFound)?;
    if place.left_at.is_some() {
        return Ok(None);
    }
    if place.role == MemberRole::Coordinator {
        let text = "your agency coordinates this task force: hand that over first (`handOverCoordination`)";
        return Err(Error::NotNow(text.into()));
    }
    if !ends && others.iter().all(|place| place.left_at.is_some()) {
        let text = "this is your agency's only task force, so that all of its tokens would be over: read `leftBehind`, then say `ends: true`";
        return Err(Error::NotNow(text.into()));
    }
    let by = if place.is_active() {
        Some(place.agency_id)
    } else {
        place.standing_set_by
    };
    Ok(Some(membership::Model {
        left_at: Some(now),
        suspended_at: place.suspended_at.or(Some(now)),
        standing_set_by: by,
        // The name is free again.
        name_key: None,
        ..(*place).clone()
    }))
}

/// Returns both memberships once an agency has handed the coordination of a task force over to another one; none where it
/// did before.
///
/// # Errors
/// `NOT_FOUND`: it does not coordinate it.
pub fn handing_over(
    from: &membership::Model,
    to: &membership::Model,
) -> Result<Option<[membership::Model; 2]>, Error> {
    match from.role {
        MemberRole::Coordinator => Ok(Some([
            membership::Model {
                role: MemberRole::Member,
                ..from.clone()
            },
            membership::Model {
                role: MemberRole::Coordinator,
                coordination_from: Some(from.agency_id),
                ..to.clone()
            },
        ])),
        MemberRole::Member => {
            let did =
                to.role == MemberRole::Coordinator && to.coordination_from == Some(from.agency_id);
            if did { Ok(None) } else { Err(Error::NotFound) }
        }
    }
}

/// Returns the last day on which a check of an agency counts; what is wrong with its days is added to `faults`.
pub fn lapse_of_check(
    checked_on: Day,
    wanted: Option<Day>,
    today: Day,
    faults: &mut Faults,
) -> Day {
    let last = checked_on.plus_days(VETTING_DAYS);
    let lapses_on = wanted.unwrap_or(last);
    let done = checked_on <= today;
    faults.require(done, "vetting.checkedOn", "today, or a day before");
    let text = "from the day of the check to 730 days later";
    let fits = (checked_on..=last).contains(&lapses_on);
    faults.require(fits, "vetting.lapsesOn", text);
    lapses_on
}

/// Returns whether a check of an agency counts on a day.
#[must_use]
pub fn is_held(check: &agency_vetting::Model, day: Day) -> bool {
    check.checked_on <= day && day <= check.lapses_on
}

/// Returns the agency, which answers within so many days from now on; none where it does already.
///
/// # Errors
/// `BAD_USER_INPUT`: fewer than 7 days, or more than 90.
pub fn answering_within(agency: &agency::Model, days: i32) -> Result<Option<agency::Model>, Error> {
    if !ANSWER_DAYS.contains(&days) {
        return Err(Error::input("days", "7 to 90 days"));
    }
    Ok((agency.answer_days != days).then(|| agency::Model {
        answer_days: days,
        ..agency.clone()
    }))
}

/// Returns the agency as its memberships have it: suspended where all of them are. Where it is shut out everywhere its
/// tokens are over for good: a new epoch begins, which stays, so that they are dead when it takes part again.
#[must_use]
pub fn standing(
    agency: agency::Model,
    places: &[membership::Model],
    now: Instant,
) -> agency::Model {
    let takes_part = places.is_empty() || places.iter().any(membership::Model::is_active);
    match (agency.status, takes_part) {
        (AgencyStatus::Active, true) | (AgencyStatus::Suspended, false) => agency,
        (AgencyStatus::Suspended, true) => agency::Model {
            status: AgencyStatus::Active,
            ..agency
        },
        (AgencyStatus::Active, false) => agency::Model {
            status: AgencyStatus::Suspended,
            // At the end of all epochs nothing can begin, but nothing is revived either: the status alone shuts out.
            token_epoch: agency.token_epoch.saturating_add(1),
            epoch_began_at: now,
            ..agency
        },
    }
}
