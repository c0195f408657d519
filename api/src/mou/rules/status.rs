//! What an MOU's status is now, and whether it covers what is to be told. Pure.
//!
//! The status is computed from dates and signatures, so that "active" is never shown for what is not in force.

use concord_entities::grants::Grants;
use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Categories, MouStatus};
use concord_entities::{mou, mou_party};

/// Returns an MOU's status at `now`; `signed` of its parties have signed.
#[must_use]
pub fn status(mou: &mou::Model, signed: usize, now: Instant) -> MouStatus {
    if mou.superseded_at.is_some() {
        MouStatus::Superseded
    } else if mou.terminated_at.is_some() {
        MouStatus::Terminated
    } else if mou.declined_at.is_some() {
        MouStatus::Declined
    } else if mou.offered_at.is_none() {
        MouStatus::Draft
    } else if mou.ends_at <= now {
        if mou.terminates_on.is_some() {
            MouStatus::Terminated
        } else {
            MouStatus::Expired
        }
    } else if mou.signed_at.is_none() {
        if signed == 0 {
            MouStatus::Offered
        } else {
            MouStatus::PartiallySigned
        }
    } else if mou.suspended_at.is_some() {
        MouStatus::Suspended
    } else if !mou.dates().is_in_force(now) {
        // Its first day is still to come.
        MouStatus::Signed
    } else if mou.review_at.is_some_and(|review| review <= now) {
        MouStatus::DueForReview
    } else {
        MouStatus::Active
    }
}

/// Returns those of these MOUs that are in force and permit each of these categories for some purpose of those that a
/// consent grants it for.
pub fn covering<'m>(
    mous: &'m [mou::Model],
    categories: Categories,
    consented: &Grants,
    now: Instant,
) -> impl Iterator<Item = &'m mou::Model> {
    mous.iter().filter(move |mou| {
        let told = mou.grants.and(consented);
        mou.dates().is_in_force(now) && categories.within(told.categories()) && !told.is_empty()
    })
}

/// Counts the parties that have signed.
#[must_use]
pub fn signed(parties: &[mou_party::Model]) -> usize {
    let signed = parties.iter().filter(|party| party.signed_at.is_some());
    signed.count()
}

/// Returns an MOU as it stands between two of its parties: until one of them leaves it.
#[must_use]
pub fn between(mou: mou::Model, parties: &[mou_party::Model], pair: [AgencyId; 2]) -> mou::Model {
    let of_pair = parties
        .iter()
        .filter(|party| party.mou_id == mou.id && pair.contains(&party.agency_id));
    let leaves = of_pair.filter_map(|party| party.leaves_at).min();
    mou::Model {
        ends_at: leaves.map_or(mou.ends_at, |leaves| leaves.min(mou.ends_at)),
        ..mou
    }
}
