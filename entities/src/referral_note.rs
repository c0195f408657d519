//! A note on a referral, by one of its sides; its text is sealed under the key of the referral's package.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{Condition, DeleteMany, QueryFilter};

use crate::ids::{AgencyId, ReferralId, ReferralNoteId};
use crate::instant::Instant;
use crate::referral;
use crate::vocabulary::{DataCategory, NoteAudience};

/// A note. It ends with the package that it was sealed with.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "referral_note")]
pub struct Model {
    /// The note's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReferralNoteId,
    /// The referral.
    pub referral_id: ReferralId,
    /// The agency that wrote it.
    pub author_id: AgencyId,
    /// Who may read it.
    pub audience: NoteAudience,
    /// What it is about: it is decided on as this category of the package is.
    pub category: DataCategory,
    /// The version of the package's key that sealed it.
    pub key_version: i32,
    /// Nonce, ciphertext and tag.
    pub sealed: Vec<u8>,
    /// When it was written.
    pub created_at: Instant,
    /// The attached file's media type; none where there is none.
    pub attachment_type: Option<String>,
    /// How long that is before it is sealed, in bytes.
    pub attachment_bytes: Option<i64>,
    /// Its SHA-256, 64 lower-case hex digits.
    pub attachment_sha256: Option<String>,
    /// The referral that it is a note on.
    #[sea_orm(belongs_to, from = "referral_id", to = "id")]
    pub referral: BelongsTo<super::referral::Entity>,
    /// The agency that wrote it.
    #[sea_orm(belongs_to, from = "author_id", to = "id")]
    pub author: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns those of these notes that `agency` may know of: its own, and those for it as the other side.
    pub fn known_among(
        agency: AgencyId,
        ids: impl IntoIterator<Item = ReferralNoteId>,
    ) -> Select<Self> {
        let told = COLUMN.audience.eq(NoteAudience::OtherParty).and(
            COLUMN
                .referral_id
                .in_subquery(referral::Entity::ids_known_to(agency)),
        );
        let known = Condition::any().add(COLUMN.author_id.eq(agency)).add(told);
        Self::find().filter(COLUMN.id.is_in(ids)).filter(known)
    }

    /// Returns the note `id` that `agency` wrote.
    #[must_use]
    pub fn written_by(agency: AgencyId, id: ReferralNoteId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.eq(id))
            .filter(COLUMN.author_id.eq(agency))
    }

    /// Returns the notes on these referrals, which end with them.
    pub fn on(referrals: impl IntoIterator<Item = ReferralId>) -> Select<Self> {
        Self::find().filter(COLUMN.referral_id.is_in(referrals))
    }

    /// Removes these notes, of which no file is left.
    pub fn remove(ids: impl IntoIterator<Item = ReferralNoteId>) -> DeleteMany<Self> {
        Self::delete_many().filter(COLUMN.id.is_in(ids))
    }
}
