//! Notes on a referral: who may add which, and who may read them. Pure.

use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::referral::Model;
use concord_entities::vocabulary::{
    Categories, Code, DataCategory, NoteAudience, Purpose, ReferralStatus,
};

use super::status::{CurrentStatus, StoredStatus};
use crate::error::Error;
use crate::sharing::decide::Party;
use crate::sharing::{Answer, Facts, Question, decide};

/// Adds a note to a referral: one to the other side changes it, one that is kept for one's own agency does not.
///
/// # Errors
/// `INVALID_TRANSITION`: it is a draft; or, for a note to the other side, it is not open. `BAD_USER_INPUT`: the two may not tell
/// one another what the note is about.
pub fn add(
    referral: Model,
    audience: NoteAudience,
    category: DataCategory,
    facts: &Facts,
    now: Instant,
) -> Result<Model, Error> {
    let status = CurrentStatus::of(&StoredStatus::from(&referral), now).status;
    if status == ReferralStatus::Draft {
        let text =
            "a note is added once the referral is sent: what a draft is to say, its package says";
        return Err(Error::NotNow(text.into()));
    }
    match audience {
        NoteAudience::OwnAgency => Ok(referral),
        NoteAudience::OtherParty if !status.is_open() => {
            let text = "the referral is not open: the other side reads no more notes; keep it for your own agency";
            Err(Error::NotNow(text.into()))
        }
        NoteAudience::OtherParty if !may_be_told(facts, category, now) => {
            let text = "the consent and the MOU let the two agencies tell one another nothing of this category: choose \
                 another, or keep the note for your own agency";
            Err(Error::input("note.category", text))
        }
        NoteAudience::OtherParty => Ok(Model {
            updated_at: now,
            ..referral
        }),
    }
}

/// Returns whether the recipient may be told a category now, for some purpose. In the other direction no more is told.
fn may_be_told(facts: &Facts, category: DataCategory, now: Instant) -> bool {
    let may = |purpose: &Purpose| {
        let question = Question {
            reader: facts.recipient.agency,
            category,
            purpose: *purpose,
            ceiling: Categories::all(),
        };
        matches!(decide(&question, facts, now), Answer::Share(_))
    };
    Purpose::ALL.iter().any(may)
}

/// Decides on a note as on its category of the package. What an agency wrote itself is its own until the consent ends, and
/// with it the package and every note: that of a recipient as that of a sender.
#[must_use]
pub fn decide_note(author: AgencyId, question: &Question, facts: &Facts, now: Instant) -> Answer {
    if author != question.reader || author != facts.recipient.agency {
        return decide(question, facts, now);
    }
    let sender = Party {
        agency: facts.sender.agency,
        status: facts.recipient.status,
    };
    let question = Question {
        reader: sender.agency,
        ..*question
    };
    let facts = Facts {
        sender,
        ..facts.clone()
    };
    decide(&question, &facts, now)
}
