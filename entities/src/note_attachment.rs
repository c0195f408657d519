//! A file that is attached to a note, sealed under the key that the note is sealed under.

use sea_orm::entity::prelude::*;
use sea_orm::{DeleteMany, QueryFilter};

use crate::ids::ReferralNoteId;
use crate::instant::Instant;

/// A note's file. What is told of it stands on the note.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "note_attachment")]
pub struct Model {
    /// The note.
    #[sea_orm(primary_key, auto_increment = false)]
    pub note_id: ReferralNoteId,
    /// Nonce, ciphertext and tag.
    pub sealed: Vec<u8>,
    /// When it was stored.
    pub created_at: Instant,
    /// The program that stored it.
    pub created_by: String,
    /// The note that it is attached to.
    #[sea_orm(belongs_to, from = "note_id", to = "id")]
    pub note: BelongsTo<super::referral_note::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the file of this note, which the caller has found by a scoped finder.
    #[must_use]
    pub fn of(note: ReferralNoteId) -> Select<Self> {
        Self::find().filter(COLUMN.note_id.eq(note))
    }

    /// Removes the files of these notes, for their end.
    pub fn remove_of(notes: impl IntoIterator<Item = ReferralNoteId>) -> DeleteMany<Self> {
        Self::delete_many().filter(COLUMN.note_id.is_in(notes))
    }
}
