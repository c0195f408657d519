//! Adding notes to referrals, and files to notes: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::SelectLocked;
use concord_entities::ids::{AgencyId, ReferralId, ReferralNoteId};
use concord_entities::vocabulary::NoteAudience;
use concord_entities::{note_attachment, referral, referral_note};
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::found;
use super::graphql::NoteInput;
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::{Event, NoteEvent};
use crate::consent::document::formats::DocumentType;
use crate::error::{Error, Faults, Refusal, Result};
use crate::referral::change::{of_either_side, save};
use crate::referral::rules::notes as rules;
use crate::referral::timeline::{self, TimelineEntry};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::seal::Vault;
use crate::seal::note::NotePart;
use crate::seal::vault::PackageVersion;
use crate::store::page;
use crate::text::{self, PROSE};

/// How many notes are forgotten by one statement.
const TOGETHER: usize = 500;

/// A file that is to be attached to a note, its content looked through.
#[derive(Debug)]
pub(crate) struct AttachedFile<'b> {
    /// What kind of file it is.
    pub(crate) kind: DocumentType,
    /// The whole file.
    pub(crate) bytes: &'b [u8],
}

/// What is told about a file that is attached.
#[derive(Debug)]
pub(crate) struct StoredAttachment {
    /// Its SHA-256, 64 lower-case hex digits.
    pub(crate) sha256: String,
    /// Whether this request attached it; otherwise it was there before.
    pub(crate) fresh: bool,
}

/// Adding notes.
#[derive(Default)]
pub struct NoteMutation;

/// Adding notes.
#[Object]
impl NoteMutation {
    /// Adds a note to a referral of which your agency is a party: to the other side while the referral is open, or for your
    /// own agency alone. It is sealed with the package, is read as its category of the package is, and ends with it.
    async fn add_referral_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(desc = "What it says, of which category, and to whom.")] note: NoteInput,
    ) -> Result<TimelineEntry> {
        let request = ctx.request()?;
        request.caller.may(Resource::Referral.update())?;
        let id: ReferralId = page::id("id", &id)?;
        let note = Box::pin(add_once(request, id, note)).await?;
        let entry = timeline::entry_of_note(request, id, note).await?;
        entry.ok_or_else(|| Error::NotFound.into())
    }
}

/// Adds a note, unless an earlier call with the same key has done so.
async fn add_once(request: &Request, id: ReferralId, input: NoteInput) -> Result<ReferralNoteId> {
    let change = request.change(Resource::Referral.update()).await?;
    let vault = &request.worker.vault;
    let call = CreatingCall::new(
        &format!("addReferralNote {id}"),
        "note.idempotencyKey",
        input.idempotency_key.as_ref(),
        &input,
    )?;
    let created = idempotency::creates_once(change, vault, call, async |change| {
        let (note, event) = add(change, vault, id, input).await?;
        Ok(Creation {
            id: note.0,
            made: note,
            event,
        })
    })
    .await?;
    Ok(match created {
        Created::Now(id) => id,
        Created::Before(id) => ReferralNoteId(id),
    })
}

/// Adds a note, sealed with the package; returns the event to record.
pub(crate) async fn add(
    change: &Change<'_>,
    vault: &Vault,
    id: ReferralId,
    input: NoteInput,
) -> Result<(ReferralNoteId, Event)> {
    of_either_side(change, id).await?;
    let mut faults = Faults::default();
    let text = text::prose_at(&mut faults, "note.text", &input.text, PROSE);
    faults.none()?;
    let (_, _, found) = found::find(change, change.agency(), id).await?;
    let found = found.ok_or(Error::NotFound)?;
    let package = PackageVersion::from(&found.row);
    let facts = &found.gathered.facts;
    let counterpart = other_side(&found.row, change.agency());
    let noted = rules::add(
        found.row,
        input.audience,
        input.category,
        facts,
        change.now(),
    )?;
    let note = ReferralNoteId::new();
    let sealed = vault
        .seal_note(package, (note, NotePart::Text), text.as_bytes())
        .await?
        .ok_or_else(ended)?;
    let row = referral_note::Model {
        id: note,
        referral_id: id,
        author_id: change.agency(),
        audience: input.audience,
        category: input.category,
        key_version: package.version,
        sealed,
        created_at: change.now(),
        attachment_type: None,
        attachment_bytes: None,
        attachment_sha256: None,
    };
    row.into_active_model().insert(change).await?;
    let told = input.audience == NoteAudience::OtherParty;
    if told {
        save(change, noted).await?;
    }
    let event = NoteEvent {
        id: note,
        referral: id,
        counterpart: told.then_some(counterpart),
    };
    Ok((
        note,
        if told {
            Event::ReferralNoteAdded(event)
        } else {
            Event::ReferralNoteKept(event)
        },
    ))
}

