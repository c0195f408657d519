//! The keyring's table of signing keys, in a store of its own.

use sea_orm::entity::prelude::*;
use sea_orm::{DeleteMany, QueryFilter, QueryOrder};

use crate::instant::Instant;

/// A private key that signs tokens or the ledger, wrapped by the key-encryption key.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    /// The key's name; for a token key its RFC 7638 thumbprint.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// What it signs: `token` or `ledger`.
    pub signs: String,
    /// The wrapped private key.
    pub wrapped: Vec<u8>,
    /// The id of the key-encryption key that wrapped it; none where that was before they had ids.
    pub kek_id: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns every key, for moving them to another keyring.
    #[must_use]
    pub fn every_key() -> Select<Self> {
        Self::find()
    }

    /// Returns the keys that sign `what`, newest first.
    #[must_use]
    pub fn signing(what: &str) -> Select<Self> {
        Self::find()
            .filter(COLUMN.signs.eq(what))
            .order_by_desc(COLUMN.created_at)
            .order_by_desc(COLUMN.kid)
    }

    /// Returns the key of this name.
    #[must_use]
    pub fn named(kid: &str) -> Select<Self> {
        Self::find().filter(COLUMN.kid.eq(kid))
    }

    /// Destroys the keys that sign `what`, but for those of these names.
    pub fn destroy_but<'k>(
        what: &str,
        kept: impl IntoIterator<Item = &'k String>,
    ) -> DeleteMany<Self> {
        Self::delete_many()
            .filter(COLUMN.signs.eq(what))
            .filter(COLUMN.kid.is_not_in(kept))
    }
}
