//! Through which task force two agencies share, and whether a suspension stands between them. Pure.
//!
//! A coordinator shuts a member out of its own task force, and of no other. So what is shared under an MOU stands on the
//! memberships in the task force that follows it. An MOU that none follows is carried by every task force that both
//! belong to, as long as both take part in one of them: its coordinator vouches for both.

use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::{membership, membership_past};

/// Returns whether a suspended membership stands between two agencies under an MOU that this task force follows, or none;
/// `places` are all those of the two.
///
/// Where they share no task force, no coordinator can part them: then each counts as it does by itself.
#[must_use]
pub fn parted(
    places: &[membership::Model],
    pair: [AgencyId; 2],
    followed_by: Option<TaskForceId>,
) -> bool {
    let of = |agency: AgencyId| places.iter().filter(move |place| place.agency_id == agency);
    if let Some(task_force) = followed_by {
        return pair
            .into_iter()
            .flat_map(of)
            .any(|place| place.task_force_id == task_force && !place.is_active());
    }
    let [one, other] = pair;
    let mut shared = of(one)
        .flat_map(|a| of(other).map(move |b| (a, b)))
        .filter(|(a, b)| a.task_force_id == b.task_force_id)
        .peekable();
    shared.peek().is_some() && !shared.any(|(a, b)| a.is_active() && b.is_active())
}

/// Returns whether what two agencies share under an MOU that no task force follows stands on this task force alone: where one of
/// the two is out of it, no other carries the MOU.
#[must_use]
pub fn carried_by_it_alone(
    places: &[membership::Model],
    pair: [AgencyId; 2],
    task_force: TaskForceId,
) -> bool {
    let belongs = |agency: &AgencyId| {
        let mut places = places.iter();
        places.any(|place| place.agency_id == *agency && place.task_force_id == task_force)
    };
    let without: Vec<_> = places
        .iter()
        .map(|place| {
            let mut place = place.clone();
            if place.task_force_id == task_force {
                place.suspended_at = place.suspended_at.or(Some(place.since));
            }
            place
        })
        .collect();
    pair.iter().all(belongs) && parted(&without, pair, None)
}

/// Returns the places as they were at a moment; `past` are their versions that were over only after it.
#[must_use]
pub fn places_at(
    moment: Instant,
    places: &[membership::Model],
    past: &[membership_past::Model],
) -> Vec<membership::Model> {
    let taken = places.iter().filter(|place| place.since <= moment);
    let as_it_was = taken.map(|place| {
        let version = past
            .iter()
            .filter(|one| one.agency_id == place.agency_id)
            .filter(|one| one.task_force_id == place.task_force_id && one.until > moment)
            .min_by_key(|one| one.until);
        let mut place = place.clone();
        if let Some(version) = version {
            place.suspended_at = version.suspended_at;
        }
        place
    });
    as_it_was.collect()
}