/// Attaches a file to a note that the acting agency wrote. The same file again is answered like the first time.
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` where it has another file; `INVALID_TRANSITION`, `BAD_USER_INPUT`: such a note could not be added now;
/// `UNAVAILABLE`.
pub(crate) async fn attach(
    request: &Request,
    id: ReferralNoteId,
    file: &AttachedFile<'_>,
) -> Result<StoredAttachment> {
    let change = request.change(Resource::Referral.update()).await?;
    let own = || referral_note::Entity::written_by(change.agency(), id);
    let note = own().one(&change).await?.ok_or(Error::NotFound)?;
    // The referral first, as whoever continues it locks it before its notes: it is saved below as it stands under the lock.
    of_either_side(&change, note.referral_id).await?;
    let note = own().one_locked(&change).await?;
    let note = note.ok_or(Error::NotFound)?;
    let media_type = file.kind.media_type();
    let sha256 = hex::encode(digest(&SHA256, file.bytes));
    if let Some(known) = &note.attachment_sha256 {
        let fresh = false;
        if *known != sha256 || note.attachment_type.as_deref() != Some(media_type) {
            let text = "this note has another file: add a note for this one";
            return Err(Error::Conflict(text.into()).into());
        }
        let read = Event::RecordsListed(vec![note.referral_id.to_string()]);
        change.commit(read).await?;
        return Ok(StoredAttachment { sha256, fresh });
    }
    let (_, _, found) = found::find(&change, change.agency(), note.referral_id).await?;
    let found = found.ok_or(Error::NotFound)?;
    let facts = &found.gathered.facts;
    let noted = rules::add(found.row, note.audience, note.category, facts, change.now())?;
    let package = PackageVersion {
        referral: note.referral_id,
        version: note.key_version,
    };
    let sealed = request
        .worker
        .vault
        .seal_note(package, (id, NotePart::Attachment), file.bytes)
        .await?
        .ok_or_else(ended)?;
    let attachment = note_attachment::Model {
        note_id: id,
        sealed,
        created_at: change.now(),
        created_by: change.client().to_owned(),
    };
    attachment.into_active_model().insert(&change).await?;
    let told = note.audience == NoteAudience::OtherParty;
    let event = NoteEvent {
        id,
        referral: note.referral_id,
        counterpart: told.then(|| other_side(&noted, change.agency())),
    };
    if told {
        save(&change, noted).await?;
    }
    let attached = referral_note::Model {
        attachment_type: Some(media_type.to_owned()),
        attachment_bytes: Some(i64::try_from(file.bytes.len()).map_err(Refusal::internal)?),
        attachment_sha256: Some(sha256.clone()),
        ..note
    };
    let attached = attached.into_active_model().reset_all();
    attached.update(&change).await?;
    let event = if told {
        Event::ReferralNoteAttached(event)
    } else {
        Event::ReferralNoteAttachmentKept(event)
    };
    change.commit(event).await?;
    Ok(StoredAttachment {
        sha256,
        fresh: true,
    })
}

/// Forgets notes whose package ends for good, and their files.
///
/// # Errors
/// What the database says.
pub(crate) async fn forget(change: &Change<'_>, notes: &[ReferralNoteId]) -> Result<()> {
    for some in notes.chunks(TOGETHER) {
        let some = || some.iter().copied();
        note_attachment::Entity::remove_of(some())
            .exec(change)
            .await?;
        referral_note::Entity::remove(some()).exec(change).await?;
    }
    Ok(())
}

/// Forgets the notes on a referral whose package is sealed anew: they end with the one that they were sealed with.
///
/// # Errors
/// What the database says.
pub(crate) async fn forget_on(change: &Change<'_>, id: ReferralId) -> Result<()> {
    let notes = referral_note::Entity::on([id]).all(change).await?;
    let ids: Vec<_> = notes.iter().map(|note| note.id).collect();
    forget(change, &ids).await
}

/// Returns the side of a referral that an agency is not.
fn other_side(referral: &referral::Model, agency: AgencyId) -> AgencyId {
    if referral.sender_id == agency {
        referral.recipient_id
    } else {
        referral.sender_id
    }
}

/// Returns the error for a note on a referral whose package has ended: there is no key left to seal it with.
pub(super) fn ended() -> Error {
    Error::NotNow("the consent has ended, and with it the package and every note on it".into())
}
