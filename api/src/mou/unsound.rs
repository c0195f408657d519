//! What an MOU could not be agreed on with today: those of earlier releases stay as they are, and are listed.

use concord_entities::{mou, mou_party};

use super::input::MouTerms;
use super::rules::DraftedTerm;
use crate::error::Faults;
use crate::text;

/// Returns what is wrong with an MOU, as its draft would be told today; that it is over is nothing wrong.
#[must_use]
pub fn faults_today(mou: &mou::Model, parties: &[mou_party::Model]) -> Faults {
    let mut faults = faults_of_words(mou, parties);
    let term = DraftedTerm {
        effective_on: mou.effective_on,
        review_on: mou.review_on,
        expires_on: (!mou.open_ended).then_some(mou.expires_on),
    };
    for (field, remedy) in term.faults(mou.effective_on) {
        faults.add(field, remedy);
    }
    let mut signed = parties
        .iter()
        .filter_map(|party| party.document_sha256.as_ref());
    let first = signed.next();
    let same = signed.all(|document| Some(document) == first);
    let text = "the SHA-256 of one document: the parties signed several";
    faults.require(same, "parties.documentSha256", text);
    faults
}

/// Returns what is wrong with what an MOU says. A renewal says it again, so it is refused; wrong days and several documents
/// it leaves behind.
#[must_use]
pub fn faults_of_words(mou: &mou::Model, parties: &[mou_party::Model]) -> Faults {
    let mut faults = Faults::default();
    text::line_at(&mut faults, "mou.title", &mou.title, text::LINE);
    let _ = MouTerms::of(mou).told(&mut faults);
    for party in parties.iter().filter(|party| party.leaves_at.is_none()) {
        let words = &party.responsibilities;
        text::prose_at(&mut faults, "parties.responsibilities", words, text::PROSE);
    }
    faults
}
