//! What may follow what in an MOU's life, and what its status is now. Pure.
//!
//! The status is computed from dates and signatures, so that "active" is never shown for what is not in force.

use concord_entities::grants::Grants;
use concord_entities::ids::AgencyId;
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::{Categories, Code, MouAction, MouStatus};
use concord_entities::zone::Zone;
use concord_entities::{mou, mou_party};

use crate::error::Error;
use crate::request::repeated::unless_repeated;

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
        MouStatus::Expired
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

/// An agency's part in an MOU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Involvement {
    /// It drafted it.
    pub drafted: bool,
    /// It is a party.
    pub party: bool,
    /// It has signed.
    pub signed: bool,
}

impl Involvement {
    /// Reads an agency's part from the MOU and its parties.
    #[must_use]
    pub fn of(agency: AgencyId, mou: &mou::Model, parties: &[mou_party::Model]) -> Self {
        let own = parties.iter().find(|party| party.agency_id == agency);
        Self {
            drafted: mou.drafted_by == agency,
            party: own.is_some(),
            signed: own.is_some_and(|party| party.signed_at.is_some()),
        }
    }
}

/// Counts the parties that have signed.
#[must_use]
pub fn signed(parties: &[mou_party::Model]) -> usize {
    let signed = parties.iter().filter(|party| party.signed_at.is_some());
    signed.count()
}

/// Lists what an agency may do next with an MOU of this status.
#[must_use]
pub fn allowed(status: MouStatus, involvement: Involvement) -> Vec<MouAction> {
    match status {
        MouStatus::Draft if involvement.drafted => vec![MouAction::Offer],
        MouStatus::Offered | MouStatus::PartiallySigned
            if involvement.party && !involvement.signed =>
        {
            vec![MouAction::Sign]
        }
        MouStatus::Draft
        | MouStatus::Offered
        | MouStatus::PartiallySigned
        | MouStatus::Signed
        | MouStatus::Active
        | MouStatus::DueForReview
        | MouStatus::Expired
        | MouStatus::Superseded
        | MouStatus::Suspended
        | MouStatus::Terminated
        | MouStatus::Declined => Vec::new(),
    }
}

/// Counts the days that an MOU in force has left, its last day included.
#[must_use]
pub fn days_left(mou: &mou::Model, now: Instant) -> Option<i32> {
    mou.dates().is_in_force(now).then(|| {
        mou.expires_on
            .0
            .saturating_sub(mou.time_zone.day(now).0)
            .saturating_add(1)
    })
}

/// Returns an MOU whose days are counted in a time zone, the first and the last one whole.
#[must_use]
pub fn counted_in(mou: mou::Model, zone: Zone) -> mou::Model {
    mou::Model {
        begins_at: zone.start(mou.effective_on),
        ends_at: zone.end(mou.expires_on),
        review_at: mou.review_on.map(|day| zone.start(day)),
        time_zone: zone,
        ..mou
    }
}

/// The longest term that an MOU is drafted with, in days: ten years with their leap days.
const LONGEST_TERM: i32 = 3_653;

/// The days that an MOU is drafted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftedTerm {
    /// Its first day.
    pub effective_on: Day,
    /// The day on which its review is due.
    pub review_on: Option<Day>,
    /// Its last day.
    pub expires_on: Day,
}

impl DraftedTerm {
    /// Returns what makes no sense of it on a day: the field of the draft, and what it must be.
    #[must_use]
    pub fn faults(&self, today: Day) -> Vec<(&'static str, &'static str)> {
        let (first, last) = (self.effective_on, self.expires_on);
        if last < first {
            return vec![("expiresOn", "not before `effectiveOn`")];
        }
        let is_within = |day: &Day| (first..=last).contains(day);
        let checks = [
            (
                last >= today,
                "expiresOn",
                "not before today: it would be over already",
            ),
            (
                last <= first.plus_days(LONGEST_TERM),
                "expiresOn",
                "at most ten years after `effectiveOn`: renew it by then",
            ),
            (
                self.review_on.as_ref().is_none_or(is_within),
                "reviewOn",
                "from `effectiveOn` to `expiresOn`",
            ),
        ];
        let wrong = checks.into_iter().filter(|(holds, ..)| !holds);
        wrong.map(|(_, field, remedy)| (field, remedy)).collect()
    }
}

