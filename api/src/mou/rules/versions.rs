//! How an MOU goes on: a next version of it, in other terms or for longer, which all of its parties sign. Pure.
//!
//! A version takes the place of the one before with its last signature, at that moment and in the same change: so between the
//! two there is no gap, nor are both in force. Therefore its first day is not to come when it is drafted. What was sent under the
//! one before stands on it from then on, also where it is narrower.

use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;

use concord_entities::ids::AgencyId;
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::{Code, MouStatus};
use concord_entities::{mou, mou_party};

use super::status::{signed, status};
use super::transitions::{has_left, may_be_followed};
use crate::error::{Error, Faults};

/// Checks the draft of a next version: whoever is a party stays one, or leaves by its own word, and its first day has come.
pub fn check_next<S: BuildHasher>(
    before: &[mou_party::Model],
    parties: &HashSet<AgencyId, S>,
    (effective_on, today): (Day, Day),
    faults: &mut Faults,
) {
    let stays_rightly =
        |party: &mou_party::Model| parties.contains(&party.agency_id) == party.leaves_at.is_none();
    let text = "every party of the version before that does not leave it, by its own word, and none that does";
    faults.require(before.iter().all(stays_rightly), "mou.parties", text);
    let text =
        "not after today: a version takes the place of the one before as its last party signs";
    faults.require(effective_on <= today, "mou.effectiveOn", text);
}

/// Returns a version whose place the next one takes now, as its last party signs.
///
/// # Errors
/// `INVALID_TRANSITION`: meanwhile another version took its place, or a party suspended, ended or left it.
pub fn superseded(
    before: mou::Model,
    parties: &[mou_party::Model],
    next: &[mou_party::Model],
    now: Instant,
) -> Result<mou::Model, Error> {
    let stands = matches!(
        status(&before, signed(parties), now),
        MouStatus::Active | MouStatus::DueForReview | MouStatus::Expired
    );
    let stays = |party: &mou_party::Model| {
        let is_next = next.iter().any(|one| one.agency_id == party.agency_id);
        match party.leaves_at {
            None => is_next,
            // Its word to leave came after, or before, it was named in the next version: that word counts.
            Some(_) => has_left(party, now) && !is_next,
        }
    };
    if stands && may_be_followed(&before) && parties.iter().all(stays) {
        return Ok(mou::Model {
            superseded_at: Some(now),
            ..before
        });
    }
    let text = "the version before this one was followed by another, or suspended, ended or left by a party: amend that which \
                is in force";
    Err(Error::NotNow(text.into()))
}

/// What differs between two versions: a field by its place, and what it said before and says after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermDifference {
    /// The field's place, such as `terms.services`.
    pub field: String,
    /// What it said.
    pub before: Option<String>,
    /// What it says.
    pub after: Option<String>,
}

/// A version's fields in the order in which they are read, each with its place.
fn fields(mou: &mou::Model, parties: &[mou_party::Model]) -> Vec<(String, String)> {
    let terms = &mou.terms;
    let day = |day: Option<Day>| day.map(|day| day.to_string());
    let agreed = (!mou.open_ended).then_some(mou.expires_on);
    let told = [
        ("kind", Some(mou.kind.to_string())),
        ("title", Some(mou.title.clone())),
        ("effectiveOn", day(Some(mou.effective_on))),
        ("reviewOn", day(mou.review_on)),
        ("expiresOn", day(agreed)),
        ("terms.purpose", Some(terms.purpose.clone())),
        ("terms.services", Some(terms.services.clone())),
        ("terms.confidentiality", Some(terms.confidentiality.clone())),
        (
            "terms.breachNoticeHours",
            Some(terms.breach_notice_hours.to_string()),
        ),
        ("terms.training", Some(terms.training.clone())),
        (
            "terms.conflictResolution",
            Some(terms.conflict_resolution.clone()),
        ),
        (
            "terms.terminationNoticeDays",
            Some(terms.termination_notice_days.to_string()),
        ),
        ("terms.qsoa", terms.qsoa.then(|| "true".to_owned())),
    ];
    let told = told
        .into_iter()
        .filter_map(|(field, said)| Some((field.to_owned(), said?)));
    let grants = mou.grants.iter().map(|(purpose, categories)| {
        let categories: Vec<_> = categories.iter().map(|one| one.to_string()).collect();
        (format!("terms.grants.{purpose}"), categories.join(" "))
    });
    let mut parties: Vec<_> = parties
        .iter()
        .flat_map(|party| {
            let place = format!("parties.{}", party.agency_id);
            let promised = promised(party)
                .into_iter()
                .map(|(need, said)| (format!("parties.{}.promises.{need}", party.agency_id), said));
            [(place, party.responsibilities.clone())]
                .into_iter()
                .chain(promised)
                .collect::<Vec<_>>()
        })
        .collect();
    parties.sort();
    told.chain(grants).chain(parties).collect()
}

/// Returns what a party promises for each need: the languages, the areas and for how many people.
fn promised(party: &mou_party::Model) -> BTreeMap<&'static str, String> {
    let mut by_need: BTreeMap<&'static str, String> = BTreeMap::new();
    for promise in &party.promises.0 {
        let areas: Vec<_> = promise.areas.iter().map(ToString::to_string).collect();
        let mut words = vec![promise.languages.join(" "), areas.join(" ")];
        words.extend(promise.capacity.map(|people| people.to_string()));
        for need in promise.needs.iter() {
            let said = by_need.entry(need.code()).or_default();
            if !said.is_empty() {
                said.push_str(" | ");
            }
            said.push_str(&words.join("; "));
        }
    }
    by_need
}

/// Lists what differs between a version and a later one of the same agreement.
#[must_use]
pub fn differences(
    (before, parties_before): (&mou::Model, &[mou_party::Model]),
    (after, parties_after): (&mou::Model, &[mou_party::Model]),
) -> Vec<TermDifference> {
    let (before, after) = (fields(before, parties_before), fields(after, parties_after));
    let said = |fields: &[(String, String)], place: &str| {
        let mut fields = fields.iter();
        let found = fields.find(|(field, _)| field == place);
        found.map(|(_, said)| said.clone())
    };
    let gone = before
        .iter()
        .filter(|(place, _)| said(&after, place).is_none());
    let places = after.iter().chain(gone).map(|(place, _)| place);
    let differing = places.filter_map(|place| {
        let (was, is) = (said(&before, place), said(&after, place));
        (was != is).then(|| TermDifference {
            field: place.clone(),
            before: was,
            after: is,
        })
    });
    differing.collect()
}
