//! Offering an MOU to its parties, and signing it. Pure.

use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{MouAction, MouStatus};
use concord_entities::{mou, mou_party};

use super::status::{signed, status};
use super::transitions::SeenMou;
use crate::error::Error;
use crate::request::repeated::unless_repeated;

/// An MOU after a party's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedMou {
    /// The MOU.
    pub mou: mou::Model,
    /// The party whose word it was.
    pub party: mou_party::Model,
}

/// Offers a draft to its parties, for the agency that drafted it. Returns none where that was done last.
///
/// # Errors
/// `INVALID_TRANSITION`: another agency drafted it, or it is offered already, and not as it was.
pub fn offer(
    draft: &mou::Model,
    parties: &[mou_party::Model],
    agency: AgencyId,
    now: Instant,
) -> Result<Option<mou::Model>, Error> {
    let seen = SeenMou {
        mou: draft,
        parties,
        agency,
        now,
    };
    if draft.drafted_by != agency {
        return Err(seen.refusal());
    }
    let current = status(draft, signed(parties), now);
    unless_repeated(Some(current), &MouStatus::Offered, || {
        seen.may(MouAction::Offer)?;
        Ok(mou::Model {
            offered_at: Some(now),
            ..draft.clone()
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
    /// By what authority the signatory signs, as declared.
    pub authority: Option<String>,
    /// The SHA-256 of the signed document, 64 lower-case hex digits.
    pub document_sha256: String,
}

impl PartySignature {
    /// Returns a party's signature on record.
    fn on_record(party: &mou_party::Model) -> Option<Self> {
        Some(Self {
            signatory: party.signatory.clone()?,
            title: party.title.clone()?,
            authority: party.authority.clone(),
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
    mou: &mou::Model,
    parties: &[mou_party::Model],
    agency: AgencyId,
    signature: PartySignature,
    now: Instant,
) -> Result<Option<ChangedMou>, Error> {
    let seen = SeenMou {
        mou,
        parties,
        agency,
        now,
    };
    let own = seen.own().ok_or_else(|| seen.refusal())?;
    unless_repeated(PartySignature::on_record(own), &signature.clone(), || {
        seen.may(MouAction::Sign)?;
        signed_by(mou, parties, own, signature, now)
    })
    .transpose()
}

fn signed_by(
    mou: &mou::Model,
    parties: &[mou_party::Model],
    own: &mou_party::Model,
    signature: PartySignature,
    now: Instant,
) -> Result<ChangedMou, Error> {
    let mut signed_documents = parties
        .iter()
        .filter_map(|party| party.document_sha256.as_ref());
    if signed_documents.any(|document| *document != signature.document_sha256) {
        let text = "not the document that the other parties signed: all sign one and the same";
        return Err(Error::input("signature.documentSha256", text));
    }
    let is_last = signed(parties).saturating_add(1) >= parties.len();
    Ok(ChangedMou {
        mou: mou::Model {
            signed_at: if is_last { Some(now) } else { mou.signed_at },
            ..mou.clone()
        },
        party: mou_party::Model {
            signatory: Some(signature.signatory),
            title: Some(signature.title),
            authority: signature.authority,
            document_sha256: Some(signature.document_sha256),
            signed_at: Some(now),
            ..own.clone()
        },
    })
}