/// Returns the error for an MOU that the agency can see and is not the one to do this with.
fn not_yours(
    mou: &mou::Model,
    parties: &[mou_party::Model],
    agency: AgencyId,
    now: Instant,
) -> Error {
    let from = status(mou, signed(parties), now);
    let allowed = allowed(from, Involvement::of(agency, mou, parties));
    Error::NotYours {
        record: "MOU",
        from: from.code(),
        allowed: allowed.iter().copied().map(Code::code).collect(),
    }
}

/// Offers a draft to its parties, for the agency that drafted it. Returns none where that was done last.
///
/// # Errors
/// `INVALID_TRANSITION`: another agency drafted it, or it is offered already, and not as it was.
pub fn offer(
    draft: mou::Model,
    parties: &[mou_party::Model],
    agency: AgencyId,
    now: Instant,
) -> Result<Option<mou::Model>, Error> {
    if draft.drafted_by != agency {
        return Err(not_yours(&draft, parties, agency, now));
    }
    let current = status(&draft, signed(parties), now);
    unless_repeated(Some(current), &MouStatus::Offered, || {
        if draft.offered_at.is_some() {
            return Err(Error::NotNow("this MOU is offered already".into()));
        }
        Ok(mou::Model {
            offered_at: Some(now),
            ..draft
        })
    })
    .transpose()
}

/// Who signs for a party, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartySignature {
    /// The signatory.
    pub signatory: String,
    /// The signatory's title.
    pub title: String,
    /// The SHA-256 of the signed document, 64 lower-case hex digits.
    pub document_sha256: String,
}

/// An MOU after a party's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MouAfterSignature {
    /// The MOU, signed if this was the last signature.
    pub mou: mou::Model,
    /// The party that signed.
    pub party: mou_party::Model,
}

impl PartySignature {
    /// Returns a party's signature on record.
    fn on_record(party: &mou_party::Model) -> Option<Self> {
        Some(Self {
            signatory: party.signatory.clone()?,
            title: party.title.clone()?,
            document_sha256: party.document_sha256.clone()?,
        })
    }
}

/// Signs an offered MOU for one of its parties. Returns none where that is on record: a signature stays, whoever else signs
/// after it.
///
/// # Errors
/// `INVALID_TRANSITION`: the agency is no party, or the MOU does not wait for its signature. `BAD_USER_INPUT`: another party
/// signed another document.
pub fn sign(
    mou: mou::Model,
    parties: &[mou_party::Model],
    agency: AgencyId,
    signature: PartySignature,
    now: Instant,
) -> Result<Option<MouAfterSignature>, Error> {
    let own = parties.iter().find(|party| party.agency_id == agency);
    let own = own.ok_or_else(|| not_yours(&mou, parties, agency, now))?;
    unless_repeated(PartySignature::on_record(own), &signature.clone(), || {
        signed_by(mou, parties, own, signature, now)
    })
    .transpose()
}

fn signed_by(
    mou: mou::Model,
    parties: &[mou_party::Model],
    own: &mou_party::Model,
    signature: PartySignature,
    now: Instant,
) -> Result<MouAfterSignature, Error> {
    let agency = own.agency_id;
    let signed = signed(parties);
    let involvement = Involvement::of(agency, &mou, parties);
    if !allowed(status(&mou, signed, now), involvement).contains(&MouAction::Sign) {
        let text = "this MOU does not await your agency's signature";
        return Err(Error::NotNow(text.into()));
    }
    let mut signed_documents = parties
        .iter()
        .filter_map(|party| party.document_sha256.as_ref());
    if signed_documents.any(|document| *document != signature.document_sha256) {
        let text = "not the document that the other parties signed: all sign one and the same";
        return Err(Error::input("signature.documentSha256", text));
    }
    let is_last = signed.saturating_add(1) >= parties.len();
    Ok(MouAfterSignature {
        mou: mou::Model {
            signed_at: if is_last { Some(now) } else { mou.signed_at },
            ..mou
        },
        party: mou_party::Model {
            signatory: Some(signature.signatory),
            title: Some(signature.title),
            document_sha256: Some(signature.document_sha256),
            signed_at: Some(now),
            ..own.clone()
        },
    })
}
