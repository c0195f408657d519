//! What would stop if an MOU lapsed: counts, and by which of them a party shows that it has seen them. Pure.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, MouId};
use concord_entities::instant::{Day, Instant};
use concord_entities::promise::StoredPromise;
use concord_entities::vocabulary::{Code, Need, Needs};
use concord_entities::{mou, mou_party};

use super::coverage::{CoverageFacts, Reached, needs_of};
use super::words::notice_ends;

/// The least that is told of referrals and consents to whoever has no part in them, and to what less is told is rounded down.
const SMALLEST: u32 = 5;

/// Consents in force from one agency to another that permit the same, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedConsents {
    /// The agency that may disclose.
    pub discloser: AgencyId,
    /// The agency that may be told.
    pub recipient: AgencyId,
    /// What they permit.
    pub grants: Grants,
    /// How many.
    pub count: u32,
}

/// How many referrals and consents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// Open referrals that stand on the MOU.
    pub referrals: u32,
    /// Consents in force that reach their recipients under no other MOU.
    pub consents: u32,
}

/// What would stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// With each other agency, where the reader is a party.
    pub by_partner: BTreeMap<AgencyId, Stopped>,
    /// All of it.
    pub all: Stopped,
    /// The needs for which nobody is reached any more.
    pub needs: Needs,
    /// The agencies that nobody reaches any more.
    pub agencies: BTreeSet<AgencyId>,
}

/// Returns the day on which an MOU lapses where nobody says otherwise: the last one of a notice that is given now, or its own
/// where that comes before.
#[must_use]
pub fn usual_day(mou: &mou::Model, now: Instant) -> Day {
    let notice = notice_ends(mou, now);
    if notice < mou.last_day() {
        notice
    } else {
        mou.last_day()
    }
}

/// Returns which needs and which agencies nobody reaches any more from a moment on, if an MOU lapses before it.
#[must_use]
pub fn left_without(
    facts: &CoverageFacts,
    mou: MouId,
    from: Instant,
) -> (Needs, BTreeSet<AgencyId>) {
    let reached = facts.reached(from);
    let (under, others): (Vec<_>, Vec<_>) = reached.iter().partition(|one| one.mou.id == mou);
    let kept = needs_of(others.iter().copied());
    let needs = needs_of(under.iter().copied());
    let needs = needs.iter().filter(|need| !kept.has(*need)).collect();
    let agencies = |reached: &[&Reached<'_>]| -> BTreeSet<AgencyId> {
        let permitted = reached.iter().filter(|one| !one.mou.grants.is_empty());
        permitted.map(|one| one.party.agency_id).collect()
    };
    let kept = agencies(&others);
    let lost = agencies(&under).into_iter();
    (
        needs,
        lost.filter(|agency| !kept.contains(agency)).collect(),
    )
}

/// Returns those of these consents that reach from a moment on under this MOU and no other.
pub fn reaching_only_through<'c>(
    facts: &CoverageFacts,
    mou: MouId,
    consents: &'c [CountedConsents],
    from: Instant,
) -> impl Iterator<Item = &'c CountedConsents> {
    let ways = facts.ways(from);
    consents.iter().filter(move |one| {
        let reach = |way: &&(MouId, Grants, [AgencyId; 2])| {
            let (_, grants, pair) = way;
            pair.contains(&one.discloser)
                && pair.contains(&one.recipient)
                && !grants.and(&one.grants).is_empty()
        };
        let under: HashSet<MouId> = ways.iter().filter(reach).map(|(mou, ..)| *mou).collect();
        under.len() == 1 && under.contains(&mou)
    })
}

impl Impact {
    /// Returns the impact as it is told to whoever is no party: figures of few people are left out, and the others rounded down,
    /// so that no single referral or consent is seen to come or go among them.
    #[must_use]
    pub fn coarse(&self) -> Self {
        let down = |count: u32| count.saturating_sub(count % SMALLEST);
        Self {
            by_partner: BTreeMap::new(),
            all: Stopped {
                referrals: down(self.all.referrals),
                consents: down(self.all.consents),
            },
            ..self.clone()
        }
    }

    /// Returns the SHA-256 by which `reader` shows that it has seen this.
    #[must_use]
    pub fn digest(&self, mou: MouId, reader: AgencyId) -> String {
        let figures = |who: String, stopped: &Stopped| {
            format!("{who} {} {}", stopped.referrals, stopped.consents)
        };
        let mut said = vec![
            mou.to_string(),
            reader.to_string(),
            figures("all".to_owned(), &self.all),
        ];
        let partners = self.by_partner.iter();
        said.extend(partners.map(|(partner, stopped)| figures(partner.to_string(), stopped)));
        said.push(self.needs.bits().to_string());
        said.extend(self.agencies.iter().map(ToString::to_string));
        hex::encode(digest(&SHA256, said.join(" ").as_bytes()))
    }
}

/// Returns whether a next version takes away from what the one before gives: some pair of purpose and category, days at its end,
/// or what a party promises.
#[must_use]
pub fn takes_away(
    (before, parties_before): (&mou::Model, &[mou_party::Model]),
    (after, parties_after): (&mou::Model, &[mou_party::Model]),
) -> bool {
    let shorter = after.last_day() < before.last_day();
    let is_kept = |party: &mou_party::Model| {
        let next = parties_after
            .iter()
            .find(|one| one.agency_id == party.agency_id);
        next.is_none_or(|next| keeps(&party.promises.0, &next.promises.0))
    };
    shorter || !before.grants.within(&after.grants) || !parties_before.iter().all(is_kept)
}

/// Returns whether what these promise for each need in each language and each area is promised by those, for as many people.
fn keeps(before: &[StoredPromise], after: &[StoredPromise]) -> bool {
    before.iter().all(|promise| {
        let holds = |next: &&StoredPromise, need: Need, tag: &String| {
            let for_as_many = match (promise.capacity, next.capacity) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(was), Some(is)) => is >= was,
            };
            for_as_many && next.needs.has(need) && next.languages.contains(tag)
        };
        Need::ALL
            .iter()
            .filter(|need| promise.needs.has(**need))
            .all(|need| {
                promise.languages.iter().all(|tag| {
                    promise.areas.iter().all(|area| {
                        let mut next = after.iter().filter(|next| holds(next, *need, tag));
                        next.any(|next| next.areas.iter().any(|one| one.holds(*area)))
                    })
                })
            })
    })
}
