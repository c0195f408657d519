//! Reading notes: each is decided on as its category of the package is, put on record, and opened.

use concord_entities::ids::ReferralNoteId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Categories, Purpose};
use concord_entities::{note_attachment, referral_note};
use zeroize::Zeroizing;

use super::found::{self, FoundReferral};
use crate::audit::disclose;
use crate::audit::event::Event;
use crate::audit::ledger::{Decided, RecordedEvent};
use crate::error::{Refusal, Result};
use crate::referral::package_view::KeyGoneError;
use crate::referral::reader::Reader;
use crate::referral::rules::notes::decide_note;
use crate::request::Request;
use crate::seal::note::NotePart;
use crate::seal::vault::PackageVersion;
use crate::sharing::{Answer, Ground, Question, Reason};

/// How often a read is made again whose note lost its key between its release and its opening.
const ATTEMPTS: usize = 4;

/// A note that was read: what it says, or why it is withheld.
#[derive(Debug)]
pub(crate) struct ReadNote {
    /// The note.
    pub(crate) note: referral_note::Model,
    /// What was opened.
    pub(crate) content: Result<Zeroizing<Vec<u8>>, Reason>,
    /// Its event.
    pub(crate) recorded: RecordedEvent,
}

/// A note that was decided on.
#[derive(Clone, Debug)]
struct DecidedNote {
    note: referral_note::Model,
    decided: Result<(), Reason>,
}

/// Decides on a note for a purpose, puts that on record and opens this part of it; again where it lost its key before it was
/// opened. Returns `None`, on record, if the caller may not know of such a note, or it has no such part.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn release(
    request: &Request,
    id: ReferralNoteId,
    purpose: Purpose,
    part: NotePart,
) -> Result<Option<ReadNote>> {
    for _ in 0..ATTEMPTS {
        let released = request
            .disclose(|| find(request, id, purpose, part))
            .await?;
        let (found, recorded) = released.into_parts();
        let Some(found) = found else {
            return Ok(None);
        };
        let recorded = recorded.into_iter().next();
        let recorded = recorded.ok_or_else(|| Refusal::internal(KeyGoneError))?;
        let content = match found.decided {
            Err(reason) => Err(reason),
            Ok(()) => match open(request, &found.note, part).await? {
                Some(opened) => Ok(opened),
                None => continue,
            },
        };
        return Ok(Some(ReadNote {
            note: found.note,
            content,
            recorded,
        }));
    }
    Err(Refusal::unavailable(KeyGoneError))
}

async fn find(
    request: &Request,
    id: ReferralNoteId,
    purpose: Purpose,
    part: NotePart,
) -> Result<Decided<Option<DecidedNote>>> {
    let store = &request.worker.store;
    let reader = Reader::from(&request.caller);
    let known = referral_note::Entity::known_among(reader.agency, [id]);
    let known = disclose::one(store, known, &id, |row| row.referral_id.to_string()).await?;
    let Some(note) = known.content.clone() else {
        return Ok(known.map(|_| None));
    };
    let (epoch, now, found) = found::find(&store.read, reader.agency, note.referral_id).await?;
    let nothing = Decided {
        epoch,
        now,
        content: None,
        events: Vec::new(),
    };
    // Of a part that it has not, nothing is disclosed.
    let has_part = part == NotePart::Text || note.attachment_sha256.is_some();
    let Some(found) = found.filter(|_| has_part) else {
        return Ok(nothing.or_denied(&id));
    };
    let (decided, event) = decide(&note, &found, reader, purpose, now);
    Ok(Decided {
        content: Some(DecidedNote { note, decided }),
        events: vec![event],
        ..nothing
    })
}

fn decide(
    note: &referral_note::Model,
    found: &FoundReferral,
    reader: Reader<'_>,
    purpose: Purpose,
    now: Instant,
) -> (Result<(), Reason>, Event) {
    let gathered = &found.gathered;
    let question = Question {
        reader: reader.agency,
        category: note.category,
        purpose,
        ceiling: reader.ceiling(purpose),
    };
    let (decided, ground): (_, Option<Ground>) =
        match decide_note(note.author_id, &question, &gathered.facts, now) {
            Answer::Share(ground) => (Ok(()), Some(ground)),
            Answer::Withhold(reason) => (Err(reason), None),
        };
    let released = if decided.is_ok() {
        Categories::EMPTY.with(note.category)
    } else {
        Categories::EMPTY
    };
    let event = Event::PackageRead {
        referral: note.referral_id,
        survivor: gathered.survivor,
        reader: reader.agency,
        discloser: note.author_id,
        purpose,
        released,
        ground,
    };
    (decided, event)
}

/// Opens a part of a note; none where it or its key is destroyed.
async fn open(
    request: &Request,
    note: &referral_note::Model,
    part: NotePart,
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let package = PackageVersion {
        referral: note.referral_id,
        version: note.key_version,
    };
    let vault = &request.worker.vault;
    match part {
        NotePart::Text => {
            vault
                .open_note(package, (note.id, part), &note.sealed)
                .await
        }
        NotePart::Attachment => {
            let file = note_attachment::Entity::of(note.id)
                .one(&request.worker.store.read)
                .await?;
            let Some(file) = file else { return Ok(None) };
            vault
                .open_note(package, (note.id, part), &file.sealed)
                .await
        }
    }
}
