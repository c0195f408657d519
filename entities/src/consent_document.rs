//! The signed paper behind a consent.

use sea_orm::entity::prelude::*;
use sea_orm::{DeleteMany, QueryFilter};

use crate::ids::ConsentId;
use crate::instant::Instant;

/// The paper that was signed for one version of a consent, sealed under a key of its own.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent_document")]
pub struct Model {
    /// The consent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub consent_id: ConsentId,
    /// Its media type, such as `application/pdf`.
    pub content_type: String,
    /// How long it is before it is sealed, in bytes.
    pub bytes: i64,
    /// Its SHA-256, 64 lower-case hex digits.
    pub sha256: String,
    /// The version of the key that sealed it.
    pub key_version: i32,
    /// Nonce, ciphertext and tag.
    pub sealed: Vec<u8>,
    /// When it was stored.
    pub created_at: Instant,
    /// The program that stored it.
    pub created_by: String,
    /// The consent that the paper proves.
    #[sea_orm(belongs_to, from = "consent_id", to = "id")]
    pub consent: BelongsTo<super::consent::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the document of this consent, which the caller has found by a scoped finder.
    #[must_use]
    pub fn under(consent: ConsentId) -> Select<Self> {
        Self::among([consent])
    }

    /// Returns those of these consents' documents that are stored, for the keyring's sweep.
    pub fn among(consents: impl IntoIterator<Item = ConsentId>) -> Select<Self> {
        Self::find().filter(COLUMN.consent_id.is_in(consents))
    }

    /// Removes the papers of these consents, for the survivor's erasure.
    pub fn remove_under(consents: impl IntoIterator<Item = ConsentId>) -> DeleteMany<Self> {
        Self::delete_many().filter(COLUMN.consent_id.is_in(consents))
    }
}
