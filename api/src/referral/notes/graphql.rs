//! Notes on the wire.

use async_graphql::{ComplexObject, Context, ID, InputObject, SimpleObject};
use concord_entities::ids::ReferralNoteId;
use concord_entities::referral_note;
use concord_entities::vocabulary::{DataCategory, NoteAudience, Purpose};

use super::read;
use crate::access::grant::Resource;
use crate::audit::disclose;
use crate::error::{Error, Result};
use crate::referral::package::{DisclosureReceipt, PART_2_NOTICE};
use crate::referral::package_view::receipt;
use crate::referral::withheld::WithheldReason;
use crate::request::{InRequest, Request};
use crate::seal::note::NotePart;
use crate::wire::scalars::{DateTime, Sha256};

/// A note to add to a referral.
#[derive(Clone, Debug, InputObject)]
pub struct NoteInput {
    /// What it is about: the other side reads it where it may read this category of the package. One category a note.
    pub category: DataCategory,
    /// What it says: 1 to 10,000 characters.
    pub text: String,
    /// Who may read it.
    pub audience: NoteAudience,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

/// A note on a referral.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ReferralNote {
    #[graphql(skip)]
    row: referral_note::Model,
    /// What it is about.
    pub category: DataCategory,
    /// Who may read it.
    pub audience: NoteAudience,
    /// The file that is attached to it: `GET /notes/{id}/attachment`.
    pub attachment: Option<NoteAttachment>,
}

/// A file that is attached to a note.
#[derive(Clone, Debug, SimpleObject)]
pub struct NoteAttachment {
    /// Its media type.
    pub content_type: String,
    /// How long it is, in bytes.
    pub bytes: i64,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// Where it is read, beneath the service's address.
    pub path: String,
}

/// What a note says, as far as it may be told to you.
#[derive(Clone, Debug, SimpleObject)]
pub struct NoteContent {
    /// Its text; null where it is withheld.
    pub text: Option<String>,
    /// Why it is withheld; null where it is not.
    pub withheld: Option<WithheldReason>,
    /// The redisclosure notice that must travel with what you read.
    pub notice: Option<String>,
    /// Proof that this disclosure is in the audit log.
    pub receipt: DisclosureReceipt,
}

impl ReferralNote {
    /// Shows a note, and not yet what it says.
    pub(in crate::referral) fn show(row: referral_note::Model) -> Self {
        Self {
            category: row.category,
            audience: row.audience,
            attachment: NoteAttachment::of(&row),
            row,
        }
    }
}

impl NoteAttachment {
    fn of(note: &referral_note::Model) -> Option<Self> {
        let sha256 = hex::decode(note.attachment_sha256.as_ref()?).ok()?;
        Some(Self {
            content_type: note.attachment_type.clone()?,
            bytes: note.attachment_bytes?,
            sha256: Sha256::from(&*sha256),
            path: format!("/notes/{}/attachment", note.id),
        })
    }
}

#[ComplexObject]
impl ReferralNote {
    /// The note's id.
    pub async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime {
        self.row.created_at.into()
    }

    /// What it says, as far as it may be told to you, for this purpose, now: as its category of the package is. Reading it is a
    /// disclosure on record. Null where it is refused, as where a purpose is missing.
    async fn content(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What you need it for; your token's only purpose where you name none.")]
        purpose: Option<Purpose>,
    ) -> Option<Result<NoteContent>> {
        Some(self.released(ctx, purpose).await)
    }
}

impl ReferralNote {
    async fn released(&self, ctx: &Context<'_>, purpose: Option<Purpose>) -> Result<NoteContent> {
        let request = ctx.request()?;
        let purpose = request.caller.purpose(purpose)?;
        let read = read::release(request, self.row.id, purpose, NotePart::Text).await?;
        let read = read.ok_or(Error::NotFound)?;
        let receipt = receipt(request, &read.recorded)?;
        let (text, withheld) = match read.content {
            Ok(plain) => (Some(String::from_utf8_lossy(&plain).into_owned()), None),
            Err(reason) => (None, Some(WithheldReason::from(reason))),
        };
        let is_part_2 = text.is_some() && self.category == DataCategory::SubstanceUse;
        Ok(NoteContent {
            text,
            withheld,
            notice: is_part_2.then(|| PART_2_NOTICE.to_owned()),
            receipt,
        })
    }
}

/// Returns one note that the caller's agency may know of, and not yet what it says.
pub(crate) async fn note_by_id(
    request: &Request,
    id: ReferralNoteId,
) -> Result<Option<ReferralNote>> {
    let caller = request.caller.may(Resource::Referral.read())?;
    let among = referral_note::Entity::known_among(caller.agency(), [id]);
    let store = &request.worker.store;
    let named = |row: &referral_note::Model| row.referral_id.to_string();
    let released = request
        .disclose(|| disclose::one(store, among.clone(), &id, named))
        .await?;
    Ok(released.content().map(ReferralNote::show))
}
